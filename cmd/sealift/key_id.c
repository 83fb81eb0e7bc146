#include "key_id.h"

#include <stdio.h>
#include <string.h>

#include "crypto_openssl.h"
#include "hex.h"

static int key_id_add(struct key_ids *ids, const struct digest *id, struct error *e)
{
	uint32_t at = 0;
	while (at < ids->count && span_compare(digest_span(&ids->ids[at]), digest_span(id)) < 0)
		at++;
	if (at < ids->count && digest_equal(&ids->ids[at], id))
		return 0;
	if (ids->count == ids->max)
		return error_set(e, "at most %u keys", ids->max);
	memmove(&ids->ids[at + 1], &ids->ids[at], (ids->count - at) * sizeof *ids->ids);
	ids->ids[at] = *id;
	ids->count++;
	return 0;
}

static const struct public_key *key_id_of_site(const struct site *site, const char *name)
{
	static const char *const emergency[SITE_EMERGENCY_KEYS] = { "emergency/1", "emergency/2", "emergency/3" };
	if (strcmp(name, "log") == 0)
		return &site->log_key;
	if (strcmp(name, "boot") == 0)
		return &site->boot_keys[0];
	if (strcmp(name, "boot-next") == 0)
		return &site->boot_keys[1];
	for (int i = 0; i < SITE_EMERGENCY_KEYS; i++)
		if (strcmp(name, emergency[i]) == 0)
			return &site->emergency[i];
	return NULL;
}

/* --- digits --- */

struct key_id_search {
	struct span digits;
	bool is_identity, is_keyid;
	struct digest identity; /* of the key whose TUF key id the digits are */
};

static void key_id_meet(struct key_id_search *s, const struct role_key *key)
{
	char hex[2 * DIGEST_BYTES + 1];
	hex_text(digest_span(&key->identity), hex);
	s->is_identity = s->is_identity || span_is(s->digits, hex);
	if (!span_equal(key->keyid, s->digits))
		return;
	s->is_keyid = true;
	s->identity = key->identity;
}

static void key_id_meet_role(struct key_id_search *s, const struct role *role)
{
	for (uint32_t k = 0; k < role->count; k++)
		key_id_meet(s, &role->keys[k]);
}

static void key_id_meet_site(struct key_id_search *s, const struct site *site)
{
	static const char *const names[] = { "log", "boot", "boot-next", "emergency/1", "emergency/2", "emergency/3" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct role_key key;
		char hex[ROLE_KEYID_HEX + 1];
		role_key_init(&crypto_openssl, key_id_of_site(site, names[i]), hex, &key);
		key_id_meet(s, &key);
	}
}

/* Those of former roots too: they may be in a thief's hand. */
static int key_id_meet_roots(struct key_id_search *s, struct publishing *p, struct error *e)
{
	int found = 0;
	for (uint64_t version = 1; found == 0; version++) {
		struct root root;
		size_t used = p->ws.used;
		found = publishing_root(p, version, &root, e);
		const struct role *roles[] = { &root.root, &root.targets, &root.snapshot, &root.timestamp };
		for (int r = 0; found == 0 && r < 4; r++)
			key_id_meet_role(s, roles[r]);
		p->ws.used = used;
	}
	return found < 0 ? -1 : 0;
}

static int key_id_check(const struct site *site, struct publishing *p, const struct targets *targets,
			const char *digits, bool unknown, struct error *e)
{
	struct key_id_search s = { .digits = span_of_text(digits) };
	char hex[2 * DIGEST_BYTES + 1];
	key_id_meet_site(&s, site);
	for (uint32_t d = 0; d < targets->delegation_count; d++)
		key_id_meet_role(&s, &targets->delegations[d].role);
	if (key_id_meet_roots(&s, p, e) != 0)
		return -1;
	hex_text(digest_span(&s.identity), hex);
	if (s.is_keyid && !s.is_identity)
		return error_set(e,
				 "%.64s is a TUF key id, by which nothing is revoked: give the SHA-256 of that key's "
				 "SubjectPublicKeyInfo, %s",
				 digits, hex);
	if (s.is_identity || unknown)
		return 0;
	return error_set(e,
			 "%.64s is the SHA-256 of no key that this site publishes or pins; if it is right nevertheless "
			 "(a key of former targets, say), add --unknown",
			 digits);
}

/* --- names --- */

static int key_id_delegated(const struct targets *targets, const char *name, struct key_ids *ids, struct error *e)
{
	for (uint32_t d = 0; d < targets->delegation_count; d++) {
		const struct role *role = &targets->delegations[d].role;
		if (!span_is(targets->delegations[d].name, name))
			continue;
		for (uint32_t k = 0; k < role->count; k++)
			if (key_id_add(ids, &role->keys[k].identity, e) != 0)
				return -1;
		return 0;
	}
	return error_set(e,
			 "'%.80s' is no key: give p/<product>, plans/<product>, directive, log, boot, boot-next, "
			 "emergency/N, or the 64 digits of SHA-256 of its SubjectPublicKeyInfo",
			 name);
}

int key_id_find(const struct site *site, struct publishing *p, const char *name, bool unknown, struct key_ids *ids,
		struct error *e)
{
	struct digest id;
	struct targets targets = { 0 };
	const struct public_key *key = key_id_of_site(site, name);
	if (key != NULL) {
		id = key_identity(&crypto_openssl, key);
		return key_id_add(ids, &id, e);
	}
	if (repository_targets(&p->repository, "targets", &targets, e) != 0)
		return error_within(e, "the published targets");
	if (hex_decode(span_of_text(name), id.bytes, DIGEST_BYTES) != FAULT_NONE)
		return key_id_delegated(&targets, name, ids, e);
	return key_id_check(site, p, &targets, name, unknown, e) != 0 ? -1 : key_id_add(ids, &id, e);
}

bool key_id_has(const struct digest *ids, uint32_t count, const struct digest *id)
{
	for (uint32_t i = 0; i < count; i++)
		if (digest_equal(&ids[i], id))
			return true;
	return false;
}

void key_id_print(const struct ui *ui, const struct digest *ids, uint32_t count)
{
	char hex[2 * DIGEST_BYTES + 1];
	if (ui->json)
		putchar('[');
	for (uint32_t i = 0; i < count; i++) {
		hex_text(digest_span(&ids[i]), hex);
		if (ui->json)
			printf("%s\"%s\"", i > 0 ? "," : "", hex);
		else
			printf("revoked: %s\n", hex);
	}
	if (ui->json)
		putchar(']');
}
