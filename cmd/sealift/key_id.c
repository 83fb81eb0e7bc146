#include "key_id.h"

#include <string.h>

#include "crypto_openssl.h"
#include "hex.h"

static int key_id_add(struct digest *ids, uint32_t *count, uint32_t max, const struct digest *id, struct error *e)
{
	uint32_t at = 0;
	while (at < *count && span_compare(digest_span(&ids[at]), digest_span(id)) < 0)
		at++;
	if (at < *count && digest_equal(&ids[at], id))
		return 0;
	if (*count == max)
		return error_set(e, "at most %u keys", max);
	memmove(&ids[at + 1], &ids[at], (*count - at) * sizeof *ids);
	ids[at] = *id;
	++*count;
	return 0;
}

static int key_id_add_key(struct digest *ids, uint32_t *count, uint32_t max, const struct public_key *key,
			  struct error *e)
{
	struct digest id = key_identity(&crypto_openssl, key);
	return key_id_add(ids, count, max, &id, e);
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

int key_id_find(const struct site *site, struct publishing *p, const char *name, struct digest *ids, uint32_t *count,
		uint32_t max, struct error *e)
{
	struct digest id;
	struct targets targets = { 0 };
	const struct public_key *key = key_id_of_site(site, name);
	if (key != NULL)
		return key_id_add_key(ids, count, max, key, e);
	if (hex_decode(span_of_text(name), id.bytes, DIGEST_BYTES) == FAULT_NONE)
		return key_id_add(ids, count, max, &id, e);
	if (repository_targets(&p->repository, "targets", &targets, e) != 0)
		return error_within(e, "the published targets");
	for (uint32_t d = 0; d < targets.delegation_count; d++) {
		const struct role *role = &targets.delegations[d].role;
		for (uint32_t k = 0; span_is(targets.delegations[d].name, name) && k < role->count; k++)
			if (key_id_add(ids, count, max, &role->keys[k].identity, e) != 0)
				return -1;
		if (span_is(targets.delegations[d].name, name))
			return 0;
	}
	return error_set(e,
			 "'%.80s' is no key: give p/<product>, plans/<product>, directive, log, boot, boot-next, "
			 "emergency/N, or the 64 digits of SHA-256 of its SubjectPublicKeyInfo",
			 name);
}
