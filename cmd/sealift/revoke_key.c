#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority.h"
#include "client.h"
#include "command.h"
#include "crypto_openssl.h"
#include "key_id.h"
#include "revocations.h"

#define REVOKE_LIFETIME_S ((int64_t)365 * 86400)
#define REVOKE_ROLE_BYTES (1u << 20)

struct revoke {
	const struct site *site;
	const char *why;
	uint64_t epoch;
	uint32_t count;
	struct digest keys[REVOCATIONS_KEYS_MAX];
	struct publishing publishing;
};

/* --- the list --- */

static int revoke_read(struct revoke *r, const struct target *target, struct error *e)
{
	size_t n = 0;
	struct revocation_list list;
	char name[METADATA_PATH_MAX + 80] = "targets/";
	struct writer text = publishing_buffer(&r->publishing, REVOCATIONS_BYTES_MAX);
	if (client_target_name(target, name + 8, sizeof name - 8) != FAULT_NONE || text.base == NULL)
		return error_set(e, "the published list has no usable name");
	if (tree_get(&r->publishing.tree, name, text.base, text.capacity, &n, e) != 0)
		return error_within(e, "the published list of revocations");
	enum fault fault = revocation_list_decode((struct span){ text.base, n }, &r->publishing.ws, &list);
	if (fault != FAULT_NONE)
		return error_set(e, "%s is malformed: %s", name, fault_text(fault));
	r->epoch = list.epoch;
	r->count = list.count;
	memcpy(r->keys, list.keys, list.count * sizeof *list.keys);
	return 0;
}

static int revoke_list(struct revoke *r, const struct targets *targets, char **names, int count, struct writer *out,
		       struct error *e)
{
	const struct target *last = targets_find(targets, SPAN_LIT(REVOCATIONS_PATH));
	if (last != NULL && revoke_read(r, last, e) != 0)
		return -1;
	uint32_t before = r->count;
	for (int i = 0; i < count; i++)
		if (key_id_find(r->site, &r->publishing, names[i], r->keys, &r->count, REVOCATIONS_KEYS_MAX, e) != 0)
			return -1;
	if (r->count == before)
		return error_set(e, "all of these keys are revoked already");
	struct revocation_list list = { ++r->epoch, r->count, r->keys };
	revocation_list_encode(out, &list);
	return out->fault == FAULT_NONE ? 0 : error_set(e, "the list: %s", fault_text(out->fault));
}

/* --- the role --- */

static int revoke_order(const void *a, const void *b)
{
	const struct target *x = a, *y = b;
	return span_compare(x->path, y->path);
}

/* The top-level targets with this target in place of the one before. */
static int revoke_role(struct revoke *r, const struct targets *old, const struct target *target, uint64_t version,
		       struct writer *body, struct error *e)
{
	struct targets next = *old;
	struct target *entries = workspace_array(&r->publishing.ws, old->count + 1, sizeof *entries);
	if (entries == NULL)
		return error_set(e, "out of memory");
	next.count = 0;
	for (uint32_t i = 0; i < old->count; i++)
		if (!span_equal(old->entries[i].path, target->path))
			entries[next.count++] = old->entries[i];
	entries[next.count++] = *target;
	qsort(entries, next.count, sizeof *entries, revoke_order);
	next.entries = entries;
	next.version = version;
	next.expires_unix = r->publishing.repository.now_unix + REVOKE_LIFETIME_S;
	targets_encode(body, &next);
	return body->fault == FAULT_NONE ? 0 : error_set(e, "role targets: %s", fault_text(body->fault));
}

static int revoke_sign(struct revoke *r, struct span body, struct writer *out, struct error *e)
{
	static const char *const holders[SITE_TARGETS_THRESHOLD] = { "targets/1", "targets/2" };
	struct authority offline;
	struct envelope_reason reason = { authority_who(), r->why };
	int failed = authority_open_tokens(r->site, AUTHORITY_OFFLINE, &offline, e) != 0;
	struct envelope_keys keys = { &offline.signer, holders, SITE_TARGETS_THRESHOLD, SIGN_METADATA };
	failed = failed || envelope_sign(&crypto_openssl, &keys, reason, body, out, e) != 0;
	authority_close(&offline);
	return failed ? -1 : 0;
}

