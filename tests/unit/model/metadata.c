/* The TUF roles: encode, decode and encode again give the same bytes; what is not the format is refused, and why. */
#include "check.h"
#include "world.h"

#include "crypto_openssl.h"
#include "hex.h"

static struct world *world;
static uint8_t memory[4 << 20];
static struct workspace ws;
static char text[1 << 16];

static void fresh(void)
{
	if (world == NULL)
		world = world_new();
	ws = workspace_over(memory, sizeof memory);
}

/* The published file with one piece of its text replaced. */
static struct span changed(const char *file, const char *from, const char *to)
{
	struct span whole = world_get(&world->remote, file);
	const char *at = memmem(whole.at, whole.n, from, strlen(from));
	if (at == NULL)
		printf("# %s has no %s\n", file, from);
	CHECK(at != NULL);
	size_t before = (size_t)(at - (const char *)whole.at), after = whole.n - before - strlen(from);
	CHECK(whole.n + strlen(to) < sizeof text);
	memcpy(text, whole.at, before);
	memcpy(text + before, to, strlen(to));
	memcpy(text + before + strlen(to), at + strlen(from), after);
	return (struct span){ (const uint8_t *)text, before + strlen(to) + after };
}

static enum fault decode(struct span file)
{
	struct signed_json envelope;
	struct root root;
	struct timestamp timestamp;
	struct snapshot snapshot;
	struct targets targets;
	ws = workspace_over(memory, sizeof memory);
	enum fault fault = signed_decode(file, &ws, &crypto_openssl, &envelope);
	if (fault != FAULT_NONE)
		return fault;
	struct json_reader r = { .fault = FAULT_NONE };
	struct span type = json_string(&r, envelope.body, "_type", SIGNED_TYPE_MAX);
	if (span_is(type, "root"))
		return root_decode(envelope.body, &ws, &crypto_openssl, &root);
	if (span_is(type, "timestamp"))
		return timestamp_decode(envelope.body, &timestamp);
	if (span_is(type, "snapshot"))
		return snapshot_decode(envelope.body, &ws, &snapshot);
	return targets_decode(envelope.body, &ws, &crypto_openssl, &targets);
}

/* The body's canonical bytes before and after a round through the struct. */
static void check_round(const char *file)
{
	static uint8_t before[1 << 16], after[1 << 16];
	struct signed_json envelope;
	struct root root;
	struct timestamp timestamp;
	struct snapshot snapshot;
	struct targets targets;
	struct writer a = writer_over(before, sizeof before), b = writer_over(after, sizeof after);
	fresh();
	CHECK_EQ(signed_decode(world_get(&world->remote, file), &ws, &crypto_openssl, &envelope), FAULT_NONE);
	json_canonical(envelope.body, &a);
	if (strstr(file, "root") != NULL) {
		CHECK_EQ(root_decode(envelope.body, &ws, &crypto_openssl, &root), FAULT_NONE);
		root_encode(&b, &root);
	} else if (strstr(file, "timestamp") != NULL) {
		CHECK_EQ(timestamp_decode(envelope.body, &timestamp), FAULT_NONE);
		timestamp_encode(&b, &timestamp);
	} else if (strstr(file, "snapshot") != NULL) {
		CHECK_EQ(snapshot_decode(envelope.body, &ws, &snapshot), FAULT_NONE);
		snapshot_encode(&b, &snapshot);
	} else {
		CHECK_EQ(targets_decode(envelope.body, &ws, &crypto_openssl, &targets), FAULT_NONE);
		targets_encode(&b, &targets);
	}
	CHECK_EQ(writer_end(&b), FAULT_NONE);
	struct digest encoded = sha256_of(&crypto_openssl, writer_span(&b));
	CHECK(a.used > 0 && span_equal(writer_span(&a), writer_span(&b)));
	CHECK(digest_equal(&envelope.digest, &encoded));
}

static void rounds(void)
{
	check_round("1.root.json");
	check_round("timestamp.json");
	check_round("1.snapshot.json");
	check_round("1.targets.json");
	check_round("1.p%2Fboard.json");
}

/* The example of protocol/metadata.md. */
static void as_written(void)
{
	static const char example[] =
		"{\"_type\":\"timestamp\",\"expires\":\"2027-02-14T08:00:00Z\",\"meta\":{\"snapshot.json\":{\"hashes\":"
		"{\"sha256\":\"6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d\"},\"length\":608,"
		"\"version\":1}},\"spec_version\":\"1.0.34\",\"version\":1,\"x-issued\":\"2027-01-15T07:59:00Z\"}";
	static uint8_t out[1024];
	struct timestamp timestamp = { .version = 1, .expires_unix = WORLD_NOW + 30 * WORLD_DAY };
	timestamp.issued_unix = WORLD_NOW - 60;
	timestamp.snapshot_version = 1;
	timestamp.has_length = timestamp.has_digest = true;
	timestamp.snapshot_length = 608;
	timestamp.snapshot_digest = sha256_of(&crypto_openssl, SPAN_LIT("image"));
	struct writer w = writer_over(out, sizeof out);
	timestamp_encode(&w, &timestamp);
	CHECK(span_is(writer_span(&w), example));
}

