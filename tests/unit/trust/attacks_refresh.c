/*
 * Attacks on the cycle: roots, rollback, freezing, endless data, cut connections, poisoned versions and clocks. Each as
 * it was found in another implementation (docs/attacks.md).
 */
#include "attack.h"

#include "crypto_openssl.h"

/* Publishes the next root, with a new key of its own, signed by the old one too. Returns the old one. */
static struct world_holder rotate_root(void)
{
	struct world_holder before = world->root;
	uint32_t key = world_key_new(world);
	world->root = world_holder_of(world, 1, 1, &key);
	world->root_version++;
	world_publish_root(world, &before);
	return before;
}

static bool is_stored_as(const char *stored, const char *remote)
{
	return span_equal(world_get(&world->store, stored), world_get(&world->remote, remote));
}

/* --- the root walk: aktualizr and tough took any failure for its end --- */

static void no_failure_is_the_end_of_the_walk(void)
{
	static const enum client_answer failures[] = { CLIENT_ERROR, CLIENT_TOO_BIG };
	static const char *const at[] = { "2.root.json", "3.root.json", "4.root.json" };
	for (size_t file = 0; file < 3; file++)
		for (size_t i = 0; i < 2; i++) {
			refreshed();
			rotate_root();
			rotate_root();
			world->broken = at[file];
			world->broken_answer = failures[i];
			enum client_action action = world_refresh(world);
			CHECK_EQ(action, failures[i] == CLIENT_ERROR ? CLIENT_FAILED : CLIENT_REFUSED);
			CHECK(!world_asked(world, "FETCH timestamp.json"));
			CHECK(!world->client.refreshed);
			CHECK_EQ(world_look_up(world, IMAGE), CLIENT_FAILED);
			/* what was verified on the way is kept, and the next cycle goes on from there */
			CHECK(is_stored_as("root.json", file == 0 ? "1.root.json" : at[file - 1]));
			world->broken = NULL;
			CHECK_EQ(world_refresh(world), CLIENT_DONE);
			CHECK_EQ(world->client.root.version, 3);
		}
}

/* python-tuf CVE-2020-15163: a root that failed must not be what the next cycle trusts. */
static void a_bad_root_is_not_kept(void)
{
	refreshed();
	struct world_holder before = rotate_root(), thief = world->root;
	struct span good = world_get(&world->remote, "2.root.json");
	world_put(&world->store, "good", good);
	world_edit(world, "2.root.json", "\"version\":2", "\"version\":2", &thief); /* root 1 did not sign */
	for (int cycle = 0; cycle < 2; cycle++) {
		REFUSED(VERDICT_SIGNATURE, "2.root.json");
		CHECK(is_stored_as("root.json", "1.root.json"));
		CHECK(!world_asked(world, "FETCH timestamp.json"));
	}
	world_edit(world, "2.root.json", "\"version\":2", "\"version\":2", &before); /* root 2 did not sign */
	REFUSED(VERDICT_SIGNATURE, "2.root.json");
	CHECK(is_stored_as("root.json", "1.root.json"));
	world_put(&world->remote, "2.root.json", world_get(&world->store, "good"));
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK(is_stored_as("root.json", "2.root.json"));
}

/* A stored root that was changed on the device is refused too, with no request made. */
static void a_bad_stored_root_is_not_used(void)
{
	refreshed();
	world_patch(&world->store, "root.json", "\"version\":1", "\"version\":9");
	REFUSED(VERDICT_SIGNATURE, "root.json");
	CHECK(world->log[0] == '\0');
}

/* tough CVE-2025-2885: a root under another number than the one asked for; all are signed by the right keys. */
static void a_root_of_another_version(void)
{
	static const char *const versions[] = { "\"version\":1", "\"version\":3", "\"version\":9007199254740991" };
	for (size_t i = 0; i < 3; i++) {
		refreshed();
		struct world_holder before = rotate_root(), both = world->root;
		both.keys[both.count++] = before.keys[0];
		world_edit(world, "2.root.json", "\"version\":2", versions[i], &both);
		REFUSED(VERDICT_VERSION, "2.root.json");
	}
}

