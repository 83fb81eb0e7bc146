/*
 * Who keeps a repository over the years: roots and targets for a year, product and plans for 90 days, snapshot for 30,
 * timestamp for 3. Each is signed again at half its life, and keys change hands, with overlap or without. Time is what
 * keeper.now_unix says.
 */
#ifndef KEEPER_H
#define KEEPER_H

#include "yard.h"

#define KEEPER_DAY 86400
#define KEEPER_YEAR (365 * (int64_t)KEEPER_DAY)
#define KEEPER_START WORLD_NOW

enum keeper_role {
	KEEPER_ROOT, /* 3 of 5 */
	KEEPER_TARGETS,
	KEEPER_SNAPSHOT,
	KEEPER_TIMESTAMP,
	KEEPER_PRODUCT,
	KEEPER_PLANS,
	KEEPER_DIRECTOR,
	KEEPER_ROLES,
};

struct keeper {
	struct yard *home; /* of the fleet's first device */
	struct world *world;
	int64_t now_unix;
	bool idle[KEEPER_ROLES];          /* nobody renews this role: its key is lost, or its holders are away */
	struct world_holder root_signers; /* of the root that is published */
	uint32_t releases;
	char path[64], version[32];
};

/* Everything is signed anew by its lifetime, root 3 of 5, and one release above the factory's is published. */
void keeper_open(struct keeper *k, struct yard *home);
/* To this moment: what has passed half its life is signed again; the timestamp every time. */
void keeper_keep(struct keeper *k, int64_t now_unix);
/* A new release, offered to all; its counter is k->home->next.counter. */
void keeper_release(struct keeper *k);

/* The keys of a role as its delegator lists them. */
struct world_holder *keeper_holder(struct keeper *k, enum keeper_role role);
/* As many new keys as the role has, with its threshold. */
struct world_holder keeper_new_keys(struct keeper *k, enum keeper_role role);
/*
 * The role's keys from now on, published by its delegator (root by the old and the new ones), and what they sign is
 * signed by them at once. For overlap: both (`also`), then the new ones alone.
 */
void keeper_set_keys(struct keeper *k, enum keeper_role role, const struct world_holder *holder);
struct world_holder keeper_both(const struct world_holder *a, const struct world_holder *b);
/* new keys with overlap: the old and the new listed together, then the new alone. */
void keeper_rotate(struct keeper *k, enum keeper_role role);

/* Signs and publishes again, whatever its age. */
void keeper_renew(struct keeper *k, enum keeper_role role);
void keeper_publish_snapshot(struct keeper *k); /* with a timestamp */
void keeper_publish_timestamp(struct keeper *k);

#endif