/* One key in two roles is written once. */
static void shared_key_is_written_once(void)
{
	fresh();
	struct world_holder mine = world->snapshot;
	world->snapshot = world->timestamp;
	world->root_version = 9;
	world_publish_root(world, NULL);
	world->snapshot = mine;
	world->root_version = 1;
	check_round("9.root.json");
	struct span file = world_get(&world->remote, "9.root.json");
	const char *keyid = world->keys[world->timestamp.keys[0]].keyid;
	size_t seen = 0;
	for (size_t i = 0; i + 64 <= file.n; i++)
		seen += memcmp(file.at + i, keyid, 64) == 0;
	CHECK_EQ(seen, 3); /* keys, and two roles */
}

static void refusals(void)
{
	static const struct {
		const char *file, *from, *to;
		enum fault fault;
	} table[] = {
		{ "1.root.json", "\"consistent_snapshot\":true", "\"consistent_snapshot\":false", FAULT_NONE },
		{ "1.root.json", "\"consistent_snapshot\":true", "\"consistent_snapshot\":1", FAULT_TYPE },
		{ "1.root.json", "\"consistent_snapshot\":true,", "", FAULT_NONE },
		{ "1.root.json", "\"threshold\":1", "\"threshold\":0", FAULT_RANGE },
		{ "1.root.json", "\"threshold\":1", "\"threshold\":-1", FAULT_RANGE },
		{ "1.root.json", "\"threshold\":1", "\"threshold\":true", FAULT_TYPE },
		{ "1.root.json", "\"threshold\":1", "\"threshold\":1.0", FAULT_TYPE },
		{ "1.root.json", "\"threshold\":1", "\"threshold\":1e0", FAULT_TYPE },
		{ "1.root.json", "\"threshold\":1", "\"threshold\":9", FAULT_NONE },
		{ "1.root.json", "\"version\":1", "\"version\":0", FAULT_RANGE },
		{ "1.root.json", "\"version\":1", "\"version\":9007199254740991", FAULT_NONE },
		{ "1.root.json", "\"version\":1", "\"version\":9007199254740992", FAULT_RANGE },
		{ "1.root.json", "\"version\":1", "\"version\":99999999999999999999999999", FAULT_RANGE },
		{ "1.root.json", "\"version\":1", "\"version\":1,\"x-new\":{\"a\":[]}", FAULT_NONE },
		{ "1.root.json", "\"version\":1", "\"version\":1,\"version\":1", FAULT_DUPLICATE },
		{ "1.root.json", "1.0.34", "2.0.0", FAULT_VERSION },
		{ "1.root.json", "1.0.34", "1", FAULT_VERSION },
		{ "1.root.json", "1.0.34", "1.99", FAULT_NONE },
		{ "1.root.json", "\"snapshot\":{", "\"mirrors\":{", FAULT_MISSING },
		{ "1.root.json", "\"roles\":{", "\"roles\":{\"extra\":{},", FAULT_UNKNOWN },
		{ "1.root.json", "\"roles\":{", "\"roles\":{\"mirrors\":{},", FAULT_NONE },
		{ "1.root.json", "\"scheme\":", "\"more\":1,\"scheme\":", FAULT_NOT_CANONICAL },
		{ "1.root.json", "\"keytype\":\"ecdsa\"", "\"keytype\":\"ecdsa-sha2-nistp256\"", FAULT_NOT_CANONICAL },
		{ "1.root.json", "\"keys\":{\"", "\"keys\":{\"0", FAULT_TRAILING },
		{ "1.root.json", "00Z\"", "00.5Z\"", FAULT_TOO_LARGE },
		{ "1.root.json", "00Z\"", "00\"", FAULT_TRUNCATED },
		{ "timestamp.json", "\"x-issued\"", "\"x-other\"", FAULT_NONE },
		{ "timestamp.json", "\"x-issued\":\"2027-", "\"x-issued\":\"2028-", FAULT_RANGE },
		{ "timestamp.json", "\"sha256\"", "\"blake2b\"", FAULT_VERSION },
		{ "timestamp.json", "\"hashes\":{", "\"hashes\":{\"blake2b\":0,", FAULT_NONE },
		{ "timestamp.json", "\"hashes\":{", "\"hashes\":{\"sha512\":0,", FAULT_TYPE },
		{ "timestamp.json", "\"snapshot.json\"", "\"snapshot\"", FAULT_MISSING },
		{ "1.snapshot.json", "\"targets.json\"", "\"p/board.json\"", FAULT_DUPLICATE },
		{ "1.snapshot.json", "\"hashes\":{", "\"hashes\":[{", FAULT_SYNTAX },
		{ "1.snapshot.json", "\"length\":", "\"length\":-", FAULT_RANGE },
		{ "1.targets.json", "\"name\":\"p/board\"", "\"name\":\"root\"", FAULT_RANGE },
		{ "1.targets.json", "\"name\":\"p/board\"", "\"name\":\"\"", FAULT_RANGE },
		{ "1.targets.json", "\"terminating\":true,", "", FAULT_MISSING },
		{ "1.targets.json", "\"paths\":", "\"path_hash_prefixes\":", FAULT_NONE },
		{ "1.targets.json", "\"paths\":", "\"path_hash_prefixes\":[],\"paths\":", FAULT_DUPLICATE },
		{ "1.targets.json", "\"paths\":", "\"pathes\":", FAULT_NONE },
		{ "1.p%2Fboard.json", "\"sha256\"", "\"blake3\"", FAULT_VERSION },
		{ "1.p%2Fboard.json", "\"length\":5", "\"length\":\"5\"", FAULT_TYPE },
		{ "1.p%2Fboard.json", "\"p/board/1.0/image\"", "\"\"", FAULT_RANGE },
		{ "1.p%2Fboard.json", "\"signatures\":[", "\"signatures\":[null,", FAULT_TYPE },
		{ "1.p%2Fboard.json", "\"sig\":\"30", "\"sig\":\"31", FAULT_NONE },
		{ "1.p%2Fboard.json", "\"signatures\"", "\"signature\"", FAULT_MISSING },
		{ "1.p%2Fboard.json", "{\"signatures\"", "{\"more\":0,\"signatures\"", FAULT_NONE },
	};
	fresh();
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		enum fault fault = decode(changed(table[i].file, table[i].from, table[i].to));
		if (fault != table[i].fault)
			printf("# %s: %s -> %s: %s\n", table[i].file, table[i].from, table[i].to, fault_text(fault));
		CHECK_EQ(fault, table[i].fault);
	}
}