/* Without end: a walk of roots that never stops is cut at 256 steps, and goes on in the next cycle. */
static void a_walk_without_end(void)
{
	refreshed();
	for (int i = 0; i < CLIENT_ROOT_STEPS_MAX; i++) {
		world->root_version++;
		world_publish_root(world, NULL);
	}
	CHECK_EQ(world_refresh(world), CLIENT_FAILED);
	CHECK(!world_asked(world, "FETCH timestamp.json"));
	CHECK_EQ(world->client.root.version, 1 + CLIENT_ROOT_STEPS_MAX);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
}

/* The highest version there is asks for one more, which nobody can make; the cycle goes on. */
static void the_last_root_there_can_be(void)
{
	fresh();
	world->root_version = 9007199254740991;
	world_publish_root(world, NULL);
	world_put(&world->store, "root.json", world_get(&world->remote, "9007199254740991.root.json"));
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK(world_asked(world, "FETCH 9007199254740992.root.json"));
}

/* NCC audit of Notary 2015: root's expiry went unchecked. It is checked on the last root, and the root is kept. */
static void an_expired_root_stops_everything(void)
{
	refreshed();
	world->now_unix = world->root_expires_unix;
	world->expires_unix = world->root_expires_unix + WORLD_DAY;
	world_republish(world);
	REFUSED(VERDICT_EXPIRED, "root.json");
	CHECK(!world_asked(world, "FETCH timestamp.json"));
	CHECK_EQ(world_look_up(world, IMAGE), CLIENT_FAILED);
	world->root_expires_unix += WORLD_DAY;
	rotate_root();
	CHECK_EQ(world_refresh(world), CLIENT_REFUSED); /* targets is what has expired now */
	CHECK(strstr(world->client.what, "targets") != NULL);
}

/* --- endless data --- */

/* [CLIENT-13]: the room that a fetch is given is the file's ceiling, or what its parent says, whichever is less. */
static void no_fetch_is_given_more_than_its_ceiling(void)
{
	fresh();
	world->broken = "2.root.json";
	world->broken_answer = CLIENT_TOO_BIG;
	REFUSED(VERDICT_LENGTH, "2.root.json");
	CHECK_EQ(world->asked_most, ROOT_BYTES_MAX);
	world->broken = "timestamp.json";
	REFUSED(VERDICT_LENGTH, "timestamp.json");
	CHECK_EQ(world->asked_most, TIMESTAMP_BYTES_MAX); /* the same as root's */
	/* lengths that parents state bind, but never above the ceiling */
	world->broken = NULL;
	const char *lie = "\"length\":9007199254740991";
	char find[64];
	snprintf(find, sizeof find, "\"length\":%zu", world_get(&world->remote, "1.snapshot.json").n);
	world_edit(world, "timestamp.json", find, lie, &world->timestamp);
	REFUSED(VERDICT_LENGTH, "1.snapshot.json");
	CHECK_EQ(world->asked_most, SNAPSHOT_BYTES_MAX);
	fresh();
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	snprintf(find, sizeof find, "\"length\":%zu", world_get(&world->remote, "1.targets.json").n);
	world->snapshot_version = 2;
	world_publish_snapshot(world);
	world_edit(world, "2.snapshot.json", find, lie, &world->snapshot);
	world->timestamp_version = 2;
	world_publish_timestamp(world);
	world_drop(&world->store, "targets.json");
	REFUSED(VERDICT_LENGTH, "1.targets.json");
	CHECK_EQ(world->asked_most, TARGETS_BYTES_MAX);
}

static void a_stated_length_is_the_room(void)
{
	fresh();
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	size_t n = world_get(&world->remote, "1.p%2Fboard.json").n;
	world->broken = "1.p%2Fboard.json";
	world->broken_answer = CLIENT_TOO_BIG;
	LOOK_UP_REFUSED(IMAGE, VERDICT_LENGTH, "1.p%2Fboard.json");
	CHECK_EQ(world->asked_most, n);
}

/* --- rollback: go-tuf CVE-2022-29173, tough CVE-2025-2887 --- */

/* A whole old repository, validly signed, shown to a device that has seen the newer one. */
static void an_old_repository_again(void)
{
	refreshed();
	struct world_shelf old = { 0 };
	for (uint32_t i = 0; i < world->remote.count; i++)
		world_put(&old, world->remote.files[i].name,
			  (struct span){ world->remote.files[i].bytes, world->remote.files[i].n });
	world->targets_version++;
	world->product_version++;
	world->timestamp_version++;
	world->snapshot_version++;
	world_publish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world_look_up(world, IMAGE), CLIENT_DONE);
	for (uint32_t i = 0; i < old.count; i++)
		world_put(&world->remote, old.files[i].name, (struct span){ old.files[i].bytes, old.files[i].n });
	REFUSED(VERDICT_ROLLBACK, "timestamp.json");
	CHECK_EQ(world_look_up(world, IMAGE), CLIENT_FAILED);
	for (uint32_t i = 0; i < old.count; i++)
		free(old.files[i].bytes);
}

