#include "desk.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base64.h"
#include "crypto_openssl.h"
#include "keyfile.h"

#define DESK_MEMORY (16u << 20)

const struct envelope_reason desk_reason = { "tester", "a test" };
const struct repository_lifetimes desk_lifetimes = { .timestamp_s = 3600, .snapshot_s = 86400 };

static void desk_must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "desk: %s failed\n", what);
	abort();
}

/* --- the signer --- */

static int desk_sign_metadata(struct desk *d, const struct sign_request *request, struct error *e)
{
	static uint8_t memory[4u << 20];
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct json_node *body;
	struct json_reader r = { 0 };
	struct desk_signed now = { .body = sha256_of(&crypto_openssl, request->object) };
	uint8_t *text = workspace_take(&ws, 2 * request->object.n);
	size_t n = 0;
	for (size_t i = 0; i < request->object.n; i++) { /* the line ends of PEM keys stand raw in what is signed */
		bool is_end = request->object.at[i] == '\n';
		if (is_end)
			text[n++] = '\\';
		text[n++] = is_end ? 'n' : request->object.at[i];
	}
	if (json_parse((struct span){ text, n }, &ws, &body) != FAULT_NONE)
		return error_set(e, "not JSON");
	now.version = json_uint(&r, body, "version", 1, JSON_INTEGER_MAX);
	snprintf(now.key, sizeof now.key, "%s", request->key);
	for (uint32_t i = 0; i < d->signed_count; i++) {
		const struct desk_signed *old = &d->signed_already[i];
		if (strcmp(old->key, now.key) != 0)
			continue;
		if (old->version == now.version && !digest_equal(&old->body, &now.body))
			return error_set(e, "%s %llu was signed with another content", now.key,
					 (unsigned long long)now.version);
		if (old->version > now.version)
			return error_set(e, "%s goes back", now.key);
	}
	desk_must(d->signed_count < DESK_SIGNED_MAX, "remembering");
	d->signed_already[d->signed_count++] = now;
	return 0;
}

/* Text, an empty line, the path. The length of the text, or 0 where the log does not grow from its last head. */
static size_t desk_sign_checkpoint(struct desk *d, struct span object)
{
	struct digest path[MERKLE_PATH_MAX];
	uint32_t count = 0;
	char base64[64] = "", note_text[NOTE_BYTES_MAX];
	struct note note;
	const char *end = memmem(object.at, object.n, "\n\n", 2);
	desk_must(end != NULL, "a checkpoint's text");
	size_t n = (size_t)(end + 1 - (const char *)object.at);
	/* note_decode() wants a signature: one of a key that nobody asks for. */
	struct writer w = writer_over(note_text, sizeof note_text);
	writer_bytes(&w, span_sub(object, 0, n));
	writer_u8(&w, '\n');
	note_write_signature(&w, &crypto_openssl, SPAN_LIT("test"), &d->key, d->key.xy);
	desk_must(note_decode(writer_span(&w), &note) == FAULT_NONE, "reading a checkpoint");
	for (size_t at = n + 1; at + 45 <= object.n; at += 45) {
		struct writer hash = writer_over(path[count++].bytes, DIGEST_BYTES);
		memcpy(base64, object.at + at, 44);
		desk_must(base64_decode(span_of_text(base64), &hash) == FAULT_NONE && hash.used == DIGEST_BYTES,
			  "base64");
	}
	if (d->head_size > 0 && !merkle_consistent(&crypto_openssl, d->head_size, &d->head_root, note.checkpoint.size,
						   &note.checkpoint.root, path, count))
		return 0;
	d->head_size = note.checkpoint.size;
	d->head_root = note.checkpoint.root;
	return n;
}

static int desk_sign(void *self, const struct sign_request *request, struct signature *out, struct error *e)
{
	struct desk *d = self;
	struct span bytes = request->object;
	if (d->refuses)
		return error_retry(e, "the signer is away");
	if (request->kind == SIGN_METADATA && desk_sign_metadata(d, request, e) != 0)
		return -1;
	if (request->kind == SIGN_CHECKPOINT) {
		bytes.n = desk_sign_checkpoint(d, request->object);
		if (bytes.n == 0)
			return error_set(e, "the log was rewritten");
	}
	struct digest digest = sha256_of(&crypto_openssl, bytes);
	out->key = d->key;
	return keyfile_sign(d->private, &digest, out->raw, e);
}

/* --- the desk --- */

struct desk *desk_new(void)
{
	struct error e;
	char path[128];
	struct desk *d = calloc(1, sizeof *d);
	desk_must(d != NULL, "calloc");
	snprintf(d->path, sizeof d->path, "/tmp/sealift-desk.XXXXXX");
	desk_must(mkdtemp(d->path) != NULL, "mkdtemp");
	snprintf(path, sizeof path, "%s/repo", d->path);
	desk_must(mkdir(path, 0755) == 0, "mkdir");
	snprintf(path, sizeof path, "%s/versions", d->path);
	desk_must(mkdir(path, 0755) == 0, "mkdir");
	desk_must(keyfile_new(&d->private, &e) == 0 && keyfile_public(d->private, &d->key, &e) == 0, "a key");
	d->signer = (struct signer){ .sign = desk_sign, .self = d };
	d->memory = malloc(DESK_MEMORY);
	desk_must(d->memory != NULL, "malloc");
	d->tree.fd = d->versions_dir.fd = -1;
	desk_open(d);
	return d;
}