/* The log, then the metadata, timestamp last. */
static int revoke_commit(struct revoke *r, const struct target *target, struct error *e)
{
	struct publishing *p = &r->publishing;
	uint8_t salt[32];
	uint64_t index;
	struct authority online = { 0 };
	struct envelope_reason reason = { authority_who(), r->why };
	int failed = publishing_record(r->site, p, &target->sha256, "revocations", target->path, reason, salt, &index,
				       e) != 0 ||
		     authority_open_signd(r->site, "online", "publisher", &online, e) != 0 ||
		     ledger_commit(&p->ledger, &online.signer, reason, e) != 0 ||
		     repository_commit(&p->repository, &online.signer, reason, publishing_lifetimes, e) != 0;
	authority_close(&online);
	return failed ? -1 : 0;
}

static int revoke_publish(struct revoke *r, char **names, int count, struct error *e)
{
	uint64_t version;
	struct publishing *p = &r->publishing;
	struct targets targets = { 0 };
	char stored[METADATA_PATH_MAX + 80] = "targets/";
	if (publishing_open(r->site, p, e) != 0 || repository_targets(&p->repository, "targets", &targets, e) != 0)
		return -1;
	struct writer list = publishing_buffer(p, REVOCATIONS_BYTES_MAX),
		      body = publishing_buffer(p, REVOKE_ROLE_BYTES), out = publishing_buffer(p, REVOKE_ROLE_BYTES);
	if (revoke_list(r, &targets, names, count, &list, e) != 0)
		return -1;
	struct target target = { .path = SPAN_LIT(REVOCATIONS_PATH), .length = list.used };
	target.sha256 = sha256_of(&crypto_openssl, writer_span(&list));
	if (client_target_name(&target, stored + 8, sizeof stored - 8) != FAULT_NONE)
		return error_set(e, "the list has no usable name");
	if (repository_next_version(&p->repository, "targets", &version, e) != 0 ||
	    revoke_role(r, &targets, &target, version, &body, e) != 0 ||
	    revoke_sign(r, writer_span(&body), &out, e) != 0 ||
	    tree_put_new(&p->tree, stored, writer_span(&list), e) != 0 ||
	    repository_stage(&p->repository, "targets", version, writer_span(&out), e) != 0)
		return -1;
	return revoke_commit(r, &target, e);
}

static int revoke_run(struct ui *ui, const char *site_path, int argc, char **argv)
{
	static const struct option options[] = { { "why", required_argument, NULL, 'w' }, { NULL, 0, NULL, 0 } };
	static struct site site;
	static struct revoke r;
	struct error e = { 0 };
	int option;
	r = (struct revoke){ .site = &site };
	while ((option = option_next(ui, argc, argv, options)) != -1) {
		if (option == '?')
			return UI_USAGE;
		r.why = optarg;
	}
	if (argc == optind || r.why == NULL)
		return ui_usage(ui, "give --why TEXT and the keys to be revoked");
	int failed = site_load(&site, site_path, &e) != 0 || revoke_publish(&r, argv + optind, argc - optind, &e) != 0;
	publishing_close(&r.publishing);
	if (failed)
		return ui_fail(ui, &e);
	if (ui->json)
		printf("{\"epoch\":%llu,\"keys\":%u}\n", (unsigned long long)r.epoch, r.count);
	else
		printf("revocations, epoch %llu: %u keys, signed by %d of %d and published\n",
		       (unsigned long long)r.epoch, r.count, SITE_TARGETS_THRESHOLD, SITE_TARGETS_KEYS);
	return UI_OK;
}

const struct command command_revoke_key = {
	"revoke-key", "--why TEXT KEY...", "revoke signing keys by the targets role",
	"Publishes trust/revocations.json under the top-level targets, signed by its holders: with their next poll\n"
	"devices count these keys nowhere any more, for good. Replace the key first where a role would be left "
	"without;\n"
	"root keys change by root alone. Where the targets role itself is lost: sealift emergency revoke.\n\n"
	"  KEY          p/<product>, plans/<product>, directive, log, boot, boot-next, or the SHA-256 of its\n"
	"               SubjectPublicKeyInfo\n"
	"  --why TEXT   for the journals\n\n"
	"Example: sealift revoke-key --why 'INC-7: director stolen' directive\n",
	revoke_run
};