/* Each role alone goes back, top-level or delegated, under a snapshot and a timestamp that go forward [CLIENT-8]. */
static void one_role_goes_back(void)
{
	for (int delegated = 0; delegated < 2; delegated++) {
		fresh();
		world->targets_version = world->product_version = 5;
		world_publish(world);
		CHECK_EQ(world_refresh(world), CLIENT_DONE);
		CHECK_EQ(world_look_up(world, IMAGE), CLIENT_DONE);
		struct targets targets = world_targets(world), product = world_product(world);
		targets.version = product.version = 4;
		if (delegated == 0)
			world_publish_targets(world, "targets", &targets, &world->targets);
		else
			world_publish_targets(world, "p/board", &product, &world->product);
		world_republish(world);
		REFUSED(VERDICT_ROLLBACK, "2.snapshot.json");
		CHECK_EQ(world_look_up(world, IMAGE), CLIENT_FAILED);
	}
}

/* python-tuf #1498: what is stored guards against rollback although it has expired, or its hash is another. */
static void expired_memory_still_guards(void)
{
	fresh();
	world->timestamp_version = world->snapshot_version = world->product_version = 5;
	world_publish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	world->now_unix = WORLD_NOW + 31 * WORLD_DAY;
	world->expires_unix = WORLD_NOW + 60 * WORLD_DAY;
	world->timestamp_version = 4;
	world_publish(world);
	REFUSED(VERDICT_ROLLBACK, "timestamp.json");
	world->timestamp_version = 6;
	world->snapshot_version = 4;
	world_publish(world);
	REFUSED(VERDICT_ROLLBACK, "timestamp.json");
	world->snapshot_version = 6;
	world->product_version = 4;
	world_publish(world);
	REFUSED(VERDICT_ROLLBACK, "6.snapshot.json");
	world->timestamp_version = 7; /* the refused one left its timestamp, as TUF has it */
	world->snapshot_version = 7;
	world->product_version = 5;
	world_publish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
}

/* --- refused is not kept: tough CVE-2025-2888 --- */

/* Ways to spoil the file of this name, which the right key then signs again; each with its verdict. */
static const struct {
	const char *find, *with;
	enum verdict verdict;
	enum fault fault;
} spoilt_timestamps[] = {
	{ "\"expires\":\"2027", "\"expires\":\"2026", VERDICT_MALFORMED, FAULT_RANGE }, /* before x-issued */
	{ "\"x-issued\":\"2027", "\"x-issued\":\"2029", VERDICT_MALFORMED, FAULT_RANGE },
	{ "\"x-issued\":\"2027-01-15T07:59:00Z\"", "\"x-issued\":0", VERDICT_MALFORMED, FAULT_TYPE },
	{ "\"_type\":\"timestamp\"", "\"_type\":\"snapshot\"", VERDICT_ROLE_TYPE, FAULT_NONE },
	{ "\"_type\":\"timestamp\"", "\"_type\":\"Timestamp\"", VERDICT_ROLE_TYPE, FAULT_NONE },
	{ "\"spec_version\":\"1.0.34\"", "\"spec_version\":\"2.0.0\"", VERDICT_MALFORMED, FAULT_VERSION },
	{ "\"spec_version\":\"1.0.34\"", "\"spec_version\":\"1\"", VERDICT_MALFORMED, FAULT_VERSION },
	{ "\"hashes\":{\"sha256\"", "\"hashes\":{\"md5\"", VERDICT_MALFORMED, FAULT_VERSION },
	{ "\"hashes\":{\"sha256\"", "\"hashes\":{\"SHA256\"", VERDICT_MALFORMED, FAULT_VERSION },
	{ "\"meta\":{\"snapshot.json\"", "\"meta\":{\"Snapshot.json\"", VERDICT_MALFORMED, FAULT_MISSING },
	{ "\"version\":1}}", "\"version\":0}}", VERDICT_MALFORMED, FAULT_RANGE },
};