/* A key id twice among the signatures: refused although the threshold may be met. */
static void same_keyid_twice(void)
{
	char from[128], to[512];
	fresh();
	const char *keyid = world->keys[world->timestamp.keys[0]].keyid;
	snprintf(from, sizeof from, "{\"keyid\":\"%s\"", keyid);
	snprintf(to, sizeof to, "{\"keyid\":\"%s\",\"sig\":\"\"},{\"keyid\":\"%s\"", keyid, keyid);
	CHECK_EQ(decode(changed("timestamp.json", from, to)), FAULT_DUPLICATE);
	snprintf(to, sizeof to, "{\"keyid\":\"other\",\"sig\":\"\"},{\"keyid\":\"%s\"", keyid);
	CHECK_EQ(decode(changed("timestamp.json", from, to)), FAULT_NONE);
}

/* A role that lists one key id twice, and two delegations of one name. */
static void roles_say_nothing_twice(void)
{
	static uint8_t body[8192];
	char from[128], to[256];
	fresh();
	const char *keyid = world->keys[world->product.keys[0]].keyid;
	snprintf(from, sizeof from, "[\"%s\"]", keyid);
	snprintf(to, sizeof to, "[\"%s\",\"%s\"]", keyid, keyid);
	CHECK_EQ(decode(changed("1.targets.json", from, to)), FAULT_DUPLICATE);
	struct targets targets = world_targets(world);
	struct delegation two[2] = { targets.delegations[0], targets.delegations[0] };
	targets.delegations = two;
	targets.delegation_count = 2;
	struct writer w = writer_over(body, sizeof body);
	targets_encode(&w, &targets);
	CHECK_EQ(decode(world_sign(world, writer_span(&w), &world->targets)), FAULT_DUPLICATE);
	two[1].name = SPAN_LIT("other");
	w = writer_over(body, sizeof body);
	targets_encode(&w, &targets);
	CHECK_EQ(decode(world_sign(world, writer_span(&w), &world->targets)), FAULT_NONE);
}

static void too_many_signatures(void)
{
	fresh();
	struct span file = world_get(&world->remote, "timestamp.json");
	struct writer w = writer_over(text, sizeof text);
	writer_text(&w, "{\"signatures\":[");
	for (int i = 0; i <= SIGNED_SIGNATURES_MAX; i++) {
		char one[64];
		snprintf(one, sizeof one, "%s{\"keyid\":\"%d\",\"sig\":\"\"}", i == 0 ? "" : ",", i);
		writer_text(&w, one);
	}
	const uint8_t *tail = memmem(file.at, file.n, "],\"signed\"", 10);
	writer_bytes(&w, (struct span){ tail, (size_t)(file.at + file.n - tail) });
	CHECK_EQ(decode(writer_span(&w)), FAULT_TOO_LARGE);
}

/* A root without consistent snapshots says so in its struct, and when it is written again. */
static void plain_names(void)
{
	static uint8_t out[8192];
	struct signed_json envelope;
	struct root root;
	fresh();
	CHECK_EQ(signed_decode(changed("1.root.json", "snapshot\":true", "snapshot\":false"), &ws, &crypto_openssl,
			       &envelope),
		 FAULT_NONE);
	CHECK_EQ(root_decode(envelope.body, &ws, &crypto_openssl, &root), FAULT_NONE);
	CHECK(root.plain_names);
	struct writer w = writer_over(out, sizeof out);
	root_encode(&w, &root);
	struct digest digest = sha256_of(&crypto_openssl, writer_span(&w));
	CHECK(digest_equal(&digest, &envelope.digest));
}

