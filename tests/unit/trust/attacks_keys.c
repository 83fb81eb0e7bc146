/*
 * Attacks on who counts as a signer, each as it was found in another implementation (docs/attacks.md). The attacker
 * often holds keys of the role: then the form of what he signs must be refused, not his signature.
 */
#include "attack.h"

#include "crypto_openssl.h"
#include "role.h"

static char text[1 << 22];

static const char *keyid_of(const struct world_holder *holder, uint32_t i)
{
	return world->keys[holder->keys[i]].keyid;
}

static void root_2(void)
{
	world->root_version = 2;
	world_publish_root(world, NULL);
}

/* --- thresholds that trust everybody: go-tuf CVE-2026-23992, python-tuf's `true` --- */

static const struct {
	const char *with;
	enum fault fault;
} bad_thresholds[] = {
	{ "\"threshold\":0", FAULT_RANGE },
	{ "\"threshold\":-1", FAULT_RANGE },
	{ "\"threshold\":-0", FAULT_NOT_CANONICAL },
	{ "\"threshold\":true", FAULT_TYPE },
	{ "\"threshold\":null", FAULT_TYPE },
	{ "\"threshold\":\"1\"", FAULT_TYPE },
	{ "\"threshold\":1.0", FAULT_TYPE },
	{ "\"threshold\":1e0", FAULT_TYPE },
	{ "\"threshold\":[1]", FAULT_TYPE },
	{ "\"threshold\":{}", FAULT_TYPE },
	{ "\"threshold\":01", FAULT_SYNTAX },
	{ "\"threshold\":4294967296", FAULT_RANGE },
	{ "\"threshold\":4294967297", FAULT_RANGE },
	{ "\"threshold\":18446744073709551617", FAULT_RANGE },
	{ "\"threshold\":115792089237316195423570985008687907853269984665640564039457584007913129639937", FAULT_RANGE },
	{ "\"Threshold\":1", FAULT_MISSING },
};

static void with_threshold(const char *name, const struct world_holder *of, const char *with,
			   const struct world_holder *by)
{
	char find[128], replacement[256];
	snprintf(find, sizeof find, "%s\"],\"threshold\":1", keyid_of(of, 0));
	snprintf(replacement, sizeof replacement, "%s\"],%s", keyid_of(of, 0), with);
	world_edit(world, name, find, replacement, by);
}

/* [META-6] */
static void a_bad_threshold_in_root(void)
{
	refreshed();
	const struct world_holder *roles[] = { &world->root, &world->timestamp, &world->snapshot, &world->targets };
	for (size_t i = 0; i < sizeof bad_thresholds / sizeof bad_thresholds[0]; i++)
		for (size_t role = 0; role < 4; role++) {
			root_2();
			with_threshold("2.root.json", roles[role], bad_thresholds[i].with, &world->root);
			printf("# role %zu, %s\n", role, bad_thresholds[i].with);
			MALFORMED(bad_thresholds[i].fault, "2.root.json");
		}
}

static void publish_targets_again(void)
{
	struct targets targets = world_targets(world);
	world_publish_targets(world, "targets", &targets, &world->targets);
}

/* The delegation's keys, ids and threshold are the second place where all of this must hold (tough CVE-2026-6967). */
static void a_bad_threshold_in_a_delegation(void)
{
	fresh();
	for (size_t i = 0; i < sizeof bad_thresholds / sizeof bad_thresholds[0]; i++) {
		publish_targets_again();
		/* "terminating" stands between: the delegation's members are sorted */
		world_edit(world, "1.targets.json", "\"threshold\":1", bad_thresholds[i].with, &world->targets);
		world_relist(world, "targets", 1);
		world_republish(world);
		printf("# %s\n", bad_thresholds[i].with);
		MALFORMED(bad_thresholds[i].fault, "1.targets.json");
	}
}

/* Legal, and met by nobody: not by 32 bits that wrapped, nor by the keys that there are. */
static void a_huge_threshold_is_never_met(void)
{
	refreshed();
	root_2();
	with_threshold("2.root.json", &world->timestamp, "\"threshold\":4294967295", &world->root);
	REFUSED(VERDICT_SIGNATURE, "timestamp.json");
	CHECK_EQ(world->client.root.version, 2);
}