int desk_try_open(struct desk *d, struct error *e)
{
	char path[128];
	desk_close(d);
	d->ws = workspace_over(d->memory, DESK_MEMORY);
	snprintf(path, sizeof path, "%s/repo", d->path);
	if (tree_open(&d->tree, path, e) != 0 || tree_sweep(&d->tree, e) != 0)
		return -1;
	snprintf(path, sizeof path, "%s/versions", d->path);
	if (store_dir_open(&d->versions_dir, path, e) != 0)
		return -1;
	d->versions = store_dir_store(&d->versions_dir);
	if (ledger_open(&d->ledger, &crypto_openssl, &d->tree, "example.com/log", e) != 0)
		return -1;
	return repository_open(&d->repository, &crypto_openssl, &d->tree, &d->versions, &d->ws, DESK_NOW, e);
}

void desk_open(struct desk *d)
{
	struct error e;
	if (desk_try_open(d, &e) == 0)
		return;
	fprintf(stderr, "desk: %s\n", e.text);
	abort();
}

void desk_close(struct desk *d)
{
	ledger_close(&d->ledger);
	tree_close(&d->tree);
	if (d->versions_dir.fd >= 0)
		store_dir_close(&d->versions_dir);
	d->versions_dir.fd = -1;
}

static int desk_remove(const char *path, const struct stat *stat, int what, struct FTW *where)
{
	(void)stat, (void)what, (void)where;
	return remove(path);
}

void desk_free(struct desk *d)
{
	desk_close(d);
	desk_must(nftw(d->path, desk_remove, 8, FTW_DEPTH | FTW_PHYS) == 0, "cleaning up");
	keyfile_free(d->private);
	free(d->memory);
	free(d);
}

static int desk_file(const struct desk *d, const char *name, int flags)
{
	char path[256];
	snprintf(path, sizeof path, "%s/repo/%s", d->path, name);
	return open(path, flags | O_CLOEXEC, 0644);
}

void desk_alter(const struct desk *d, const char *name, long from_end)
{
	uint8_t byte = 0;
	int fd = desk_file(d, name, O_RDWR);
	off_t at = lseek(fd, from_end, SEEK_END);
	desk_must(fd >= 0 && at >= 0 && pread(fd, &byte, 1, at) == 1, "reading a byte");
	byte ^= 1;
	desk_must(pwrite(fd, &byte, 1, at) == 1, "altering a byte");
	close(fd);
}

void desk_write(const struct desk *d, const char *name, struct span bytes)
{
	int fd = desk_file(d, name, O_WRONLY | O_CREAT | O_TRUNC);
	desk_must(fd >= 0 && write(fd, bytes.at, bytes.n) == (ssize_t)bytes.n, "writing a file");
	close(fd);
}

size_t desk_read(const struct desk *d, const char *name, uint8_t *out, size_t capacity)
{
	int fd = desk_file(d, name, O_RDONLY);
	if (fd < 0)
		return SIZE_MAX;
	ssize_t n = read(fd, out, capacity);
	close(fd);
	desk_must(n >= 0 && (size_t)n < capacity, "reading a file");
	return (size_t)n;
}

struct digest desk_digest(uint32_t seed)
{
	return sha256_of(&crypto_openssl, (struct span){ (uint8_t *)&seed, sizeof seed });
}

struct release desk_release(const char *path, const char *version, uint64_t counter)
{
	struct release release = { .path = span_of_text(path),
				   .image_bytes = 1000 + counter,
				   .image = desk_digest((uint32_t)counter),
				   .product = SPAN_LIT("board"),
				   .version = span_of_text(version),
				   .build_id = SPAN_LIT("ci-1"),
				   .counter = counter,
				   .compatible_count = 1,
				   .manifest = { desk_digest(1), 300 },
				   .table = { desk_digest(2), 400 },
				   .payload = { desk_digest(3), 500 },
				   .proof = PROOF_SIGNED,
				   .log = LOG_REQUIRED };
	memset(&release.compatible[0], 7, sizeof release.compatible[0]);
	return release;
}

/* Top-level targets that delegate p/board and plans/board to the desk's key. */
static void desk_targets_body(struct desk *d, uint64_t version, struct writer *out)
{
	static char keyid[ROLE_KEYID_HEX + 1];
	static const struct span paths[] = { SPAN_INIT("p/board/*/*"), SPAN_INIT("plans/board/*") };
	struct role_key key;
	role_key_init(&crypto_openssl, &d->key, keyid, &key);
	struct role role = { 1, 1, &key };
	struct delegation delegations[] = { { SPAN_LIT("p/board"), role, true, 1, &paths[0] },
					    { SPAN_LIT("plans/board"), role, true, 1, &paths[1] } };
	struct targets targets = {
		.version = version, .expires_unix = DESK_NOW + 86400, .delegation_count = 2, .delegations = delegations
	};
	targets_encode(out, &targets);
}

int desk_stage_role(struct desk *d, const char *role, const struct release *releases, uint32_t count, struct error *e)
{
	const char *const names[] = { role };
	struct envelope_keys keys = { &d->signer, names, 1 };
	uint8_t *body = workspace_take(&d->ws, 65536), *envelope = workspace_take(&d->ws, 65536);
	struct writer w = writer_over(body, 65536), out = writer_over(envelope, 65536);
	uint64_t version;
	if (repository_next_version(&d->repository, role, &version, e) != 0)
		return -1;
	if (strcmp(role, "targets") == 0)
		desk_targets_body(d, version, &w);
	else if (product_role_body(&d->repository, role, version, DESK_NOW + 86400, releases, count, &w, e) != 0)
		return -1;
	if (envelope_sign(&crypto_openssl, &keys, desk_reason, writer_span(&w), &out, e) != 0)
		return -1;
	return repository_stage(&d->repository, role, version, writer_span(&out), e);
}

int desk_commit(struct desk *d, struct error *e)
{
	return repository_commit(&d->repository, &d->signer, desk_reason, desk_lifetimes, e);
}
