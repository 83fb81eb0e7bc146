/* The refresh as it should go, and every way in which an update repository was found to be attacked. */
#include "check.h"
#include "world.h"

#include "crypto_openssl.h"

static struct world *world;

static void fresh(void)
{
	world_free(world);
	world = world_new();
}

static void check_refused(enum verdict verdict, const char *what)
{
	CHECK_EQ(world_refresh(world), CLIENT_REFUSED);
	CHECK_EQ(world->client.verdict, verdict);
	if (strcmp(world->client.what, what) != 0)
		printf("# stopped at %s\n", world->client.what);
	CHECK(strcmp(world->client.what, what) == 0);
}

static void check_failed(const char *what)
{
	CHECK_EQ(world_refresh(world), CLIENT_FAILED);
	CHECK(strcmp(world->client.what, what) == 0);
}

static void refreshed(void)
{
	fresh();
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
}

static void publish_next(void)
{
	world->timestamp_version++;
	world->snapshot_version++;
	world->product_version++;
	world_publish(world);
}

/* --- as it should go --- */

static void first_refresh(void)
{
	refreshed();
	CHECK(strcmp(world->log,
		     "FETCH 2.root.json\nFETCH timestamp.json\nSAVE timestamp.json\n"
		     "FETCH 1.snapshot.json\nSAVE snapshot.json\nFETCH 1.targets.json\nSAVE targets.json\n") == 0);
	CHECK(world->client.refreshed && world->client.changed);
	CHECK_EQ(world->client.targets.delegation_count, 1);
	CHECK_EQ(world->client.timestamp.issued_unix, WORLD_NOW - 60);
	CHECK(span_equal(world_get(&world->store, "targets.json"), world_get(&world->remote, "1.targets.json")));
	CHECK(client_delegation(&world->client, "p/board") != NULL);
	CHECK(client_delegation(&world->client, "p/boar") == NULL);
}

static void unchanged_refresh(void)
{
	refreshed();
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK(strcmp(world->log, "FETCH 2.root.json\nFETCH timestamp.json\n") == 0);
	CHECK(!world->client.changed);
}

/* Root 2 to 4: each with a new root key, signed by the one before. */
static void rotate_root(uint32_t times)
{
	for (uint32_t i = 0; i < times; i++) {
		struct world_holder before = world->root;
		uint32_t key = world_key_new(world);
		world->root = world_holder_of(world, 1, 1, &key);
		world->root_version++;
		world_publish_root(world, &before);
	}
}

static void root_walk_over_three(void)
{
	refreshed();
	rotate_root(3);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world->client.root.version, 4);
	CHECK(world_asked(world, "FETCH 5.root.json"));
	CHECK(span_equal(world_get(&world->store, "root.json"), world_get(&world->remote, "4.root.json")));
}

static void interrupted_update_completes(void)
{
	refreshed();
	publish_next();
	world->broken = "2.snapshot.json";
	world->broken_answer = CLIENT_ERROR;
	check_failed("2.snapshot.json");
	world->broken = NULL;
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world->client.snapshot.version, 2);
}

static void failed_save_fails(void)
{
	fresh();
	world->unsaved = "snapshot.json";
	check_failed("snapshot.json");
	world->unsaved = NULL;
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
}

/* --- root --- */

static void bad_first_root_asks_nothing(void)
{
	struct world_holder nobody = { 0 };
	fresh();
	world->root = (struct world_holder){ .threshold = 1, .count = 1, .keys = { world->timestamp.keys[0] } };
	world->root.store[0] = world->keys[0].role;
	world_publish_root(world, &nobody); /* names key 0, is signed by another */
	world_put(&world->store, "root.json", world_get(&world->remote, "1.root.json"));
	check_refused(VERDICT_SIGNATURE, "root.json");
	CHECK(world->log[0] == '\0');
	world_put(&world->store, "root.json", SPAN_LIT("{}"));
	check_refused(VERDICT_MALFORMED, "root.json");
	CHECK_EQ(world->client.fault, FAULT_MISSING);
	world_drop(&world->store, "root.json");
	check_failed("root.json");
	CHECK(world->log[0] == '\0');
}

