/*
 * bench-core: what the trust core takes for a device's work, its repository and store in memory: CPU microseconds (the
 * best run) and bytes of the lent workspace that were touched. The floor is what the same signatures and hashed bytes
 * cost OpenSSL alone, measured in the same run. JSON.
 */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "meter.h"
#include "release.h"
#include "world.h"

#define ROOTS 100
#define RELEASES 1000
#define FLOOR_ROUNDS 20
#define UNTOUCHED 0xa5

struct floor {
	double verify_us, sha256_us_mib;
};

struct step {
	const char *name;
	void (*prepare)(struct world *w); /* before each run, not measured */
	enum client_action (*run)(struct world *w);
	int runs;
};

static void must(bool ok, const char *what)
{
	if (!ok)
		meter_die("%s failed", what);
}

/* The best run counts, of the floor too: what else a machine does only ever adds. */
static double least(double a, double b)
{
	return a < b ? a : b;
}

/* --- the floor --- */

static double verify_us(void)
{
	uint8_t digest[32] = { 1 }, signature[80];
	size_t n = sizeof signature;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	EVP_PKEY_CTX *sign = EVP_PKEY_CTX_new(key, NULL), *verify = EVP_PKEY_CTX_new(key, NULL);
	must(EVP_PKEY_sign_init(sign) == 1 && EVP_PKEY_sign(sign, signature, &n, digest, sizeof digest) == 1, "sign");
	must(EVP_PKEY_verify_init(verify) == 1, "verify");
	double us = 1e9;
	for (int round = 0; round < FLOOR_ROUNDS; round++) {
		struct meter begin = meter_now();
		for (int i = 0; i < 100; i++)
			must(EVP_PKEY_verify(verify, signature, n, digest, sizeof digest) == 1, "verify");
		us = least(us, meter_since(begin).cpu_s * 1e6 / 100);
	}
	EVP_PKEY_CTX_free(sign);
	EVP_PKEY_CTX_free(verify);
	EVP_PKEY_free(key);
	return us;
}

static double sha256_us_mib(void)
{
	static uint8_t block[1 << 20];
	uint8_t digest[EVP_MAX_MD_SIZE];
	double us = 1e9;
	for (int round = 0; round < FLOOR_ROUNDS; round++) {
		struct meter begin = meter_now();
		must(EVP_Digest(block, sizeof block, digest, NULL, EVP_sha256(), NULL) == 1, "SHA-256");
		us = least(us, meter_since(begin).cpu_s * 1e6);
	}
	return us;
}

/* --- the repository: 3 of 5 for root, 2 of 3 for targets, as a site has it --- */

static struct world_holder keys_of(struct world *w, uint32_t threshold, uint32_t count)
{
	uint32_t keys[8];
	for (uint32_t i = 0; i < count; i++)
		keys[i] = world_key_new(w);
	return world_holder_of(w, threshold, count, keys);
}

static struct json_node *custom_of(struct workspace *ws, uint32_t i)
{
	uint8_t text[RELEASE_CUSTOM_MAX];
	struct writer w = writer_over(text, sizeof text);
	struct json_node *node = NULL;
	char version[32];
	snprintf(version, sizeof version, "1.%u", i);
	struct release release = { .product = SPAN_LIT("board"),
				   .version = span_of_text(version),
				   .build_id = SPAN_LIT("ci-4711"),
				   .counter = COUNTER_OF(1, i + 1),
				   .compatible_count = 1,
				   .manifest = { { { 1 } }, 300 },
				   .table = { { { 2 } }, 4096 },
				   .payload = { { { 3 } }, 1 << 20 },
				   .proof = PROOF_SIGNED,
				   .log = LOG_REQUIRED };
	release_encode_custom(&w, &release);
	struct span custom = writer_span(&w);
	uint8_t *kept = workspace_take(ws, custom.n);
	must(kept != NULL && custom.n > 0, "a release's description");
	memcpy(kept, custom.at, custom.n);
	must(json_parse((struct span){ kept, custom.n }, ws, &node) == FAULT_NONE, "a release's description");
	return node;
}

static struct target *releases(uint32_t count)
{
	size_t room = (size_t)count * 8192;
	struct workspace ws = workspace_over(malloc(room), room);
	struct target *list = calloc(count, sizeof *list);
	must(list != NULL && ws.base != NULL, "memory");
	for (uint32_t i = 0; i < count; i++) {
		char *path = workspace_take(&ws, 64);
		must(path != NULL, "memory");
		snprintf(path, 64, "p/board/1.%06u/image", i); /* of one width: ascending */
		list[i] = (struct target){ .path = span_of_text(path), .length = 1 << 20, .custom = custom_of(&ws, i) };
	}
	return list;
}