/* The key id of sigstore's root 11 and its like: no hash of anything, so accepted only where that is asked for. */
static void any_key_id_where_asked_for(void)
{
	struct signed_json envelope;
	struct root root;
	char id[65];
	fresh();
	snprintf(id, sizeof id, "%s", world->keys[world->targets.keys[0]].keyid);
	struct span file = world_get(&world->remote, "1.root.json");
	struct writer w = writer_over(text, sizeof text);
	for (size_t i = 0; i < file.n; i++) {
		bool here = span_starts(span_sub(file, i, file.n), span_of_text(id));
		if (here)
			writer_text(&w, "mine");
		else
			writer_u8(&w, file.at[i]);
		i += here ? 63 : 0;
	}
	CHECK_EQ(signed_decode(writer_span(&w), &ws, &crypto_openssl, &envelope), FAULT_NONE);
	CHECK_EQ(root_decode(envelope.body, &ws, &crypto_openssl, &root), FAULT_TRUNCATED);
	CHECK_EQ(signed_decode(writer_span(&w), &ws, &crypto_openssl, &envelope), FAULT_NONE);
	CHECK_EQ(root_decode_by(envelope.body, &ws, &crypto_openssl, ROLE_KEYIDS_ANY, &root), FAULT_NONE);
	CHECK(root.targets.count == 1 && root.targets.keys[0].usable && span_is(root.targets.keys[0].keyid, "mine"));
}

/* All hashes that are listed and known must match, and one at least must be known to the provider. */
static void hashes_of_both_lengths(void)
{
	static const char message[] = "abc"; /* FIPS 180-4's example */
	static const char sha512[] = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
				     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
	struct digest short_one = sha256_of(&crypto_openssl, SPAN_LIT(message)), wrong = { { 1 } };
	struct digest512 long_one, wrong_long = { { 1 } };
	struct crypto small = { crypto_openssl.sha256_init, crypto_openssl.sha256_update, crypto_openssl.sha256_final,
				crypto_openssl.p256_verify };
	struct span bytes = SPAN_LIT(message);
	CHECK_EQ(hex_decode(SPAN_LIT(sha512), long_one.bytes, sizeof long_one.bytes), FAULT_NONE);
	const struct crypto *both = &crypto_openssl, *one = &small;
	CHECK(metadata_hashes_match(both, bytes, METADATA_SHA256, &short_one, &wrong_long));
	CHECK(metadata_hashes_match(both, bytes, METADATA_SHA512, &wrong, &long_one));
	CHECK(metadata_hashes_match(both, bytes, METADATA_SHA256_AND_512, &short_one, &long_one));
	CHECK(!metadata_hashes_match(both, bytes, METADATA_SHA256_AND_512, &wrong, &long_one));
	CHECK(!metadata_hashes_match(both, bytes, METADATA_SHA256_AND_512, &short_one, &wrong_long));
	CHECK(!metadata_hashes_match(both, bytes, METADATA_SHA256, &wrong, &long_one));
	CHECK(!metadata_hashes_match(both, bytes, METADATA_SHA512, &short_one, &wrong_long));
	CHECK(!metadata_hashes_match(one, bytes, METADATA_SHA512, &short_one, &long_one));
	CHECK(metadata_hashes_match(one, bytes, METADATA_SHA256_AND_512, &short_one, &wrong_long));
}

/* [META-14] */
static void hash_prefixes(void)
{
	static const struct {
		const char *prefix;
		bool covers;
	} table[] = {
		/* SHA-256 of "p/board/1.0/image" */
		{ "", true },   { "@", true }, /* the whole of it */
		{ "@1", true },                /* its first digit */
		{ "x", false }, { "00", false },
	};
	struct digest digest = sha256_of(&crypto_openssl, SPAN_LIT("p/board/1.0/image"));
	char hex[65];
	hex_text(digest_span(&digest), hex);
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct span prefix = span_of_text(table[i].prefix);
		if (span_starts(prefix, SPAN_LIT("@")))
			prefix = span_sub(span_of_text(hex), 0, prefix.n == 1 ? 64 : 1);
		struct delegation delegation = { .hash_prefix_count = 1, .hash_prefixes = &prefix };
		CHECK_EQ(delegation_covers(&crypto_openssl, &delegation, SPAN_LIT("p/board/1.0/image")),
			 table[i].covers);
	}
	struct delegation nothing = { 0 };
	CHECK(!delegation_covers(&crypto_openssl, &nothing, SPAN_LIT("p/board/1.0/image")));
}

/* Any other algorithm may be listed; it never verifies. Its id is checked as any. */
static void unknown_algorithm_is_listed_not_used(void)
{
	static const char key[] = "{\"keytype\":\"ed25519\",\"keyval\":{\"public\":\"00\"},\"scheme\":\"ed25519\"}";
	char document[1024], keyid[65];
	struct role_ring ring;
	struct json_node *node;
	struct json_reader r = { .fault = FAULT_NONE };
	fresh();
	struct digest id = sha256_of(&crypto_openssl, SPAN_LIT(key));
	hex_text(digest_span(&id), keyid);
	snprintf(document, sizeof document, "{\"%s\":%s}", keyid, key);
	CHECK_EQ(json_parse(span_of_text(document), &ws, &node), FAULT_NONE);
	role_decode_ring(&r, node, &ws, &crypto_openssl, &ring);
	CHECK_EQ(r.fault, FAULT_NONE);
	CHECK(ring.count == 1 && !ring.keys[0].usable);
}