static void root_not_signed_by_the_old_one(void)
{
	refreshed();
	uint32_t key = world_key_new(world);
	world->root = world_holder_of(world, 1, 1, &key);
	world->root_version = 2;
	world_publish_root(world, NULL);
	check_refused(VERDICT_SIGNATURE, "2.root.json");
	CHECK(span_equal(world_get(&world->store, "root.json"), world_get(&world->remote, "1.root.json")));
}

static void root_not_signed_by_itself(void)
{
	refreshed();
	uint32_t key = world_key_new(world);
	struct world_holder before = world->root, claimed = world_holder_of(world, 1, 1, &key);
	claimed.keys[0] = before.keys[0]; /* lists the new key, signs with the old */
	world->root = claimed;
	world->root_version = 2;
	world_publish_root(world, NULL);
	check_refused(VERDICT_SIGNATURE, "2.root.json");
}

static void root_version_not_next(void)
{
	refreshed();
	world->root_version = 3;
	world_publish_root(world, NULL);
	world_put(&world->remote, "2.root.json", world_get(&world->remote, "3.root.json"));
	check_refused(VERDICT_VERSION, "2.root.json");
}

/* A cut connection, a 403, a 5xx: none may pass for the end of the walk. */
static void root_walk_ends_at_absent_only(void)
{
	refreshed();
	rotate_root(1);
	world->broken = "2.root.json";
	world->broken_answer = CLIENT_ERROR;
	check_failed("2.root.json");
	CHECK(!world_asked(world, "FETCH timestamp.json"));
	world->broken = "3.root.json";
	check_failed("3.root.json");
	CHECK(!world_asked(world, "FETCH timestamp.json"));
}

static void endless_data(void)
{
	static const char *const files[] = { "2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json" };
	for (size_t i = 0; i < 4; i++) {
		fresh();
		world->broken = files[i];
		world->broken_answer = CLIENT_TOO_BIG;
		check_refused(VERDICT_LENGTH, files[i]);
	}
}

static void expired_root_between_is_ignored(void)
{
	refreshed();
	world->root_expires_unix = WORLD_NOW - WORLD_DAY;
	rotate_root(1);
	world->root_expires_unix = WORLD_NOW + WORLD_DAY;
	rotate_root(1);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world->client.root.version, 3);
}

static void expired_last_root_is_kept_and_refused(void)
{
	refreshed();
	world->root_expires_unix = WORLD_NOW;
	rotate_root(1);
	check_refused(VERDICT_EXPIRED, "root.json");
	CHECK(span_equal(world_get(&world->store, "root.json"), world_get(&world->remote, "2.root.json")));
	CHECK(!world_asked(world, "FETCH timestamp.json"));
}

/* Legal in root; the role it speaks of can then have nothing that verifies. */
static void threshold_above_key_count(void)
{
	fresh();
	world->snapshot.threshold = 2;
	world->root_version = 2;
	world_publish_root(world, NULL);
	check_refused(VERDICT_SIGNATURE, "1.snapshot.json");
	CHECK(span_equal(world_get(&world->store, "root.json"), world_get(&world->remote, "2.root.json")));
}

/* --- timestamp --- */

