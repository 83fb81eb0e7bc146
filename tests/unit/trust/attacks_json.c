/*
 * Attacks on the parser: through files that nobody signed, and through files that the holder of the right keys signed.
 * Most were found in other implementations as crashes or as two readings of one file (docs/attacks.md).
 */
#include "attack.h"

#include "crypto_openssl.h"

#define TEXT_MAX (5u << 20)

static char text[TEXT_MAX];

/* A file that a client asks for, who signs it, and how it is asked for again. */
struct point {
	const char *name;
	const char *role; /* in the snapshot; NULL: not a targets role */
	const struct world_holder *(*holder)(const struct world *w);
};

static const struct world_holder *by_root(const struct world *w)
{
	return &w->root;
}

static const struct world_holder *by_timestamp(const struct world *w)
{
	return &w->timestamp;
}

static const struct world_holder *by_snapshot(const struct world *w)
{
	return &w->snapshot;
}

static const struct world_holder *by_targets(const struct world *w)
{
	return &w->targets;
}

static const struct world_holder *by_product(const struct world *w)
{
	return &w->product;
}

static const struct point points[] = {
	{ "2.root.json", NULL, by_root },
	{ "timestamp.json", NULL, by_timestamp },
	{ "2.snapshot.json", NULL, by_snapshot },
	{ "2.targets.json", "targets", by_targets },
	{ "2.p%2Fboard.json", "p/board", by_product },
};
#define POINTS (sizeof points / sizeof points[0])

/* A device that is up to date, and version 2 of everything, not yet seen by it. */
static void version_2(void)
{
	refreshed();
	CHECK_EQ(world_look_up(world, IMAGE), CLIENT_DONE);
	world->root_version = world->timestamp_version = world->snapshot_version = world->targets_version =
		world->product_version = 2;
	world_publish_root(world, NULL);
	world_publish(world);
}

/* Lets the parents name the point's file as it is now. */
static void name_it(const struct point *point)
{
	if (point->role != NULL) {
		world_relist(world, point->role, 2);
		world_publish_snapshot(world);
	}
	if (strcmp(point->name, "timestamp.json") == 0)
		return;
	world->timestamp_version++; /* the device keeps the one that it has, if its version is the same */
	world_publish_timestamp(world);
}

/* Asks for the point's file. */
static enum client_action ask_for(const struct point *point)
{
	enum client_action action = world_refresh(world);
	if (action == CLIENT_DONE && point->holder == by_product)
		action = world_look_up(world, IMAGE);
	return action;
}

static void malformed_at(const struct point *point, enum fault fault)
{
	name_it(point);
	enum client_action action = ask_for(point);
	if (action != CLIENT_REFUSED)
		printf("# %s was not refused\n", point->name);
	REFUSED_BY(action, VERDICT_MALFORMED, fault, point->name);
}

/* --- before any signature: go-tuf CVE-2026-23991, #739, #749 --- */

#define SOME_ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

#define BYTES(literal) literal, sizeof(literal) - 1

