#include "publishing.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "crypto_openssl.h"
#include "hex.h"

/* Timestamp 72 h and snapshot 30 days are ARCHITECTURE section 3's; product roles live 90 days. */
const struct repository_lifetimes publishing_lifetimes = { .timestamp_s = 72 * 3600, .snapshot_s = 30 * 86400 };

static int publishing_lock(const struct site *site, struct publishing *p, struct error *e)
{
	char path[FILE_PATH_MAX];
	if (site_path(site, "publish/lock", path, e) != 0)
		return -1;
	p->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (p->lock_fd < 0 || flock(p->lock_fd, LOCK_EX) != 0)
		return error_errno(e, "cannot lock %s", path);
	return 0;
}

int publishing_open(const struct site *site, struct publishing *p, struct error *e)
{
	char path[FILE_PATH_MAX], versions[FILE_PATH_MAX];
	*p = (struct publishing){ .opened = true, .tree.fd = -1, .lock_fd = -1, .versions_dir.fd = -1 };
	if (publishing_lock(site, p, e) != 0 || site_path(site, "repo", path, e) != 0 ||
	    site_path(site, "publish/versions", versions, e) != 0)
		return -1;
	p->memory = mmap(NULL, PUBLISHING_MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			 -1, 0);
	if (p->memory == MAP_FAILED)
		return error_errno(e, "cannot set memory aside");
	p->ws = workspace_over(p->memory, PUBLISHING_MEMORY);
	if (tree_open(&p->tree, path, e) != 0 || tree_sweep(&p->tree, e) != 0 ||
	    store_dir_open(&p->versions_dir, versions, e) != 0)
		return -1;
	p->versions = store_dir_store(&p->versions_dir);
	if (ledger_open(&p->ledger, &crypto_openssl, &p->tree, site->log_origin, e) != 0)
		return -1;
	return repository_open(&p->repository, &crypto_openssl, &p->tree, &p->versions, &p->ws, time(NULL), e);
}

void publishing_close(struct publishing *p)
{
	if (!p->opened)
		return;
	p->opened = false;
	ledger_close(&p->ledger);
	if (p->versions_dir.fd >= 0)
		store_dir_close(&p->versions_dir);
	tree_close(&p->tree);
	if (p->memory != NULL && p->memory != MAP_FAILED)
		munmap(p->memory, PUBLISHING_MEMORY);
	if (p->lock_fd >= 0)
		close(p->lock_fd);
}

struct writer publishing_buffer(struct publishing *p, size_t capacity)
{
	uint8_t *bytes = workspace_take(&p->ws, capacity);
	return writer_over(bytes, bytes != NULL ? capacity : 0);
}

int publishing_root(struct publishing *p, uint64_t version, struct root *out, struct error *e)
{
	char name[64];
	size_t n = 0;
	struct signed_json envelope;
	uint8_t *text = workspace_take(&p->ws, ROOT_BYTES_MAX);
	if (text == NULL)
		return error_set(e, "read the published root: too little memory");
	snprintf(name, sizeof name, "metadata/%llu.root.json", (unsigned long long)version);
	int found = tree_get(&p->tree, name, text, ROOT_BYTES_MAX, &n, e);
	if (found != 0)
		return found;
	if (signed_decode((struct span){ text, n }, &p->ws, &crypto_openssl, &envelope) != FAULT_NONE ||
	    root_decode(envelope.body, &p->ws, &crypto_openssl, out) != FAULT_NONE)
		return error_set(e, "%s is malformed", name);
	return 0;
}

static void publishing_record_encode(struct writer *out, const struct digest *detail, const char *kind,
				     struct span what, struct envelope_reason reason, const uint8_t salt[32])
{
	struct json_writer w = json_writer_over(out);
	json_write_object(&w);
	json_write_member_hex(&w, "detail", digest_span(detail));
	json_write_member_text(&w, "kind", kind);
	json_write_member_hex(&w, "salt", (struct span){ salt, 32 });
	json_write_member_uint(&w, "time", (uint64_t)time(NULL));
	json_write_member_string(&w, "what", what);
	json_write_member_text(&w, "who", reason.who);
	json_write_member_text(&w, "why", reason.why);
	json_write_object_end(&w);
}

/* 0 and the salt of a record that an interrupted publication left; 1: there is none. */
static int publishing_known(const char *path, uint8_t salt[32], struct error *e)
{
	uint8_t bytes[4096];
	size_t n = 0;
	struct json_node *record;
	struct json_reader r = { .fault = FAULT_NONE };
	static uint8_t scratch[16384];
	struct workspace ws = workspace_over(scratch, sizeof scratch);
	int got = file_read(path, bytes, sizeof bytes, &n, e);
	if (got != 0)
		return got;
	if (json_parse((struct span){ bytes, n }, &ws, &record) == FAULT_NONE)
		json_hex(&r, record, "salt", salt, 32);
	else
		json_fail(&r, FAULT_SYNTAX, "record");
	return r.fault == FAULT_NONE ? 0 : error_set(e, "%s is malformed; restore it from a copy", path);
}

/* The record first: a leaf without its detail could never be explained. */
static int publishing_new_record(const char *path, const struct digest *detail, const char *kind, struct span what,
				 struct envelope_reason reason, uint8_t salt[32], struct error *e)
{
	uint8_t bytes[4096];
	struct writer w = writer_over(bytes, sizeof bytes);
	if (getrandom(salt, 32, 0) != 32)
		return error_errno(e, "no random bytes");
	publishing_record_encode(&w, detail, kind, what, reason, salt);
	if (writer_end(&w) != FAULT_NONE)
		return error_set(e, "who and why must be printable ASCII, and shorter than 2000 characters");
	return file_write(path, writer_span(&w), 0600, e);
}

int publishing_record(const struct site *site, struct publishing *p, const struct digest *detail, const char *kind,
		      struct span what, struct envelope_reason reason, uint8_t salt[32], uint64_t *index,
		      struct error *e)
{
	char name[96] = "records/", path[FILE_PATH_MAX];
	hex_text(digest_span(detail), name + strlen(name));
	memcpy(name + strlen(name), ".json", 6);
	if (site_path(site, name, path, e) != 0)
		return -1;
	int known = publishing_known(path, salt, e);
	if (known < 0 || (known > 0 && publishing_new_record(path, detail, kind, what, reason, salt, e) != 0))
		return -1;
	if (known == 0 && ledger_find(&p->ledger, salt, detail, index))
		return 0;
	return ledger_append(&p->ledger, salt, detail, index, e);
}