/* Version 1000 is refused for another reason than its version; version 2 must still be welcome. */
static void a_refused_timestamp_is_not_kept(void)
{
	for (size_t i = 0; i < sizeof spoilt_timestamps / sizeof spoilt_timestamps[0]; i++) {
		refreshed();
		struct world_holder *by = &world->timestamp;
		world->timestamp_version = 1000;
		world_publish_timestamp(world);
		world_edit(world, "timestamp.json", spoilt_timestamps[i].find, spoilt_timestamps[i].with, by);
		REFUSED_BY(world_refresh(world), spoilt_timestamps[i].verdict, spoilt_timestamps[i].fault,
			   "timestamp.json");
		world->timestamp_version = 2;
		world_publish_timestamp(world);
		CHECK_EQ(world_refresh(world), CLIENT_DONE);
		CHECK_EQ(world->client.timestamp.version, 2);
	}
}

static void an_expired_timestamp_is_not_kept(void)
{
	refreshed();
	world->timestamp_version = 1000;
	int64_t good = world->expires_unix;
	world->expires_unix = WORLD_NOW;
	world_publish_timestamp(world);
	REFUSED(VERDICT_EXPIRED, "timestamp.json");
	world->timestamp_version = 2;
	world->expires_unix = good;
	world_publish_timestamp(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
}

static void a_refused_snapshot_is_not_kept(void)
{
	static const struct {
		const char *find, *with;
		enum verdict verdict;
		enum fault fault;
	} rows[] = {
		{ "\"expires\":\"2027-02", "\"expires\":\"2027-01", VERDICT_EXPIRED, FAULT_NONE },
		{ "\"_type\":\"snapshot\"", "\"_type\":\"targets\"", VERDICT_ROLE_TYPE, FAULT_NONE },
		{ "\"p/board.json\"", "\"p/boarD.json\"", VERDICT_ROLLBACK, FAULT_NONE },
		{ "\"targets.json\"", "\"Targets.json\"", VERDICT_ROLLBACK, FAULT_NONE },
		{ "\"1.0.34\",\"version\":1000", "\"1.0.34\",\"version\":999", VERDICT_VERSION, FAULT_NONE },
		{ "\"hashes\":{\"sha256\"", "\"hashes\":{\"md5\"", VERDICT_MALFORMED, FAULT_VERSION },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		refreshed();
		world->snapshot_version = 1000;
		world->timestamp_version = 2;
		world_publish_snapshot(world);
		world_edit(world, "1000.snapshot.json", rows[i].find, rows[i].with, &world->snapshot);
		world_publish_timestamp(world);
		REFUSED_BY(world_refresh(world), rows[i].verdict, rows[i].fault, "1000.snapshot.json");
		CHECK(is_stored_as("snapshot.json", "1.snapshot.json"));
		world_publish_snapshot(world);
		world->timestamp_version = 3;
		world_publish_timestamp(world);
		CHECK_EQ(world_refresh(world), CLIENT_DONE);
	}
}

static void a_refused_targets_is_not_kept(void)
{
	static const struct {
		const char *find, *with;
		enum verdict verdict;
		enum fault fault;
	} rows[] = {
		{ "\"expires\":\"2027-02", "\"expires\":\"2027-01", VERDICT_EXPIRED, FAULT_NONE },
		{ "\"_type\":\"targets\"", "\"_type\":\"root\"", VERDICT_ROLE_TYPE, FAULT_NONE },
		{ "\"version\":2}", "\"version\":3}", VERDICT_VERSION, FAULT_NONE },
		{ "\"name\":\"p/board\"", "\"name\":\"root\"", VERDICT_MALFORMED, FAULT_RANGE },
		{ "\"name\":\"p/board\"", "\"name\":\"\"", VERDICT_MALFORMED, FAULT_RANGE },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		refreshed();
		world->targets_version = 2;
		struct targets targets = world_targets(world);
		world_publish_targets(world, "targets", &targets, &world->targets);
		world_edit(world, "2.targets.json", rows[i].find, rows[i].with, &world->targets);
		world_relist(world, "targets", 2);
		world_republish(world);
		REFUSED_BY(world_refresh(world), rows[i].verdict, rows[i].fault, "2.targets.json");
		CHECK(is_stored_as("targets.json", "1.targets.json"));
		world_publish_targets(world, "targets", &targets, &world->targets);
		world_republish(world);
		CHECK_EQ(world_refresh(world), CLIENT_DONE);
	}
}

/* --- interrupted anywhere, completed by the next cycle --- */

/* The n-th request of a cycle and each save fails; what comes after always ends in the new state. */
static void an_interrupted_update_completes(void)
{
	static const char *const files[] = { "2.root.json",    "3.root.json", "timestamp.json", "2.snapshot.json",
					     "2.targets.json", "root.json",   "snapshot.json",  "targets.json" };
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		for (int save = 0; save < 2; save++) {
			refreshed();
			rotate_root();
			world->timestamp_version = world->snapshot_version = world->targets_version = 2;
			world_publish(world);
			*(save != 0 ? &world->unsaved : &world->broken) = files[i];
			world->broken_answer = CLIENT_ERROR;
			bool hits = save == 0 ? i < 5 : (i == 2 || i > 4);
			CHECK_EQ(world_refresh(world), hits ? CLIENT_FAILED : CLIENT_DONE);
			CHECK_EQ(world->client.refreshed, !hits);
			world->broken = world->unsaved = NULL;
			CHECK_EQ(world_refresh(world), CLIENT_DONE);
			CHECK_EQ(world->client.targets.version, 2);
			CHECK(is_stored_as("targets.json", "2.targets.json"));
			CHECK(is_stored_as("snapshot.json", "2.snapshot.json"));
			CHECK(is_stored_as("timestamp.json", "timestamp.json"));
		}
}

/* --- versions used up: NCC audit of Notary 2015 --- */

#define VERSION_LAST 9007199254740991u

/* A thief of timestamp and snapshot uses up all versions. New keys in root heal it; the old memory is not used. */
static void a_version_lock_out_is_healed_by_rotation(void)
{
	fresh();
	world->timestamp_version = world->snapshot_version = VERSION_LAST;
	world_publish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	world->timestamp_version = world->snapshot_version = 2;
	world_publish(world);
	REFUSED(VERDICT_ROLLBACK, "timestamp.json");
	uint32_t a = world_key_new(world), b = world_key_new(world);
	world->timestamp = world_holder_of(world, 1, 1, &a);
	world->snapshot = world_holder_of(world, 1, 1, &b);
	world->root_version = 2;
	world_publish_root(world, NULL);
	world_publish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world->client.timestamp.version, 2);
	CHECK_EQ(world->client.snapshot.version, 2);
	CHECK_EQ(world_refresh(world), CLIENT_DONE); /* and stays healed */
}

