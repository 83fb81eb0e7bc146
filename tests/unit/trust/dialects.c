/* What other repositories of TUF 1.0.34 write and ours does not: the client reads it. */
#include "check.h"
#include "world.h"

#include "crypto_openssl.h"
#include "download.h"

#define IMAGE "p/board/1.0/image"

static struct world *world;

static void fresh(void)
{
	world_free(world);
	world = world_new();
}

/* --- consistent_snapshot false --- */

static void rename_remote(const char *from, const char *to)
{
	world_put(&world->remote, to, world_get(&world->remote, from));
	world_drop(&world->remote, from);
}

static void plain_names(void)
{
	char url[256];
	fresh();
	world_edit(world, "1.root.json", "\"consistent_snapshot\":true", "\"consistent_snapshot\":false", &world->root);
	world_put(&world->store, "root.json", world_get(&world->remote, "1.root.json"));
	rename_remote("1.snapshot.json", "snapshot.json");
	rename_remote("1.targets.json", "targets.json");
	rename_remote("1.p%2Fboard.json", "p%2Fboard.json");
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	CHECK(world_asked(world, "FETCH 2.root.json") && world_asked(world, "FETCH snapshot.json"));
	CHECK_EQ(world_look_up(world, IMAGE), CLIENT_DONE);
	CHECK(world->client.found != NULL);
	CHECK_EQ(client_target_url(&world->client, world->client.found, url, sizeof url), FAULT_NONE);
	CHECK(strcmp(url, IMAGE) == 0);
}

/* --- where a target is --- */

static void target_urls(void)
{
	static const struct {
		const char *path, *url; /* NULL: refused */
	} table[] = {
		{ "a", "00.a" },
		{ "a/b c", "a/00.b%20c" },
		{ "a b/c", "a%20b/00.c" },
		{ "\xc3\xa9?#%2e", "00.%C3%A9%3F%23%252e" },
		{ "/a", "/00.a" },
		{ ".a/..b", ".a/00...b" },
		{ "..", NULL },
		{ ".", NULL },
		{ "../a", NULL },
		{ "a/../b", NULL },
		{ "a/.", NULL },
	};
	fresh();
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct target target = { .path = span_of_text(table[i].path) };
		char url[256], want[256], *zeros;
		enum fault fault = client_target_url(&world->client, &target, url, sizeof url);
		CHECK_EQ(fault, table[i].url == NULL ? FAULT_SYNTAX : FAULT_NONE);
		if (table[i].url == NULL)
			continue;
		zeros = strstr(url, "00000000");
		CHECK(zeros != NULL);
		snprintf(want, sizeof want, "%.*s00%s", (int)(zeros - url), url, zeros + 64);
		CHECK(strcmp(want, table[i].url) == 0);
		CHECK_EQ(client_target_url(&world->client, &target, url, 64), FAULT_NO_SPACE);
	}
	struct target target = { .path = SPAN_LIT("a"), .hashes = METADATA_SHA512 };
	char url[256];
	CHECK_EQ(client_target_url(&world->client, &target, url, sizeof url), FAULT_NONE);
	CHECK_EQ(strlen(url), 130);
}

/* --- SHA-512 --- */

static struct digest512 sha512_of(struct span bytes)
{
	struct sha512 hash;
	struct digest512 out;
	crypto_openssl.sha512_init(&hash);
	crypto_openssl.sha512_update(&hash, bytes);
	crypto_openssl.sha512_final(&hash, &out);
	return out;
}

static void list_by_sha512(enum metadata_hashes hashes, uint8_t spoil_short, uint8_t spoil_long)
{
	fresh();
	struct span file = world_get(&world->remote, "1.targets.json");
	for (uint32_t i = 0; i < world->entry_count; i++) {
		struct snapshot_entry *entry = &world->entries[i];
		if (!span_is(entry->name, "targets.json"))
			continue;
		entry->hashes = hashes;
		entry->digest512 = sha512_of(file);
		entry->digest512.bytes[5] ^= spoil_long;
		entry->digest.bytes[5] ^= spoil_short;
	}
	world_republish(world);
}

static void every_known_hash_of_metadata(void)
{
	list_by_sha512(METADATA_SHA512, 0, 0);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	list_by_sha512(METADATA_SHA256_AND_512, 0, 0);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	list_by_sha512(METADATA_SHA512, 0, 1);
	CHECK_EQ(world_refresh(world), CLIENT_REFUSED);
	CHECK_EQ(world->client.verdict, VERDICT_DIGEST);
	list_by_sha512(METADATA_SHA256_AND_512, 1, 0);
	CHECK_EQ(world_refresh(world), CLIENT_REFUSED);
	list_by_sha512(METADATA_SHA256_AND_512, 0, 1);
	CHECK_EQ(world_refresh(world), CLIENT_REFUSED);
}

/* --- hash prefixes --- */

