/* The search for a target through delegations, and its files. */
#include "check.h"
#include "world.h"

#include "crypto_openssl.h"

#define IMAGE "p/board/1.0/image"

static struct world *world;

static void fresh(void)
{
	world_free(world);
	world = world_new();
}

static void refreshed(void)
{
	fresh();
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
}

static void check_refused(const char *path, enum verdict verdict, const char *what)
{
	CHECK_EQ(world_look_up(world, path), CLIENT_REFUSED);
	CHECK_EQ(world->client.verdict, verdict);
	if (strcmp(world->client.what, what) != 0)
		printf("# stopped at %s\n", world->client.what);
	CHECK(strcmp(world->client.what, what) == 0);
}

/* A graph of roles: name "a" lists its children and the targets in its line; all share the product key. */
struct node {
	const char *name;
	const char *children[6]; /* "b" or "b!" for a terminating one */
	const char *target;      /* NULL: none */
	bool unlisted;           /* has no file, and no entry in the snapshot */
};

static struct delegation delegations[64];
static struct span any_path = { (const uint8_t *)"*", 1 };

static void publish_node(const struct node *node, const struct world_holder *holder)
{
	struct target target = { .length = 1 };
	struct targets targets = { .version = 1, .expires_unix = world->expires_unix, .delegations = delegations };
	for (; node->children[targets.delegation_count] != NULL; targets.delegation_count++) {
		const char *child = node->children[targets.delegation_count];
		size_t n = strlen(child);
		struct delegation *d = &delegations[targets.delegation_count];
		*d = (struct delegation){ .path_count = 1, .paths = &any_path };
		d->terminating = child[n - 1] == '!';
		d->name = (struct span){ (const uint8_t *)child, d->terminating ? n - 1 : n };
		d->role = world_role(world, &world->product);
	}
	if (node->target != NULL) {
		target.path = span_of_text(node->target);
		targets.entries = &target;
		targets.count = 1;
	}
	world_publish_targets(world, node->name, &targets, holder);
}

static void publish_graph(const struct node *nodes, size_t count)
{
	fresh();
	world->entry_count = 0;
	for (size_t i = 0; i < count; i++)
		if (!nodes[i].unlisted)
			publish_node(&nodes[i], i == 0 ? &world->targets : &world->product);
	world_publish_snapshot(world);
	world_publish_timestamp(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
}

#define GRAPH(...)                                          \
	static const struct node graph[] = { __VA_ARGS__ }; \
	publish_graph(graph, sizeof graph / sizeof graph[0])

static void check_visits(const char *path, bool found, const char *visits)
{
	char wanted[512] = "";
	CHECK_EQ(world_look_up(world, path), CLIENT_DONE);
	for (; *visits != '\0'; visits++) {
		size_t n = strlen(wanted);
		snprintf(wanted + n, sizeof wanted - n, "FETCH 1.%c.json\nSAVE %c.json\n", *visits, *visits);
	}
	if (strcmp(world->log, wanted) != 0)
		printf("# instead: %s\n", world->log);
	CHECK(strcmp(world->log, wanted) == 0);
	CHECK_EQ(world->client.found != NULL, found);
}

static void found_through_a_delegation(void)
{
	char name[128];
	refreshed();
	CHECK_EQ(world_look_up(world, IMAGE), CLIENT_DONE);
	CHECK(strcmp(world->log, "FETCH 1.p%2Fboard.json\nSAVE p%2Fboard.json\n") == 0);
	CHECK(world->client.found != NULL && span_is(world->client.found->path, IMAGE));
	CHECK(world->client.found_by == client_delegation(&world->client, "p/board"));
	CHECK_EQ(client_target_name(world->client.found, name, sizeof name), FAULT_NONE);
	CHECK(strcmp(name, "p/board/1.0/6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d.image") == 0);
	/* Again in this cycle: from memory. In the next: from the store. */
	const struct target *first = world->client.found;
	CHECK_EQ(world_look_up(world, IMAGE), CLIENT_DONE);
	CHECK(world->log[0] == '\0' && world->client.found == first);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world_look_up(world, IMAGE), CLIENT_DONE);
	CHECK(world->log[0] == '\0' && world->client.found != NULL);
}

