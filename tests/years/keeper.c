#include "keeper.h"

#include "crypto_openssl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOT_DAYS 365
#define TARGETS_DAYS 365
#define PRODUCT_DAYS 90
#define SNAPSHOT_DAYS 30
#define TIMESTAMP_DAYS 3
#define OFFICE_S 3600 /* between a signature and its publication, at most */

struct world_holder *keeper_holder(struct keeper *k, enum keeper_role role)
{
	struct world_holder *const holders[KEEPER_ROLES] = {
		[KEEPER_ROOT] = &k->world->root,         [KEEPER_TARGETS] = &k->world->targets,
		[KEEPER_SNAPSHOT] = &k->world->snapshot, [KEEPER_TIMESTAMP] = &k->world->timestamp,
		[KEEPER_PRODUCT] = &k->world->product,   [KEEPER_PLANS] = &k->home->plans,
		[KEEPER_DIRECTOR] = &k->home->director,
	};
	return holders[role];
}

static int64_t in_days(const struct keeper *k, int64_t days)
{
	return k->now_unix + days * KEEPER_DAY;
}

/* --- publishing --- */

/* "7.snapshot.json" of another version than the one in force; roots are kept for ever. */
static bool is_stale(const struct keeper *k, const char *name)
{
	char *rest;
	uint64_t version = strtoull(name, &rest, 10);
	const struct world *w = k->world;
	if (strcmp(rest, ".snapshot.json") == 0)
		return version != w->snapshot_version;
	if (strcmp(rest, ".targets.json") == 0)
		return version != w->targets_version;
	if (strcmp(rest, ".p%2Fboard.json") == 0 || strcmp(rest, ".plans%2Fboard.json") == 0)
		return version != w->product_version;
	return false;
}

static void prune(struct keeper *k)
{
	struct world_shelf *remote = &k->world->remote;
	for (uint32_t i = remote->count; i > 0; i--)
		if (is_stale(k, remote->files[i - 1].name))
			world_drop(remote, remote->files[i - 1].name);
}

void keeper_publish_timestamp(struct keeper *k)
{
	if (k->idle[KEEPER_TIMESTAMP])
		return;
	k->world->timestamp_version++;
	k->world->expires_unix = in_days(k, TIMESTAMP_DAYS);
	k->world->issued_unix = k->now_unix;
	world_publish_timestamp(k->world);
}

void keeper_publish_snapshot(struct keeper *k)
{
	if (k->idle[KEEPER_SNAPSHOT] || k->idle[KEEPER_TIMESTAMP])
		return;
	k->world->snapshot_version++;
	k->world->snapshot_expires_unix = in_days(k, SNAPSHOT_DAYS);
	world_publish_snapshot(k->world);
	keeper_publish_timestamp(k);
	prune(k);
}

static void publish_root(struct keeper *k)
{
	k->world->root_version++;
	k->world->root_expires_unix = in_days(k, ROOT_DAYS);
	world_publish_root(k->world, &k->root_signers);
	k->root_signers = k->world->root;
}

static void publish_targets(struct keeper *k)
{
	k->world->targets_expires_unix = in_days(k, TARGETS_DAYS);
	yard_publish_targets(k->home);
	keeper_publish_snapshot(k);
}

static void publish_product(struct keeper *k)
{
	k->world->product_expires_unix = in_days(k, PRODUCT_DAYS);
	yard_publish_release(k->home);
	keeper_publish_snapshot(k);
}

void keeper_renew(struct keeper *k, enum keeper_role role)
{
	static void (*const renew[KEEPER_ROLES])(struct keeper *) = {
		[KEEPER_ROOT] = publish_root,
		[KEEPER_TARGETS] = publish_targets,
		[KEEPER_SNAPSHOT] = keeper_publish_snapshot,
		[KEEPER_TIMESTAMP] = keeper_publish_timestamp,
		[KEEPER_PRODUCT] = publish_product,
		[KEEPER_PLANS] = publish_product,
	};
	if (renew[role] != NULL && !k->idle[role])
		renew[role](k);
}

