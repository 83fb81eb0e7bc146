/*
 * Attacks on delegated roles. Three other implementations had a second, weaker path for them (docs/attacks.md): here
 * each rule that holds for targets is tried on a delegated role, two levels down too.
 */
#include "attack.h"

#include "crypto_openssl.h"

#define DEEP "p/board/1.0/deep"

/* p/board delegates on to a role of its own key, which lists DEEP. */
static struct world_holder deep_holder;
static const struct span deep_paths[] = { { (const uint8_t *)"p/board/*/deep", 14 } };

static struct targets deep_role(void)
{
	static struct target target;
	target = (struct target){ .path = SPAN_LIT(DEEP), .length = 4 };
	target.sha256 = sha256_of(&crypto_openssl, SPAN_LIT("deep"));
	return (struct targets){ .version = 1, .expires_unix = world->expires_unix, .count = 1, .entries = &target };
}

static struct targets product_with_deep(void)
{
	static struct delegation delegation;
	struct targets product = world_product(world);
	delegation = (struct delegation){ .name = SPAN_LIT("deep"), .path_count = 1, .paths = deep_paths };
	delegation.role = world_role(world, &deep_holder);
	product.delegation_count = 1;
	product.delegations = &delegation;
	return product;
}

static void publish_deep(void)
{
	fresh();
	uint32_t key = world_key_new(world);
	deep_holder = world_holder_of(world, 1, 1, &key);
	struct targets product = product_with_deep(), deep = deep_role();
	world_publish_targets(world, "p/board", &product, &world->product);
	world_publish_targets(world, "deep", &deep, &deep_holder);
	world_republish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
}

/* The two delegated roles of this world, each with its name, files, holder and a target of it. */
struct delegated {
	const char *role, *file_1, *file_2, *path;
};

static const struct delegated delegated[] = {
	{ "p/board", "1.p%2Fboard.json", "2.p%2Fboard.json", IMAGE },
	{ "deep", "1.deep.json", "2.deep.json", DEEP },
};

static const struct world_holder *holder_of(const struct delegated *d)
{
	return d == &delegated[0] ? &world->product : &deep_holder;
}

static struct targets role_of(const struct delegated *d)
{
	return d == &delegated[0] ? product_with_deep() : deep_role();
}

static void relist(const struct delegated *d, uint64_t version)
{
	world_relist(world, d->role, version);
	world_republish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
}

static void found(const char *path)
{
	CHECK_EQ(world_look_up(world, path), CLIENT_DONE);
	CHECK(world->client.found != NULL && span_is(world->client.found->path, path));
}

/* --- tough CVE-2026-6967, CVE-2025-2887, CVE-2026-6966: what is checked of targets is checked of them --- */

/* Spoils version 2 and signs it well; version 1 is stored, and version 2 refused must leave it so. */
static const struct {
	const char *find, *with;
	enum verdict verdict;
	enum fault fault;
} spoilt[] = {
	{ "\"expires\":\"2027-02", "\"expires\":\"2027-01", VERDICT_EXPIRED, FAULT_NONE },
	{ "\"expires\":\"2027-02", "\"expires\":\"1970-01", VERDICT_EXPIRED, FAULT_NONE },
	{ "\"version\":2}", "\"version\":1}", VERDICT_VERSION, FAULT_NONE },
	{ "\"version\":2}", "\"version\":3}", VERDICT_VERSION, FAULT_NONE },
	{ "\"version\":2}", "\"version\":0}", VERDICT_MALFORMED, FAULT_RANGE },
	{ "\"version\":2}", "\"version\":2,\"version\":2}", VERDICT_MALFORMED, FAULT_DUPLICATE },
	{ "\"_type\":\"targets\"", "\"_type\":\"snapshot\"", VERDICT_ROLE_TYPE, FAULT_NONE },
	{ "\"_type\":\"targets\"", "\"_type\":\"p/board\"", VERDICT_ROLE_TYPE, FAULT_NONE },
	{ "\"_type\":\"targets\"", "\"_type\":\"Targets\"", VERDICT_ROLE_TYPE, FAULT_NONE },
	{ "\"spec_version\":\"1.0.34\"", "\"spec_version\":\"2.0.0\"", VERDICT_MALFORMED, FAULT_VERSION },
	{ "\"hashes\":{\"sha256\"", "\"hashes\":{\"md5\"", VERDICT_MALFORMED, FAULT_VERSION },
	{ "\"length\":", "\"length\":-", VERDICT_MALFORMED, FAULT_RANGE },
	{ "\"targets\":{", "\"targets\":{\"\":null,", VERDICT_MALFORMED, FAULT_TYPE },
};