static const struct {
	const char *bytes;
	size_t n;
	enum fault fault;
} hostile[] = {
	{ BYTES(""), FAULT_TRUNCATED },
	{ BYTES("{"), FAULT_TRUNCATED },
	{ BYTES("null"), FAULT_TYPE },
	{ BYTES("true"), FAULT_TYPE },
	{ BYTES("0"), FAULT_TYPE },
	{ BYTES("\"\""), FAULT_TYPE },
	{ BYTES("[]"), FAULT_TYPE },
	{ BYTES("{}"), FAULT_MISSING },
	{ BYTES("{\"signatures\":[],\"signed\":null}"), FAULT_TYPE },
	{ BYTES("{\"signatures\":[],\"signed\":[]}"), FAULT_TYPE },
	{ BYTES("{\"signatures\":[],\"signed\":\"\"}"), FAULT_TYPE },
	{ BYTES("{\"signatures\":[]}"), FAULT_MISSING },
	{ BYTES("{\"signed\":{}}"), FAULT_MISSING },
	{ BYTES("{\"signatures\":null,\"signed\":{}}"), FAULT_TYPE },
	{ BYTES("{\"signatures\":{},\"signed\":{}}"), FAULT_TYPE },
	{ BYTES("{\"signatures\":[null],\"signed\":{}}"), FAULT_TYPE },
	{ BYTES("{\"signatures\":[[]],\"signed\":{}}"), FAULT_TYPE },
	{ BYTES("{\"signatures\":[{}],\"signed\":{}}"), FAULT_MISSING },
	{ BYTES("{\"signatures\":[{\"keyid\":null,\"sig\":\"\"}],\"signed\":{}}"), FAULT_TYPE },
	{ BYTES("{\"signatures\":[{\"keyid\":\"" SOME_ID "\",\"sig\":null}],\"signed\":{}}"), FAULT_TYPE },
	{ BYTES("{\"signatures\":[{\"keyid\":\"" SOME_ID "\"}],\"signed\":{}}"), FAULT_MISSING },
	{ BYTES("{\"signatures\":[],\"signed\":{}}"), FAULT_MISSING }, /* _type */
	{ BYTES("{\"signatures\":[],\"signed\":{\"_type\":null}}"), FAULT_TYPE },
	{ BYTES("{\"signatures\":[],\"signed\":{}}x"), FAULT_TRAILING },
	{ BYTES("{\"signatures\":[],\"signed\":{}}{}"), FAULT_TRAILING },
	{ BYTES("\xef\xbb\xbf{\"signatures\":[],\"signed\":{}}"), FAULT_SYNTAX }, /* byte order mark */
	{ BYTES("{\"signatures\":[],\"signed\":{\"a\":\"\0\"}}"), FAULT_UTF8 },
	{ BYTES("{\"signatures\":[],\"signed\":{\"a\":\"\\u0000\"}}"), FAULT_UTF8 },
	{ BYTES("{\"signatures\":[],\"signed\":{\"a\":\"\xc0\x80\"}}"), FAULT_UTF8 },
	{ BYTES("{\"signatures\":[],\"signed\":{\"a\":\"\xed\xa0\x80\"}}"), FAULT_UTF8 },
	{ BYTES("{\"signatures\":[],\"signed\":{\"a\":\"\\ud800\"}}"), FAULT_UTF8 },
	{ BYTES("{\"signatures\":[],\"signed\":{\"a\":\"\\ud800\\u0041\"}}"), FAULT_UTF8 },
	{ BYTES("{\"signatures\":[],\"signed\":{\"a\":NaN}}"), FAULT_SYNTAX },
	{ BYTES("{\"signatures\":[],\"signed\":{\"a\":1.5}}"), FAULT_TYPE },
	{ BYTES("{\"signatures\":[],\"signed\":{\"a\":1E9}}"), FAULT_TYPE },
	{ BYTES("{\"signatures\":[],\"signed\":{\"a\":0x1}}"), FAULT_SYNTAX },
	{ BYTES("{\"signatures\":[],\"signed\":{\"a\":1,}}"), FAULT_SYNTAX },
	{ BYTES("{\"signatures\":[],\"signed\":{},\"signed\":{}}"), FAULT_DUPLICATE },
	{ BYTES("{\"signatures\":[],\"signed\":{},\"\\u0073igned\":{}}"), FAULT_DUPLICATE },
	{ BYTES("{\"signatures\":[],\"signatures\":[],\"signed\":{}}"), FAULT_DUPLICATE },
	{ BYTES("{\"signatures\":[{\"keyid\":\"a\",\"keyid\":\"b\",\"sig\":\"\"}],\"signed\":{}}"), FAULT_DUPLICATE },
};

static void hostile_bytes_that_nobody_signed(void)
{
	version_2();
	for (size_t p = 0; p < POINTS; p++) {
		if (p == 1)
			world_drop(&world->remote, "2.root.json");
		for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
			printf("# hostile[%zu] as %s\n", i, points[p].name);
			world_put(&world->remote, points[p].name,
				  (struct span){ (const uint8_t *)hostile[i].bytes, hostile[i].n });
			if (hostile[i].n == 0 && p > 1)
				continue; /* no parent can name a length of 0 */
			malformed_at(&points[p], hostile[i].fault);
		}
		world_publish(world);
	}
}

/* --- signed by the right keys: every value of every file, in turn another one --- */

static struct span body_of(const char *name)
{
	static char body[1 << 16];
	struct span file = world_get(&world->remote, name);
	snprintf(text, sizeof text, "%.*s", (int)file.n, (const char *)file.at);
	const char *from = strstr(text, ",\"signed\":") + strlen(",\"signed\":");
	int n = snprintf(body, sizeof body, "%s", from);
	CHECK(n > 2 && (size_t)n < sizeof body);
	return (struct span){ (uint8_t *)body, (size_t)n - 1 };
}

/* The values of a tree in the order of the file, but strings with escapes: those do not point into the file. */
struct values {
	struct span body;
	uint32_t count;
	struct json_node *at[256];
};