/* The older name of the key type is read too, under its own id. */
static void both_names_of_the_key_type(void)
{
	char pem[256], object[512], document[1024], keyid[65];
	struct role_ring ring;
	struct json_node *node, *value;
	struct json_reader r = { .fault = FAULT_NONE };
	struct digest id;
	fresh();
	struct writer w = writer_over(pem, sizeof pem);
	key_write_pem(&w, &world->keys[0].key);
	struct writer o = writer_over(object, sizeof object);
	struct json_writer j = json_writer_over(&o);
	json_write_object(&j);
	json_write_member_text(&j, "keytype", "ecdsa-sha2-nistp256");
	json_write_name(&j, "keyval");
	json_write_object(&j);
	json_write_member_string(&j, "public", writer_span(&w));
	json_write_object_end(&j);
	json_write_member_text(&j, "scheme", "ecdsa-sha2-nistp256");
	json_write_object_end(&j);
	CHECK_EQ(json_parse(writer_span(&o), &ws, &value), FAULT_NONE);
	CHECK_EQ(signed_digest(&crypto_openssl, value, &id), FAULT_NONE);
	hex_text(digest_span(&id), keyid);
	CHECK(strcmp(keyid, world->keys[0].keyid) != 0);
	snprintf(document, sizeof document, "{\"%s\":%.*s}", keyid, (int)o.used, object);
	CHECK_EQ(json_parse(span_of_text(document), &ws, &node), FAULT_NONE);
	role_decode_ring(&r, node, &ws, &crypto_openssl, &ring);
	CHECK_EQ(r.fault, FAULT_NONE);
	CHECK(ring.count == 1 && ring.keys[0].usable);
	CHECK(digest_equal(&ring.keys[0].identity, &world->keys[0].role.identity));
}

static void every_truncation(void)
{
	static const char *const files[] = { "1.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json" };
	fresh();
	for (size_t i = 0; i < 4; i++) {
		struct span file = world_get(&world->remote, files[i]);
		CHECK_EQ(decode(file), FAULT_NONE);
		for (size_t n = 0; n < file.n; n++)
			CHECK(decode(span_sub(file, 0, n)) != FAULT_NONE);
	}
}

static void wrong_encoders_fail(void)
{
	static uint8_t out[4096];
	fresh();
	struct target two[2] = { { .path = SPAN_LIT("b") }, { .path = SPAN_LIT("a") } };
	struct targets targets = { .version = 1, .count = 2, .entries = two };
	struct writer w = writer_over(out, sizeof out);
	targets_encode(&w, &targets);
	CHECK_EQ(writer_end(&w), FAULT_NOT_CANONICAL);
	two[1].path = SPAN_LIT("b");
	w = writer_over(out, sizeof out);
	targets_encode(&w, &targets);
	CHECK_EQ(writer_end(&w), FAULT_DUPLICATE);
	two[1].path = SPAN_LIT("c");
	targets.expires_unix = -1;
	w = writer_over(out, sizeof out);
	targets_encode(&w, &targets);
	CHECK_EQ(writer_end(&w), FAULT_RANGE);
	targets.expires_unix = 0;
	w = writer_over(out, sizeof out);
	signed_encode(&w, SPAN_LIT("\"\x1f\""), NULL, 0);
	CHECK_EQ(writer_end(&w), FAULT_UTF8);
	for (size_t room = 0; room < 100; room++) {
		w = writer_over(out, room);
		targets_encode(&w, &targets);
		CHECK_EQ(writer_end(&w), FAULT_NO_SPACE);
	}
}

/* What stands behind a pattern or a path in memory is no part of it. */
static void patterns_end_where_they_end(void)
{
	static const struct {
		const char *pattern, *path;
		size_t pattern_bytes, path_bytes;
		bool matches;
	} rows[] = {
		{ "a*", "ab", 1, 2, false },      { "a?", "ab", 1, 2, false },
		{ "ab", "ab", 1, 2, false },      { "a*", "ab", 1, 1, true },
		{ "ab", "a", 2, 1, false },       { "ab*", "ab", 2, 2, true },
		{ "a**", "a", 3, 1, true },       { "a*?", "a", 2, 1, true },
		{ "?", "", 1, 0, false },         { "*", "", 1, 0, true },
		{ "", "", 0, 0, true },           { "", "a", 0, 1, false },
		{ "*", "", 0, 0, true },          { "?", "?", 1, 1, true },
		{ "?", "/", 1, 1, false },        { "@", "@", 1, 1, true },
		{ "*/b", "a/b", 3, 3, true },     { "*b", "a/b", 2, 3, false },
		{ "a*c*e", "abcde", 5, 5, true }, { "a*c*e", "abcd/e", 5, 6, false },
		{ "*a", "/a", 2, 2, false },      { "*aab", "aaaab", 4, 5, true },
		{ "/*a", "//a", 3, 3, false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span pattern = { (const uint8_t *)rows[i].pattern, rows[i].pattern_bytes };
		struct span path = { (const uint8_t *)rows[i].path, rows[i].path_bytes };
		if (metadata_path_matches(pattern, path) != rows[i].matches)
			printf("# row %zu\n", i);
		CHECK_EQ(metadata_path_matches(pattern, path), rows[i].matches);
	}
}

static void spec_versions(void)
{
	static const struct {
		const char *version;
		enum fault fault;
	} rows[] = {
		{ "1.0.34", FAULT_NONE },
		{ "1.0", FAULT_NONE },
		{ "1.9", FAULT_NONE },
		{ "1.", FAULT_VERSION },
		{ "1", FAULT_VERSION },
		{ "", FAULT_VERSION },
		{ "2.0", FAULT_VERSION },
		{ "11.0", FAULT_VERSION },
		{ "1.0/1", FAULT_VERSION },
		{ "1.0:1", FAULT_VERSION },
		{ "1.x", FAULT_VERSION },
		{ "1.0-1", FAULT_VERSION },
		{ "1.01234567890123456789012345678", FAULT_NONE },
		{ "1.012345678901234567890123456789", FAULT_NONE },
		{ "1.0123456789012345678901234567890", FAULT_TOO_LARGE },
	};
	fresh();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char to[64];
		snprintf(to, sizeof to, "\"spec_version\":\"%s\"", rows[i].version);
		enum fault fault = decode(changed("timestamp.json", "\"spec_version\":\"1.0.34\"", to));
		if (fault != rows[i].fault)
			printf("# %s: %s\n", rows[i].version, fault_text(fault));
		CHECK_EQ(fault, rows[i].fault);
	}
}