static void a_spoilt_role_is_refused_and_not_kept(void)
{
	for (size_t role = 0; role < 2; role++)
		for (size_t i = 0; i < sizeof spoilt / sizeof spoilt[0]; i++) {
			const struct delegated *d = &delegated[role];
			publish_deep();
			found(d->path);
			struct targets targets = role_of(d);
			targets.version = 2;
			world_publish_targets(world, d->role, &targets, holder_of(d));
			world_edit(world, d->file_2, spoilt[i].find, spoilt[i].with, holder_of(d));
			relist(d, 2);
			printf("# %s: %s\n", d->role, spoilt[i].with);
			REFUSED_BY(world_look_up(world, d->path), spoilt[i].verdict, spoilt[i].fault, d->file_2);
			CHECK(world->client.found == NULL);
			/* the same version, good, is welcome */
			world_publish_targets(world, d->role, &targets, holder_of(d));
			relist(d, 2);
			found(d->path);
		}
}

static void hash_and_length_are_those_of_the_snapshot(void)
{
	for (size_t role = 0; role < 2; role++) {
		const struct delegated *d = &delegated[role];
		publish_deep();
		found(IMAGE);
		/* another file, well signed and of the same length, than the one that the snapshot names */
		struct targets targets = role_of(d);
		targets.version = 2;
		world_publish_targets(world, d->role, &targets, holder_of(d));
		relist(d, 2);
		world_edit(world, d->file_2, "\"length\":", "\"lengtH\":", holder_of(d));
		size_t n = world_get(&world->remote, d->file_2).n;
		enum client_action action = world_look_up(world, d->path);
		CHECK_EQ(action, CLIENT_REFUSED);
		/* a DER signature may be a byte longer or shorter */
		CHECK(world->client.verdict == VERDICT_DIGEST || world->client.verdict == VERDICT_LENGTH);
		CHECK(n > 0 && strcmp(world->client.what, d->file_2) == 0);
		world_publish_targets(world, d->role, &targets, holder_of(d));
		relist(d, 2);
		struct span file = world_get(&world->remote, d->file_2);
		*(uint8_t *)(uintptr_t)&file.at[0] = '[';
		LOOK_UP_REFUSED(d->path, VERDICT_DIGEST, d->file_2);
		world_put(&world->remote, d->file_2, span_sub(file, 0, file.n - 1));
		LOOK_UP_REFUSED(d->path, VERDICT_LENGTH, d->file_2);
		world->broken = d->file_2;
		world->broken_answer = CLIENT_TOO_BIG;
		LOOK_UP_REFUSED(d->path, VERDICT_LENGTH, d->file_2);
		CHECK_EQ(world->asked_most, n > file.n ? file.n : world->asked_most);
		world->broken_answer = CLIENT_ERROR;
		CHECK_EQ(world_look_up(world, d->path), CLIENT_FAILED);
		world->broken_answer = CLIENT_ABSENT;
		CHECK_EQ(world_look_up(world, d->path), CLIENT_FAILED);
	}
}

/* A delegated role goes back: by the snapshot (tough CVE-2025-2887), or by its file under a newer name. */
static void a_delegated_role_goes_back(void)
{
	for (size_t role = 0; role < 2; role++) {
		const struct delegated *d = &delegated[role];
		publish_deep();
		struct targets targets = role_of(d);
		targets.version = 2;
		world_publish_targets(world, d->role, &targets, holder_of(d));
		world_republish(world);
		CHECK_EQ(world_refresh(world), CLIENT_DONE);
		found(d->path);
		world_relist(world, d->role, 1);
		world_republish(world);
		CHECK_EQ(world_refresh(world), CLIENT_REFUSED);
		CHECK_EQ(world->client.verdict, VERDICT_ROLLBACK);
		CHECK_EQ(world_look_up(world, d->path), CLIENT_FAILED);
		char third[64];
		snprintf(third, sizeof third, "3%s", d->file_1 + 1);
		world_put(&world->remote, third, world_get(&world->remote, d->file_1));
		relist(d, 3);
		LOOK_UP_REFUSED(d->path, VERDICT_VERSION, third);
	}
}