static void not_listed_is_not_found(void)
{
	refreshed();
	/* The pattern has no more depth than it says, and no other product: the role is not even asked for. */
	CHECK_EQ(world_look_up(world, "p/board/1.0/x/image"), CLIENT_DONE);
	CHECK(world->client.found == NULL && world->log[0] == '\0');
	CHECK_EQ(world_look_up(world, "p/other/1.0/image"), CLIENT_DONE);
	CHECK(world->client.found == NULL && world->log[0] == '\0');
	CHECK_EQ(world_look_up(world, "p/board/9.9/image"), CLIENT_DONE);
	CHECK(world->client.found == NULL);
}

static void look_up_needs_a_refresh(void)
{
	fresh();
	world->broken = "timestamp.json";
	world->broken_answer = CLIENT_ERROR;
	CHECK_EQ(world_refresh(world), CLIENT_FAILED);
	CHECK_EQ(world_look_up(world, IMAGE), CLIENT_FAILED);
	CHECK(strcmp(world->client.what, "targets.json") == 0);
}

static void depth_first_in_order(void)
{
	GRAPH({ "targets", { "a", "b" } }, { "a", { "c", "d" } }, { "b", { "e" }, "t" }, { "c", { NULL } },
	      { "d", { NULL } }, { "e", { NULL } });
	check_visits("t", true, "acdb");
}

static void circles_end(void)
{
	GRAPH({ "targets", { "a", "b" } }, { "a", { "b", "a" } }, { "b", { "a" } });
	check_visits("t", false, "ab");
}

/* A role that delegates to itself must not use up the ceiling. */
static void circles_cost_nothing(void)
{
	GRAPH({ "targets", { "a", "c" } }, { "a", { "a", "b" } }, { "b", { "a", "b" } }, { "c", { NULL }, "t" });
	check_visits("t", true, "abc");
}

/* A terminating role stops what comes after it, for its ancestors too. */
static void terminating_stops(void)
{
	GRAPH({ "targets", { "a", "b" } }, { "a", { "c!", "d" } }, { "b", { NULL }, "t" }, { "c", { "e" } },
	      { "d", { NULL }, "t" }, { "e", { NULL } });
	check_visits("t", false, "ace");
}

static void terminating_with_content(void)
{
	GRAPH({ "targets", { "a", "b!", "c" } }, { "a", { NULL } }, { "b", { NULL }, "t" }, { "c", { NULL }, "t" });
	check_visits("t", true, "ab");
}

