/* The client as a machine: answers that nobody asked for, answers that cannot be, more delegations than it holds. */
#include "check.h"
#include "client_parts.h"
#include "world.h"

#include "crypto_openssl.h"

static struct world *world;
static uint8_t memory[16 << 20];

static void fresh(void)
{
	world_free(world);
	world = world_new();
}

static struct client *begun(struct workspace *ws)
{
	static struct client client;
	*ws = workspace_over(memory, sizeof memory);
	struct client_config config = { .crypto = &crypto_openssl, .ws = ws, .now_unix = WORLD_NOW };
	client_begin(&client, &config);
	return &client;
}

/* Gives the stored root to a client that has asked for it. */
static void give_root(struct client *c, const struct client_request *request)
{
	struct span root = world_get(&world->store, "root.json");
	CHECK(root.n > 0 && root.n <= request->capacity);
	memcpy(request->buffer, root.at, root.n);
	client_loaded(c, CLIENT_GOT, root.n);
}

static void an_answer_to_nothing_changes_nothing(void)
{
	struct workspace ws;
	struct client_request request, again;
	fresh();
	struct client *c = begun(&ws);
	client_loaded(c, CLIENT_GOT, 1); /* before the first step */
	CHECK_EQ(client_step(c, &request), CLIENT_LOAD);
	CHECK(strcmp(request.name, "root.json") == 0);
	client_fetched(c, CLIENT_GOT, 1);
	client_saved(c, true);
	CHECK_EQ(client_step(c, &again), CLIENT_LOAD);
	CHECK(memcmp(&request, &again, sizeof request) == 0);
	give_root(c, &request);
	client_loaded(c, CLIENT_ABSENT, 0); /* the first answer counts */
	CHECK_EQ(client_step(c, &request), CLIENT_FETCH);
	CHECK(strcmp(request.name, "2.root.json") == 0);
	CHECK_EQ(c->root.version, 1);
	client_loaded(c, CLIENT_GOT, 1);
	CHECK_EQ(client_step(c, &again), CLIENT_FETCH);
	CHECK(!c->changed && !c->refreshed);
}

/* A transport that says it wrote more than there was room for is not believed. */
static void more_than_was_asked_for_is_too_big(void)
{
	struct workspace ws;
	struct client_request request;
	fresh();
	struct client *c = begun(&ws);
	CHECK_EQ(client_step(c, &request), CLIENT_LOAD);
	client_loaded(c, CLIENT_GOT, request.capacity + 1);
	CHECK_EQ(client_step(c, &request), CLIENT_FAILED);
	CHECK_EQ(ws.used, 0);
	c = begun(&ws);
	CHECK_EQ(client_step(c, &request), CLIENT_LOAD);
	give_root(c, &request);
	CHECK_EQ(client_step(c, &request), CLIENT_FETCH);
	CHECK_EQ(request.capacity, ROOT_BYTES_MAX);
	client_fetched(c, CLIENT_GOT, SIZE_MAX);
	CHECK_EQ(client_step(c, &request), CLIENT_REFUSED);
	CHECK_EQ(c->verdict, VERDICT_LENGTH);
	CHECK(strcmp(c->what, "2.root.json") == 0);
}

/* Exactly as much as was asked for is looked at: 64 KiB of spaces are no root. */
static void as_much_as_was_asked_for_is_read(void)
{
	struct workspace ws;
	struct client_request request;
	fresh();
	struct client *c = begun(&ws);
	CHECK_EQ(client_step(c, &request), CLIENT_LOAD);
	memset(request.buffer, ' ', request.capacity);
	client_loaded(c, CLIENT_GOT, request.capacity);
	CHECK_EQ(client_step(c, &request), CLIENT_REFUSED);
	CHECK_EQ(c->verdict, VERDICT_MALFORMED);
	CHECK_EQ(c->fault, FAULT_TRUNCATED);
}

static struct delegation children[METADATA_DELEGATIONS_MAX];
static char names[METADATA_DELEGATIONS_MAX][8];
static struct span any_path = { (const uint8_t *)"*", 1 };

