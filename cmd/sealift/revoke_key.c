#include <stdio.h>
#include <string.h>

#include "bootcheck.h"
#include "command.h"
#include "crypto_openssl.h"
#include "holders.h"
#include "key_id.h"
#include "revocations.h"
#include "trust_role.h"

struct revoke {
	const struct site *site;
	const char *why;
	struct holders holders;
	uint64_t epoch;
	uint32_t count;
	struct digest keys[REVOCATIONS_KEYS_MAX];
	uint32_t fresh_count;
	struct digest fresh[REVOCATIONS_KEYS_MAX]; /* of keys, those that this command adds */
	bool unknown;                              /* keys that the site does not have may be revoked */
	struct publishing publishing;
};

/* --- the list --- */

static int revoke_read(struct revoke *r, struct error *e)
{
	struct span text;
	struct revocation_list list;
	int found = trust_role_read(&r->publishing, REVOCATIONS_PATH, REVOCATIONS_BYTES_MAX, &text, e);
	if (found != 0)
		return found < 0 ? -1 : 0;
	enum fault fault = revocation_list_decode(text, &r->publishing.ws, &list);
	if (fault != FAULT_NONE)
		return error_set(e, "%s is malformed: %s", REVOCATIONS_PATH, fault_text(fault));
	r->epoch = list.epoch;
	r->count = list.count;
	memcpy(r->keys, list.keys, list.count * sizeof *list.keys);
	return 0;
}

static bool revoke_is(const struct digest *id, const struct public_key *keys, int count)
{
	for (int i = 0; i < count; i++) {
		struct digest own = key_identity(&crypto_openssl, &keys[i]);
		if (digest_equal(&own, id))
			return true;
	}
	return false;
}

/* A device would take the list, and go on believing the key [REV-8]. */
static int revoke_find(struct revoke *r, const char *name, struct error *e)
{
	struct digest found[REVOCATIONS_KEYS_MAX];
	struct key_ids one = { 0, REVOCATIONS_KEYS_MAX, found }, all = { r->count, REVOCATIONS_KEYS_MAX, r->keys };
	if (key_id_find(r->site, &r->publishing, name, r->unknown, &one, e) != 0)
		return -1;
	for (uint32_t i = 0; i < one.count; i++)
		if (revoke_is(&found[i], r->site->boot_keys, BOOT_KEYS_MAX) ||
		    revoke_is(&found[i], r->site->emergency, SITE_EMERGENCY_KEYS))
			return error_set(
				e,
				"%.80s: targets has no say over boot and emergency keys: use sealift emergency revoke",
				name);
	int failed = key_id_find(r->site, &r->publishing, name, r->unknown, &all, e);
	r->count = all.count;
	return failed;
}

/* What this command adds to the keys that were revoked before. */
static void revoke_note_fresh(struct revoke *r, const struct digest *before, uint32_t count)
{
	for (uint32_t i = 0; i < r->count; i++)
		if (!key_id_has(before, count, &r->keys[i]))
			r->fresh[r->fresh_count++] = r->keys[i];
}

static int revoke_list(struct revoke *r, char **names, int count, struct writer *out, struct error *e)
{
	if (revoke_read(r, e) != 0)
		return -1;
	struct digest before[REVOCATIONS_KEYS_MAX];
	uint32_t before_count = r->count;
	memcpy(before, r->keys, sizeof before);
	for (int i = 0; i < count; i++)
		if (revoke_find(r, names[i], e) != 0)
			return -1;
	revoke_note_fresh(r, before, before_count);
	if (r->fresh_count == 0)
		return error_set(e, "all of these keys are revoked already");
	struct revocation_list list = { ++r->epoch, r->count, r->keys };
	revocation_list_encode(out, &list);
	return out->fault == FAULT_NONE ? 0 : error_set(e, "the list: %s", fault_text(out->fault));
}

/* --- the command --- */

static int revoke_publish(struct revoke *r, char **names, int count, struct error *e)
{
	struct publishing *p = &r->publishing;
	if (publishing_open(r->site, p, e) != 0)
		return -1;
	struct writer list = publishing_buffer(p, REVOCATIONS_BYTES_MAX);
	if (revoke_list(r, names, count, &list, e) != 0)
		return -1;
	return trust_role_publish(r->site, p, REVOCATIONS_PATH, writer_span(&list), &r->holders, r->why, e);
}

static int revoke_options(struct revoke *r, const struct ui *ui, int argc, char **argv)
{
	static const struct option options[] = { { "holders", required_argument, NULL, 'h' },
						 { "unknown", no_argument, NULL, 'u' },
						 { "why", required_argument, NULL, 'w' },
						 { NULL, 0, NULL, 0 } };
	int option;
	while ((option = option_next(ui, argc, argv, options)) != -1) {
		if (option == '?')
			return UI_USAGE;
		if (option == 'u')
			r->unknown = true;
		if (option == 'h' && holders_parse(ui, &r->holders, "targets", optarg) != UI_OK)
			return UI_USAGE;
		if (option == 'w' && option_why(ui, optarg, &r->why) != UI_OK)
			return UI_USAGE;
	}
	if (argc == optind || r->why == NULL)
		return ui_usage(ui, "give --why TEXT and the keys to be revoked");
	return UI_OK;
}

static void revoke_report(const struct revoke *r, const struct ui *ui)
{
	unsigned long long epoch = r->epoch;
	if (!ui->json) {
		printf("revocations, epoch %llu: %u keys, signed by %d of %d and published\n", epoch, r->count,
		       SITE_TARGETS_THRESHOLD, SITE_TARGETS_KEYS);
		key_id_print(ui, r->fresh, r->fresh_count);
		return;
	}
	printf("{\"epoch\":%llu,\"keys\":%u,\"revoked\":", epoch, r->count);
	key_id_print(ui, r->fresh, r->fresh_count);
	puts("}");
}

static int revoke_run(struct ui *ui, const char *site_path, int argc, char **argv)
{
	static struct site site;
	static struct revoke r;
	struct error e = { 0 };
	r = (struct revoke){ .site = &site };
	holders_default(&r.holders, "targets");
	if (revoke_options(&r, ui, argc, argv) != UI_OK)
		return UI_USAGE;
	int failed = site_load(&site, site_path, &e) != 0 || revoke_publish(&r, argv + optind, argc - optind, &e) != 0;
	publishing_close(&r.publishing);
	if (failed)
		return ui_fail(ui, &e);
	revoke_report(&r, ui);
	return UI_OK;
}

const struct command command_revoke_key = {
	"revoke-key", "--why TEXT [--holders A,B] [--unknown] KEY...", "revoke signing keys by the targets role",
	"Publishes trust/revocations.json under the top-level targets, signed by its holders: with their next poll\n"
	"devices count these keys nowhere any more, for good. Replace the key first where a role would be left "
	"without;\n"
	"root keys change by root alone. Where the targets role itself is lost: sealift emergency revoke.\n\n"
	"  KEY            p/<product>, plans/<product>, directive, log, or the SHA-256 of its SubjectPublicKeyInfo;\n"
	"                 boot and emergency keys: sealift emergency revoke\n"
	"  --holders A,B  which two of the three sign (default 1,2)\n"
	"  --unknown      take a SHA-256 that is of no key of the site\n"
	"  --why TEXT     for the journals\n\n"
	"Example: sealift revoke-key --why 'INC-7: director stolen' directive\n",
	revoke_run
};