/* A thief of the snapshot key lists targets and the product at the last version: its rotation heals these too. */
static void a_lock_out_of_roles_is_healed_by_rotation(void)
{
	fresh();
	world->targets_version = world->product_version = VERSION_LAST;
	world_publish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	world->targets_version = world->product_version = 2;
	world->timestamp_version = world->snapshot_version = 2;
	world_publish(world);
	REFUSED(VERDICT_ROLLBACK, "2.snapshot.json");
	uint32_t key = world_key_new(world);
	world->snapshot = world_holder_of(world, 1, 1, &key);
	world->root_version = 2;
	world->timestamp_version = 3;
	world_publish_root(world, NULL);
	world_publish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world_look_up(world, IMAGE), CLIENT_DONE);
	CHECK(world->client.found != NULL);
}

/* Rotating the timestamp key alone does not forget the snapshot: it is no licence to go back (aktualizr wiped all). */
static void a_rotation_forgets_no_more_than_its_role(void)
{
	fresh();
	world->snapshot_version = world->product_version = 7;
	world_publish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	uint32_t key = world_key_new(world);
	world->timestamp = world_holder_of(world, 1, 1, &key);
	world->root_version = 2;
	world_publish_root(world, NULL);
	world->snapshot_version = 6;
	world_publish(world);
	REFUSED(VERDICT_ROLLBACK, "6.snapshot.json");
	world->snapshot_version = 8;
	world->product_version = 6;
	world_publish(world);
	world->timestamp_version++;
	world_publish_timestamp(world);
	REFUSED(VERDICT_ROLLBACK, "8.snapshot.json");
}

/* --- the clock: a stolen timestamp key that lies about time --- */

