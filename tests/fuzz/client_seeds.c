/*
 * client_seeds FOLDER: writes the seeds of the target `client`: runs of the real client against the world of the unit
 * tests (tests/unit/trust/world.h), with real signatures, each request's answer in its order. The keys are new in each
 * run of this program, so the corpus is made once and stored.
 */
#include "crypto_openssl.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED_BYTES_MAX (1u << 20)

static struct world *world;
static uint8_t seed_bytes[SEED_BYTES_MAX];
static struct writer seed;
static char seen[4096]; /* names that were loaded, each in bars */

static void must(bool ok)
{
	if (ok)
		return;
	fprintf(stderr, "client_seeds: a call failed that must not\n");
	exit(1);
}

static void part(const char *head, struct span bytes)
{
	writer_u8(&seed, 0);
	writer_text(&seed, head);
	writer_bytes(&seed, bytes);
}

static enum client_answer serve(struct span file, const struct client_request *request)
{
	if (file.at == NULL)
		return CLIENT_ABSENT;
	if (file.n > request->capacity)
		return CLIENT_TOO_BIG;
	memcpy(request->buffer, file.at, file.n);
	return CLIENT_GOT;
}

static void load(const struct client_request *request)
{
	char barred[CLIENT_NAME_MAX + 3];
	struct span file = world_get(&world->store, request->name);
	snprintf(barred, sizeof barred, "|%s|", request->name);
	if (strstr(seen, barred) == NULL && file.at != NULL)
		part("=", file);
	snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s", barred);
	client_loaded(&world->client, serve(file, request), file.n);
}

static void fetch(const struct client_request *request)
{
	struct span file = world_get(&world->remote, request->name);
	bool broken = world->broken != NULL && strcmp(world->broken, request->name) == 0;
	part(broken ? "!" : file.at == NULL ? "-" : "", broken ? SPAN_NONE : file);
	client_fetched(&world->client, broken ? CLIENT_ERROR : serve(file, request), file.n);
}

static enum client_action run(void)
{
	struct client_request request;
	for (;;) {
		enum client_action action = client_step(&world->client, &request);
		if (action == CLIENT_LOAD) {
			load(&request);
		} else if (action == CLIENT_FETCH) {
			fetch(&request);
		} else if (action == CLIENT_SAVE) {
			world_put(&world->store, request.name, request.bytes);
			client_saved(&world->client, true);
		} else {
			return action;
		}
	}
}

/* As client.c does it: a refresh, then two look-ups. */
static void cycle(const char *path)
{
	struct client_config config = { .crypto = &crypto_openssl, .ws = &world->ws, .now_unix = world->now_unix };
	world->ws = workspace_over(world->memory, WORLD_MEMORY);
	client_begin(&world->client, &config);
	if (run() != CLIENT_DONE)
		return;
	client_look_up(&world->client, span_of_text(path));
	(void)run();
	client_look_up(&world->client, SPAN_LIT("p/board/1.0/image"));
	(void)run();
}

static void begin(const char *options)
{
	seed = writer_over(seed_bytes, sizeof seed_bytes);
	seen[0] = '\0';
	writer_text(&seed, options);
}

static void end(const char *folder, const char *name)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	must(writer_end(&seed) == FAULT_NONE);
	FILE *f = fopen(path, "wb");
	must(f != NULL && fwrite(seed_bytes, 1, writer_span(&seed).n, f) == writer_span(&seed).n && fclose(f) == 0);
}

static void fresh(const char *options)
{
	world_free(world);
	world = world_new();
	begin(options);
}

static void publish_next(void)
{
	world->timestamp_version++;
	world->snapshot_version++;
	world->product_version++;
	world_publish(world);
}

/* The same without lengths and digests, so that a changed file still is the one that its parent names. */
static void loosen(void)
{
	uint8_t body[1024];
	for (uint32_t i = 0; i < world->entry_count; i++)
		world->entries[i].has_digest = world->entries[i].has_length = false;
	world_publish_snapshot(world);
	struct timestamp timestamp = { .version = world->timestamp_version, .expires_unix = world->expires_unix };
	timestamp.issued_unix = world->issued_unix;
	timestamp.snapshot_version = world->snapshot_version;
	struct writer w = writer_over(body, sizeof body);
	timestamp_encode(&w, &timestamp);
	world_put(&world->remote, "timestamp.json", world_sign(world, writer_span(&w), &world->timestamp));
}

static void rotate_root(uint32_t count)
{
	uint32_t keys[8];
	struct world_holder before = world->root;
	for (uint32_t i = 0; i < count; i++)
		keys[i] = world_key_new(world);
	world->root = world_holder_of(world, count > 1 ? count - 1 : 1, count, keys);
	world->root_version++;
	world_publish_root(world, &before);
}