static void take_values(struct values *v, struct json_node *node)
{
	bool inside = node->text.at >= v->body.at && node->text.at < v->body.at + v->body.n;
	CHECK(v->count < sizeof v->at / sizeof v->at[0]);
	if (inside)
		v->at[v->count++] = node;
	for (struct json_node *child = node->child; child != NULL; child = child->next)
		take_values(v, child);
}

static void values_of(struct values *v, struct span body)
{
	static uint8_t nodes[1 << 18];
	struct workspace ws = workspace_over(nodes, sizeof nodes);
	struct json_node *top;
	CHECK_EQ(json_parse(body, &ws, &top), FAULT_NONE);
	*v = (struct values){ .body = body };
	take_values(v, top);
	CHECK(v->count > 8);
}

/* The value's place in the body, quotes included. */
static void place_of(const struct values *v, const struct json_node *node, size_t *from, size_t *to)
{
	size_t quote = node->type == JSON_STRING;
	*from = (size_t)(node->text.at - v->body.at) - quote;
	*to = *from + node->text.n + 2 * quote;
}

static void put_changed(const struct point *point, struct span body, size_t from, size_t to, const char *with)
{
	int n = snprintf(text, sizeof text, "%.*s%s%.*s", (int)from, (const char *)body.at, with, (int)(body.n - to),
			 (const char *)body.at + to);
	world_put_body(world, point->name, (struct span){ (uint8_t *)text, (size_t)n }, point->holder(world));
	name_it(point);
}

static const struct {
	const char *text;
	enum json_type type;
} other_values[] = {
	{ "null", JSON_NULL },
	{ "true", JSON_TRUE },
	{ "-1", JSON_INTEGER },
	{ "9007199254740992", JSON_INTEGER },
	{ "\"\"", JSON_STRING },
	{ "\"../../x\"", JSON_STRING },
	{ "[]", JSON_ARRAY },
	{ "[[],null]", JSON_ARRAY },
	{ "{}", JSON_OBJECT },
	{ "{\"\":null}", JSON_OBJECT },
	{ "18446744073709551616", JSON_INTEGER },
};

/*
 * A value of another type is refused wherever it stands, and a number out of range; one of the same type may be legal
 * (no delegations, a pattern that matches nothing). What is refused is not kept, and nothing crashes.
 */
static void every_value_changed(void)
{
	struct values v;
	for (size_t p = 0; p < POINTS; p++) {
		version_2();
		static uint8_t copy[1 << 16];
		struct span body = body_of(points[p].name);
		memcpy(copy, body.at, body.n);
		body.at = copy;
		values_of(&v, body);
		for (uint32_t i = 0; i < v.count; i++)
			for (size_t k = 0; k < sizeof other_values / sizeof other_values[0]; k++) {
				size_t from, to;
				bool is_bool = v.at[i]->type == JSON_TRUE || v.at[i]->type == JSON_FALSE;
				bool same = v.at[i]->type == other_values[k].type && v.at[i]->type != JSON_INTEGER;
				same = same || (is_bool && other_values[k].type == JSON_TRUE);
				place_of(&v, v.at[i], &from, &to);
				put_changed(&points[p], body, from, to, other_values[k].text);
				enum client_action action = ask_for(&points[p]);
				if (action != CLIENT_REFUSED && same)
					version_2(); /* it was legal: begin anew */
				if (action == CLIENT_REFUSED && same)
					continue;
				if (same)
					continue;
				if (action != CLIENT_REFUSED)
					printf("# %s: %.*s became %s\n", points[p].name, (int)(to - from),
					       (const char *)body.at + from, other_values[k].text);
				CHECK_EQ(action, CLIENT_REFUSED);
				CHECK(strcmp(world->client.what, points[p].name) == 0);
				CHECK_EQ(world->client.verdict, VERDICT_MALFORMED);
				CHECK(world->client.fault != FAULT_NONE);
			}
	}
}