/* Top-level targets with as many delegations as there may be, of which the first delegates to so many more. */
static void publish_wide(uint32_t more)
{
	fresh();
	for (uint32_t i = 0; i < METADATA_DELEGATIONS_MAX; i++) {
		snprintf(names[i], sizeof names[i], "d%03u", i);
		children[i] =
			(struct delegation){ .name = span_of_text(names[i]), .path_count = 1, .paths = &any_path };
		children[i].role = world_role(world, &world->product);
	}
	struct targets targets = { .version = 1, .expires_unix = world->expires_unix };
	targets.delegations = children;
	targets.delegation_count = METADATA_DELEGATIONS_MAX;
	world->entry_count = 0;
	world_publish_targets(world, "targets", &targets, &world->targets);
	targets.delegations = children + 100;
	targets.delegation_count = more;
	world_publish_targets(world, "d000", &targets, &world->product);
	world_publish_snapshot(world);
	world_publish_timestamp(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
}

static void delegations_to_be_looked_at_have_a_ceiling(void)
{
	/* 255 wait when d000 is read. One more fits; the next role that is looked at then has no file. */
	publish_wide(1);
	CHECK_EQ(world_look_up(world, "x"), CLIENT_REFUSED);
	CHECK_EQ(world->client.verdict, VERDICT_NOT_LISTED);
	publish_wide(2);
	CHECK_EQ(world_look_up(world, "x"), CLIENT_REFUSED);
	CHECK_EQ(world->client.verdict, VERDICT_MALFORMED);
	CHECK_EQ(world->client.fault, FAULT_TOO_LARGE);
}

/* --- what is asked for, and how much of it --- */

static void answer(struct client *c, enum client_action action, const struct client_request *request)
{
	struct span file = world_get(action == CLIENT_LOAD ? &world->store : &world->remote, request->name);
	enum client_answer got = file.at == NULL ? CLIENT_ABSENT : CLIENT_GOT;
	if (file.n > 0)
		memcpy(request->buffer, file.at, file.n);
	if (action == CLIENT_LOAD)
		client_loaded(c, got, file.n);
	else
		client_fetched(c, got, file.n);
}

static const struct {
	const char *name;
	enum client_action action;
	size_t capacity;
} asked[] = {
	{ "root.json", CLIENT_LOAD, ROOT_BYTES_MAX },
	{ "2.root.json", CLIENT_FETCH, ROOT_BYTES_MAX },
	{ "timestamp.json", CLIENT_LOAD, TIMESTAMP_BYTES_MAX },
	{ "timestamp.json", CLIENT_FETCH, TIMESTAMP_BYTES_MAX },
	{ "timestamp.json", CLIENT_SAVE, 0 },
	{ "snapshot.json", CLIENT_LOAD, SNAPSHOT_BYTES_MAX },
	{ "1.snapshot.json", CLIENT_FETCH, 0 }, /* as long as the timestamp says */
	{ "snapshot.json", CLIENT_SAVE, 0 },
	{ "targets.json", CLIENT_LOAD, TARGETS_BYTES_MAX },
	{ "1.targets.json", CLIENT_FETCH, 0 },
	{ "targets.json", CLIENT_SAVE, 0 },
	{ "p%2Fboard.json", CLIENT_LOAD, TARGETS_BYTES_MAX },
	{ "1.p%2Fboard.json", CLIENT_FETCH, 0 },
	{ "p%2Fboard.json", CLIENT_SAVE, 0 },
};

static void check_asked(size_t i, enum client_action action, const struct client_request *request)
{
	CHECK(strcmp(request->name, asked[i].name) == 0);
	CHECK_EQ(action, asked[i].action);
	if (action == CLIENT_SAVE) {
		CHECK(request->buffer == NULL && request->capacity == 0);
		CHECK(span_equal(request->bytes, world_get(&world->remote, asked[i - 1].name)));
		return;
	}
	struct span whole = world_get(&world->remote, request->name);
	CHECK(request->bytes.at == NULL && request->bytes.n == 0);
	CHECK_EQ(request->capacity, asked[i].capacity != 0 ? asked[i].capacity : whole.n);
}

static void each_file_has_its_ceiling(void)
{
	struct workspace ws;
	struct client_request request;
	fresh();
	struct client *c = begun(&ws);
	for (size_t i = 0; i < sizeof asked / sizeof asked[0];) {
		enum client_action action = client_step(c, &request);
		if (action == CLIENT_DONE) {
			CHECK(c->refreshed && c->changed && i == 11);
			client_look_up(c, SPAN_LIT("p/board/1.0/image"));
			continue;
		}
		check_asked(i++, action, &request);
		CHECK_EQ(c->changed, i > 5);
		if (action == CLIENT_SAVE)
			client_saved(c, true);
		else
			answer(c, action, &request);
	}
	CHECK_EQ(client_step(c, &request), CLIENT_DONE);
	CHECK(c->found != NULL && c->found_by != NULL);
}

/* A search says nothing of the one before it. */
static void each_search_begins_anew(void)
{
	fresh();
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world_look_up(world, "p/board/1.0/image"), CLIENT_DONE);
	struct client *c = &world->client;
	CHECK(c->found != NULL && c->found_by != NULL);
	c->verdict = VERDICT_LENGTH;
	c->fault = FAULT_RANGE;
	c->where = "x";
	c->at = 7;
	c->what[0] = 'x';
	c->stack_count = 1;
	c->visited_count = 1;
	c->action = CLIENT_SAVE; /* broken off: nothing was saved */
	c->changed = false;
	client_look_up(c, SPAN_LIT("nothing"));
	CHECK(c->found == NULL && c->found_by == NULL && c->where == NULL);
	CHECK(c->verdict == VERDICT_OK && c->fault == FAULT_NONE && c->at == 0 && c->what[0] == '\0');
	CHECK(c->stack_count == 0 && c->visited_count == 0);
	struct client_request request;
	CHECK_EQ(client_step(c, &request), CLIENT_DONE);
	CHECK(c->found == NULL && !c->changed);
}