static void publish(struct world *w, uint32_t count)
{
	static struct target *list;
	struct targets targets = world_targets(w), product = world_product(w);
	if (list == NULL)
		list = releases(RELEASES);
	product.entries = list;
	product.count = count;
	world_publish_targets(w, "targets", &targets, &w->targets);
	world_publish_targets(w, "p/board", &product, &w->product);
	world_publish_snapshot(w);
	world_publish_timestamp(w);
}

static struct world *site(uint32_t release_count)
{
	struct world *w = world_new();
	w->root = keys_of(w, 3, 5);
	w->targets = keys_of(w, 2, 3);
	world_publish_root(w, NULL);
	publish(w, release_count);
	world_put(&w->store, "root.json", world_get(&w->remote, "1.root.json"));
	return w;
}

/* --- the steps --- */

static void nothing(struct world *w)
{
	(void)w;
}

static void back_to_the_first_root(struct world *w)
{
	world_put(&w->store, "root.json", world_get(&w->remote, "1.root.json"));
}

static void without_the_product(struct world *w)
{
	world_drop(&w->store, "p%2Fboard.json");
}

static enum client_action look_up(struct world *w)
{
	enum client_action action = world_look_up(w, "p/board/1.000500/image");
	must(w->client.found != NULL, "the look-up");
	return action;
}

static size_t touched(const struct world *w)
{
	size_t n = w->memory_bytes;
	while (n > 0 && w->memory[n - 1] == UNTOUCHED)
		n--;
	return n;
}

/* A look-up runs on top of a refresh, whose time is not its own. */
static double run_once(struct world *w, const struct step *step)
{
	step->prepare(w);
	if (step->run == look_up)
		must(world_refresh(w) == CLIENT_DONE, "the refresh");
	world_work = (struct world_work){ 0 };
	struct meter begin = meter_now();
	must(step->run(w) == CLIENT_DONE, step->name);
	return meter_since(begin).cpu_s * 1e6;
}

static void measure(struct world *w, const struct step *step, const struct floor *floor, const char *comma)
{
	double best = run_once(w, step);
	for (int i = 1; i < step->runs; i++)
		best = least(best, run_once(w, step));
	/* Once more for the peak, which is that of refresh and look-up together. */
	memset(w->memory, UNTOUCHED, w->memory_bytes);
	(void)run_once(w, step);
	double floor_us = (double)world_work.verified * floor->verify_us +
			  (double)world_work.hashed / (1 << 20) * floor->sha256_us_mib;
	printf("%s{\"name\":\"%s\",\"us\":%.1f,\"floor_us\":%.1f,\"floor_ratio\":%.2f,\"verified\":%llu,\"hashed\":%"
	       "llu,"
	       "\"peak_bytes\":%zu}",
	       comma, step->name, best, floor_us, best / floor_us, (unsigned long long)world_work.verified,
	       (unsigned long long)world_work.hashed, touched(w));
}

int main(void)
{
	static const struct step poll = { "a poll with nothing new", nothing, world_refresh, 200 };
	static const struct step walk = { "a walk over 100 roots", back_to_the_first_root, world_refresh, 10 };
	static const struct step new_role = { "1,000 releases, fetched", without_the_product, look_up, 20 };
	static const struct step old_role = { "1,000 releases, stored", nothing, look_up, 20 };
	struct floor floor = { verify_us(), sha256_us_mib() };
	printf("{\"verify_us\":%.2f,\"sha256_us_mib\":%.1f,\"steps\":[", floor.verify_us, floor.sha256_us_mib);
	struct world *w = site(1);
	must(world_refresh(w) == CLIENT_DONE, "the first refresh");
	measure(w, &poll, &floor, "");
	for (int i = 0; i < ROOTS; i++) {
		w->root_version++;
		world_publish_root(w, NULL);
	}
	measure(w, &walk, &floor, ",");
	world_free(w);
	w = site(RELEASES);
	must(world_refresh(w) == CLIENT_DONE, "the first refresh");
	measure(w, &new_role, &floor, ",");
	measure(w, &old_role, &floor, ",");
	puts("]}");
	world_free(w);
	return 0;
}
