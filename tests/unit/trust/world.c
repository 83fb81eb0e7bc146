#include "world.h"

#include "crypto_openssl.h"
#include "der.h"
#include "hex.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORLD_BODY_MAX (1u << 20)
#define WORLD_SPKI_HEAD (DER_SPKI_BYTES - 64)

static void world_must(bool ok)
{
	if (ok)
		return;
	fprintf(stderr, "world: a call failed that must not\n");
	abort();
}

static void *world_need(void *p)
{
	world_must(p != NULL);
	return p;
}

/* --- crypto that counts --- */

struct world_work world_work;

static void world_sha256_update(struct sha256 *h, struct span data)
{
	world_work.hashed += data.n;
	crypto_openssl.sha256_update(h, data);
}

static bool world_p256_verify(const uint8_t xy[64], const struct digest *digest, const uint8_t signature[64])
{
	world_work.verified++;
	return crypto_openssl.p256_verify(xy, digest, signature);
}

static bool world_ed25519_verify(const uint8_t key[32], struct span message, const uint8_t signature[64])
{
	world_work.verified++;
	return crypto_openssl.ed25519_verify(key, message, signature);
}

static bool world_rsa_pss_verify(struct span spki, const struct digest *digest, struct span signature)
{
	world_work.verified++;
	return crypto_openssl.rsa_pss_verify(spki, digest, signature);
}

const struct crypto *world_crypto(void)
{
	static struct crypto counting;
	counting = crypto_openssl;
	counting.sha256_update = world_sha256_update;
	counting.p256_verify = world_p256_verify;
	counting.ed25519_verify = world_ed25519_verify;
	counting.rsa_pss_verify = world_rsa_pss_verify;
	return &counting;
}

/* --- keys --- */

uint32_t world_key_new(struct world *w)
{
	world_must(w->key_count < WORLD_KEYS_MAX);
	struct world_key *key = &w->keys[w->key_count];
	uint8_t octets[65];
	size_t n = 0;
	key->private = world_need(EVP_EC_gen("P-256"));
	world_must(EVP_PKEY_get_octet_string_param(key->private, "pub", octets, sizeof octets, &n) == 1 && n == 65);
	memcpy(key->key.xy, octets + 1, 64);
	role_key_init(&crypto_openssl, &key->key, key->keyid, &key->role);
	return w->key_count++;
}

struct world_holder world_holder_of(struct world *w, uint32_t threshold, uint32_t count, const uint32_t *keys)
{
	struct world_holder holder = { .threshold = threshold, .count = count };
	for (uint32_t i = 0; i < count; i++) {
		holder.keys[i] = keys[i];
		holder.store[i] = w->keys[keys[i]].role;
	}
	return holder;
}

static struct world_holder world_single(struct world *w)
{
	uint32_t key = world_key_new(w);
	return world_holder_of(w, 1, 1, &key);
}

struct role world_role(struct world *w, struct world_holder *holder)
{
	(void)w;
	return (struct role){ .threshold = holder->threshold, .count = holder->count, .keys = holder->store };
}

void world_sign_raw(const struct world_key *key, struct span message, uint8_t raw[64])
{
	uint8_t der[128];
	size_t n = sizeof der;
	EVP_MD_CTX *context = world_need(EVP_MD_CTX_new());
	world_must(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key->private) == 1);
	world_must(EVP_DigestSign(context, der, &n, message.at, message.n) == 1);
	EVP_MD_CTX_free(context);
	world_must(der_signature_decode((struct span){ der, n }, raw) == FAULT_NONE);
}

struct span world_sign(struct world *w, struct span body, const struct world_holder *holder)
{
	struct signed_by by[WORLD_HOLDER_MAX];
	static uint8_t text[2 * WORLD_BODY_MAX];
	for (uint32_t i = 0; i < holder->count; i++) {
		const struct world_key *key = &w->keys[holder->keys[i]];
		by[i].keyid_hex = span_of_text(key->keyid);
		world_sign_raw(key, body, by[i].raw);
	}
	struct writer out = writer_over(text, sizeof text);
	signed_encode(&out, body, by, holder->count);
	world_must(writer_end(&out) == FAULT_NONE);
	return writer_span(&out);
}

/* --- shelves --- */

static struct world_file *world_find(const struct world_shelf *shelf, const char *name)
{
	for (uint32_t i = 0; i < shelf->count; i++)
		if (strcmp(shelf->files[i].name, name) == 0)
			return (struct world_file *)(uintptr_t)&shelf->files[i];
	return NULL;
}

