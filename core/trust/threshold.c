#include "threshold.h"

#include "der_rsa.h"
#include "hex.h"

#define THRESHOLD_ED25519_BYTES 64

static const struct role_key *threshold_key(const struct role *role, struct span keyid)
{
	for (uint32_t i = 0; i < role->count; i++)
		if (span_equal(role->keys[i].keyid, keyid))
			return &role->keys[i];
	return NULL;
}

/* [CLIENT-14] */
static bool threshold_is_revoked(const struct revocations *revoked, const struct digest *identity)
{
	for (uint32_t i = 0; revoked != NULL && i < revoked->count; i++)
		if (digest_equal(&revoked->keys[i], identity))
			return true;
	return false;
}

static bool threshold_has(const struct role_key *const *counted, uint32_t count, const struct digest *identity)
{
	for (uint32_t i = 0; i < count; i++)
		if (digest_equal(&counted[i]->identity, identity))
			return true;
	return false;
}

static bool threshold_verifies_ed25519(const struct crypto *crypto, const struct role_key *key,
				       const struct signed_json *object, struct span text)
{
	uint8_t raw[THRESHOLD_ED25519_BYTES];
	if (object->message.at == NULL || hex_decode(text, raw, sizeof raw) != FAULT_NONE)
		return false;
	return crypto->ed25519_verify(key->material.at, object->message, raw);
}

static bool threshold_verifies_rsa(const struct crypto *crypto, const struct role_key *key,
				   const struct signed_json *object, struct span text)
{
	uint8_t raw[DER_RSA_BITS_MAX / 8];
	size_t n = text.n / 2;
	if (text.n % 2 != 0 || n == 0 || n > sizeof raw || hex_decode(text, raw, n) != FAULT_NONE)
		return false;
	return crypto->rsa_pss_verify(key->material, &object->digest, (struct span){ raw, n });
}

/* By the key's own algorithm, whatever the signature looks like; our own formats know one [META-8]. */
static bool threshold_verifies(const struct crypto *crypto, const struct role_key *key,
			       const struct signed_json *object, const struct signed_signature *signature)
{
	if (object->is_own && key->scheme != KEY_P256)
		return false;
	if (key->scheme == KEY_ED25519)
		return threshold_verifies_ed25519(crypto, key, object, signature->text);
	if (key->scheme == KEY_RSA_PSS)
		return threshold_verifies_rsa(crypto, key, object, signature->text);
	return signature->usable && crypto->p256_verify(key->key.xy, &object->digest, signature->raw);
}

bool threshold_needs_message(const struct role *role)
{
	for (uint32_t i = 0; i < role->count; i++)
		if (role->keys[i].usable && role->keys[i].scheme == KEY_ED25519)
			return true;
	return false;
}

enum verdict threshold_check(const struct crypto *crypto, const struct role *role, const struct signed_json *object,
			     const struct revocations *revoked)
{
	const struct role_key *counted[SIGNED_SIGNATURES_MAX];
	uint32_t count = 0, revoked_count = 0;
	/* A threshold of zero would trust everything. The decoder refuses it; this does not rely on that [META-6]. */
	if (role->threshold == 0 || object->count > SIGNED_SIGNATURES_MAX)
		return VERDICT_SIGNATURE;
	for (uint32_t i = 0; i < object->count; i++) {
		const struct signed_signature *signature = &object->signatures[i];
		const struct role_key *key = threshold_key(role, signature->keyid);
		if (key == NULL || !key->usable)
			continue;
		if (threshold_has(counted, count + revoked_count, &key->identity))
			continue;
		if (!threshold_verifies(crypto, key, object, signature))
			continue;
		/* Revoked keys are kept behind the others: they are counted for the reason only. */
		counted[count + revoked_count] = key;
		if (threshold_is_revoked(revoked, &key->identity)) {
			revoked_count++;
			continue;
		}
		counted[count + revoked_count] = counted[count];
		counted[count] = key;
		count++;
		if (count >= role->threshold)
			return VERDICT_OK;
	}
	return count + revoked_count >= role->threshold ? VERDICT_KEY_REVOKED : VERDICT_SIGNATURE;
}