/* --- one key under several ids: go-tuf GHSA-3633-5h82-39pq and #733 --- */

static const char *key_object(uint32_t key)
{
	static char object[1024];
	struct writer w = writer_over(object, sizeof object - 1);
	struct json_writer j = json_writer_over(&w);
	j.olpc = true;
	memset(object, 0, sizeof object);
	role_write_key(&j, &world->keys[key].key);
	CHECK_EQ(writer_end(&w), FAULT_NONE);
	return object;
}

/* A key's object with one piece of its text replaced: every such object has a canonical id of its own. */
static uint32_t alias_of(uint32_t key, const char *find, const char *with, char object[1024])
{
	const char *plain = key_object(key), *found = strstr(plain, find);
	CHECK(found != NULL);
	snprintf(object, 1024, "%.*s%s%s", (int)(found - plain), plain, with, found + strlen(find));
	return world_key_alias(world, key, object);
}

static const struct {
	const char *find, *with;
} other_spellings[] = {
	{ "\"keytype\":\"ecdsa\"", "\"keytype\":\"ecdsa-sha2-nistp256\"" }, /* both are P-256: TUF 1.0.33 renamed it */
	{ "\"keytype\":", "\"keyid_hash_algorithms\":[\"sha256\"],\"keytype\":" },
	{ "\"scheme\":", "\"x-owner\":\"alice\",\"scheme\":" },
	{ "KEY-----\n\"", "KEY-----\"" }, /* the PEM without its last line end */
};

/* Puts the alias's own object in the place of the one that the world's writer knows. */
static void with_alias(const char *name, uint32_t alias, const char *object, const struct world_holder *by)
{
	char find[1200], with[1200];
	snprintf(find, sizeof find, "\"%s\":%s", world->keys[alias].keyid, key_object(alias));
	snprintf(with, sizeof with, "\"%s\":%s", world->keys[alias].keyid, object);
	world_edit(world, name, find, with, by);
}

/* [META-6] */
static void one_key_under_two_ids_of_a_top_level_role(void)
{
	char object[1024];
	for (size_t i = 0; i < sizeof other_spellings / sizeof other_spellings[0]; i++) {
		refreshed();
		uint32_t both[2] = { world->snapshot.keys[0], 0 };
		both[1] = alias_of(both[0], other_spellings[i].find, other_spellings[i].with, object);
		world->snapshot = world_holder_of(world, 2, 2, both);
		root_2();
		with_alias("2.root.json", both[1], object, &world->root);
		world_republish(world);
		REFUSED(VERDICT_SIGNATURE, "2.snapshot.json");
		CHECK_EQ(world->client.root.snapshot.count, 2);
		CHECK(world->client.root.snapshot.keys[0].usable && world->client.root.snapshot.keys[1].usable);
		/* Its two signatures are good, and one is worth one. */
		world->snapshot.threshold = 1;
		world->root_version = 3;
		world_publish_root(world, NULL);
		with_alias("3.root.json", both[1], object, &world->root);
		CHECK_EQ(world_refresh(world), CLIENT_DONE);
	}
}

static void one_key_under_two_ids_of_root_itself(void)
{
	char object[1024];
	refreshed();
	uint32_t both[2] = { world->root.keys[0], 0 };
	both[1] = alias_of(both[0], other_spellings[0].find, other_spellings[0].with, object);
	world->root = world_holder_of(world, 2, 2, both);
	root_2();
	with_alias("2.root.json", both[1], object, &world->root);
	REFUSED(VERDICT_SIGNATURE, "2.root.json");
}

static void one_key_under_two_ids_of_a_delegation(void)
{
	char object[1024];
	for (size_t i = 0; i < sizeof other_spellings / sizeof other_spellings[0]; i++) {
		fresh();
		uint32_t both[2] = { world->product.keys[0], 0 };
		both[1] = alias_of(both[0], other_spellings[i].find, other_spellings[i].with, object);
		world->product = world_holder_of(world, 2, 2, both);
		world_publish(world);
		with_alias("1.targets.json", both[1], object, &world->targets);
		world_relist(world, "targets", 1);
		world_republish(world);
		CHECK_EQ(world_refresh(world), CLIENT_DONE);
		LOOK_UP_REFUSED(IMAGE, VERDICT_SIGNATURE, "1.p%2Fboard.json");
	}
}

