#include "bootcheck.h"
#include "signing.h"

static const struct span image = { (const uint8_t *)"an image", 8 };

struct attempt {
	struct manifest manifest;
	struct boot_identity identity;
	enum boot_component component;
	uint32_t epoch_floor;
	uint64_t room_bytes;
	int keys[2];
	uint32_t key_count;
};

static struct attempt attempt_good(void)
{
	struct attempt a = { .component = BOOT_SLOT, .epoch_floor = 1, .room_bytes = 8, .key_count = 1 };
	a.manifest = signing_manifest("slot", COUNTER_OF(1, 5), image);
	a.identity = signing_identity();
	a.keys[0] = KEY_CURRENT;
	return a;
}

static enum verdict attempt_verdict(const struct attempt *a)
{
	uint8_t out[MANIFEST_BYTES_MAX];
	struct verified_manifest verified;
	enum fault why;
	struct span envelope = signing_envelope(&a->manifest, a->keys, a->key_count, out, sizeof out);
	enum verdict verdict = bootcheck_manifest(&crypto_openssl, &a->identity, a->component, a->epoch_floor,
						  a->room_bytes, envelope, &verified, &why);
	/* Nothing usable comes out of a refusal. */
	CHECK_EQ(verified.manifest.image_bytes != 0, verdict == VERDICT_OK);
	return verdict;
}

static void current_and_next_key_verify_a_slot(void)
{
	struct attempt a = attempt_good();
	CHECK_EQ(attempt_verdict(&a), VERDICT_OK);
	a.keys[0] = KEY_NEXT;
	CHECK_EQ(attempt_verdict(&a), VERDICT_OK);
	a.identity.keys[1].present = false;
	CHECK_EQ(attempt_verdict(&a), VERDICT_SIGNATURE);
	a.keys[0] = KEY_STRANGER;
	CHECK_EQ(attempt_verdict(&a), VERDICT_SIGNATURE);
	/* A stranger's signature beside a good one does no harm. */
	a.keys[1] = KEY_CURRENT;
	a.key_count = 2;
	CHECK_EQ(attempt_verdict(&a), VERDICT_OK);
	a = attempt_good();
	a.keys[0] = KEY_NEXT;
	a.identity.keys[0].present = false;
	CHECK_EQ(attempt_verdict(&a), VERDICT_OK);
	a.identity.keys[0].key = a.identity.keys[1].key; /* what is left of an absent key counts for nothing */
	CHECK_EQ(attempt_verdict(&a), VERDICT_OK);
}

static void a_revoked_key_verifies_nothing(void)
{
	struct attempt a = attempt_good();
	a.identity.keys[0].revoked = true;
	CHECK_EQ(attempt_verdict(&a), VERDICT_KEY_REVOKED);
	a.keys[1] = KEY_NEXT;
	a.key_count = 2;
	CHECK_EQ(attempt_verdict(&a), VERDICT_OK);
	/* The same key, once more in the other place, stays revoked. */
	a.key_count = 1;
	a.identity.keys[1] = a.identity.keys[0];
	a.identity.keys[1].revoked = false;
	CHECK_EQ(attempt_verdict(&a), VERDICT_KEY_REVOKED);
}

static void emergency_keys_verify_recovery_only_and_two_must(void)
{
	struct attempt a = attempt_good();
	a.keys[0] = KEY_EMERGENCY_1;
	a.keys[1] = KEY_EMERGENCY_3;
	a.key_count = 2;
	CHECK_EQ(attempt_verdict(&a), VERDICT_SIGNATURE);
	a.component = BOOT_RECOVERY;
	a.manifest = signing_manifest("recovery", COUNTER_OF(1, 5), image);
	CHECK_EQ(attempt_verdict(&a), VERDICT_OK);
	a.key_count = 1;
	CHECK_EQ(attempt_verdict(&a), VERDICT_SIGNATURE);
	a.keys[1] = KEY_EMERGENCY_1; /* twice the same person */
	a.key_count = 2;
	CHECK_EQ(attempt_verdict(&a), VERDICT_SIGNATURE);
	a.identity.emergency[1] = a.identity.emergency[0]; /* provisioned twice, still one person */
	CHECK_EQ(attempt_verdict(&a), VERDICT_SIGNATURE);
}

static void a_revoked_emergency_key_does_not_count(void)
{
	struct attempt a = attempt_good();
	a.component = BOOT_RECOVERY;
	a.manifest = signing_manifest("recovery", COUNTER_OF(1, 5), image);
	a.keys[0] = KEY_EMERGENCY_1;
	a.keys[1] = KEY_EMERGENCY_3;
	a.key_count = 2;
	a.identity.emergency[2].revoked = true;
	CHECK_EQ(attempt_verdict(&a), VERDICT_KEY_REVOKED);
	a.keys[0] = KEY_CURRENT; /* a boot key may sign recovery too */
	a.key_count = 1;
	CHECK_EQ(attempt_verdict(&a), VERDICT_OK);
}