/* Paths at their longest, lengths at their bounds, and "custom" as it was. */
static void targets_keep_what_they_say(void)
{
	static char out[8192], again[8192], path[METADATA_PATH_MAX + 1];
	struct json_node *custom;
	struct signed_json envelope;
	fresh();
	memset(path, 'p', sizeof path);
	CHECK_EQ(json_parse(SPAN_LIT("{\"a\":[1,\"x\"]}"), &ws, &custom), FAULT_NONE);
	static const size_t lengths[] = { 0, 1, METADATA_PATH_MAX, METADATA_PATH_MAX + 1 };
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		size_t n = lengths[i];
		struct target target = { .path = { (const uint8_t *)path, n }, .length = n, .custom = custom };
		struct targets targets = { .version = JSON_INTEGER_MAX, .count = 1, .entries = &target }, back;
		target.length = n == 1 ? 0 : JSON_INTEGER_MAX;
		struct writer w = writer_over(out, sizeof out), body = writer_over(again, sizeof again);
		targets_encode(&body, &targets);
		signed_encode(&w, writer_span(&body), NULL, 0);
		CHECK_EQ(writer_end(&w), FAULT_NONE);
		CHECK_EQ(signed_decode(writer_span(&w), &ws, &crypto_openssl, &envelope), FAULT_NONE);
		memset(&back, 0xff, sizeof back);
		CHECK_EQ(targets_decode(envelope.body, &ws, &crypto_openssl, &back),
			 n >= 1 && n <= METADATA_PATH_MAX ? FAULT_NONE : FAULT_RANGE);
		if (n < 1 || n > METADATA_PATH_MAX)
			continue;
		CHECK_EQ(back.delegation_count, 0);
		CHECK_EQ(back.entries[0].length, target.length);
		struct writer c = writer_over(out, sizeof out);
		json_canonical(back.entries[0].custom, &c);
		CHECK(span_is(writer_span(&c), "{\"a\":[1,\"x\"]}"));
	}
	CHECK(memmem(again, sizeof again, "delegations", 11) == NULL);
}

static void numbers_at_their_bounds(void)
{
	static const struct {
		const char *file, *from, *to;
		enum fault fault;
	} rows[] = {
		{ "timestamp.json", "\"version\":1}},", "\"version\":9007199254740991}},", FAULT_NONE },
		{ "timestamp.json", "\"version\":1}},", "\"version\":9007199254740992}},", FAULT_RANGE },
		{ "timestamp.json", "\"version\":1}},", "\"version\":0}},", FAULT_RANGE },
		{ "timestamp.json", "\"length\":", "\"length\":1,\"x\":", FAULT_NONE },
		{ "timestamp.json", "\"length\":", "\"length\":0,\"x\":", FAULT_RANGE },
		{ "timestamp.json", "\"length\":", "\"length\":9007199254740991,\"x\":", FAULT_NONE },
		{ "timestamp.json", "\"length\":", "\"length\":9007199254740992,\"x\":", FAULT_RANGE },
		{ "timestamp.json", "\"_type\":\"timestamp\"", "\"_type\":\"timestamp\",\"_x\":1", FAULT_NONE },
		{ "1.p%2Fboard.json", "\"length\":5", "\"length\":9007199254740992,\"x\":5", FAULT_RANGE },
		{ "timestamp.json", "00Z\"", "00ZZ\"", FAULT_TOO_LARGE },
		{ "timestamp.json", "\"x-issued\":\"", "\"x-issued\":\"2", FAULT_TOO_LARGE },
		{ "timestamp.json", "2027-01-15T07:59:00Z", "2027-02-14T08:00:00Z", FAULT_NONE }, /* when it expires */
		{ "timestamp.json", "2027-01-15T07:59:00Z", "2027-02-14T08:00:01Z", FAULT_RANGE },
		{ "timestamp.json", "\"hashes\":{", "\"x-hashes\":{", FAULT_NONE },
		{ "timestamp.json", "\"hashes\":{", "\"hashes\":[],\"x\":{", FAULT_TYPE },
	};
	fresh();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum fault fault = decode(changed(rows[i].file, rows[i].from, rows[i].to));
		if (fault != rows[i].fault)
			printf("# row %zu: %s\n", i, fault_text(fault));
		CHECK_EQ(fault, rows[i].fault);
	}
}

