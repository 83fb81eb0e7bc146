/* What is left of a file that the client looked at and did not take: no room, no fault, no belief. */
#include "attack.h"

#include "client_parts.h"

#define NO_JSON "{\"signatures\":[,"
#define META "\"targets.json\":{"
#define META_BROKEN "\"targets.json\":3,\"u\":{"

static struct client_config config(void)
{
	return (struct client_config){ .crypto = world_crypto(), .ws = &world->ws, .now_unix = world->now_unix };
}

static void begin(const struct client_config *with)
{
	world->ws = workspace_over(world->memory, world->memory_bytes);
	client_begin(&world->client, with);
}

static void serve(enum client_action action, const struct client_request *request)
{
	struct span file = world_get(action == CLIENT_LOAD ? &world->store : &world->remote, request->name);
	enum client_answer answer = file.at == NULL ? CLIENT_ABSENT : CLIENT_GOT;
	if (action == CLIENT_SAVE) {
		world_put(&world->store, request->name, request->bytes);
		client_saved(&world->client, true);
		return;
	}
	if (file.n > 0)
		memcpy(request->buffer, file.at, file.n);
	if (action == CLIENT_LOAD)
		client_loaded(&world->client, answer, file.n);
	else
		client_fetched(&world->client, answer, file.n);
}

/* Steps until the client wants this, and leaves it there. False: it came to its end before. */
static bool until(enum client_action wanted, const char *name)
{
	struct client_request request;
	for (;;) {
		enum client_action action = client_step(&world->client, &request);
		if (action == wanted && strcmp(request.name, name) == 0)
			return true;
		if (action != CLIENT_LOAD && action != CLIENT_FETCH && action != CLIENT_SAVE)
			return false;
		serve(action, &request);
	}
}

static size_t room_at(enum client_action wanted, const char *name)
{
	CHECK(until(wanted, name));
	return world->ws.used;
}

static enum client_action run(void)
{
	CHECK(!until(CLIENT_DONE, "no such file"));
	return world->client.action;
}

static void rotate_root(void)
{
	struct world_holder before = world->root;
	uint32_t key = world_key_new(world);
	world->root = world_holder_of(world, 1, 1, &key);
	world->root_version++;
	world_publish_root(world, &before);
}

/* --- room --- */

static void what_is_not_kept_takes_no_room(void)
{
	struct client_config with;
	refreshed();
	with = config();
	begin(&with);
	size_t before = room_at(CLIENT_LOAD, "timestamp.json");
	CHECK_EQ(room_at(CLIENT_FETCH, "timestamp.json"), before);
	CHECK_EQ(room_at(CLIENT_LOAD, "snapshot.json"), before);
	world_put(&world->store, "snapshot.json", SPAN_LIT(NO_JSON));
	CHECK_EQ(room_at(CLIENT_FETCH, "1.snapshot.json"), before);
	before = room_at(CLIENT_LOAD, "targets.json");
	world_put(&world->store, "targets.json", SPAN_LIT(NO_JSON));
	CHECK_EQ(room_at(CLIENT_FETCH, "1.targets.json"), before);
	CHECK_EQ(run(), CLIENT_DONE);
	before = world->ws.used;
	CHECK_EQ(world_look_up(world, "p/board/9.9/image"), CLIENT_DONE);
	CHECK_EQ(world->ws.used, before);
	CHECK_EQ(world->client.kept_count, 0);
}

/* A cycle that fetched takes as much as one that loads the same from the store. */
static void what_is_replaced_takes_no_room(void)
{
	refreshed();
	for (int i = 0; i < 3; i++)
		rotate_root();
	world_republish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	size_t fetched = world->ws.used;
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world->ws.used, fetched);
}

/* What the caller had in the workspace before stays. */
static void the_callers_room_is_left_alone(void)
{
	uint8_t mine[64];
	struct client_config with;
	refreshed();
	rotate_root();
	with = config();
	begin(&with);
	memset(mine, 0x5a, sizeof mine);
	memcpy(world->ws.base, mine, sizeof mine);
	world->ws.used = sizeof mine;
	CHECK_EQ(run(), CLIENT_DONE);
	CHECK_EQ(world->client.root.version, 2);
	CHECK(memcmp(world->ws.base, mine, sizeof mine) == 0);
}