/* --- names --- */

#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

static bool is_plain(int byte)
{
	return byte != 0 && strchr(PLAIN, byte) != NULL;
}

static void all_but_plain_bytes_are_escaped(void)
{
	static struct client c;
	for (int byte = 0; byte < 256; byte++) {
		uint8_t role[] = { 'a', (uint8_t)byte };
		char want[32];
		snprintf(want, sizeof want, is_plain(byte) ? "7.a%c.json" : "7.a%%%02X.json", byte);
		client_name(&c, 7, SPAN_OF(role));
		CHECK(strcmp(c.pending.name, want) == 0);
	}
	client_name(&c, 0, SPAN_LIT("role"));
	CHECK(strcmp(c.pending.name, "role.json") == 0);
	client_name(&c, 0, SPAN_LIT(".role"));
	CHECK(strcmp(c.pending.name, "%2Erole.json") == 0);
	client_name(&c, 0, SPAN_LIT("."));
	CHECK(strcmp(c.pending.name, "%2E.json") == 0);
	client_name(&c, 0, SPAN_LIT("-role"));
	CHECK(strcmp(c.pending.name, "-role.json") == 0);
	client_name(&c, 1, SPAN_LIT(".role"));
	CHECK(strcmp(c.pending.name, "1..role.json") == 0);
	client_name(&c, 0, SPAN_NONE);
	CHECK(strcmp(c.pending.name, ".json") == 0);
}

static void a_target_name_is_a_path_of_plain_components(void)
{
	for (int byte = 0; byte < 256; byte++) {
		char name[128];
		uint8_t path[] = { 'd', '/', 'a', (uint8_t)byte };
		struct target target = { .path = SPAN_OF(path) };
		enum fault fault = client_target_name(&target, name, sizeof name);
		CHECK_EQ(fault, is_plain(byte) || byte == '+' ? FAULT_NONE : FAULT_SYNTAX);
	}
}

/* --- what a parent says of a file --- */

static void a_length_that_is_stated_is_the_ceiling(void)
{
	struct snapshot_entry entry = { .length = 5 };
	CHECK_EQ(client_ceiling(&entry, 9), 9);
	entry.has_length = true;
	CHECK_EQ(client_ceiling(&entry, 9), 5);
	CHECK_EQ(client_ceiling(&entry, 4), 4);
}

static void what_is_stated_must_match(void)
{
	static struct client c;
	c.config.crypto = &crypto_openssl;
	c.candidate = SPAN_LIT("bytes");
	struct snapshot_entry entry = { .length = 4 };
	CHECK_EQ(client_match(&c, &entry), VERDICT_OK); /* says nothing */
	entry.has_length = true;
	CHECK_EQ(client_match(&c, &entry), VERDICT_LENGTH);
	entry.length = 5;
	CHECK_EQ(client_match(&c, &entry), VERDICT_OK);
	entry.has_digest = true;
	CHECK_EQ(client_match(&c, &entry), VERDICT_DIGEST);
	entry.digest = sha256_of(&crypto_openssl, c.candidate);
	CHECK_EQ(client_match(&c, &entry), VERDICT_OK);
}