/* --- TOB-SIGSTORE-14: a stored role under another delegator --- */

/* Two delegators name the same role with different keys: what one vouched for is nothing to the other. */
static void one_role_of_two_delegators(void)
{
	static const struct span a_paths[] = { { (const uint8_t *)"a/*", 3 } };
	static const struct span b_paths[] = { { (const uint8_t *)"b/*", 3 } };
	struct delegation top[2] = { { .name = SPAN_LIT("a"), .path_count = 1, .paths = a_paths },
				     { .name = SPAN_LIT("b"), .path_count = 1, .paths = b_paths } };
	struct delegation shared[2] = { { .name = SPAN_LIT("s"), .path_count = 1, .paths = a_paths },
					{ .name = SPAN_LIT("s"), .path_count = 1, .paths = b_paths } };
	struct target both[2] = { { .path = SPAN_LIT("a/x"), .length = 1 }, { .path = SPAN_LIT("b/x"), .length = 1 } };
	fresh();
	uint32_t key = world_key_new(world);
	struct world_holder other = world_holder_of(world, 1, 1, &key);
	struct targets targets = { .version = 1, .expires_unix = world->expires_unix };
	top[0].role = top[1].role = world_role(world, &world->product);
	shared[0].role = world_role(world, &world->product);
	shared[1].role = world_role(world, &other);
	targets.delegation_count = 2;
	targets.delegations = top;
	world->entry_count = 0;
	world_publish_targets(world, "targets", &targets, &world->targets);
	targets.delegation_count = 1;
	for (size_t i = 0; i < 2; i++) {
		targets.delegations = &shared[i];
		world_publish_targets(world, i == 0 ? "a" : "b", &targets, &world->product);
	}
	struct targets leaf = { .version = 1, .expires_unix = world->expires_unix, .count = 2, .entries = both };
	world_publish_targets(world, "s", &leaf, &world->product);
	world_republish(world);
	for (int cycle = 0; cycle < 2; cycle++) {
		CHECK_EQ(world_refresh(world), CLIENT_DONE);
		found("a/x"); /* stored and in memory now, and good for a's keys */
		CHECK_EQ(world_look_up(world, "b/x"), CLIENT_REFUSED);
		CHECK_EQ(world->client.verdict, VERDICT_SIGNATURE);
		CHECK(strcmp(world->client.what, "1.s.json") == 0);
		found("a/x");
	}
}

/* The delegator changed its keys, then its threshold, then dropped the role: what is stored follows it each time. */
static void a_stored_role_follows_its_delegator(void)
{
	publish_deep();
	found(DEEP);
	struct world_holder before = deep_holder;
	uint32_t keys[2] = { before.keys[0], world_key_new(world) };
	const struct world_holder changes[] = { world_holder_of(world, 1, 1, &keys[1]),
						world_holder_of(world, 2, 2, keys),
						world_holder_of(world, 2, 1, keys) };
	for (uint64_t i = 0; i < 3; i++) {
		deep_holder = changes[i];
		struct targets product = product_with_deep();
		product.version = 2 + i;
		world_publish_targets(world, "p/board", &product, &world->product);
		world_republish(world);
		CHECK_EQ(world_refresh(world), CLIENT_DONE);
		LOOK_UP_REFUSED(DEEP, VERDICT_SIGNATURE, "1.deep.json");
		CHECK(!span_equal(world_get(&world->store, "deep.json"), SPAN_NONE));
	}
	struct targets product = world_product(world);
	product.version = 9;
	world_publish_targets(world, "p/board", &product, &world->product);
	world_republish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world_look_up(world, DEEP), CLIENT_DONE);
	CHECK(world->client.found == NULL);
}

/* --- python-tuf and go-tuf: roles that the snapshot does not list, and searches that go wrong --- */