/* --- faults --- */

/* A stored timestamp that is no JSON has a fault and a place; neither is that of the next file. */
static void a_fault_is_of_one_file(void)
{
	fresh();
	const struct client *c = &world->client;
	world_put(&world->store, "timestamp.json", SPAN_LIT(NO_JSON));
	world->broken = "timestamp.json";
	world->broken_answer = CLIENT_ERROR;
	CHECK_EQ(world_refresh(world), CLIENT_FAILED);
	CHECK(c->verdict == VERDICT_OK && c->fault == FAULT_NONE);
	world->broken = NULL;
	world_edit(world, "timestamp.json", "\"version\":1", "\"version\":1", &world->snapshot);
	REFUSED(VERDICT_SIGNATURE, "timestamp.json");
	CHECK(c->at == 0 && c->where == NULL);
	world_edit(world, "timestamp.json", "\"expires\":\"2027-02-14T08:00:00Z\"", "\"expires\":\"never\"",
		   &world->timestamp);
	CHECK_EQ(world_refresh(world), CLIENT_REFUSED);
	CHECK(c->verdict == VERDICT_MALFORMED && c->at == 0 && c->where != NULL && strcmp(c->where, "expires") == 0);
}

static void a_type_has_its_length(void)
{
	static const char was[] = "\"_type\":\"timestamp\"";
	fresh();
	world_edit(world, "timestamp.json", was, "\"_type\":\"0123456789abcdef0123456789abcdef\"", &world->timestamp);
	REFUSED(VERDICT_ROLE_TYPE, "timestamp.json");
	fresh();
	world_edit(world, "timestamp.json", was, "\"_type\":\"0123456789abcdef0123456789abcdef0\"", &world->timestamp);
	CHECK_EQ(world_refresh(world), CLIENT_REFUSED);
	CHECK_EQ(world->client.verdict, VERDICT_MALFORMED);
}

/* --- the root walk --- */

/* Signed by the right keys of root, and yet no root. */
static void another_type_is_no_root(void)
{
	refreshed();
	world->root_version = 2;
	world_publish_root(world, NULL);
	world_edit(world, "2.root.json", "\"_type\":\"root\"", "\"_type\":\"roof\"", &world->root);
	REFUSED(VERDICT_ROLE_TYPE, "2.root.json");
}

/* Which is told first: whose it is, before what number it has. */
static void a_root_of_nobody_has_no_version(void)
{
	refreshed();
	uint32_t key = world_key_new(world);
	struct world_holder before = world->root, claimed = world_holder_of(world, 1, 1, &key);
	claimed.keys[0] = before.keys[0]; /* lists the new key, signs with the old */
	world->root = claimed;
	world->root_version = 3;
	world_publish_root(world, NULL);
	world_put(&world->remote, "2.root.json", world_get(&world->remote, "3.root.json"));
	REFUSED(VERDICT_SIGNATURE, "2.root.json");
}

static void a_walk_ends_at_the_last_step(void)
{
	struct client_config with;
	refreshed();
	rotate_root();
	rotate_root();
	with = config();
	begin(&with);
	CHECK(until(CLIENT_FETCH, "2.root.json"));
	world->client.root_steps = CLIENT_ROOT_STEPS_MAX - 2;
	CHECK(until(CLIENT_FETCH, "3.root.json"));
	CHECK(!until(CLIENT_FETCH, "4.root.json"));
	CHECK_EQ(world->client.action, CLIENT_FAILED);
}

/* --- the stored snapshot --- */

static void an_expired_snapshot_is_not_current(void)
{
	fresh();
	world->snapshot_expires_unix = WORLD_NOW + WORLD_DAY;
	world_publish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	world->now_unix = WORLD_NOW + WORLD_DAY;
	REFUSED(VERDICT_EXPIRED, "1.snapshot.json");
}