static enum client_action look_up_by_prefix(const char *prefix)
{
	static struct span prefixes[2];
	static struct delegation delegation;
	fresh();
	struct targets targets = world_targets(world);
	delegation = targets.delegations[0];
	delegation.path_count = 0;
	delegation.hash_prefix_count = 2;
	delegation.hash_prefixes = prefixes;
	prefixes[0] = SPAN_LIT("zz");
	prefixes[1] = span_of_text(prefix);
	targets.delegations = &delegation;
	targets.version = ++world->targets_version;
	world_publish_targets(world, "targets", &targets, &world->targets);
	world_republish(world);
	CHECK_EQ(world_refresh(world), CLIENT_DONE);
	return world_look_up(world, IMAGE);
}

static void hash_prefixes(void)
{
	struct digest digest = sha256_of(&crypto_openssl, SPAN_LIT(IMAGE));
	char prefix[5];
	snprintf(prefix, sizeof prefix, "%02x%02x", digest.bytes[0], digest.bytes[1]);
	CHECK_EQ(look_up_by_prefix(prefix), CLIENT_DONE);
	CHECK(world->client.found != NULL && span_is(world->client.found_by->name, "p/board"));
	prefix[3] ^= 1;
	CHECK_EQ(look_up_by_prefix(prefix), CLIENT_DONE);
	CHECK(world->client.found == NULL);
	CHECK(!world_asked(world, "FETCH 1.p%2Fboard.json"));
}

/* --- a target file as it arrives --- */

static enum verdict arrive(const struct crypto *crypto, const struct target *target, const char *bytes, size_t each)
{
	struct download download;
	struct span all = span_of_text(bytes);
	enum verdict verdict = download_begin(&download, crypto, target);
	for (size_t at = 0; verdict == VERDICT_OK && at < all.n; at += each)
		verdict = download_take(&download, span_sub(all, at, each));
	return verdict == VERDICT_OK ? download_end(&download) : verdict;
}

static void downloads(void)
{
	struct crypto small = { crypto_openssl.sha256_init, crypto_openssl.sha256_update, crypto_openssl.sha256_final,
				crypto_openssl.p256_verify };
	struct target target = { .path = SPAN_LIT("a"), .length = 5, .hashes = METADATA_SHA256_AND_512 };
	target.sha256 = sha256_of(&crypto_openssl, SPAN_LIT("image"));
	target.sha512 = sha512_of(SPAN_LIT("image"));
	for (size_t each = 1; each <= 6; each++) {
		CHECK_EQ(arrive(&crypto_openssl, &target, "image", each), VERDICT_OK);
		CHECK_EQ(arrive(&crypto_openssl, &target, "imagE", each), VERDICT_DIGEST);
		CHECK_EQ(arrive(&crypto_openssl, &target, "imag", each), VERDICT_LENGTH);
		CHECK_EQ(arrive(&crypto_openssl, &target, "images", each), VERDICT_LENGTH);
	}
	target.sha512.bytes[0] ^= 1;
	CHECK_EQ(arrive(&crypto_openssl, &target, "image", 5), VERDICT_DIGEST);
	CHECK_EQ(arrive(&small, &target, "image", 5), VERDICT_OK);
	target.hashes = METADATA_SHA512;
	CHECK_EQ(arrive(&small, &target, "image", 5), VERDICT_DIGEST);
	target.sha512.bytes[0] ^= 1;
	target.sha256.bytes[0] ^= 1;
	CHECK_EQ(arrive(&crypto_openssl, &target, "image", 5), VERDICT_OK);
	target.hashes = METADATA_SHA256_AND_512;
	CHECK_EQ(arrive(&crypto_openssl, &target, "image", 5), VERDICT_DIGEST);
}

/* A hash that the metadata does not state is not asked for, and what is too long is not even hashed. */
static void downloads_by_sha256_alone(void)
{
	struct download download;
	struct target target = { .path = SPAN_LIT("a"), .length = 5, .hashes = METADATA_SHA256 };
	target.sha256 = sha256_of(&crypto_openssl, SPAN_LIT("image"));
	CHECK_EQ(arrive(&crypto_openssl, &target, "image", 5), VERDICT_OK);
	CHECK_EQ(download_begin(&download, &crypto_openssl, &target), VERDICT_OK);
	CHECK_EQ(download_take(&download, SPAN_LIT("imag")), VERDICT_OK);
	CHECK_EQ(download_take(&download, SPAN_LIT("es")), VERDICT_LENGTH);
	CHECK_EQ(download_take(&download, SPAN_LIT("e")), VERDICT_OK);
	CHECK_EQ(download_end(&download), VERDICT_OK);
}

static const struct check_case cases[] = {
	CASE(plain_names),   CASE(target_urls), CASE(every_known_hash_of_metadata),
	CASE(hash_prefixes), CASE(downloads),   CASE(downloads_by_sha256_alone),
};

CHECK_MAIN(cases)