/* Strict key ids: an id is the hash of its key object, or the file is refused [META-7]. */
static void key_ids_of_ones_own_choice(void)
{
	static const char *const ids[] = { "abc", "", "../root",
					   "0000000000000000000000000000000000000000000000000000000000000000" };
	char find[128], with[128];
	for (size_t i = 0; i < 4; i++) {
		refreshed();
		root_2();
		for (int both = 0; both < 2; both++) { /* in "keys" and in the role */
			snprintf(find, sizeof find, "\"%s\"", keyid_of(&world->timestamp, 0));
			snprintf(with, sizeof with, "\"%s\"", ids[i]);
			world_edit(world, "2.root.json", find, with, &world->root);
		}
		CHECK_EQ(world_refresh(world), CLIENT_REFUSED);
		CHECK_EQ(world->client.verdict, VERDICT_MALFORMED);
		CHECK(strcmp(world->client.what, "2.root.json") == 0);
	}
}

/* --- one signature, or one key id, given twice: CVE-2020-6174, CVE-2020-15093, CVE-2026-6966 --- */

static void signature_twice(const char *name)
{
	static char entry[1024], twice[2048];
	struct span file = world_get(&world->remote, name);
	snprintf(text, sizeof text, "%.*s", (int)file.n, (const char *)file.at);
	const char *begin = strchr(text, '[') + 1, *end = strchr(begin, '}') + 1;
	snprintf(entry, sizeof entry, "%.*s", (int)(end - begin), begin);
	snprintf(twice, sizeof twice, "%s,%s", entry, entry);
	world_patch(&world->remote, name, entry, twice);
}

/* Refused although the threshold is met without the second one [META-4]. */
static void one_signature_twice_in_each_role(void)
{
	refreshed();
	root_2();
	signature_twice("2.root.json");
	MALFORMED(FAULT_DUPLICATE, "2.root.json");
	fresh();
	signature_twice("timestamp.json");
	MALFORMED(FAULT_DUPLICATE, "timestamp.json");
	fresh();
	signature_twice("1.snapshot.json");
	world_publish_timestamp(world);
	MALFORMED(FAULT_DUPLICATE, "1.snapshot.json");
	fresh();
	signature_twice("1.targets.json");
	world_relist(world, "targets", 1);
	world_republish(world);
	MALFORMED(FAULT_DUPLICATE, "1.targets.json");
	fresh();
	signature_twice("1.p%2Fboard.json");
	attack_relist_product(1);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	LOOK_UP_MALFORMED(IMAGE, FAULT_DUPLICATE, "1.p%2Fboard.json");
}

/* Two different signatures of one key (ECDSA has as many as one likes) are still of one key. */
static void two_signatures_of_one_key(void)
{
	fresh();
	uint32_t keys[2] = { world->product.keys[0], world_key_new(world) };
	world->product = world_holder_of(world, 2, 2, keys);
	world_publish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world_look_up(world, IMAGE), CLIENT_DONE);
	struct world_holder one = world->product;
	one.keys[1] = one.keys[0];
	struct targets product = world_product(world);
	product.version = 2;
	world_publish_targets(world, "p/board", &product, &one);
	attack_relist_product(2);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	LOOK_UP_MALFORMED(IMAGE, FAULT_DUPLICATE, "2.p%2Fboard.json");
	/* and under the other key's id it is no signature of that key */
	char find[128], with[128];
	snprintf(find, sizeof find, "\"signatures\":[{\"keyid\":\"%s", keyid_of(&world->product, 0));
	snprintf(with, sizeof with, "\"signatures\":[{\"keyid\":\"%s", keyid_of(&world->product, 1));
	world_patch(&world->remote, "2.p%2Fboard.json", find, with);
	attack_relist_product(2);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	LOOK_UP_REFUSED(IMAGE, VERDICT_SIGNATURE, "2.p%2Fboard.json");
}