static void another_snapshot_of_the_same_version_is_fetched(void)
{
	refreshed();
	world->snapshot_expires_unix = WORLD_NOW + 20 * WORLD_DAY;
	world_publish_snapshot(world);
	world->timestamp_version = 2;
	world_publish_timestamp(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK(world_asked(world, "FETCH 1.snapshot.json"));
	CHECK_EQ(world->client.snapshot.expires_unix, WORLD_NOW + 20 * WORLD_DAY);
}

/* A timestamp that states neither length nor hash of the snapshot, which TUF allows. */
static void publish_bare_timestamp(uint64_t version, uint64_t snapshot_version)
{
	static uint8_t body[1024];
	struct timestamp bare = { .version = version, .snapshot_version = snapshot_version };
	struct writer w = writer_over(body, sizeof body);
	bare.expires_unix = world->expires_unix;
	timestamp_encode(&w, &bare);
	CHECK_EQ(w.fault, FAULT_NONE);
	world_put_body(world, "timestamp.json", writer_span(&w), &world->timestamp);
}

static void a_version_alone_tells_snapshots_apart(void)
{
	refreshed();
	world->snapshot_version = 2;
	world_publish_snapshot(world);
	publish_bare_timestamp(2, 2);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK(world_asked(world, "FETCH 2.snapshot.json"));
	CHECK_EQ(world->client.snapshot.version, 2);
}

/* Puts a snapshot of this version into the store that its key signed, and that is not well formed. */
static void store_broken_snapshot(uint64_t version)
{
	char name[32];
	snprintf(name, sizeof name, "%d.snapshot.json", (int)version);
	world->snapshot_version = version;
	world_publish_snapshot(world);
	world_edit(world, name, META, META_BROKEN, &world->snapshot);
	world_put(&world->store, "snapshot.json", world_get(&world->remote, name));
	world->snapshot_version = 1;
	world_publish_snapshot(world);
}

static void half_a_snapshot_says_nothing(void)
{
	fresh();
	store_broken_snapshot(1);
	publish_bare_timestamp(1, 1);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK(world_asked(world, "FETCH 1.snapshot.json"));
	fresh();
	store_broken_snapshot(9);
	world_publish_timestamp(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world->client.snapshot.version, 1);
}

/* --- key ids of delegations --- */

/* A key id that is not the hash of its key is for old repositories only, which the caller must name so. */
static void a_delegations_key_id_is_the_hash_of_its_key(void)
{
	char was[128], is[128];
	const char *keyid;
	struct client_config with;
	fresh();
	keyid = world->keys[world->product.keys[0]].keyid;
	snprintf(was, sizeof was, "\"keys\":{\"%s\"", keyid);
	snprintf(is, sizeof is, "\"keys\":{\"%.63s%c\"", keyid, keyid[63] == '0' ? '1' : '0');
	world_edit(world, "1.targets.json", was, is, &world->targets);
	snprintf(was, sizeof was, "\"keyids\":[\"%s\"", keyid);
	snprintf(is, sizeof is, "\"keyids\":[\"%.63s%c\"", keyid, keyid[63] == '0' ? '1' : '0');
	world_edit(world, "1.targets.json", was, is, &world->targets);
	world_relist(world, "targets", 1);
	world_republish(world);
	CHECK_EQ(world_refresh(world), CLIENT_REFUSED);
	CHECK_EQ(world->client.verdict, VERDICT_MALFORMED);
	CHECK(strcmp(world->client.what, "1.targets.json") == 0);
	with = config();
	with.any_keyid = true;
	begin(&with);
	CHECK_EQ(run(), CLIENT_DONE);
}

static const struct check_case cases[] = {
	CASE(what_is_not_kept_takes_no_room),
	CASE(what_is_replaced_takes_no_room),
	CASE(the_callers_room_is_left_alone),
	CASE(a_fault_is_of_one_file),
	CASE(a_type_has_its_length),
	CASE(another_type_is_no_root),
	CASE(a_root_of_nobody_has_no_version),
	CASE(a_walk_ends_at_the_last_step),
	CASE(an_expired_snapshot_is_not_current),
	CASE(another_snapshot_of_the_same_version_is_fetched),
	CASE(a_version_alone_tells_snapshots_apart),
	CASE(half_a_snapshot_says_nothing),
	CASE(a_delegations_key_id_is_the_hash_of_its_key),
};
CHECK_MAIN(cases)
