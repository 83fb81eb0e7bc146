#include "trust_role.h"

#include <stdio.h>
#include <stdlib.h>

#include "authority.h"
#include "client.h"
#include "crypto_openssl.h"

#define TRUST_ROLE_LIFETIME_S ((int64_t)365 * 86400)
#define TRUST_ROLE_BYTES (1u << 20)
#define TRUST_ROLE_NAME (METADATA_PATH_MAX + 80)

static int trust_role_name(const struct target *target, char out[TRUST_ROLE_NAME], struct error *e)
{
	char name[TRUST_ROLE_NAME - 8];
	if (client_target_name(target, name, sizeof name) != FAULT_NONE)
		return error_set(e, "%.*s has no usable name", (int)target->path.n, (const char *)target->path.at);
	snprintf(out, TRUST_ROLE_NAME, "targets/%s", name);
	return 0;
}

int trust_role_read(struct publishing *p, const char *path, size_t max_bytes, struct span *out, struct error *e)
{
	size_t n = 0;
	char name[TRUST_ROLE_NAME];
	struct targets targets = { 0 };
	if (repository_targets(&p->repository, "targets", &targets, e) != 0)
		return error_within(e, "the published targets");
	const struct target *target = targets_find(&targets, span_of_text(path));
	if (target == NULL)
		return 1;
	struct writer text = publishing_buffer(p, max_bytes);
	if (text.base == NULL)
		return error_set(e, "out of memory");
	if (trust_role_name(target, name, e) != 0 || tree_get(&p->tree, name, text.base, max_bytes, &n, e) != 0)
		return error_within(e, "%s", path);
	*out = (struct span){ text.base, n };
	return 0;
}

static int trust_role_order(const void *a, const void *b)
{
	const struct target *x = a, *y = b;
	return span_compare(x->path, y->path);
}

static int trust_role_body(struct publishing *p, const struct target *target, uint64_t version, struct writer *body,
			   struct error *e)
{
	struct targets old = { 0 };
	if (repository_targets(&p->repository, "targets", &old, e) != 0)
		return error_within(e, "the published targets");
	struct targets next = old;
	struct target *entries = workspace_array(&p->ws, old.count + 1, sizeof *entries);
	if (entries == NULL)
		return error_set(e, "out of memory");
	next.count = 0;
	for (uint32_t i = 0; i < old.count; i++)
		if (!span_equal(old.entries[i].path, target->path))
			entries[next.count++] = old.entries[i];
	entries[next.count++] = *target;
	qsort(entries, next.count, sizeof *entries, trust_role_order);
	next.entries = entries;
	next.version = version;
	next.expires_unix = p->repository.now_unix + TRUST_ROLE_LIFETIME_S;
	targets_encode(body, &next);
	return body->fault == FAULT_NONE ? 0 : error_set(e, "role targets: %s", fault_text(body->fault));
}

static int trust_role_sign(const struct site *site, const struct holders *holders, struct envelope_reason reason,
			   struct span body, struct writer *out, struct error *e)
{
	struct authority offline;
	int failed = authority_open_tokens(site, AUTHORITY_OFFLINE, &offline, e) != 0;
	struct envelope_keys keys = { &offline.signer, holders->names, HOLDERS_SIGNERS, SIGN_METADATA };
	failed = failed || envelope_sign(&crypto_openssl, &keys, reason, body, out, e) != 0;
	authority_close(&offline);
	return failed ? -1 : 0;
}

/* The log, then the metadata, timestamp last. */
static int trust_role_commit(const struct site *site, struct publishing *p, const struct target *target,
			     struct envelope_reason reason, struct error *e)
{
	uint8_t salt[32];
	uint64_t index;
	struct authority online = { 0 };
	int failed = publishing_record(site, p, &target->sha256, "trust", target->path, reason, salt, &index, e) != 0 ||
		     authority_open_signd(site, "online", "publisher", &online, e) != 0 ||
		     ledger_commit(&p->ledger, &online.signer, reason, e) != 0 ||
		     repository_commit(&p->repository, &online.signer, reason, publishing_lifetimes, e) != 0;
	authority_close(&online);
	return failed ? -1 : 0;
}

int trust_role_publish(const struct site *site, struct publishing *p, const char *path, struct span text,
		       const struct holders *holders, const char *why, struct error *e)
{
	uint64_t version;
	char stored[TRUST_ROLE_NAME];
	struct envelope_reason reason = { authority_who(), why };
	struct target target = { .path = span_of_text(path), .length = text.n };
	target.sha256 = sha256_of(&crypto_openssl, text);
	struct writer body = publishing_buffer(p, TRUST_ROLE_BYTES), out = publishing_buffer(p, TRUST_ROLE_BYTES);
	if (trust_role_name(&target, stored, e) != 0 ||
	    repository_next_version(&p->repository, "targets", &version, e) != 0 ||
	    trust_role_body(p, &target, version, &body, e) != 0 ||
	    trust_role_sign(site, holders, reason, writer_span(&body), &out, e) != 0 ||
	    tree_put_new(&p->tree, stored, text, e) != 0 ||
	    repository_stage(&p->repository, "targets", version, writer_span(&out), e) != 0)
		return -1;
	return trust_role_commit(site, p, &target, reason, e);
}