static void one_key_id_listed_twice(void)
{
	char find[128], with[256];
	refreshed();
	root_2();
	snprintf(find, sizeof find, "[\"%s\"]", keyid_of(&world->snapshot, 0));
	snprintf(with, sizeof with, "[\"%s\",\"%s\"]", keyid_of(&world->snapshot, 0), keyid_of(&world->snapshot, 0));
	world_edit(world, "2.root.json", find, with, &world->root);
	MALFORMED(FAULT_DUPLICATE, "2.root.json");
	fresh();
	snprintf(find, sizeof find, "[\"%s\"]", keyid_of(&world->product, 0));
	snprintf(with, sizeof with, "[\"%s\",\"%s\"]", keyid_of(&world->product, 0), keyid_of(&world->product, 0));
	world_edit(world, "1.targets.json", find, with, &world->targets);
	world_relist(world, "targets", 1);
	world_republish(world);
	MALFORMED(FAULT_DUPLICATE, "1.targets.json");
}

/* --- delegated roles: unsigned (rust-tuf #275), below the threshold, by a neighbour's key --- */

static void delegated_below_its_threshold(void)
{
	fresh();
	uint32_t keys[2] = { world->product.keys[0], world_key_new(world) };
	world->product = world_holder_of(world, 2, 2, keys);
	struct world_holder signers[] = { { 0 },
					  world_holder_of(world, 1, 1, &keys[0]),
					  world_holder_of(world, 1, 1, &keys[1]),
					  world_holder_of(world, 1, 1, &world->targets.keys[0]),
					  world_holder_of(world, 1, 1, &world->snapshot.keys[0]) };
	for (uint64_t i = 0; i < 5; i++) {
		struct targets targets = world_targets(world), product = world_product(world);
		product.version = i + 2;
		world_publish_targets(world, "targets", &targets, &world->targets);
		world_publish_targets(world, "p/board", &product, &signers[i]);
		attack_relist_product(i + 2);
		CHECK_EQ(world_refresh(world), CLIENT_DONE);
		snprintf(text, sizeof text, "%u.p%%2Fboard.json", (unsigned)i + 2);
		LOOK_UP_REFUSED(IMAGE, VERDICT_SIGNATURE, text);
	}
	struct targets product = world_product(world);
	product.version = 9;
	world_publish_targets(world, "p/board", &product, &world->product);
	attack_relist_product(9);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world_look_up(world, IMAGE), CLIENT_DONE);
	CHECK(world->client.found != NULL);
}

/* A threshold is not counted over versions: root 2 must be signed by its own threshold too (python-tuf PR #1101). */
static void a_new_root_below_its_own_threshold(void)
{
	refreshed();
	uint32_t keys[3] = { world->root.keys[0], world_key_new(world), world_key_new(world) };
	struct world_holder before = world->root, claimed = world_holder_of(world, 3, 3, keys);
	for (uint32_t missing = 0; missing < 3; missing++) {
		uint32_t two[2] = { keys[missing == 0], keys[missing == 2 ? 1 : 2] };
		struct world_holder signers = world_holder_of(world, 2, 2, two);
		world->root = claimed;
		world->root_version = 2;
		world_publish_root(world, &before);
		world_edit(world, "2.root.json", "\"version\":2", "\"version\":2", &signers);
		REFUSED(VERDICT_SIGNATURE, "2.root.json");
		CHECK_EQ(world->client.root.version, 1);
	}
	world->root = claimed;
	world_publish_root(world, &before);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
}

/* --- the algorithm is the key's, not the signature's: NCC audit of Notary 2015 --- */

static const struct {
	const char *find, *with;
} other_algorithms[] = {
	{ "\"scheme\":\"ecdsa-sha2-nistp256\"", "\"scheme\":\"ed25519\"" },
	{ "\"scheme\":\"ecdsa-sha2-nistp256\"", "\"scheme\":\"ecdsa-sha2-nistp384\"" },
	{ "\"scheme\":\"ecdsa-sha2-nistp256\"", "\"scheme\":\"ECDSA-SHA2-NISTP256\"" },
	{ "\"scheme\":\"ecdsa-sha2-nistp256\"", "\"scheme\":\"rsassa-pss-sha256\"" },
	{ "\"scheme\":\"ecdsa-sha2-nistp256\"", "\"scheme\":\"none\"" },
	{ "\"scheme\":\"ecdsa-sha2-nistp256\"", "\"scheme\":\"\"" },
	{ "\"keytype\":\"ecdsa\"", "\"keytype\":\"ed25519\"" },
	{ "\"keytype\":\"ecdsa\"", "\"keytype\":\"rsa\"" },
	{ "\"keytype\":\"ecdsa\"", "\"keytype\":\"ecdsa-sha2-nistp384\"" },
	{ "\"keytype\":\"ecdsa\"", "\"keytype\":\"\"" },
	{ "BEGIN PUBLIC KEY", "BEGIN EC PRIVATE KEY" },
	{ "-----BEGIN PUBLIC KEY-----\n", "" },
};