/* Every member of every object given twice, the second one first, also when spelled otherwise [META-1]. */
static void every_member_twice(void)
{
	struct values v;
	static char with[1 << 16];
	static uint8_t copy[1 << 16];
	for (size_t p = 0; p < POINTS; p++) {
		version_2();
		struct span body = body_of(points[p].name);
		memcpy(copy, body.at, body.n);
		body.at = copy;
		values_of(&v, body);
		for (uint32_t i = 0; i < v.count; i++) {
			size_t from = (size_t)(v.at[i]->text.at - body.at) + 1;
			const struct json_node *child = v.at[i]->type == JSON_OBJECT ? v.at[i]->child : NULL;
			for (; child != NULL; child = child->next)
				for (int escaped = 0; escaped < 2; escaped++) {
					if (escaped == 0)
						snprintf(with, sizeof with, "\"%.*s\":0,", (int)child->name.n,
							 (const char *)child->name.at);
					else
						snprintf(with, sizeof with, "\"\\u%04x%.*s\":0,", child->name.at[0],
							 (int)child->name.n - 1, (const char *)child->name.at + 1);
					put_changed(&points[p], body, from, from, with);
					malformed_at(&points[p], FAULT_DUPLICATE);
				}
		}
	}
}

/* --- versions: NCC audit of Notary 2015, and what 2^53 does to readers with doubles --- */

static const struct {
	const char *version;
	enum fault fault;
} bad_versions[] = {
	{ "0", FAULT_RANGE },
	{ "-2", FAULT_RANGE },
	{ "2.0", FAULT_TYPE },
	{ "\"2\"", FAULT_TYPE },
	{ "true", FAULT_TYPE },
	{ "9007199254740992", FAULT_RANGE }, /* 2^53 */
	{ "9007199254740993", FAULT_RANGE },
	{ "9223372036854775808", FAULT_RANGE },
	{ "18446744073709551615", FAULT_RANGE },
	{ "18446744073709551618", FAULT_RANGE }, /* 2 with 64 bits */
	{ "36893488147419103234", FAULT_RANGE },
};

static void versions_that_are_none(void)
{
	char with[64];
	for (size_t p = 0; p < POINTS; p++)
		for (size_t i = 0; i < sizeof bad_versions / sizeof bad_versions[0]; i++) {
			version_2();
			/* the body's own version is its last member but for x-issued */
			const char *find = p == 1 ? "\"version\":2,\"x-" : "\"version\":2}";
			snprintf(with, sizeof with, "\"version\":%s%s", bad_versions[i].version,
				 p == 1 ? ",\"x-" : "}");
			if (p == 2) { /* in a snapshot the entries' versions come first */
				find = "\"spec_version\":\"1.0.34\",\"version\":2";
				snprintf(with, sizeof with, "\"spec_version\":\"1.0.34\",\"version\":%s",
					 bad_versions[i].version);
			}
			world_edit(world, points[p].name, find, with, points[p].holder(world));
			malformed_at(&points[p], bad_versions[i].fault);
		}
}

/* A parent's word about its child's version is held to the same. */
static void versions_of_children_that_are_none(void)
{
	char with[64];
	for (size_t p = 1; p < 3; p++)
		for (size_t i = 0; i < sizeof bad_versions / sizeof bad_versions[0]; i++) {
			version_2();
			snprintf(with, sizeof with, "\"version\":%s}", bad_versions[i].version);
			world_edit(world, points[p].name, "\"version\":2}", with, points[p].holder(world));
			malformed_at(&points[p], bad_versions[i].fault);
		}
}

static void times_that_are_none(void)
{
	static const struct {
		const char *time;
		enum fault fault;
	} times[] = {
		{ "\"2027-02-14T08:00:00\"", FAULT_TRUNCATED },
		{ "\"2027-02-14T08:00:00.5Z\"", FAULT_TOO_LARGE },
		{ "\"2027-02-14T08:00:00+00:00\"", FAULT_TOO_LARGE },
		{ "\"2027-02-30T08:00:00Z\"", FAULT_RANGE },
		{ "\"2027-02-14t08:00:00z\"", FAULT_SYNTAX },
		{ "\"2027-02-14 08:00:00Z\"", FAULT_SYNTAX },
		{ "\"2027-02-14T24:00:00Z\"", FAULT_RANGE },
		{ "\"99999-01-01T00:00:00Z\"", FAULT_TOO_LARGE },
		{ "1802592000", FAULT_TYPE },
	};
	char with[64];
	for (size_t p = 1; p < POINTS; p++)
		for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
			version_2();
			snprintf(with, sizeof with, "\"expires\":%s", times[i].time);
			world_edit(world, points[p].name, "\"expires\":\"2027-02-14T08:00:00Z\"", with,
				   points[p].holder(world));
			name_it(&points[p]);
			CHECK_EQ(ask_for(&points[p]), CLIENT_REFUSED);
			CHECK_EQ(world->client.verdict, VERDICT_MALFORMED);
			CHECK(strcmp(world->client.what, points[p].name) == 0);
		}
}