static void another_processor_is_refused(void)
{
	struct attempt a = attempt_good();
	a.manifest.vendor[15] ^= 1;
	CHECK_EQ(attempt_verdict(&a), VERDICT_HARDWARE);
	a = attempt_good();
	a.manifest.class[0] ^= 1;
	CHECK_EQ(attempt_verdict(&a), VERDICT_HARDWARE);
	a = attempt_good();
	a.manifest.component[0] = SPAN_LIT("recovery");
	CHECK_EQ(attempt_verdict(&a), VERDICT_HARDWARE);
	a.manifest.component[0] = SPAN_LIT("slo");
	CHECK_EQ(attempt_verdict(&a), VERDICT_HARDWARE);
	a.manifest.component[0] = SPAN_LIT("slot");
	a.manifest.component[1] = SPAN_LIT("slot");
	a.manifest.component_count = 2;
	CHECK_EQ(attempt_verdict(&a), VERDICT_HARDWARE);
}

static void epoch_and_size_have_their_limits(void)
{
	struct attempt a = attempt_good();
	a.epoch_floor = 2;
	CHECK_EQ(attempt_verdict(&a), VERDICT_EPOCH);
	a.manifest.sequence = COUNTER_OF(2, 0); /* the build number is not the boot stage's matter */
	CHECK_EQ(attempt_verdict(&a), VERDICT_OK);
	a.room_bytes = 7;
	CHECK_EQ(attempt_verdict(&a), VERDICT_SIZE);
	a.room_bytes = 8;
	a.manifest.image_bytes = 0;
	CHECK_EQ(attempt_verdict(&a), VERDICT_SIZE);
	a.manifest.image_bytes = UINT64_MAX;
	CHECK_EQ(attempt_verdict(&a), VERDICT_SIZE);
}

/* One that was trusted once tells so, in recovery too, though two emergency keys would have been another way. */
static void a_revoked_boot_key_is_told_of_in_recovery(void)
{
	struct attempt a = attempt_good();
	a.component = BOOT_RECOVERY;
	a.manifest = signing_manifest("recovery", COUNTER_OF(1, 5), image);
	a.identity.keys[0].revoked = true;
	CHECK_EQ(attempt_verdict(&a), VERDICT_KEY_REVOKED);
}

/* An unsigned body is not parsed: the fault in it is never told. */
static void a_signature_is_checked_before_what_it_covers(void)
{
	uint8_t out[MANIFEST_BYTES_MAX];
	struct verified_manifest verified;
	enum fault why;
	static const uint8_t raw[64] = { 1 };
	struct manifest_signature signature = { .raw = SPAN_OF(raw) };
	struct boot_identity identity = signing_identity();
	struct writer w = writer_over(out, sizeof out);
	manifest_encode(&w, &crypto_openssl, SPAN_LIT("no CBOR at all"), &signature, 1);
	CHECK_EQ(bootcheck_manifest(&crypto_openssl, &identity, BOOT_SLOT, 0, 8, writer_span(&w), &verified, &why),
		 VERDICT_SIGNATURE);
	CHECK_EQ(why, FAULT_NONE);
	CHECK_EQ(bootcheck_manifest(&crypto_openssl, &identity, BOOT_SLOT, 0, 8, SPAN_LIT("x"), &verified, &why),
		 VERDICT_MALFORMED);
	CHECK(why != FAULT_NONE);
}

/* What a good key signed must still be a manifest. */
static void a_signed_body_is_held_to_the_grammar(void)
{
	static const uint8_t body[] = { 0xa0 };
	uint8_t out[MANIFEST_BYTES_MAX], raw[64];
	struct verified_manifest verified;
	enum fault why;
	struct error e = { 0 };
	struct boot_identity identity = signing_identity();
	struct manifest_signature signature = { .raw = SPAN_OF(raw) };
	struct digest digest = manifest_signed_digest(&crypto_openssl, SPAN_OF(body));
	CHECK_EQ(keyfile_sign(signing_keys[KEY_CURRENT], &digest, raw, &e), 0);
	struct writer w = writer_over(out, sizeof out);
	manifest_encode(&w, &crypto_openssl, SPAN_OF(body), &signature, 1);
	CHECK_EQ(bootcheck_manifest(&crypto_openssl, &identity, BOOT_SLOT, 0, 8, writer_span(&w), &verified, &why),
		 VERDICT_MALFORMED);
	CHECK(why != FAULT_NONE);
}

static const struct check_case cases[] = {
	CASE(current_and_next_key_verify_a_slot),
	CASE(a_revoked_key_verifies_nothing),
	CASE(emergency_keys_verify_recovery_only_and_two_must),
	CASE(a_revoked_emergency_key_does_not_count),
	CASE(a_revoked_boot_key_is_told_of_in_recovery),
	CASE(another_processor_is_refused),
	CASE(epoch_and_size_have_their_limits),
	CASE(a_signature_is_checked_before_what_it_covers),
	CASE(a_signed_body_is_held_to_the_grammar),
};
CHECK_MAIN(cases)