/* go-tuf #652: not in the snapshot means refused, before any request, though the file is there [CLIENT-9]. */
static void a_role_that_the_snapshot_does_not_list(void)
{
	publish_deep();
	world->entries[0] = world->entries[1]; /* deep.json goes */
	world->entries[1] = world->entries[2];
	world->entry_count = 2;
	world_drop(&world->store, "snapshot.json"); /* a first start: nothing was ever listed */
	world_republish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world_look_up(world, DEEP), CLIENT_REFUSED);
	CHECK_EQ(world->client.verdict, VERDICT_NOT_LISTED);
	CHECK(!world_asked(world, "FETCH 1.deep.json"));
	found(IMAGE);
}

/* What cannot be verified ends the search: it does not go on to who would also like to be asked [CLIENT-11]. */
static void a_bad_role_ends_the_search(void)
{
	static const struct span any[] = { { (const uint8_t *)"p/board/*/*", 11 } };
	fresh();
	struct targets targets = world_targets(world), product = world_product(world);
	struct delegation two[2] = { targets.delegations[0], targets.delegations[0] };
	two[0].terminating = false;
	two[1].name = SPAN_LIT("second");
	two[1].paths = any;
	targets.delegations = two;
	targets.delegation_count = 2;
	world_publish_targets(world, "targets", &targets, &world->targets);
	world_publish_targets(world, "p/board", &product, &world->snapshot); /* not its key */
	world_publish_targets(world, "second", &product, &world->product);
	world_republish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	LOOK_UP_REFUSED(IMAGE, VERDICT_SIGNATURE, "1.p%2Fboard.json");
	CHECK(!world_asked(world, "FETCH 1.second.json"));
	world->broken = "1.p%2Fboard.json";
	world->broken_answer = CLIENT_ERROR;
	CHECK_EQ(world_look_up(world, IMAGE), CLIENT_FAILED);
	CHECK(!world_asked(world, "FETCH 1.second.json"));
}

/* tough CVE-2025-2886: after a terminating delegation that matches nobody else is asked, wherever it stands. */
static void terminating_ends_the_search(void)
{
	static const struct span any[] = { { (const uint8_t *)"p/board/*/*", 11 } };
	for (int at = 0; at < 2; at++) {
		fresh();
		struct targets targets = world_targets(world), product = world_product(world);
		struct delegation two[2] = { targets.delegations[0], targets.delegations[0] };
		two[0].terminating = at == 0;
		two[1].name = SPAN_LIT("second");
		two[1].paths = any;
		targets.delegations = two;
		targets.delegation_count = 2;
		product.count = 0;
		world_publish_targets(world, "targets", &targets, &world->targets);
		world_publish_targets(world, "p/board", &product, &world->product); /* lists nothing */
		product = world_product(world);
		world_publish_targets(world, "second", &product, &world->product);
		world_republish(world);
		CHECK_EQ(world_refresh(world), CLIENT_DONE);
		CHECK_EQ(world_look_up(world, IMAGE), CLIENT_DONE);
		CHECK_EQ(world->client.found != NULL, at == 1);
		CHECK_EQ(world_asked(world, "FETCH 1.second.json"), at == 1);
	}
}

/* Deep down too: what p/board's terminating delegation does not list, p/board's own sibling cannot list either. */
static void terminating_ends_the_search_of_its_ancestors(void)
{
	static const struct span any[] = { { (const uint8_t *)"p/board/*/*", 11 } };
	publish_deep();
	struct targets product = product_with_deep(), deep = deep_role(), targets = world_targets(world);
	struct delegation child = product.delegations[0];
	struct delegation two[2] = { targets.delegations[0], targets.delegations[0] };
	child.terminating = true;
	product.delegations = &child;
	two[0].terminating = false;
	two[1].name = SPAN_LIT("second");
	two[1].paths = any;
	targets.delegations = two;
	targets.delegation_count = 2;
	product.version = targets.version = deep.version = 2;
	world_publish_targets(world, "second", &deep, &world->product); /* lists DEEP */
	deep.count = 0;
	world_publish_targets(world, "deep", &deep, &deep_holder);
	world_publish_targets(world, "p/board", &product, &world->product);
	world_publish_targets(world, "targets", &targets, &world->targets);
	world_republish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world_look_up(world, DEEP), CLIENT_DONE);
	CHECK(world->client.found == NULL);
	CHECK(world_asked(world, "FETCH 2.deep.json") && !world_asked(world, "FETCH 2.second.json"));
}

