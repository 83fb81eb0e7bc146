#include "bootcheck.h"

#include <string.h>

/* The keys of a list that signed, as bits. A signature may name a key id; it decides nothing [BM-6]. */
static uint32_t bootcheck_signers(const struct crypto *crypto, const struct manifest *manifest,
				  const struct boot_key *keys, uint32_t count)
{
	uint32_t signers = 0;
	for (uint32_t k = 0; k < count; k++)
		for (uint32_t s = 0; s < manifest->signature_count && keys[k].present; s++)
			if (crypto->p256_verify(keys[k].key.xy, &manifest->signed_digest,
						manifest->signatures[s].raw.at))
				signers |= 1u << k;
	return signers;
}

static bool bootcheck_same_key(const struct boot_key *a, const struct boot_key *b)
{
	return memcmp(a->key.xy, b->key.xy, sizeof a->key.xy) == 0;
}

/* Distinct keys among the signers, revoked ones too or not: a key that was provisioned twice counts once. */
static uint32_t bootcheck_distinct(const struct boot_key *keys, uint32_t count, uint32_t signers, bool with_revoked)
{
	uint32_t distinct = 0;
	for (uint32_t k = 0; k < count; k++) {
		bool counts = (signers >> k & 1) != 0 && (with_revoked || !keys[k].revoked);
		for (uint32_t earlier = 0; earlier < k && counts; earlier++)
			counts = !keys[earlier].present || !bootcheck_same_key(&keys[earlier], &keys[k]);
		distinct += counts;
	}
	return distinct;
}

/*
 * Two emergency keys, or one boot key, must have signed [BM-7]; a signature of a revoked key tells another story than
 * none.
 */
static enum verdict bootcheck_signatures(const struct crypto *crypto, const struct boot_identity *identity,
					 enum boot_component component, const struct manifest *manifest)
{
	uint32_t signers = bootcheck_signers(crypto, manifest, identity->keys, BOOT_KEYS_MAX);
	if (bootcheck_distinct(identity->keys, BOOT_KEYS_MAX, signers, false) >= 1)
		return VERDICT_OK;
	if (component != BOOT_RECOVERY)
		return signers != 0 ? VERDICT_KEY_REVOKED : VERDICT_SIGNATURE;
	uint32_t people = bootcheck_signers(crypto, manifest, identity->emergency, BOOT_EMERGENCY_MAX);
	if (bootcheck_distinct(identity->emergency, BOOT_EMERGENCY_MAX, people, false) >= 2)
		return VERDICT_OK;
	bool was_enough = bootcheck_distinct(identity->emergency, BOOT_EMERGENCY_MAX, people, true) >= 2;
	return signers != 0 || was_enough ? VERDICT_KEY_REVOKED : VERDICT_SIGNATURE;
}

/* [BM-8] */
static enum verdict bootcheck_hardware(const struct boot_identity *identity, enum boot_component component,
				       const struct manifest *manifest)
{
	const char *name = component == BOOT_RECOVERY ? "recovery" : "slot";
	if (memcmp(manifest->vendor, identity->vendor, sizeof identity->vendor) != 0)
		return VERDICT_HARDWARE;
	if (memcmp(manifest->class, identity->class, sizeof identity->class) != 0)
		return VERDICT_HARDWARE;
	if (manifest->component_count != 1 || !span_is(manifest->component[0], name))
		return VERDICT_HARDWARE;
	return VERDICT_OK;
}

/* [BM-9] [BM-10] */
static enum verdict bootcheck_limits(uint32_t epoch_floor, uint64_t room_bytes, const struct manifest *manifest)
{
	if (COUNTER_EPOCH(manifest->sequence) < epoch_floor)
		return VERDICT_EPOCH;
	if (manifest->image_bytes == 0 || manifest->image_bytes > room_bytes)
		return VERDICT_SIZE;
	return VERDICT_OK;
}

enum verdict bootcheck_manifest(const struct crypto *crypto, const struct boot_identity *identity,
				enum boot_component component, uint32_t epoch_floor, uint64_t room_bytes,
				struct span envelope, struct verified_manifest *out, enum fault *why)
{
	struct verified_manifest candidate;
	struct manifest *manifest = &candidate.manifest;
	struct span body;
	memset(out, 0, sizeof *out);
	*why = manifest_decode_envelope(envelope, crypto, manifest, &body);
	if (*why != FAULT_NONE)
		return VERDICT_MALFORMED;
	/* Nothing that is not signed by somebody we once trusted is parsed any further [BM-4]. */
	enum verdict signatures = bootcheck_signatures(crypto, identity, component, manifest);
	if (signatures == VERDICT_SIGNATURE)
		return VERDICT_SIGNATURE;
	*why = manifest_decode_body(body, manifest);
	if (*why != FAULT_NONE)
		return VERDICT_MALFORMED;
	enum verdict verdict = bootcheck_hardware(identity, component, manifest);
	if (verdict == VERDICT_OK)
		verdict = signatures;
	if (verdict == VERDICT_OK)
		verdict = bootcheck_limits(epoch_floor, room_bytes, manifest);
	if (verdict == VERDICT_OK)
		*out = candidate;
	return verdict;
}