static bool is_due(const struct keeper *k, int64_t expires_unix, int64_t days)
{
	return expires_unix - k->now_unix < days * KEEPER_DAY / 2;
}

void keeper_keep(struct keeper *k, int64_t now_unix)
{
	const struct world *w = k->world;
	k->now_unix = now_unix;
	if (is_due(k, w->root_expires_unix, ROOT_DAYS))
		keeper_renew(k, KEEPER_ROOT);
	if (is_due(k, w->targets_expires_unix, TARGETS_DAYS))
		keeper_renew(k, KEEPER_TARGETS);
	if (is_due(k, w->product_expires_unix, PRODUCT_DAYS))
		keeper_renew(k, KEEPER_PRODUCT);
	if (is_due(k, w->snapshot_expires_unix, SNAPSHOT_DAYS))
		keeper_renew(k, KEEPER_SNAPSHOT);
	keeper_renew(k, KEEPER_TIMESTAMP);
}

/* --- releases --- */

static bool is_of_a_release(const char *name)
{
	return strncmp(name, "objects/", 8) == 0 || strncmp(name, "log/", 4) == 0 ||
	       strncmp(name, "targets/plans/", 14) == 0;
}

static void forget_objects(struct world_shelf *site)
{
	for (uint32_t i = site->count; i > 0; i--)
		if (is_of_a_release(site->files[i - 1].name))
			world_drop(site, site->files[i - 1].name);
}

void keeper_release(struct keeper *k)
{
	struct yard *home = k->home;
	k->releases++;
	snprintf(k->version, sizeof k->version, "3.%u", k->releases);
	snprintf(k->path, sizeof k->path, "p/board/%s/image", k->version);
	home->next.release.path = span_of_text(k->path);
	home->next.release.version = span_of_text(k->version);
	home->next.counter++;
	memcpy(home->next.image, &k->releases, sizeof k->releases);
	home->stage.earliest_unix = k->now_unix - OFFICE_S;
	forget_objects(&home->site);
	publish_product(k);
}

/* --- keys --- */

struct world_holder keeper_new_keys(struct keeper *k, enum keeper_role role)
{
	const struct world_holder *now = keeper_holder(k, role);
	uint32_t count = role == KEEPER_ROOT ? 5 : 1, keys[5];
	for (uint32_t i = 0; i < count; i++)
		keys[i] = world_key_new(k->world);
	return world_holder_of(k->world, now->count == 1 ? (role == KEEPER_ROOT ? 3 : 1) : now->threshold, count, keys);
}

struct world_holder keeper_both(const struct world_holder *a, const struct world_holder *b)
{
	struct world_holder both = *a;
	for (uint32_t i = 0; i < b->count && both.count < WORLD_HOLDER_MAX; i++) {
		both.keys[both.count] = b->keys[i];
		both.store[both.count++] = b->store[i];
	}
	return both;
}

/* One root for new keys and old ones; the role's own file follows, signed by all that are listed. */
void keeper_set_keys(struct keeper *k, enum keeper_role role, const struct world_holder *holder)
{
	*keeper_holder(k, role) = *holder;
	if (role <= KEEPER_TIMESTAMP)
		publish_root(k);
	else
		publish_targets(k);
	if (role != KEEPER_ROOT)
		keeper_renew(k, role);
}

void keeper_rotate(struct keeper *k, enum keeper_role role)
{
	struct world_holder old = *keeper_holder(k, role), new = keeper_new_keys(k, role);
	if (role != KEEPER_ROOT) {
		struct world_holder both = keeper_both(&old, &new);
		keeper_set_keys(k, role, &both);
	}
	keeper_set_keys(k, role, &new);
}

void keeper_open(struct keeper *k, struct yard *home)
{
	*k = (struct keeper){ .home = home, .world = home->world, .now_unix = KEEPER_START };
	k->root_signers = home->world->root;
	struct world_holder holders = keeper_new_keys(k, KEEPER_ROOT);
	publish_targets(k);
	keeper_set_keys(k, KEEPER_ROOT, &holders);
	keeper_release(k);
}