/* go-tuf CVE-2024-47534: the first role in the order of the file answers, with its own entry, and is named. */
static void the_first_in_order_answers(void)
{
	static const struct span any[] = { { (const uint8_t *)"p/board/*/*", 11 } };
	fresh();
	struct targets targets = world_targets(world), product = world_product(world);
	struct delegation two[2] = { targets.delegations[0], targets.delegations[0] };
	two[0].name = SPAN_LIT("z-first");
	two[0].terminating = false;
	two[1].name = SPAN_LIT("a-second");
	two[1].paths = any;
	targets.delegations = two;
	targets.delegation_count = 2;
	struct target other = product.entries[0];
	other.length = 77;
	struct targets second = product;
	second.entries = &other;
	world_publish_targets(world, "targets", &targets, &world->targets);
	world_publish_targets(world, "z-first", &product, &world->product);
	world_publish_targets(world, "a-second", &second, &world->product);
	world_republish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	found(IMAGE);
	CHECK_EQ(world->client.found->length, 5);
	CHECK(span_is(world->client.found_by->name, "z-first"));
}

/* A circle of roles, each asking for the next: each is loaded once, and the stack never grows (tough, 2025). */
static void circles_are_walked_once(void)
{
	static const char *const names[] = { "a", "b", "c" };
	static const struct span any[] = { { (const uint8_t *)"*", 1 } };
	fresh();
	world->entry_count = 0;
	for (int i = -1; i < 3; i++) {
		struct delegation all[3];
		struct targets targets = { .version = 1, .expires_unix = world->expires_unix };
		for (int k = 0; k < 3; k++) {
			all[k] = (struct delegation){ .name = span_of_text(names[(k + i + 1) % 3]), .path_count = 1 };
			all[k].paths = any;
			all[k].role = world_role(world, &world->product);
		}
		targets.delegations = all;
		targets.delegation_count = 3;
		world_publish_targets(world, i < 0 ? "targets" : names[i], &targets,
				      i < 0 ? &world->targets : &world->product);
	}
	world_republish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	for (int again = 0; again < 3; again++) {
		CHECK_EQ(world_look_up(world, "t"), CLIENT_DONE);
		CHECK(world->client.found == NULL);
		CHECK_EQ(world->client.visited_count, 3);
		CHECK(world->client.stack_count <= 9);
	}
}

/* 256 delegations a file, each with 64 patterns: legal, and looked at in order; one more of either is refused. */
static void delegations_have_ceilings(void)
{
	static struct delegation many[METADATA_DELEGATIONS_MAX + 1];
	static char names[METADATA_DELEGATIONS_MAX + 1][8];
	static struct span paths[METADATA_PATHS_MAX + 1];
	for (uint32_t i = 0; i <= METADATA_PATHS_MAX; i++)
		paths[i] = SPAN_LIT("p/board/*/*");
	for (uint32_t over = 0; over < 3; over++) {
		fresh();
		struct targets targets = world_targets(world);
		for (uint32_t i = 0; i <= METADATA_DELEGATIONS_MAX; i++) {
			snprintf(names[i], sizeof names[i], "r%03u", i);
			many[i] = targets.delegations[0];
			many[i].name = span_of_text(names[i]);
			many[i].terminating = false;
			many[i].paths = paths;
			many[i].path_count = METADATA_PATHS_MAX + (over == 2 && i == 7);
		}
		targets.delegations = many;
		targets.delegation_count = METADATA_DELEGATIONS_MAX + (over == 1);
		world_publish_targets(world, "targets", &targets, &world->targets);
		world_republish(world);
		if (over != 0) {
			MALFORMED(FAULT_TOO_LARGE, "1.targets.json");
			continue;
		}
		CHECK_EQ(world_refresh(world), CLIENT_DONE);
		CHECK_EQ(world_look_up(world, IMAGE), CLIENT_REFUSED); /* r000 is not in the snapshot */
		CHECK_EQ(world->client.verdict, VERDICT_NOT_LISTED);
	}
}