/* The timestamp key under a key object that says another algorithm: its good P-256 signatures count for nothing. */
static void an_algorithm_is_bound_to_its_key(void)
{
	char object[1024];
	for (size_t i = 0; i < sizeof other_algorithms / sizeof other_algorithms[0]; i++) {
		refreshed();
		uint32_t key =
			alias_of(world->timestamp.keys[0], other_algorithms[i].find, other_algorithms[i].with, object);
		world->timestamp = world_holder_of(world, 1, 1, &key);
		root_2();
		with_alias("2.root.json", key, object, &world->root);
		world_publish_timestamp(world);
		printf("# %s\n", other_algorithms[i].with);
		REFUSED(VERDICT_SIGNATURE, "timestamp.json");
		CHECK_EQ(world->client.root.version, 2);
	}
}

/* What the signature says of itself is not read: no "method", no "scheme", no empty signature [META-5]. */
static void a_signature_names_no_algorithm(void)
{
	static const char *const claims[] = {
		"\"method\":\"none\",\"sig\":\"\"", "\"scheme\":\"none\",\"sig\":\"00\"",
		"\"sig\":\"3006020100020100\"", /* r = s = 0 */
		"\"sig\":\"3006020101020101\"",     "\"sig\":\"MEUCIQ==\"",
	};
	char find[512];
	for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
		refreshed();
		world->timestamp_version = 2;
		world_publish_timestamp(world);
		struct span file = world_get(&world->remote, "timestamp.json");
		snprintf(text, sizeof text, "%.*s", (int)file.n, (const char *)file.at);
		const char *sig = strstr(text, "\"sig\":");
		snprintf(find, sizeof find, "%.*s", (int)(strchr(sig, '}') - sig), sig);
		world_patch(&world->remote, "timestamp.json", find, claims[i]);
		REFUSED(VERDICT_SIGNATURE, "timestamp.json");
	}
}

/* --- many fake signatures: python-tuf CVE-2020-6173 --- */

/* `count` signatures before those that are there: by unknown keys, or all by the role's own key. */
static void add_signatures(const char *name, uint32_t count, const char *keyid)
{
	struct writer w = writer_over(text, sizeof text - 1);
	writer_text(&w, "\"signatures\":[");
	for (uint32_t i = 0; i < count; i++) {
		char entry[256];
		snprintf(entry, sizeof entry, "{\"keyid\":\"%064x\",\"sig\":\"3006020101020101\"},", i);
		if (keyid != NULL)
			snprintf(entry, sizeof entry, "{\"keyid\":\"%s\",\"sig\":\"30060201010201%02x\"},", keyid,
				 1 + i % 0x7f);
		writer_text(&w, entry);
	}
	CHECK_EQ(writer_end(&w), FAULT_NONE);
	text[w.used] = '\0';
	world_patch(&world->remote, name, "\"signatures\":[", text);
}

/* [META-4]: 10,000 cost not one verification; 64 cost one for each key that the role has. */
static void ten_thousand_signatures(void)
{
	for (int by_own_key = 0; by_own_key < 2; by_own_key++) {
		refreshed();
		const char *keyid = by_own_key != 0 ? keyid_of(&world->product, 0) : NULL;
		add_signatures("1.p%2Fboard.json", 10000, keyid);
		attack_relist_product(1);
		CHECK_EQ(world_refresh(world), CLIENT_DONE);
		world_work = (struct world_work){ 0 };
		LOOK_UP_MALFORMED(IMAGE, FAULT_TOO_LARGE, "1.p%2Fboard.json");
		CHECK_EQ(world_work.verified, 0);
	}
	/* A timestamp of so many is over its ceiling before it is parsed. */
	refreshed();
	add_signatures("timestamp.json", 10000, NULL);
	REFUSED(VERDICT_LENGTH, "timestamp.json");
	CHECK_EQ(world->asked_most, TIMESTAMP_BYTES_MAX);
}