/* One that does not speak of the path ends nothing. */
static void terminating_elsewhere_stops_nothing(void)
{
	static struct span elsewhere = { (const uint8_t *)"x*", 2 };
	static struct delegation two[2];
	struct targets targets = { .version = 1, .expires_unix = WORLD_NOW + WORLD_DAY, .delegations = two };
	static const struct node b = { "b", { NULL }, "t", false };
	fresh();
	two[0] = (struct delegation){ .name = SPAN_LIT("a"), .path_count = 1, .paths = &elsewhere };
	two[0].terminating = true;
	two[1] = (struct delegation){ .name = SPAN_LIT("b"), .path_count = 1, .paths = &any_path };
	two[0].role = two[1].role = world_role(world, &world->product);
	targets.delegation_count = 2;
	world->entry_count = 0;
	publish_node(&b, &world->product);
	world_publish_targets(world, "targets", &targets, &world->targets);
	world_publish_snapshot(world);
	world_publish_timestamp(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	check_visits("t", true, "b");
}

/* The second search begins at the top again: what it finds there is by no delegation. */
static void found_at_the_top_after_below(void)
{
	GRAPH({ "targets", { "a" }, "u" }, { "a", { NULL }, "t" });
	check_visits("t", true, "a");
	CHECK(world->client.found_by != NULL && span_is(world->client.found_by->name, "a"));
	check_visits("u", true, "");
	CHECK(world->client.found_by == NULL);
}

static void missing_in_snapshot(void)
{
	GRAPH({ "targets", { "a", "b" } }, { .name = "a", .unlisted = true }, { "b", { NULL }, "t" });
	check_refused("t", VERDICT_NOT_LISTED, "a.json");
	CHECK(world->log[0] == '\0');
}

static void no_more_than_the_ceiling(void)
{
	static char names[CLIENT_DELEGATIONS_MAX + 1][4];
	struct node chain = { "targets", { NULL }, NULL, false };
	fresh();
	world->entry_count = 0;
	for (uint32_t i = 0; i <= CLIENT_DELEGATIONS_MAX; i++) {
		snprintf(names[i], sizeof names[i], "r%02u", i);
		chain.children[0] = names[i];
		publish_node(&chain, i == 0 ? &world->targets : &world->product);
		chain.name = names[i];
	}
	publish_node(&(struct node){ names[CLIENT_DELEGATIONS_MAX], { NULL }, "t", false }, &world->product);
	publish_node(&(struct node){ names[1], { names[2] }, "u", false }, &world->product);
	world_publish_snapshot(world);
	world_publish_timestamp(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world_look_up(world, "u"), CLIENT_DONE);
	CHECK(world->client.found != NULL);
	CHECK_EQ(world_look_up(world, "t"), CLIENT_DONE);
	CHECK(world->client.found == NULL);
	CHECK(!world_asked(world, "FETCH 1.r32.json"));
}

/* --- a delegated role's file --- */

static void publish_product(struct targets product, const struct world_holder *holder)
{
	world->product_version = product.version;
	world_publish_targets(world, "p/board", &product, holder);
	world->snapshot_version++;
	world->timestamp_version++;
	world_publish_snapshot(world);
	world_publish_timestamp(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
}

static void delegated_wrong_signature(void)
{
	fresh();
	publish_product(world_product(world), &world->targets);
	check_refused(IMAGE, VERDICT_SIGNATURE, "1.p%2Fboard.json");
	CHECK(world_get(&world->store, "p%2Fboard.json").n == 0);
}

static void delegated_expired(void)
{
	fresh();
	struct targets product = world_product(world);
	product.expires_unix = WORLD_NOW;
	publish_product(product, &world->product);
	check_refused(IMAGE, VERDICT_EXPIRED, "1.p%2Fboard.json");
}

static void delegated_wrong_hash(void)
{
	refreshed();
	struct span file = world_get(&world->remote, "1.p%2Fboard.json");
	*(uint8_t *)(uintptr_t)&file.at[file.n - 3] ^= 1;
	check_refused(IMAGE, VERDICT_DIGEST, "1.p%2Fboard.json");
	world_put(&world->remote, "1.p%2Fboard.json", SPAN_LIT("{}"));
	check_refused(IMAGE, VERDICT_LENGTH, "1.p%2Fboard.json");
}

static void delegated_endless(void)
{
	refreshed();
	world->broken = "1.p%2Fboard.json";
	world->broken_answer = CLIENT_TOO_BIG;
	check_refused(IMAGE, VERDICT_LENGTH, "1.p%2Fboard.json");
}

static void delegated_wrong_version(void)
{
	fresh();
	struct targets product = world_product(world);
	world_publish_targets(world, "p/board", &product, &world->product);
	world->entries[0].version = 2;
	world_put(&world->remote, "2.p%2Fboard.json", world_get(&world->remote, "1.p%2Fboard.json"));
	world_publish_snapshot(world);
	world_publish_timestamp(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	check_refused(IMAGE, VERDICT_VERSION, "2.p%2Fboard.json");
}

static void delegated_revoked(void)
{
	fresh();
	struct digest identity = world->keys[world->product.keys[0]].role.identity;
	struct revocations revoked = { .count = 1, .keys = &identity };
	world->revoked = &revoked;
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	check_refused(IMAGE, VERDICT_KEY_REVOKED, "1.p%2Fboard.json");
}

/* The stored file is good, but its delegator has another key for it now. */
static void stored_role_is_held_against_its_present_delegator(void)
{
	refreshed();
	CHECK_EQ(world_look_up(world, IMAGE), CLIENT_DONE);
	struct targets product = world_product(world);
	struct world_holder signer = world->product;
	uint32_t key = world_key_new(world);
	world->product = world_holder_of(world, 1, 1, &key);
	world->targets_version = 2;
	struct targets targets = world_targets(world);
	world_publish_targets(world, "targets", &targets, &world->targets);
	publish_product(product, &signer);
	check_refused(IMAGE, VERDICT_SIGNATURE, "1.p%2Fboard.json");
	publish_product(product, &world->product);
	CHECK_EQ(world_look_up(world, IMAGE), CLIENT_DONE);
	CHECK(world->client.found != NULL);
}

/* --- patterns and names --- */

static void patterns(void)
{
	static const struct {
		const char *pattern, *path;
		bool matches;
	} table[] = {
		{ "p/board/*/*", "p/board/1.0/image", true },
		{ "p/board/*/*", "p/board/1.0/a/b", false },
		{ "p/board/*/*", "p/board/1.0", false },
		{ "p/board/*/*", "p/boardx/1.0/image", false },
		{ "*", "", true },
		{ "*", "a/b", false },
		{ "?", "/", false },
		{ "?", "", false },
		{ "?", "?", true },
		{ "a?c", "abc", true },
		{ "a?c", "a/c", false },
		{ "*/*", "a/b", true },
		{ "*a*b", "xaxbxb", true },
		{ "*a*b", "xaxbxc", false },
		{ "*a/b*", "aa/b", true },
		{ "A", "a", false },
		{ "[ab]", "a", false },
		{ "[ab]", "[ab]", true },
		{ "**", "abc", true },
		{ "", "", true },
		{ "", "a", false },
		{ "a", "", false },
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		bool matches = metadata_path_matches(span_of_text(table[i].pattern), span_of_text(table[i].path));
		if (matches != table[i].matches)
			printf("# pattern %s path %s\n", table[i].pattern, table[i].path);
		CHECK_EQ(matches, table[i].matches);
	}
}

static void role_names_stay_in_their_folder(void)
{
	static const struct node graph[] = {
		{ "targets", { "..", "../x", "?a=%2F#", NULL }, NULL, false },
		{ "..", { NULL }, NULL, true },
	};
	publish_graph(graph, 2);
	check_refused("t", VERDICT_NOT_LISTED, "%2E..json");
	CHECK(!metadata_is_role_name(SPAN_LIT("root")));
	CHECK(!metadata_is_role_name(SPAN_LIT("")));
	CHECK(metadata_is_role_name(SPAN_LIT("p/root")));
}

static void target_names_stay_in_their_folder(void)
{
	static const char *const bad[] = { "",       "/a",    "a/",  "a//b", "..",  "../a",
					   "a/../b", "a/./b", "a b", "a\\b", "a%2e" };
	char name[512];
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct target target = { .path = span_of_text(bad[i]) };
		CHECK_EQ(client_target_name(&target, name, sizeof name), FAULT_SYNTAX);
	}
	struct target target = { .path = SPAN_LIT("a") };
	CHECK_EQ(client_target_name(&target, name, 66), FAULT_NO_SPACE);
	CHECK_EQ(client_target_name(&target, name, 67), FAULT_NONE);
}

static const struct check_case cases[] = {
	CASE(found_through_a_delegation),
	CASE(not_listed_is_not_found),
	CASE(look_up_needs_a_refresh),
	CASE(depth_first_in_order),
	CASE(circles_end),
	CASE(circles_cost_nothing),
	CASE(terminating_stops),
	CASE(terminating_with_content),
	CASE(terminating_elsewhere_stops_nothing),
	CASE(found_at_the_top_after_below),
	CASE(missing_in_snapshot),
	CASE(no_more_than_the_ceiling),
	CASE(delegated_wrong_signature),
	CASE(delegated_expired),
	CASE(delegated_wrong_hash),
	CASE(delegated_endless),
	CASE(delegated_wrong_version),
	CASE(delegated_revoked),
	CASE(stored_role_is_held_against_its_present_delegator),
	CASE(patterns),
	CASE(role_names_stay_in_their_folder),
	CASE(target_names_stay_in_their_folder),
};

CHECK_MAIN(cases)