/* One role, two entries with other keys: which of them counts would be the reader's choice [META-15]. */
static void one_name_is_delegated_once(void)
{
	fresh();
	struct targets targets = world_targets(world);
	struct delegation two[2] = { targets.delegations[0], targets.delegations[0] };
	two[1].role = world_role(world, &world->snapshot);
	targets.delegations = two;
	targets.delegation_count = 2;
	world_publish_targets(world, "targets", &targets, &world->targets);
	world_republish(world);
	MALFORMED(FAULT_DUPLICATE, "1.targets.json");
}

/* --- delegations by hash, which no conformance test has --- */

/* Bins (TAP 15) are not of TUF 1.0.34: a file that delegates by them alone is refused, not read as if it did not. */
static void succinct_bins_are_refused(void)
{
	fresh();
	world_edit(world, "1.targets.json", "\"roles\":[", "\"succinct_roles\":{\"bit_length\":8},\"x\":[",
		   &world->targets);
	world_relist(world, "targets", 1);
	world_republish(world);
	MALFORMED(FAULT_MISSING, "1.targets.json");
}

/* A prefix of the path's SHA-256 is what counts, in its one spelling; it shares out nothing else [META-14]. */
static void hash_prefixes_cover_their_paths_alone(void)
{
	char hex[65], with[256];
	static const struct {
		int before; /* an x in front */
		int digits;
		const char *after;
		bool covers;
	} rows[] = { { 0, 2, "", true },
		     { 0, 64, "", true },
		     { 1, 2, "", false },
		     { 0, 64, "0", false },
		     { 0, 1, "\",\"00", true } };
	struct digest digest = sha256_of(&crypto_openssl, SPAN_LIT(IMAGE));
	for (size_t i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest.bytes[i]);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		fresh();
		snprintf(with, sizeof with, "\"path_hash_prefixes\":[\"%s%.*s%s\"]", rows[i].before ? "x" : "",
			 rows[i].digits, hex, rows[i].after);
		world_edit(world, "1.targets.json", "\"paths\":[\"p/board/*/*\"]", with, &world->targets);
		world_relist(world, "targets", 1);
		world_republish(world);
		enum client_action action = world_refresh(world);
		if (rows[i].digits == 64 && !rows[i].covers) {
			CHECK_EQ(action, CLIENT_REFUSED); /* longer than a hash is */
			CHECK_EQ(world->client.fault, FAULT_TOO_LARGE);
			continue;
		}
		CHECK_EQ(action, CLIENT_DONE);
		CHECK_EQ(world_look_up(world, IMAGE), CLIENT_DONE);
		CHECK_EQ(world->client.found != NULL, rows[i].covers);
		CHECK_EQ(world_look_up(world, "p/board/1.0/imagf"), CLIENT_DONE);
		CHECK(world->client.found == NULL);
	}
	fresh();
	world_edit(world, "1.targets.json", "\"paths\":[", "\"path_hash_prefixes\":[\"00\"],\"paths\":[",
		   &world->targets);
	world_relist(world, "targets", 1);
	world_republish(world);
	MALFORMED(FAULT_DUPLICATE, "1.targets.json");
}

/* --- names: CVE-2021-41131, CVE-2021-41149, CVE-2021-41150, GHSA-77hh-43cm-v8j6 --- */