/* --- keys that crash a reader: go-tuf #749, a null or short Ed25519 key --- */

static void broken_keys_verify_nothing(void)
{
	static const char *const keys[] = {
		"{\"keytype\":\"ed25519\",\"keyval\":{\"public\":\"\"},\"scheme\":\"ed25519\"}",
		"{\"keytype\":\"ed25519\",\"keyval\":{\"public\":\"00\"},\"scheme\":\"ed25519\"}",
		"{\"keytype\":\"ed25519\",\"keyval\":{\"public\":\"zz\"},\"scheme\":\"ed25519\"}",
		"{\"keytype\":\"rsa\",\"keyval\":{\"public\":\"-----BEGIN PUBLIC KEY-----\"},"
		"\"scheme\":\"rsassa-pss-sha256\"}",
		"{\"keytype\":\"rsa\",\"keyval\":{\"public\":\"\"},\"scheme\":\"rsassa-pss-sha256\"}",
		"{\"keytype\":\"ecdsa\",\"keyval\":{\"public\":\"\"},\"scheme\":\"ecdsa-sha2-nistp256\"}",
		"{\"keytype\":\"ecdsa\",\"keyval\":{\"public\":\"-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC "
		"KEY-----\n\"},\"scheme\":\"ecdsa-sha2-nistp256\"}",
		"{\"keytype\":\"\",\"keyval\":{\"public\":\"\"},\"scheme\":\"\"}",
	};
	char find[128], with[1024], name[ROLE_KEYID_HEX + 1];
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		refreshed();
		world->root_version = 2;
		uint32_t alias = world_key_alias(world, world->timestamp.keys[0], keys[i]);
		memcpy(name, world->keys[alias].keyid, sizeof name);
		world_publish_root(world, NULL);
		snprintf(with, sizeof with, "\"keys\":{\"%s\":%s,", name, keys[i]);
		world_edit(world, "2.root.json", "\"keys\":{", with, &world->root);
		snprintf(find, sizeof find, "[\"%s\"]", world->keys[world->timestamp.keys[0]].keyid);
		snprintf(with, sizeof with, "[\"%s\"]", name);
		world_edit(world, "2.root.json", find, with, &world->root);
		world->timestamp = world_holder_of(world, 1, 1, &alias);
		world_publish_timestamp(world);
		REFUSED(VERDICT_SIGNATURE, "timestamp.json");
		CHECK_EQ(world->client.root.version, 2);
	}
}

/* --- size: X41 audit 2022 (digits), nesting, members --- */

static void with_unknown_member(const char *value_begin, char fill, size_t n, const char *value_end)
{
	struct writer w = writer_over(text, sizeof text - 1);
	writer_text(&w, "{\"x-big\":");
	writer_text(&w, value_begin);
	for (size_t i = 0; i < n; i++)
		writer_u8(&w, (uint8_t)fill);
	writer_text(&w, value_end);
	writer_text(&w, ",\"_type\":");
	CHECK_EQ(writer_end(&w), FAULT_NONE);
	text[w.used] = '\0';
	char *with = strdup(text);
	world_edit(world, "2.targets.json", "{\"_type\":", with, &world->targets);
	free(with);
	world_relist(world, "targets", 2);
	world_publish_snapshot(world);
	world_publish_timestamp(world);
}

/* A million digits are one value: no more memory than for one digit, each byte hashed a bounded number of times. */
static void a_million_digits(void)
{
	version_2();
	with_unknown_member("1", '0', 1, "");
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	size_t small = world->ws.used - world_get(&world->remote, "2.targets.json").n;
	version_2();
	with_unknown_member("1", '0', 1000000, "");
	world_work = (struct world_work){ 0 };
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK(world->ws.used - world_get(&world->remote, "2.targets.json").n <= small + 64);
	CHECK(world_work.hashed < 2 * 1000000 + 65536);
	version_2();
	char *digits = malloc(1000032);
	memset(digits, '9', 1000031);
	memcpy(digits, "\"version\":2", 11);
	memcpy(digits + 1000030, "}", 2);
	world_edit(world, "2.targets.json", "\"version\":2}", digits, &world->targets);
	free(digits);
	malformed_at(&points[3], FAULT_RANGE);
}