void world_drop(struct world_shelf *shelf, const char *name)
{
	struct world_file *file = world_find(shelf, name);
	if (file == NULL)
		return;
	free(file->bytes);
	*file = shelf->files[--shelf->count];
}

void world_put(struct world_shelf *shelf, const char *name, struct span bytes)
{
	uint8_t *copy = world_need(malloc(bytes.n + 1));
	if (bytes.n > 0)
		memcpy(copy, bytes.at, bytes.n);
	world_drop(shelf, name);
	world_must(shelf->count < WORLD_FILES_MAX && strlen(name) < CLIENT_NAME_MAX);
	struct world_file *file = &shelf->files[shelf->count++];
	memset(file->name, 0, sizeof file->name);
	memcpy(file->name, name, strlen(name));
	file->bytes = copy;
	file->n = bytes.n;
}

struct span world_get(const struct world_shelf *shelf, const char *name)
{
	const struct world_file *file = world_find(shelf, name);
	return file == NULL ? SPAN_NONE : (struct span){ file->bytes, file->n };
}

/* --- publishing --- */

int64_t world_expiry(const struct world *w, int64_t own_unix)
{
	return own_unix != 0 ? own_unix : w->expires_unix;
}

static uint8_t world_body[WORLD_BODY_MAX];

static void world_publish_body(struct world *w, const char *name, struct writer *body, const struct world_holder *by)
{
	world_must(writer_end(body) == FAULT_NONE);
	world_put(&w->remote, name, world_sign(w, writer_span(body), by));
}

static struct world_holder world_joined(const struct world_holder *a, const struct world_holder *b)
{
	struct world_holder both = *a;
	for (uint32_t i = 0; b != NULL && i < b->count; i++) {
		bool known = false;
		for (uint32_t k = 0; k < both.count; k++)
			known = known || both.keys[k] == b->keys[i];
		if (!known)
			both.keys[both.count++] = b->keys[i];
	}
	return both;
}

void world_publish_root(struct world *w, const struct world_holder *also)
{
	char name[64];
	struct root root = { .version = w->root_version, .expires_unix = w->root_expires_unix };
	struct writer body = writer_over(world_body, sizeof world_body);
	struct world_holder signers = world_joined(&w->root, also);
	root.root = world_role(w, &w->root);
	root.timestamp = world_role(w, &w->timestamp);
	root.snapshot = world_role(w, &w->snapshot);
	root.targets = world_role(w, &w->targets);
	root_encode(&body, &root);
	snprintf(name, sizeof name, "%llu.root.json", (unsigned long long)w->root_version);
	world_publish_body(w, name, &body, &signers);
}

/* The entry of this name, made in its place if it is new. */
static struct snapshot_entry *world_entry(struct world *w, const char *name)
{
	uint32_t at = 0;
	while (at < w->entry_count && strcmp(w->entry_names[at], name) < 0)
		at++;
	if (at < w->entry_count && strcmp(w->entry_names[at], name) == 0)
		return &w->entries[at];
	world_must(w->entry_count < WORLD_ROLES_MAX);
	for (uint32_t i = w->entry_count++; i > at; i--) {
		w->entries[i] = w->entries[i - 1];
		memcpy(w->entry_names[i], w->entry_names[i - 1], sizeof w->entry_names[i]);
	}
	snprintf(w->entry_names[at], sizeof w->entry_names[at], "%s", name);
	for (uint32_t i = 0; i < w->entry_count; i++)
		w->entries[i].name = span_of_text(w->entry_names[i]);
	return &w->entries[at];
}

static void world_file_name(char *out, size_t capacity, uint64_t version, const char *role)
{
	int n = snprintf(out, capacity, "%llu.", (unsigned long long)version);
	for (; *role != '\0'; role++) {
		bool slash = *role == '/';
		n += snprintf(out + n, capacity - (size_t)n, slash ? "%%2F" : "%c", *role);
	}
	snprintf(out + n, capacity - (size_t)n, ".json");
}

void world_publish_targets(struct world *w, const char *role, const struct targets *targets,
			   const struct world_holder *holder)
{
	char name[CLIENT_NAME_MAX], listed[METADATA_ROLE_NAME_MAX + 8];
	struct writer body = writer_over(world_body, sizeof world_body);
	targets_encode(&body, targets);
	world_file_name(name, sizeof name, targets->version, role);
	world_publish_body(w, name, &body, holder);
	snprintf(listed, sizeof listed, "%s.json", role);
	struct snapshot_entry *entry = world_entry(w, listed);
	struct span file = world_get(&w->remote, name);
	entry->version = targets->version;
	entry->has_length = entry->has_digest = true;
	entry->length = file.n;
	entry->digest = sha256_of(&crypto_openssl, file);
}