/* [META-11]: x-issued never passes the timestamp's own expiry, nor root's, and is cut down to that of targets. */
static void the_floor_cannot_be_poisoned(void)
{
	static const char *const years[] = { "2029", "2037", "2199", "9999" };
	char with[64];
	for (size_t i = 0; i < 4; i++) {
		refreshed();
		world->timestamp_version = 2;
		world_publish_timestamp(world);
		snprintf(with, sizeof with, "\"x-issued\":\"%s", years[i]);
		world_edit(world, "timestamp.json", "\"x-issued\":\"2027", with, &world->timestamp);
		MALFORMED(FAULT_RANGE, "timestamp.json");
		snprintf(with, sizeof with, "\"expires\":\"%s", years[i]);
		world_edit(world, "timestamp.json", "\"expires\":\"2027", with, &world->timestamp);
		CHECK_EQ(world_refresh(world), CLIENT_REFUSED); /* root has expired by then */
		CHECK_EQ(world->client.fault, FAULT_RANGE);
	}
	fresh();
	world->issued_unix = WORLD_NOW + 29 * WORLD_DAY;
	world->root_expires_unix = WORLD_NOW + 28 * WORLD_DAY;
	world->root_version = 2;
	world_publish_root(world, NULL);
	world_publish_timestamp(world);
	MALFORMED(FAULT_RANGE, "timestamp.json");
	fresh();
	struct targets targets = world_targets(world);
	targets.expires_unix = WORLD_NOW + 3 * WORLD_DAY;
	world_publish_targets(world, "targets", &targets, &world->targets);
	world->issued_unix = WORLD_NOW + 20 * WORLD_DAY;
	world_republish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world->client.timestamp.issued_unix, WORLD_NOW + 3 * WORLD_DAY);
}

/* --- freshness: sigstore #1091 asked again only when the stored timestamp had expired --- */

static void each_poll_asks_for_root_and_timestamp(void)
{
	refreshed();
	for (int poll = 0; poll < 3; poll++) {
		CHECK_EQ(world_refresh(world), CLIENT_DONE);
		CHECK(strcmp(world->log, "FETCH 2.root.json\nFETCH timestamp.json\n") == 0);
		world->now_unix += 60;
	}
	/* and a revocation that is an hour old is obeyed within the next poll, long before anything expires */
	uint32_t key = world_key_new(world);
	world->product = world_holder_of(world, 1, 1, &key);
	world->targets_version = 2;
	struct targets targets = world_targets(world);
	world_publish_targets(world, "targets", &targets, &world->targets);
	world_republish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	LOOK_UP_REFUSED(IMAGE, VERDICT_SIGNATURE, "1.p%2Fboard.json");
}

/* The time is read once: nothing in a cycle can make it another. */
static void one_time_for_a_whole_cycle(void)
{
	refreshed();
	world->now_unix = world->expires_unix - 1;
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	world->now_unix += WORLD_DAY; /* the clock goes on after the refresh began */
	CHECK_EQ(world_look_up(world, IMAGE), CLIENT_DONE);
	CHECK(world->client.found != NULL);
	REFUSED(VERDICT_EXPIRED, "timestamp.json");
}

static const struct check_case cases[] = {
	CASE(no_failure_is_the_end_of_the_walk),
	CASE(a_bad_root_is_not_kept),
	CASE(a_bad_stored_root_is_not_used),
	CASE(a_root_of_another_version),
	CASE(a_walk_without_end),
	CASE(the_last_root_there_can_be),
	CASE(an_expired_root_stops_everything),
	CASE(no_fetch_is_given_more_than_its_ceiling),
	CASE(a_stated_length_is_the_room),
	CASE(an_old_repository_again),
	CASE(one_role_goes_back),
	CASE(expired_memory_still_guards),
	CASE(a_refused_timestamp_is_not_kept),
	CASE(an_expired_timestamp_is_not_kept),
	CASE(a_refused_snapshot_is_not_kept),
	CASE(a_refused_targets_is_not_kept),
	CASE(an_interrupted_update_completes),
	CASE(a_version_lock_out_is_healed_by_rotation),
	CASE(a_lock_out_of_roles_is_healed_by_rotation),
	CASE(a_rotation_forgets_no_more_than_its_role),
	CASE(the_floor_cannot_be_poisoned),
	CASE(each_poll_asks_for_root_and_timestamp),
	CASE(one_time_for_a_whole_cycle),
};

CHECK_MAIN(cases)