/* The file with so many elements more in a list, each of which has its number in it. */
static enum fault decode_more(const char *from, const char *to, const char *before, const char *after, size_t more)
{
	static char list[1 << 15];
	size_t n = (size_t)snprintf(list, sizeof list, "%s", to);
	for (size_t i = 0; i < more; i++)
		n += (size_t)snprintf(list + n, sizeof list - n, "%s%zu%s", before, i, after);
	return decode(changed("1.targets.json", from, list));
}

static void delegations_have_ceilings(void)
{
	static const struct {
		const char *from, *to, *before, *after;
		size_t max;
	} rows[] = {
		{ "\"paths\":[", "\"paths\":[", "\"", "\",", METADATA_PATHS_MAX },
		{ "\"paths\":[", "\"path_hash_prefixes\":[", "\"", "\",", METADATA_HASH_PREFIXES_MAX },
		{ "\"roles\":[", "\"roles\":[", "{\"keyids\":[],\"name\":\"",
		  "\",\"paths\":[],\"terminating\":true,\"threshold\":1},", METADATA_DELEGATIONS_MAX },
	};
	fresh();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		CHECK_EQ(decode_more(rows[i].from, rows[i].to, rows[i].before, rows[i].after, rows[i].max - 1),
			 FAULT_NONE);
		CHECK_EQ(decode_more(rows[i].from, rows[i].to, rows[i].before, rows[i].after, rows[i].max),
			 FAULT_TOO_LARGE);
	}
}

static void delegations_have_texts_of_a_length(void)
{
	static const struct {
		const char *from, *before, *after;
		int max;
	} rows[] = {
		{ "\"paths\":[", "\"paths\":[\"", "\",", METADATA_PATH_MAX },
		{ "\"paths\":[", "\"path_hash_prefixes\":[\"", "\",", 2 * DIGEST_BYTES },
		{ "\"name\":\"p/board\"", "\"name\":\"", "\"", METADATA_ROLE_NAME_MAX },
	};
	char to[METADATA_PATH_MAX + 64];
	fresh();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (int longer = 0; longer < 2; longer++) {
			snprintf(to, sizeof to, "%s%0*d%s", rows[i].before, rows[i].max + longer, 0, rows[i].after);
			CHECK_EQ(decode(changed("1.targets.json", rows[i].from, to)),
				 longer == 0 ? FAULT_NONE : FAULT_TOO_LARGE);
		}
}

/* One prefix is prefixes, and is written as such. */
static void one_prefix_is_written(void)
{
	static char out[8192];
	fresh();
	struct span prefix = SPAN_LIT("0a");
	struct targets targets = world_targets(world);
	struct delegation one = targets.delegations[0];
	one.path_count = 0;
	one.hash_prefix_count = 1;
	one.hash_prefixes = &prefix;
	targets.delegations = &one;
	struct writer w = writer_over(out, sizeof out);
	targets_encode(&w, &targets);
	CHECK_EQ(writer_end(&w), FAULT_NONE);
	CHECK(memmem(out, w.used, "\"path_hash_prefixes\":[\"0a\"]", 27) != NULL);
}

static void each_target_is_found(void)
{
	struct target entries[] = { { .path = SPAN_LIT("b") },
				    { .path = SPAN_LIT("d") },
				    { .path = SPAN_LIT("f") },
				    { .path = SPAN_LIT("h") },
				    { .path = SPAN_LIT("j") } };
	struct targets targets = { .entries = entries };
	for (targets.count = 0; targets.count <= 5; targets.count++)
		for (uint8_t c = 'a'; c <= 'k'; c++) {
			size_t at = (size_t)(c - 'a') / 2;
			const struct target *want = c % 2 == 0 && at < targets.count ? &entries[at] : NULL;
			CHECK(targets_find(&targets, (struct span){ &c, 1 }) == want);
		}
}

static struct timestamp timestamp_again(struct timestamp *timestamp)
{
	static uint8_t body[1024], out[1024];
	struct signed_json envelope;
	struct timestamp back;
	struct writer b = writer_over(body, sizeof body), w = writer_over(out, sizeof out);
	fresh();
	timestamp_encode(&b, timestamp);
	signed_encode(&w, writer_span(&b), NULL, 0);
	CHECK_EQ(writer_end(&w), FAULT_NONE);
	CHECK_EQ(memmem(out, w.used, "x-issued", 8) != NULL, timestamp->issued_unix != 0);
	CHECK_EQ(signed_decode(writer_span(&w), &ws, &crypto_openssl, &envelope), FAULT_NONE);
	memset(&back, 0xff, sizeof back);
	CHECK_EQ(timestamp_decode(envelope.body, &back), FAULT_NONE);
	return back;
}

