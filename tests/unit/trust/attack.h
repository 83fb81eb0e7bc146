/*
 * What all attacks of this folder have in common: a fresh world, and the two ways in which a cycle must end when it is
 * attacked. REFUSED and LOOK_UP_REFUSED also hold that a refused file left nothing behind.
 */
#ifndef ATTACK_H
#define ATTACK_H

#include "check.h"
#include "world.h"

#define IMAGE "p/board/1.0/image"

static struct world *world;

static inline void fresh(void)
{
	world_free(world);
	world = world_new();
}

static inline void refreshed(void)
{
	fresh();
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
}

/* Did the cycle end so, at this file, and was that file not saved in it? */
static inline bool attack_was_refused(enum verdict verdict, enum fault fault, const char *what)
{
	const struct client *c = &world->client;
	char saved[CLIENT_NAME_MAX + 8];
	const char *role = what[strspn(what, "0123456789")] == '.' ? strchr(what, '.') + 1 : what;
	snprintf(saved, sizeof saved, "SAVE %s", role);
	bool is = c->verdict == verdict && c->fault == fault && strcmp(c->what, what) == 0;
	if (!is)
		printf("# %s %s at %s; expected %s %s at %s\n", verdict_rule(c->verdict), fault_text(c->fault), c->what,
		       verdict_rule(verdict), fault_text(fault), what);
	if (world_asked(world, saved))
		printf("# yet it was saved:\n# %s\n", saved);
	return is && !world_asked(world, saved);
}

#define REFUSED_BY(action, verdict, fault, what)                     \
	do {                                                         \
		CHECK_EQ(action, CLIENT_REFUSED);                    \
		CHECK(attack_was_refused((verdict), (fault), what)); \
	} while (0)
#define REFUSED(verdict, what) REFUSED_BY(world_refresh(world), verdict, FAULT_NONE, what)
#define MALFORMED(fault, what) REFUSED_BY(world_refresh(world), VERDICT_MALFORMED, fault, what)
#define LOOK_UP_REFUSED(path, verdict, what) REFUSED_BY(world_look_up(world, path), verdict, FAULT_NONE, what)
#define LOOK_UP_MALFORMED(path, fault, what) REFUSED_BY(world_look_up(world, path), VERDICT_MALFORMED, fault, what)

/* The next version of the product role's file is on the remote shelf: let snapshot and timestamp name it. */
static inline void attack_relist_product(uint64_t version)
{
	world->product_version = version;
	world_relist(world, "p/board", version);
	world_republish(world);
}

#endif