/* A role may be called anything; the files that are asked for and stored under its name stay in their folder. */
static void role_names_are_escaped(void)
{
	static const struct {
		const char *role, *file;
	} rows[] = {
		{ "../root", "1...%2Froot.json" },
		{ "/etc/passwd", "1.%2Fetc%2Fpasswd.json" },
		{ "a/../../b", "1.a%2F..%2F..%2Fb.json" },
		{ "..\\b", "1...%5Cb.json" },
		{ "%2e%2e%2froot", "1.%252e%252e%252froot.json" },
		{ "a?b#c", "1.a%3Fb%23c.json" },
		{ "a b\"c", "1.a%20b%22c.json" },
		{ "C:b", "1.C%3Ab.json" },
	};
	static const struct span any[] = { { (const uint8_t *)"p/board/*/*", 11 } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		fresh();
		struct targets targets = world_targets(world), product = world_product(world);
		world_publish_targets(world, "p/board", &product, &world->product);
		struct delegation d = targets.delegations[0];
		d.name = SPAN_LIT("EVIL");
		d.paths = any;
		targets.delegations = &d;
		world_publish_targets(world, "targets", &targets, &world->targets);
		char with[64], quoted[32] = "";
		for (const char *c = rows[i].role; *c != '\0'; c++)
			snprintf(quoted + strlen(quoted), 3, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
		snprintf(with, sizeof with, "\"%s\"", quoted);
		world_edit(world, "1.targets.json", "\"EVIL\"", with, &world->targets);
		world_relist(world, "targets", 1);
		world_put(&world->remote, rows[i].file, world_get(&world->remote, "1.p%2Fboard.json"));
		/* the snapshot lists it under its name */
		world->snapshot_version++;
		world->timestamp_version++;
		world_publish_snapshot(world);
		snprintf(with, sizeof with, "\"%s.json\"", quoted);
		world_edit(world, "2.snapshot.json", "\"p/board.json\"", with, &world->snapshot);
		world_publish_timestamp(world);
		CHECK_EQ(world_refresh(world), CLIENT_DONE);
		enum client_action action = world_look_up(world, IMAGE);
		if (action != CLIENT_DONE || world->client.found == NULL)
			printf("# role %s: %s", rows[i].role, world->log);
		CHECK_EQ(action, CLIENT_DONE);
		CHECK(world->client.found != NULL);
		CHECK(strchr(world->log, '/') == NULL && strchr(world->log, '\\') == NULL);
		char asked[CLIENT_NAME_MAX + 8];
		snprintf(asked, sizeof asked, "FETCH %s", rows[i].file);
		CHECK(world_asked(world, asked));
	}
}

/* No delegated role takes the file of a top-level one. */
static void no_role_is_called_as_a_top_level_one(void)
{
	static const char *const names[] = { "root", "timestamp", "snapshot", "targets" };
	char with[64];
	for (size_t i = 0; i < 4; i++) {
		fresh();
		snprintf(with, sizeof with, "\"name\":\"%s\"", names[i]);
		world_edit(world, "1.targets.json", "\"name\":\"p/board\"", with, &world->targets);
		world_relist(world, "targets", 1);
		world_republish(world);
		MALFORMED(FAULT_RANGE, "1.targets.json");
	}
}

/* tough CVE-2026-6968, sigstore CVE-2026-24137: where a target is fetched from and kept [META-12]. */
static void target_names_never_leave_their_folder(void)
{
	static const char *const bad[] = { "/etc/passwd", "../x", "a/../x", "a/./x",    "a//x",     "a/",
					   "..",          ".",    "",       "a\\..\\x", "%2e%2e/x", "a/%2e%2e",
					   "a/b\n",       "a b",  "C:/x",   "~/x",      "a/\x7f",   "a/\xc3\xa9" };
	char out[512];
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct target target = { .path = span_of_text(bad[i]) };
		CHECK_EQ(client_target_name(&target, out, sizeof out), FAULT_SYNTAX);
	}
	struct target with_nul = { .path = { (const uint8_t *)"a\0b", 3 } };
	CHECK_EQ(client_target_name(&with_nul, out, sizeof out), FAULT_SYNTAX);
}

static const struct check_case cases[] = {
	CASE(a_spoilt_role_is_refused_and_not_kept),
	CASE(hash_and_length_are_those_of_the_snapshot),
	CASE(a_delegated_role_goes_back),
	CASE(one_role_of_two_delegators),
	CASE(a_stored_role_follows_its_delegator),
	CASE(a_role_that_the_snapshot_does_not_list),
	CASE(a_bad_role_ends_the_search),
	CASE(terminating_ends_the_search),
	CASE(terminating_ends_the_search_of_its_ancestors),
	CASE(the_first_in_order_answers),
	CASE(circles_are_walked_once),
	CASE(delegations_have_ceilings),
	CASE(one_name_is_delegated_once),
	CASE(succinct_bins_are_refused),
	CASE(hash_prefixes_cover_their_paths_alone),
	CASE(role_names_are_escaped),
	CASE(no_role_is_called_as_a_top_level_one),
	CASE(target_names_never_leave_their_folder),
};

CHECK_MAIN(cases)