static void time_runs_out_at_the_second(void)
{
	static struct client c;
	c.config.now_unix = 100;
	CHECK(client_is_expired(&c, 99) && client_is_expired(&c, 100) && !client_is_expired(&c, 101));
}

static bool is_at(const char *where)
{
	const struct client *c = &world->client;
	if (c->where == NULL || strcmp(c->where, where) != 0)
		printf("# at %s in %s\n", c->where != NULL ? c->where : "(none)", c->what);
	return c->where != NULL && strcmp(c->where, where) == 0;
}

/* Signed by who may sign it, and not well formed: the member is named. */
static void a_refusal_names_the_member(void)
{
	static const char when[] = "\"expires\":\"2027-02-14T08:00:00Z\"", never[] = "\"expires\":\"never\"";
	fresh();
	world_edit(world, "timestamp.json", when, never, &world->timestamp);
	CHECK_EQ(world_refresh(world), CLIENT_REFUSED);
	CHECK(world->client.verdict == VERDICT_MALFORMED && is_at("expires"));
	fresh();
	world_edit(world, "timestamp.json", "\"_type\":\"timestamp\"", "\"_tipe\":\"timestamp\"", &world->timestamp);
	CHECK_EQ(world_refresh(world), CLIENT_REFUSED);
	CHECK(world->client.verdict == VERDICT_MALFORMED && is_at("_type"));
	fresh();
	world_edit(world, "1.snapshot.json", when, never, &world->snapshot);
	world_publish_timestamp(world);
	CHECK_EQ(world_refresh(world), CLIENT_REFUSED);
	CHECK(world->client.verdict == VERDICT_MALFORMED && is_at("expires"));
	fresh();
	world_edit(world, "1.targets.json", when, never, &world->targets);
	world_relist(world, "targets", 1);
	world_republish(world);
	CHECK_EQ(world_refresh(world), CLIENT_REFUSED);
	CHECK(world->client.verdict == VERDICT_MALFORMED && is_at("expires"));
	/* What is no JSON has a place. */
	fresh();
	world_put(&world->remote, "timestamp.json", SPAN_LIT("{\"signatures\":[,"));
	CHECK_EQ(world_refresh(world), CLIENT_REFUSED);
	CHECK(world->client.verdict == VERDICT_MALFORMED && world->client.at > 0);
}

/* A store that cannot say whether a file is there: nothing is known, nothing is asked any more, nothing is kept. */
static void a_store_that_fails_ends_the_cycle(void)
{
	for (size_t failing = 0; failing < sizeof asked / sizeof asked[0]; failing++) {
		struct workspace ws;
		struct client_request request;
		fresh();
		struct client *c = begun(&ws);
		for (size_t i = 0; i < failing;) {
			enum client_action action = client_step(c, &request);
			if (action == CLIENT_DONE)
				client_look_up(c, SPAN_LIT("p/board/1.0/image"));
			else if (action == CLIENT_SAVE)
				client_saved(c, i++ < failing);
			else
				answer(c, asked[i++].action, &request);
		}
		enum client_action action = client_step(c, &request);
		if (action == CLIENT_DONE) {
			client_look_up(c, SPAN_LIT("p/board/1.0/image"));
			action = client_step(c, &request);
		}
		CHECK_EQ(action, asked[failing].action);
		client_loaded(c, CLIENT_ERROR, 0);
		client_fetched(c, CLIENT_ERROR, 0);
		client_saved(c, false);
		CHECK_EQ(client_step(c, &request), CLIENT_FAILED);
		CHECK(strcmp(c->what, asked[failing].name) == 0);
		CHECK(c->found == NULL);
		CHECK_EQ(c->changed, failing > 4); /* a save that failed is none */
	}
}

static const struct check_case cases[] = {
	CASE(each_file_has_its_ceiling),
	CASE(each_search_begins_anew),
	CASE(all_but_plain_bytes_are_escaped),
	CASE(a_target_name_is_a_path_of_plain_components),
	CASE(a_length_that_is_stated_is_the_ceiling),
	CASE(what_is_stated_must_match),
	CASE(time_runs_out_at_the_second),
	CASE(an_answer_to_nothing_changes_nothing),
	CASE(more_than_was_asked_for_is_too_big),
	CASE(as_much_as_was_asked_for_is_read),
	CASE(delegations_to_be_looked_at_have_a_ceiling),
	CASE(a_refusal_names_the_member),
	CASE(a_store_that_fails_ends_the_cycle),
};
CHECK_MAIN(cases)