/* Depth 32 is the limit, and a million brackets cost no more than 32 [META-1]. */
static void deep_nesting(void)
{
	char nest[2][64] = { "", "" };
	for (int n = 30; n < 32; n++) {
		version_2();
		memset(nest[0], '[', (size_t)n);
		memset(nest[1], ']', (size_t)n);
		with_unknown_member(nest[0], ' ', 1, nest[1]);
		if (n == 30)
			CHECK_EQ(world_refresh(world), CLIENT_DONE);
		else
			MALFORMED(FAULT_DEPTH, "2.targets.json");
	}
	for (int kind = 0; kind < 2; kind++) {
		version_2();
		memset(text, '[', 1000000);
		for (size_t i = 0; kind == 1 && i < 1000000; i += 5)
			memcpy(text + i, "{\"a\":", 5);
		world_put(&world->remote, "2.targets.json", (struct span){ (uint8_t *)text, 1000000 });
		malformed_at(&points[3], FAULT_DEPTH);
		CHECK(world->ws.used < 1000000 + 65536);
	}
}

/* A hundred thousand members in falling order: with a sort by insertion this case would run into its time limit. */
static void many_members_in_falling_order(void)
{
	for (int twice = 0; twice < 2; twice++) {
		struct writer w = writer_over(text, sizeof text - 1);
		version_2();
		writer_text(&w, "{\"x-big\":{");
		for (int i = 100000; i > 0; i--) {
			char member[32];
			snprintf(member, sizeof member, "\"%06d\":0,", i);
			writer_text(&w, member);
		}
		writer_text(&w, twice == 1 ? "\"050000\":0},\"_type\":" : "\"000000\":0},\"_type\":");
		CHECK_EQ(writer_end(&w), FAULT_NONE);
		text[w.used] = '\0';
		char *with = strdup(text);
		world_edit(world, "2.targets.json", "{\"_type\":", with, &world->targets);
		free(with);
		if (twice == 1) {
			malformed_at(&points[3], FAULT_DUPLICATE);
			continue;
		}
		name_it(&points[3]);
		CHECK_EQ(world_refresh(world), CLIENT_DONE);
	}
}

/* A pattern of stars against a path that almost matches: exponential in many matchers [META-13]. */
static void patterns_do_not_explode(void)
{
	static char pattern[METADATA_PATH_MAX + 1], path[METADATA_PATH_MAX + 1];
	for (size_t i = 0; i + 2 < sizeof pattern; i += 2)
		memcpy(pattern + i, "*a", 2);
	memset(path, 'a', sizeof path - 1);
	pattern[sizeof pattern - 2] = 'b';
	CHECK(!metadata_path_matches(span_of_text(pattern), span_of_text(path)));
	path[sizeof path - 2] = 'b';
	CHECK(metadata_path_matches(span_of_text(pattern), span_of_text(path)));
}

/* --- memory: whatever room the caller lends, the client stays in it and says so --- */

static void memory_beyond_the_workspace(void)
{
	size_t done = 0, refused = 0;
	version_2();
	for (size_t room = 256; room < 40960; room += 256) {
		struct world *w = world;
		w->memory_bytes = room;
		memset(w->memory + room, 0xa5, 64);
		world_drop(&w->store, "timestamp.json"); /* as after a first start: every file is fetched */
		world_drop(&w->store, "snapshot.json");
		world_drop(&w->store, "targets.json");
		world_drop(&w->store, "p%2Fboard.json");
		world_put(&w->store, "root.json", world_get(&w->remote, "1.root.json"));
		enum client_action action = world_refresh(w);
		if (action == CLIENT_DONE)
			action = world_look_up(w, IMAGE);
		for (size_t i = 0; i < 64; i++)
			CHECK_EQ(w->memory[room + i], 0xa5);
		CHECK(w->ws.used <= room);
		if (action == CLIENT_REFUSED) {
			refused++;
			CHECK_EQ(w->client.verdict, VERDICT_MALFORMED);
			CHECK_EQ(w->client.fault, FAULT_NO_SPACE);
		}
		done += action == CLIENT_DONE;
	}
	CHECK(done > 0 && refused > 10);
}

static const struct check_case cases[] = {
	CASE(hostile_bytes_that_nobody_signed),
	CASE(every_value_changed),
	CASE(every_member_twice),
	CASE(versions_that_are_none),
	CASE(versions_of_children_that_are_none),
	CASE(times_that_are_none),
	CASE(broken_keys_verify_nothing),
	CASE(a_million_digits),
	CASE(deep_nesting),
	CASE(many_members_in_falling_order),
	CASE(patterns_do_not_explode),
	CASE(memory_beyond_the_workspace),
};

CHECK_MAIN(cases)