void world_publish_snapshot(struct world *w)
{
	char name[64];
	struct snapshot snapshot = { .version = w->snapshot_version,
				     .expires_unix = world_expiry(w, w->snapshot_expires_unix) };
	struct writer body = writer_over(world_body, sizeof world_body);
	snapshot.count = w->entry_count;
	snapshot.entries = w->entries;
	snapshot_encode(&body, &snapshot);
	snprintf(name, sizeof name, "%llu.snapshot.json", (unsigned long long)w->snapshot_version);
	world_publish_body(w, name, &body, &w->snapshot);
}

void world_publish_timestamp(struct world *w)
{
	char name[64];
	struct timestamp timestamp = { .version = w->timestamp_version, .expires_unix = w->expires_unix };
	struct writer body = writer_over(world_body, sizeof world_body);
	timestamp.issued_unix = w->issued_unix;
	timestamp.snapshot_version =
		w->timestamp_snapshot_version != 0 ? w->timestamp_snapshot_version : w->snapshot_version;
	snprintf(name, sizeof name, "%llu.snapshot.json", (unsigned long long)timestamp.snapshot_version);
	struct span file = world_get(&w->remote, name);
	timestamp.has_length = timestamp.has_digest = file.n > 0;
	timestamp.snapshot_length = file.n;
	timestamp.snapshot_digest = sha256_of(&crypto_openssl, file);
	timestamp_encode(&body, &timestamp);
	world_publish_body(w, "timestamp.json", &body, &w->timestamp);
}

/* --- what an attacker publishes --- */

static struct span world_where(struct span text, struct span find)
{
	for (size_t at = 0; find.n <= text.n && at <= text.n - find.n; at++)
		if (span_starts(span_sub(text, at, text.n - at), find))
			return span_sub(text, at, find.n);
	return SPAN_NONE;
}

/* The file's spelling of a body: line ends as JSON has them. Nothing else is looked at. */
static void world_write_spelling(struct writer *out, struct span body)
{
	for (size_t i = 0; i < body.n; i++)
		if (body.at[i] == '\n')
			writer_text(out, "\\n");
		else
			writer_u8(out, body.at[i]);
}

/* What is signed: the canonical form if the body has one, else the body. */
static struct span world_canonical(struct span spelling, struct span body, uint8_t *room, size_t n)
{
	struct json_node *node;
	size_t nodes = 512 + 256 * body.n;
	void *memory = world_need(malloc(nodes));
	struct workspace ws = workspace_over(memory, nodes);
	struct writer w = writer_over(room, n);
	bool good = json_parse(spelling, &ws, &node) == FAULT_NONE;
	if (good)
		json_canonical(node, &w);
	world_must(writer_end(&w) == FAULT_NONE);
	free(memory);
	return good ? writer_span(&w) : body;
}

void world_put_body(struct world *w, const char *name, struct span body, const struct world_holder *holder)
{
	size_t n = 4 * body.n + 16384;
	uint8_t *room = world_need(malloc(3 * n));
	struct writer spelling = writer_over(room, n), out = writer_over(room + n, n);
	world_write_spelling(&spelling, body);
	struct span canonical = world_canonical(writer_span(&spelling), body, room + 2 * n, n);
	writer_text(&out, "{\"signatures\":[");
	for (uint32_t i = 0; i < holder->count; i++) {
		const struct world_key *key = &w->keys[holder->keys[i]];
		uint8_t raw[64], der[DER_SIGNATURE_MAX];
		struct writer signature = writer_over(der, sizeof der);
		world_sign_raw(key, canonical, raw);
		der_signature_write(&signature, raw);
		writer_text(&out, i == 0 ? "{\"keyid\":\"" : ",{\"keyid\":\"");
		writer_text(&out, key->keyid);
		writer_text(&out, "\",\"sig\":\"");
		hex_write(&out, writer_span(&signature));
		writer_text(&out, "\"}");
	}
	writer_text(&out, "],\"signed\":");
	writer_bytes(&out, writer_span(&spelling));
	writer_text(&out, "}");
	world_must(writer_end(&out) == FAULT_NONE);
	world_put(&w->remote, name, writer_span(&out));
	free(room);
}

