/* Fast-forward attacks healed by rotating a key, and what must not pass for that (TUF 1.0.34 section 5.3.11). */
#include "check.h"
#include "world.h"

#define FAR 1000

static struct world *world;

/* A client that has stored what a thief published: timestamp and snapshot far ahead. */
static void driven_ahead(void)
{
	world_free(world);
	world = world_new();
	world->snapshot_version = FAR;
	world_publish(world);
	world->timestamp_version = 2;
	world_publish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world->client.snapshot.version, FAR);
}

/* The repository back at low versions, with new keys for the snapshot, the timestamp or both. */
static void healed(bool snapshot, bool timestamp)
{
	uint32_t keys[2] = { world_key_new(world), world_key_new(world) };
	if (snapshot)
		world->snapshot = world_holder_of(world, 1, 1, &keys[0]);
	if (timestamp)
		world->timestamp = world_holder_of(world, 1, 1, &keys[1]);
	world->root_version = 2;
	world_publish_root(world, NULL);
	world->snapshot_version = 2;
	world->timestamp_version = timestamp ? 1 : 3;
	world_publish(world);
}

static void snapshot_key_alone(void)
{
	driven_ahead();
	healed(true, false);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world->client.snapshot.version, 2);
	CHECK_EQ(world->client.timestamp.version, 3);
	size_t used = world->ws.used;
	CHECK_EQ(world_look_up(world, "p/board/1.0/image"), CLIENT_DONE);
	CHECK(world->client.found != NULL);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK(!world->client.changed);
	CHECK_EQ(world->ws.used, used); /* healing took no room that stayed */
}

/* The thief's timestamp said FAR, and the cycle was cut before its snapshot came. */
static void snapshot_key_alone_after_a_cut(void)
{
	world_free(world);
	world = world_new();
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	world->snapshot_version = FAR;
	world->timestamp_version = 2;
	world_publish(world);
	world->broken = "1000.snapshot.json";
	world->broken_answer = CLIENT_ERROR;
	CHECK_EQ(world_refresh(world), CLIENT_FAILED);
	world->broken = NULL;
	healed(true, false);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world->client.snapshot.version, 2);
}

static void timestamp_and_snapshot_keys(void)
{
	driven_ahead();
	healed(true, true);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world->client.timestamp.version, 1);
}

static void check_rollback(void)
{
	CHECK_EQ(world_refresh(world), CLIENT_REFUSED);
	CHECK_EQ(world->client.verdict, VERDICT_ROLLBACK);
	CHECK(strcmp(world->client.what, "timestamp.json") == 0);
	CHECK(!world_asked(world, "SAVE timestamp.json"));
}

/* Nobody took the snapshot's key back, so a lower one is an old one. */
static void no_key_rotated(void)
{
	driven_ahead();
	healed(false, false);
	check_rollback();
}

/* No snapshot to say so: the stored timestamp is believed. */
static void no_stored_snapshot(void)
{
	driven_ahead();
	healed(true, false);
	world_drop(&world->store, "snapshot.json");
	check_rollback();
	world_put(&world->store, "snapshot.json", SPAN_LIT("not even JSON"));
	check_rollback();
}

/* An expired timestamp is refused on this way too, and nothing of it is kept. */
static void healed_but_expired(void)
{
	driven_ahead();
	healed(true, false);
	world->now_unix = world->expires_unix;
	CHECK_EQ(world_refresh(world), CLIENT_REFUSED);
	CHECK_EQ(world->client.verdict, VERDICT_EXPIRED);
	CHECK(!world_asked(world, "SAVE timestamp.json"));
}

/* Whether the key was rotated cannot be seen: that is a failure of the store, not an attack, and not a pardon. */
static void stored_snapshot_cannot_be_read(void)
{
	struct client_request request;
	enum client_action action;
	driven_ahead();
	healed(true, false);
	world->ws = workspace_over(world->memory, world->memory_bytes);
	struct client_config config = { .crypto = world_crypto(), .ws = &world->ws, .now_unix = world->now_unix };
	client_begin(&world->client, &config);
	while ((action = client_step(&world->client, &request)) == CLIENT_LOAD || action == CLIENT_FETCH ||
	       action == CLIENT_SAVE) {
		struct span file = world_get(action == CLIENT_LOAD ? &world->store : &world->remote, request.name);
		bool unreadable = action == CLIENT_LOAD && strcmp(request.name, "snapshot.json") == 0;
		enum client_answer answer = file.at == NULL ? CLIENT_ABSENT : CLIENT_GOT;
		if (action == CLIENT_SAVE) {
			client_saved(&world->client, true);
			continue;
		}
		if (answer == CLIENT_GOT)
			memcpy(request.buffer, file.at, file.n);
		if (action == CLIENT_LOAD)
			client_loaded(&world->client, unreadable ? CLIENT_ERROR : answer, file.n);
		else
			client_fetched(&world->client, answer, file.n);
	}
	CHECK_EQ(action, CLIENT_FAILED);
	CHECK(strcmp(world->client.what, "snapshot.json") == 0);
}

static const struct check_case cases[] = {
	CASE(snapshot_key_alone),
	CASE(snapshot_key_alone_after_a_cut),
	CASE(timestamp_and_snapshot_keys),
	CASE(no_key_rotated),
	CASE(no_stored_snapshot),
	CASE(healed_but_expired),
	CASE(stored_snapshot_cannot_be_read),
};

CHECK_MAIN(cases)