static void timestamps_keep_what_they_say(void)
{
	for (enum metadata_hashes hashes = METADATA_SHA256; hashes <= METADATA_SHA256_AND_512; hashes++) {
		struct timestamp timestamp = { .version = 1, .snapshot_version = 2, .has_digest = true };
		timestamp.hashes = hashes;
		timestamp.issued_unix = timestamp.expires_unix = hashes; /* the first has none, the second the least */
		memset(&timestamp.snapshot_digest512, 0x55, sizeof timestamp.snapshot_digest512);
		struct timestamp back = timestamp_again(&timestamp);
		CHECK_EQ(back.issued_unix, timestamp.issued_unix);
		CHECK(back.has_digest && !back.has_length && back.hashes == hashes);
		CHECK(hashes == METADATA_SHA256 ||
		      digest512_equal(&back.snapshot_digest512, &timestamp.snapshot_digest512));
	}
}

static void decode_body(const char *type, const char *file, struct signed_json *envelope)
{
	fresh();
	snprintf(text, sizeof text,
		 "{\"signatures\":[],\"signed\":{\"_type\":\"%s\",\"expires\":\"2027-01-01T00:00:00Z\",\"meta\":"
		 "{\"snapshot.json\":%s},\"spec_version\":\"1.0\",\"version\":1}}",
		 type, file);
	CHECK_EQ(signed_decode(span_of_text(text), &ws, &crypto_openssl, envelope), FAULT_NONE);
}

static void inner_faults_have_a_place(void)
{
	struct signed_json envelope;
	struct snapshot snapshot;
	struct timestamp timestamp;
	decode_body("snapshot", "{\"version\":0}", &envelope);
	CHECK_EQ(snapshot_decode(envelope.body, &ws, &snapshot), FAULT_RANGE);
	CHECK(strcmp(snapshot.where, "version") == 0);
	decode_body("timestamp", "{\"hashes\":1,\"version\":1}", &envelope);
	CHECK_EQ(timestamp_decode(envelope.body, &timestamp), FAULT_TYPE);
	CHECK(strcmp(timestamp.where, "hashes") == 0);
}

static void role_names_have_a_length(void)
{
	char name[METADATA_ROLE_NAME_MAX + 1];
	memset(name, 'r', sizeof name);
	for (size_t n = 0; n <= sizeof name; n++)
		CHECK_EQ(metadata_is_role_name((struct span){ (const uint8_t *)name, n }),
			 n >= 1 && n <= METADATA_ROLE_NAME_MAX);
}

static void faults_have_a_place(void)
{
	static const char body[] = "{\"signatures\":[],\"signed\":{\"expires\":7}}";
	struct signed_json envelope;
	struct root root;
	struct timestamp timestamp;
	struct snapshot snapshot;
	struct targets targets;
	fresh();
	memset(&root, 0xff, sizeof root);
	memset(&timestamp, 0xff, sizeof timestamp);
	memset(&snapshot, 0xff, sizeof snapshot);
	memset(&targets, 0xff, sizeof targets);
	CHECK_EQ(signed_decode(SPAN_LIT(body), &ws, &crypto_openssl, &envelope), FAULT_NONE);
	CHECK_EQ(root_decode(envelope.body, &ws, &crypto_openssl, &root), FAULT_MISSING);
	CHECK_EQ(timestamp_decode(envelope.body, &timestamp), FAULT_MISSING);
	CHECK_EQ(snapshot_decode(envelope.body, &ws, &snapshot), FAULT_MISSING);
	CHECK_EQ(targets_decode(envelope.body, &ws, &crypto_openssl, &targets), FAULT_MISSING);
	CHECK(strcmp(root.where, "_type") == 0 && strcmp(timestamp.where, "_type") == 0);
	CHECK(strcmp(snapshot.where, "_type") == 0 && strcmp(targets.where, "_type") == 0);
	CHECK(root.version == 0 && timestamp.version == 0 && snapshot.count == 0 && targets.count == 0);
}

static const struct check_case cases[] = {
	CASE(rounds),
	CASE(as_written),
	CASE(shared_key_is_written_once),
	CASE(refusals),
	CASE(same_keyid_twice),
	CASE(roles_say_nothing_twice),
	CASE(too_many_signatures),
	CASE(plain_names),
	CASE(any_key_id_where_asked_for),
	CASE(hashes_of_both_lengths),
	CASE(hash_prefixes),
	CASE(unknown_algorithm_is_listed_not_used),
	CASE(both_names_of_the_key_type),
	CASE(every_truncation),
	CASE(wrong_encoders_fail),
	CASE(patterns_end_where_they_end),
	CASE(spec_versions),
	CASE(targets_keep_what_they_say),
	CASE(numbers_at_their_bounds),
	CASE(delegations_have_ceilings),
	CASE(delegations_have_texts_of_a_length),
	CASE(one_prefix_is_written),
	CASE(each_target_is_found),
	CASE(timestamps_keep_what_they_say),
	CASE(inner_faults_have_a_place),
	CASE(role_names_have_a_length),
	CASE(faults_have_a_place),
};

CHECK_MAIN(cases)