/* text with the first `find` replaced; room for it is the caller's */
static struct span world_replaced(struct span text, const char *find, const char *with, struct writer *w)
{
	struct span found = world_where(text, span_of_text(find));
	if (found.at == NULL)
		fprintf(stderr, "world: \"%s\" is not in %.*s\n", find, (int)text.n, (const char *)text.at);
	world_must(found.at != NULL);
	size_t before = (size_t)(found.at - text.at);
	writer_bytes(w, span_sub(text, 0, before));
	writer_text(w, with);
	writer_bytes(w, span_sub(text, before + found.n, text.n - before - found.n));
	world_must(writer_end(w) == FAULT_NONE);
	return writer_span(w);
}

void world_patch(struct world_shelf *shelf, const char *name, const char *find, const char *with)
{
	struct span text = world_get(shelf, name);
	size_t n = text.n + strlen(with) + 1;
	uint8_t *room = world_need(malloc(n));
	struct writer w = writer_over(room, n);
	world_put(shelf, name, world_replaced(text, find, with, &w));
	free(room);
}

void world_edit(struct world *w, const char *name, const char *find, const char *with,
		const struct world_holder *holder)
{
	struct span begin = SPAN_LIT(",\"signed\":");
	struct span text = world_get(&w->remote, name), mark = world_where(text, begin);
	world_must(mark.at != NULL);
	size_t from = (size_t)(mark.at - text.at) + mark.n, n = text.n + strlen(with) + 1;
	uint8_t *room = world_need(malloc(2 * n));
	struct writer body = writer_over(room, n), edited = writer_over(room + n, n);
	for (size_t i = from; i < text.n - 1; i++) {
		bool is_line_end = text.at[i] == '\\' && text.at[i + 1] == 'n';
		writer_u8(&body, is_line_end ? '\n' : text.at[i]);
		i += is_line_end;
	}
	world_put_body(w, name, world_replaced(writer_span(&body), find, with, &edited), holder);
	free(room);
}

uint32_t world_key_alias(struct world *w, uint32_t key, const char *object)
{
	world_must(w->key_count < WORLD_KEYS_MAX);
	size_t n = 2 * strlen(object) + 64;
	uint8_t *room = world_need(malloc(2 * n));
	struct writer spelling = writer_over(room, n);
	world_write_spelling(&spelling, span_of_text(object));
	struct span canonical = world_canonical(writer_span(&spelling), span_of_text(object), room + n, n);
	struct digest id = sha256_of(&crypto_openssl, canonical);
	struct world_key *alias = &w->keys[w->key_count];
	*alias = w->keys[key];
	hex_text(digest_span(&id), alias->keyid);
	alias->role.keyid = span_of_text(alias->keyid);
	world_must(EVP_PKEY_up_ref(alias->private) == 1);
	free(room);
	return w->key_count++;
}

void world_relist(struct world *w, const char *role, uint64_t version)
{
	char name[CLIENT_NAME_MAX], listed[METADATA_ROLE_NAME_MAX + 8];
	world_file_name(name, sizeof name, version, role);
	snprintf(listed, sizeof listed, "%s.json", role);
	struct snapshot_entry *entry = world_entry(w, listed);
	struct span file = world_get(&w->remote, name);
	world_must(file.at != NULL);
	*entry = (struct snapshot_entry){ .name = entry->name, .version = version, .length = file.n };
	entry->has_length = entry->has_digest = true;
	entry->digest = sha256_of(&crypto_openssl, file);
}

void world_republish(struct world *w)
{
	w->snapshot_version++;
	w->timestamp_version++;
	world_publish_snapshot(w);
	world_publish_timestamp(w);
}

struct targets world_targets(struct world *w)
{
	static const struct span paths[] = { { (const uint8_t *)"p/board/*/*", 11 } };
	static struct delegation delegation;
	delegation = (struct delegation){ .name = SPAN_LIT("p/board"), .terminating = true, .path_count = 1 };
	delegation.paths = paths;
	delegation.role = world_role(w, &w->product);
	struct targets targets = { .version = w->targets_version,
				   .expires_unix = world_expiry(w, w->targets_expires_unix) };
	targets.delegation_count = 1;
	targets.delegations = &delegation;
	return targets;
}

struct targets world_product(struct world *w)
{
	static struct target target;
	target = (struct target){ .path = SPAN_LIT("p/board/1.0/image"), .length = 5 };
	target.sha256 = sha256_of(&crypto_openssl, SPAN_LIT("image"));
	struct targets product = { .version = w->product_version,
				   .expires_unix = world_expiry(w, w->product_expires_unix) };
	product.count = 1;
	product.entries = &target;
	return product;
}

