/* The client as a machine: answers that nobody asked for, answers that cannot be, more delegations than it holds. */
#include "check.h"
#include "world.h"

#include "crypto_openssl.h"

static struct world *world;
static uint8_t memory[1 << 20];

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

static const struct check_case cases[] = {
	CASE(an_answer_to_nothing_changes_nothing),
	CASE(more_than_was_asked_for_is_too_big),
	CASE(as_much_as_was_asked_for_is_read),
	CASE(delegations_to_be_looked_at_have_a_ceiling),
};
CHECK_MAIN(cases)