static void rotate_timestamp(void)
{
	uint32_t key = world_key_new(world);
	world->timestamp = world_holder_of(world, 1, 1, &key);
	world->root_version++;
	world_publish_root(world, NULL);
	world->timestamp_version = 1;
	world_publish(world);
}

/* p/board delegates to itself, to a/b (not terminating) and to c; a/b to c. */
static void delegate(void)
{
	static const struct span all[] = { SPAN_INIT("p/*/*/*"), SPAN_INIT("p/board/2.?/*") };
	static const char *const names[] = { "p/board", "a/b", "c" };
	struct delegation children[3] = { 0 };
	struct targets product = world_product(world), inner = { .version = 1, .expires_unix = world->expires_unix };
	for (int i = 0; i < 3; i++) {
		children[i].name = span_of_text(names[i]);
		children[i].paths = all;
		children[i].path_count = 2;
		children[i].terminating = i == 2;
		children[i].role = world_role(world, &world->product);
	}
	product.delegation_count = 3;
	product.delegations = children;
	inner.delegation_count = 1;
	inner.delegations = &children[2];
	world_publish_targets(world, "p/board", &product, &world->product);
	world_publish_targets(world, "a/b", &inner, &world->product);
	struct target target = { .path = SPAN_LIT("p/board/2.0/image"), .length = 5 };
	struct targets last = { .version = 1, .expires_unix = world->expires_unix, .count = 1, .entries = &target };
	world_publish_targets(world, "c", &last, &world->product);
	world_publish_snapshot(world);
	world_publish_timestamp(world);
}

static void plain(const char *folder)
{
	fresh("00000p/board/1.0/image");
	cycle("p/board/1.0/image");
	end(folder, "first-refresh");
	fresh("00000p/board/9.0/image");
	cycle("p/board/9.0/image");
	cycle("p/board/9.0/image");
	publish_next();
	cycle("p/board/9.0/image");
	end(folder, "three-refreshes");
	begin("00000p/board/1.0/image");
	publish_next();
	cycle("p/board/1.0/image");
	end(folder, "update-of-a-stored-state");
	fresh("00002p/board/1.0/image");
	cycle("p/board/1.0/image");
	end(folder, "revoked-snapshot-key");
}

static void rotations(const char *folder)
{
	fresh("00000p/board/1.0/image");
	rotate_root(1);
	rotate_root(3);
	cycle("p/board/1.0/image");
	end(folder, "root-walk");
	fresh("00000p/board/1.0/image");
	world->timestamp_version = 70;
	world_publish(world);
	cycle("p/board/1.0/image");
	rotate_timestamp();
	cycle("p/board/1.0/image");
	end(folder, "fast-forward-healed");
	fresh("00000p/board/1.0/image");
	publish_next();
	cycle("p/board/1.0/image");
	world->snapshot_version = 1;
	world->timestamp_version = 3;
	world_publish_snapshot(world);
	world_publish_timestamp(world);
	cycle("p/board/1.0/image");
	end(folder, "rollback-refused");
}

/* Any signature is good here (provider 1), so these change freely. */
static void loose(const char *folder)
{
	fresh("10000p/board/1.0/image");
	loosen();
	cycle("p/board/1.0/image");
	publish_next();
	loosen();
	cycle("p/board/1.0/image");
	end(folder, "loose-two-refreshes");
	fresh("10000p/board/2.0/image");
	rotate_root(3);
	delegate();
	loosen();
	cycle("p/board/2.0/image");
	end(folder, "loose-delegations");
	fresh("20000p/board/2.0/image");
	rotate_root(3);
	delegate();
	loosen();
	cycle("p/board/2.0/image");
	end(folder, "some-signatures-delegations");
	fresh("11001p/board/2.0/image");
	rotate_root(2);
	rotate_timestamp();
	loosen();
	cycle("p/board/2.0/image");
	end(folder, "loose-rotation");
}

static void refusals(const char *folder)
{
	fresh("00100p/board/1.0/image");
	cycle("p/board/1.0/image");
	end(folder, "expired");
	fresh("00010p/board/1.0/image");
	cycle("p/board/1.0/image");
	end(folder, "save-fails");
	fresh("03000p/board/1.0/image");
	cycle("p/board/1.0/image");
	end(folder, "small-workspace");
	fresh("00000p/board/1.0/image");
	world->broken = "1.snapshot.json";
	cycle("p/board/1.0/image");
	world->broken = NULL;
	cycle("p/board/1.0/image");
	end(folder, "cut-and-resumed");
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 1;
	}
	plain(argv[1]);
	rotations(argv[1]);
	loose(argv[1]);
	refusals(argv[1]);
	world_free(world);
	return 0;
}