void world_publish(struct world *w)
{
	struct targets targets = world_targets(w), product = world_product(w);
	world_publish_targets(w, "targets", &targets, &w->targets);
	world_publish_targets(w, "p/board", &product, &w->product);
	world_publish_snapshot(w);
	world_publish_timestamp(w);
}

struct world *world_new(void)
{
	struct world *w = world_need(calloc(1, sizeof *w));
	w->memory = world_need(malloc(WORLD_MEMORY));
	w->memory_bytes = WORLD_MEMORY;
	w->root = world_single(w);
	w->timestamp = world_single(w);
	w->snapshot = world_single(w);
	w->targets = world_single(w);
	w->product = world_single(w);
	w->root_version = w->timestamp_version = w->snapshot_version = w->targets_version = w->product_version = 1;
	w->now_unix = WORLD_NOW;
	w->expires_unix = WORLD_NOW + 30 * WORLD_DAY;
	w->root_expires_unix = WORLD_NOW + 365 * WORLD_DAY;
	w->issued_unix = WORLD_NOW - 60;
	world_publish_root(w, NULL);
	world_publish(w);
	world_put(&w->store, "root.json", world_get(&w->remote, "1.root.json"));
	return w;
}

void world_free(struct world *w)
{
	if (w == NULL)
		return;
	for (uint32_t i = 0; i < w->key_count; i++)
		EVP_PKEY_free(w->keys[i].private);
	for (uint32_t i = 0; i < w->remote.count; i++)
		free(w->remote.files[i].bytes);
	for (uint32_t i = 0; i < w->store.count; i++)
		free(w->store.files[i].bytes);
	free(w->memory);
	free(w);
}

/* --- running the client --- */

static void world_note(struct world *w, const char *verb, const char *name)
{
	size_t n = strlen(w->log);
	snprintf(w->log + n, sizeof w->log - n, "%s %s\n", verb, name);
}

bool world_asked(const struct world *w, const char *line)
{
	char whole[CLIENT_NAME_MAX + 16];
	snprintf(whole, sizeof whole, "%s\n", line);
	return strstr(w->log, whole) != NULL;
}

static enum client_answer world_serve(const struct world_shelf *shelf, const struct client_request *request, size_t *n)
{
	const struct world_file *file = world_find(shelf, request->name);
	*n = 0;
	if (file == NULL)
		return CLIENT_ABSENT;
	if (file->n > request->capacity)
		return CLIENT_TOO_BIG;
	memcpy(request->buffer, file->bytes, file->n);
	*n = file->n;
	return CLIENT_GOT;
}

static void world_fetch(struct world *w, const struct client_request *request)
{
	size_t n = 0;
	bool broken = w->broken != NULL && strcmp(w->broken, request->name) == 0;
	enum client_answer answer = broken ? w->broken_answer : world_serve(&w->remote, request, &n);
	world_note(w, "FETCH", request->name);
	w->asked_most = request->capacity > w->asked_most ? request->capacity : w->asked_most;
	client_fetched(&w->client, answer, n);
}

static void world_save(struct world *w, const struct client_request *request)
{
	bool ok = w->unsaved == NULL || strcmp(w->unsaved, request->name) != 0;
	world_note(w, "SAVE", request->name);
	if (ok)
		world_put(&w->store, request->name, request->bytes);
	client_saved(&w->client, ok);
}

static enum client_action world_run(struct world *w)
{
	struct client_request request;
	size_t n;
	w->log[0] = '\0';
	w->asked_most = 0;
	for (;;) {
		enum client_action action = client_step(&w->client, &request);
		enum client_answer answer;
		switch (action) {
		case CLIENT_LOAD:
			answer = world_serve(&w->store, &request, &n);
			client_loaded(&w->client, answer, n);
			break;
		case CLIENT_FETCH:
			world_fetch(w, &request);
			break;
		case CLIENT_SAVE:
			world_save(w, &request);
			break;
		case CLIENT_DONE:
		case CLIENT_REFUSED:
		case CLIENT_FAILED:
			return action;
		}
	}
}

enum client_action world_refresh(struct world *w)
{
	w->ws = workspace_over(w->memory, w->memory_bytes);
	struct client_config config = { .crypto = world_crypto(), .ws = &w->ws, .now_unix = w->now_unix };
	config.revoked = w->revoked;
	client_begin(&w->client, &config);
	return world_run(w);
}

enum client_action world_look_up(struct world *w, const char *path)
{
	client_look_up(&w->client, span_of_text(path));
	return world_run(w);
}