static void sixty_four_signatures_cost_one(void)
{
	refreshed();
	add_signatures("1.p%2Fboard.json", 63, NULL);
	attack_relist_product(1);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	world_work = (struct world_work){ 0 };
	CHECK_EQ(world_look_up(world, IMAGE), CLIENT_DONE);
	CHECK(world->client.found != NULL);
	CHECK_EQ(world_work.verified, 1);
	refreshed();
	add_signatures("1.p%2Fboard.json", 64, NULL);
	attack_relist_product(1);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	LOOK_UP_MALFORMED(IMAGE, FAULT_TOO_LARGE, "1.p%2Fboard.json");
}

/* A whole cycle with nothing new verifies root, and timestamp, snapshot and targets once for each copy of them. */
static void a_cycle_verifies_no_more_than_it_must(void)
{
	refreshed();
	world_work = (struct world_work){ 0 };
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK_EQ(world_work.verified, 1 + 2 + 1 + 1);
}

/* --- a delegation is trusted for its own paths alone: sigstore #562 --- */

static void delegated_keys_are_for_their_paths(void)
{
	static const char *const others[] = { "plans/board/one.json", "p/other/1.0/image", "p/board/1.0/x/image",
					      "trust/revocations.json", "p/board/image" };
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		fresh();
		struct target target = { .path = span_of_text(others[i]), .length = 1 };
		struct targets product = world_product(world);
		product.entries = &target;
		world_publish_targets(world, "p/board", &product, &world->product);
		attack_relist_product(1);
		CHECK_EQ(world_refresh(world), CLIENT_DONE);
		CHECK_EQ(world_look_up(world, others[i]), CLIENT_DONE);
		CHECK(world->client.found == NULL);
		CHECK(world->log[0] == '\0'); /* the role is not even asked for */
	}
}

/* The keys of a delegation sign its role and no other, nor do those of a top-level role: each file by each key. */
static void every_role_refuses_every_other_roles_key(void)
{
	static const char *const files[] = { "timestamp.json", "2.snapshot.json", "2.targets.json" };
	for (size_t file = 0; file < 3; file++)
		for (size_t key = 0; key < 5; key++) {
			refreshed();
			const struct world_holder *holders[] = { &world->timestamp, &world->snapshot, &world->targets,
								 &world->product, &world->root };
			struct world_holder thief = *holders[key],
					    *robbed[] = { &world->timestamp, &world->snapshot, &world->targets };
			if (key == file)
				continue;
			*robbed[file] = thief; /* root is not published again: the device knows the right keys */
			world->targets_version = 2;
			struct targets targets = world_targets(world);
			world_publish_targets(world, "targets", &targets, &world->targets);
			world_republish(world);
			REFUSED(VERDICT_SIGNATURE, files[file]);
		}
}

static const struct check_case cases[] = {
	CASE(a_bad_threshold_in_root),
	CASE(a_bad_threshold_in_a_delegation),
	CASE(a_huge_threshold_is_never_met),
	CASE(one_key_under_two_ids_of_a_top_level_role),
	CASE(one_key_under_two_ids_of_root_itself),
	CASE(one_key_under_two_ids_of_a_delegation),
	CASE(key_ids_of_ones_own_choice),
	CASE(one_signature_twice_in_each_role),
	CASE(two_signatures_of_one_key),
	CASE(one_key_id_listed_twice),
	CASE(delegated_below_its_threshold),
	CASE(a_new_root_below_its_own_threshold),
	CASE(an_algorithm_is_bound_to_its_key),
	CASE(a_signature_names_no_algorithm),
	CASE(ten_thousand_signatures),
	CASE(sixty_four_signatures_cost_one),
	CASE(a_cycle_verifies_no_more_than_it_must),
	CASE(delegated_keys_are_for_their_paths),
	CASE(every_role_refuses_every_other_roles_key),
};

CHECK_MAIN(cases)