static void timestamp_rollback(void)
{
	fresh();
	world->timestamp_version = 5;
	world_publish_timestamp(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	struct span kept = world_get(&world->store, "timestamp.json");
	world->timestamp_version = 4;
	world_publish_timestamp(world);
	check_refused(VERDICT_ROLLBACK, "timestamp.json");
	CHECK(world_get(&world->store, "timestamp.json").at == kept.at);
}

static void rollback_is_seen_with_expired_memory(void)
{
	fresh();
	world->timestamp_version = 5;
	world_publish_timestamp(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	world->now_unix = WORLD_NOW + 31 * WORLD_DAY;
	world->expires_unix = WORLD_NOW + 60 * WORLD_DAY;
	world->timestamp_version = 4;
	world_publish(world);
	check_refused(VERDICT_ROLLBACK, "timestamp.json");
}

static void timestamp_lowers_snapshot(void)
{
	fresh();
	world->snapshot_version = 7;
	world_publish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	world->timestamp_version = 2;
	world->snapshot_version = 6;
	world_publish(world);
	check_refused(VERDICT_ROLLBACK, "timestamp.json");
}

static void same_timestamp_version_keeps_the_old(void)
{
	refreshed();
	world->issued_unix = WORLD_NOW - 30;
	world_publish_timestamp(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world->client.timestamp.issued_unix, WORLD_NOW - 60);
	CHECK(!world_asked(world, "SAVE timestamp.json"));
}

static void freeze(void)
{
	refreshed();
	world->now_unix = world->expires_unix;
	check_refused(VERDICT_EXPIRED, "timestamp.json");
	world->now_unix--;
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
}

/* One that is refused must not stay behind to block the good ones. */
static void expired_timestamp_is_not_kept(void)
{
	refreshed();
	world->timestamp_version = 100;
	int64_t good = world->expires_unix;
	world->expires_unix = WORLD_NOW - 1;
	world->issued_unix = 0;
	world_publish_timestamp(world);
	check_refused(VERDICT_EXPIRED, "timestamp.json");
	world->timestamp_version = 2;
	world->expires_unix = good;
	world_publish_timestamp(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
}

static void fast_forward_is_healed_by_rotation(void)
{
	fresh();
	world->timestamp_version = world->snapshot_version = 1000;
	world_publish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	uint32_t a = world_key_new(world), b = world_key_new(world);
	world->timestamp = world_holder_of(world, 1, 1, &a);
	world->snapshot = world_holder_of(world, 1, 1, &b);
	world->root_version = 2;
	world->timestamp_version = world->snapshot_version = 2;
	world_publish_root(world, NULL);
	world_publish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world->client.timestamp.version, 2);
}

static void issued_never_passes_root(void)
{
	fresh();
	world->expires_unix = world->root_expires_unix + WORLD_DAY;
	world->issued_unix = world->root_expires_unix + 1;
	world_publish_timestamp(world);
	check_refused(VERDICT_MALFORMED, "timestamp.json");
	CHECK_EQ(world->client.fault, FAULT_RANGE);
	/* Nor targets: it is cut down to it. */
	world->issued_unix = world->root_expires_unix;
	world_publish_timestamp(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world->client.timestamp.issued_unix, WORLD_NOW + 30 * WORLD_DAY);
}

static void timestamp_absent_fails(void)
{
	fresh();
	world_drop(&world->remote, "timestamp.json");
	check_failed("timestamp.json");
}

/* --- snapshot --- */

static void snapshot_lowers_a_role(void)
{
	fresh();
	world->product_version = 3;
	world_publish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	publish_next();
	world->entries[0].version = 2; /* p/board.json */
	world->snapshot_version++;
	world->timestamp_version++;
	world_publish_snapshot(world);
	world_publish_timestamp(world);
	check_refused(VERDICT_ROLLBACK, "3.snapshot.json");
	CHECK(span_is(world->client.fallen, "p/board.json"));
	CHECK(span_equal(world_get(&world->store, "snapshot.json"), world_get(&world->remote, "1.snapshot.json")));
}

static void snapshot_drops_a_role(void)
{
	refreshed();
	world->entries[0] = world->entries[1]; /* targets.json alone */
	world->entry_count = 1;
	world->snapshot_version = world->timestamp_version = 2;
	world_publish_snapshot(world);
	world_publish_timestamp(world);
	check_refused(VERDICT_ROLLBACK, "2.snapshot.json");
}

/* The timestamp's memory is healed by rotation; the snapshot's own still stands. */
static void snapshot_goes_back_itself(void)
{
	fresh();
	world->snapshot_version = 5;
	world_publish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	uint32_t key = world_key_new(world);
	world->timestamp = world_holder_of(world, 1, 1, &key);
	world->root_version = 2;
	world->snapshot_version = 4;
	world_publish_root(world, NULL);
	world_publish(world);
	check_refused(VERDICT_ROLLBACK, "4.snapshot.json");
}

static void snapshot_expired(void)
{
	refreshed();
	int64_t good = world->expires_unix;
	world->snapshot_version = world->timestamp_version = 2;
	world->expires_unix = WORLD_NOW;
	world_publish_snapshot(world);
	world->expires_unix = good;
	world_publish_timestamp(world);
	check_refused(VERDICT_EXPIRED, "2.snapshot.json");
	CHECK(span_equal(world_get(&world->store, "snapshot.json"), world_get(&world->remote, "1.snapshot.json")));
}

static void snapshot_other_bytes(void)
{
	refreshed();
	publish_next();
	struct span good = world_get(&world->remote, "2.snapshot.json");
	uint8_t *last = (uint8_t *)(uintptr_t)&good.at[good.n - 2];
	*last ^= 1;
	check_refused(VERDICT_DIGEST, "2.snapshot.json");
}

static void snapshot_other_version(void)
{
	refreshed();
	world->snapshot_version = 2;
	world_publish_snapshot(world);
	world_put(&world->remote, "3.snapshot.json", world_get(&world->remote, "2.snapshot.json"));
	world->timestamp_version = 2;
	world->timestamp_snapshot_version = 3;
	world_publish_timestamp(world);
	check_refused(VERDICT_VERSION, "3.snapshot.json");
}

static void another_role_under_this_name(void)
{
	refreshed();
	world_put(&world->remote, "timestamp.json", world_get(&world->remote, "1.snapshot.json"));
	check_refused(VERDICT_ROLE_TYPE, "timestamp.json");
}

static void targets_other_bytes(void)
{
	fresh();
	world_put(&world->remote, "1.targets.json", world_get(&world->remote, "1.p%2Fboard.json"));
	enum client_action action = world_refresh(world);
	CHECK_EQ(action, CLIENT_REFUSED);
	CHECK(world->client.verdict == VERDICT_LENGTH || world->client.verdict == VERDICT_DIGEST);
	CHECK(world_get(&world->store, "targets.json").n == 0);
}

static void revoked_key(void)
{
	fresh();
	struct digest identity = world->keys[world->snapshot.keys[0]].role.identity;
	struct revocations revoked = { .count = 1, .keys = &identity };
	world->revoked = &revoked;
	check_refused(VERDICT_KEY_REVOKED, "1.snapshot.json");
	/* Root keys are out of its reach. */
	identity = world->keys[world->root.keys[0]].role.identity;
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
}

static void too_small_a_workspace(void)
{
	fresh();
	size_t most = 1u << 16;
	for (size_t room = 0; room < most; room += 512) {
		struct client_request request;
		world->ws = workspace_over(world->memory, room);
		struct client_config config = { .crypto = &crypto_openssl, .ws = &world->ws, .now_unix = WORLD_NOW };
		client_begin(&world->client, &config);
		CHECK_EQ(client_step(&world->client, &request), CLIENT_LOAD);
		struct span root = world_get(&world->store, "root.json");
		if (root.n > request.capacity) {
			client_loaded(&world->client, CLIENT_TOO_BIG, 0);
			CHECK_EQ(client_step(&world->client, &request), CLIENT_FAILED);
			continue;
		}
		memcpy(request.buffer, root.at, root.n);
		client_loaded(&world->client, CLIENT_GOT, root.n);
		enum client_action action = client_step(&world->client, &request);
		if (action == CLIENT_FETCH)
			return;
		CHECK_EQ(action, CLIENT_REFUSED);
		CHECK_EQ(world->client.fault, FAULT_NO_SPACE);
	}
	CHECK(false);
}

static const struct check_case cases[] = {
	CASE(first_refresh),
	CASE(unchanged_refresh),
	CASE(root_walk_over_three),
	CASE(interrupted_update_completes),
	CASE(failed_save_fails),
	CASE(bad_first_root_asks_nothing),
	CASE(root_not_signed_by_the_old_one),
	CASE(root_not_signed_by_itself),
	CASE(root_version_not_next),
	CASE(root_walk_ends_at_absent_only),
	CASE(endless_data),
	CASE(expired_root_between_is_ignored),
	CASE(expired_last_root_is_kept_and_refused),
	CASE(threshold_above_key_count),
	CASE(timestamp_rollback),
	CASE(rollback_is_seen_with_expired_memory),
	CASE(timestamp_lowers_snapshot),
	CASE(same_timestamp_version_keeps_the_old),
	CASE(freeze),
	CASE(expired_timestamp_is_not_kept),
	CASE(fast_forward_is_healed_by_rotation),
	CASE(issued_never_passes_root),
	CASE(timestamp_absent_fails),
	CASE(snapshot_lowers_a_role),
	CASE(snapshot_drops_a_role),
	CASE(snapshot_goes_back_itself),
	CASE(snapshot_expired),
	CASE(snapshot_other_bytes),
	CASE(snapshot_other_version),
	CASE(another_role_under_this_name),
	CASE(targets_other_bytes),
	CASE(revoked_key),
	CASE(too_small_a_workspace),
};

CHECK_MAIN(cases)
