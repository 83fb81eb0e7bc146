/* Signatures counted: what makes a threshold and what must not. */
#include "check.h"
#include "world.h"

#include "crypto_openssl.h"

#include <ctype.h>

#define BODY "{\"_type\":\"t\"}"

static struct world *world;
static struct role_key keys[4];
static struct role role;
static struct signed_signature signatures[4];
static struct signed_json object;

/* A role of two keys, threshold 2, and an object that both signed. */
static void fresh(void)
{
	world_free(world);
	world = world_new();
	object = (struct signed_json){ .digest = sha256_of(&crypto_openssl, SPAN_LIT(BODY)), .count = 2 };
	object.signatures = signatures;
	for (uint32_t i = 0; i < 4; i++) {
		keys[i] = world->keys[i].role;
		signatures[i] = (struct signed_signature){ .keyid = keys[i].keyid, .usable = true };
		world_sign_raw(&world->keys[i], SPAN_LIT(BODY), signatures[i].raw);
	}
	role = (struct role){ .threshold = 2, .count = 2, .keys = keys };
}

static enum verdict check(const struct revocations *revoked)
{
	return threshold_check(&crypto_openssl, &role, &object, revoked);
}

static void met(void)
{
	fresh();
	CHECK_EQ(check(NULL), VERDICT_OK);
	object.count = 1;
	CHECK_EQ(check(NULL), VERDICT_SIGNATURE);
	role.threshold = 1;
	CHECK_EQ(check(NULL), VERDICT_OK);
	object.count = 0;
	CHECK_EQ(check(NULL), VERDICT_SIGNATURE);
}

static void threshold_zero_is_never_met(void)
{
	fresh();
	role.threshold = 0;
	CHECK_EQ(check(NULL), VERDICT_SIGNATURE);
}

static void more_than_there_are_keys(void)
{
	fresh();
	role.threshold = 3;
	object.count = 4;
	CHECK_EQ(check(NULL), VERDICT_SIGNATURE);
}

static void one_key_under_two_ids(void)
{
	fresh();
	keys[1].key = keys[0].key;
	keys[1].identity = keys[0].identity;
	world_sign_raw(&world->keys[0], SPAN_LIT(BODY), signatures[1].raw);
	CHECK_EQ(check(NULL), VERDICT_SIGNATURE);
	role.threshold = 1;
	CHECK_EQ(check(NULL), VERDICT_OK);
}

static void one_id_twice(void)
{
	fresh();
	signatures[1] = signatures[0];
	CHECK_EQ(check(NULL), VERDICT_SIGNATURE);
}

static void another_keys_signature_under_this_id(void)
{
	fresh();
	memcpy(signatures[1].raw, signatures[2].raw, 64);
	CHECK_EQ(check(NULL), VERDICT_SIGNATURE);
}

static void others_do_not_spoil(void)
{
	fresh();
	object.count = 4;
	signatures[2] = signatures[1];
	signatures[1] = signatures[3]; /* not a key of the role */
	signatures[3] = (struct signed_signature){ .keyid = SPAN_LIT("unknown") };
	CHECK_EQ(check(NULL), VERDICT_OK);
	role.count = 3;
	object.count = 4;
	signatures[3] = signatures[2];
	signatures[2] = (struct signed_signature){ .keyid = keys[2].keyid, .usable = true };
	CHECK_EQ(check(NULL), VERDICT_OK);
}

static void unusable_does_not_count(void)
{
	fresh();
	keys[1].usable = false;
	CHECK_EQ(check(NULL), VERDICT_SIGNATURE);
	keys[1].usable = true;
	signatures[1].usable = false;
	CHECK_EQ(check(NULL), VERDICT_SIGNATURE);
}

static void changed_body(void)
{
	fresh();
	object.digest.bytes[31] ^= 1;
	CHECK_EQ(check(NULL), VERDICT_SIGNATURE);
}

static void revoked(void)
{
	fresh();
	struct revocations list = { .count = 1, .keys = &keys[0].identity };
	CHECK_EQ(check(&list), VERDICT_KEY_REVOKED);
	list.keys = &keys[3].identity;
	CHECK_EQ(check(&list), VERDICT_OK);
	/* Enough others: it does not matter. */
	list.keys = &keys[0].identity;
	role.count = object.count = 3;
	CHECK_EQ(check(&list), VERDICT_OK);
	/* Too few even with it: the reason is not the revocation. */
	role.count = object.count = 1;
	CHECK_EQ(check(&list), VERDICT_SIGNATURE);
}

static void verdicts_have_words(void)
{
	for (int v = 0; v < VERDICT_COUNT_; v++) {
		const char *rule = verdict_rule((enum verdict)v);
		CHECK(strcmp(rule, "unknown") != 0);
		for (const char *p = rule; *p != '\0'; p++)
			CHECK(islower((unsigned char)*p) || *p == '-');
		for (int other = 0; other < v; other++)
			CHECK(strcmp(rule, verdict_rule((enum verdict)other)) != 0);
		CHECK(strlen(verdict_text((enum verdict)v)) > 10 && strlen(verdict_help((enum verdict)v)) > 10);
	}
	CHECK(strcmp(verdict_rule(VERDICT_COUNT_), "unknown") == 0);
	CHECK(strcmp(verdict_rule((enum verdict) - 1), "unknown") == 0);
}

/* A is revoked, B is not; each signs under two ids. */
static void revoked_keys_are_counted_once_too(void)
{
	fresh();
	struct digest list[] = { keys[0].identity };
	struct revocations revoked = { .count = 1, .keys = list };
	for (uint32_t twice = 0; twice < 2; twice++) {
		fresh();
		list[0] = keys[0].identity;
		keys[2].key = keys[twice].key;
		keys[2].identity = keys[twice].identity;
		world_sign_raw(&world->keys[twice], SPAN_LIT(BODY), signatures[2].raw);
		role.count = object.count = 3;
		role.threshold = 3;
		CHECK_EQ(check(&revoked), VERDICT_SIGNATURE);
		role.threshold = 2;
		CHECK_EQ(check(&revoked), VERDICT_KEY_REVOKED);
		role.threshold = 1;
		CHECK_EQ(check(&revoked), VERDICT_OK);
	}
}

static void more_signatures_than_a_file_may_have(void)
{
	static struct signed_signature many[SIGNED_SIGNATURES_MAX + 1];
	fresh();
	for (size_t i = 0; i < sizeof many / sizeof many[0]; i++)
		many[i] = signatures[i % 2];
	object.signatures = many;
	object.count = SIGNED_SIGNATURES_MAX;
	CHECK_EQ(check(NULL), VERDICT_OK);
	object.count++;
	CHECK_EQ(check(NULL), VERDICT_SIGNATURE);
}

static size_t tried_bytes;

static bool any_rsa(struct span spki, const struct digest *digest, struct span signature)
{
	tried_bytes = signature.n;
	return true;
}

static bool any_ed25519(const uint8_t key[32], struct span message, const uint8_t signature[64])
{
	tried_bytes = 64;
	return true;
}

static bool is_tried(enum key_scheme scheme, size_t digits, char last, struct span message)
{
	static char sig[2048];
	struct crypto crypto = crypto_openssl;
	crypto.rsa_pss_verify = any_rsa;
	crypto.ed25519_verify = any_ed25519;
	fresh();
	memset(sig, '0', sizeof sig);
	if (digits > 0)
		sig[digits - 1] = last;
	signatures[0].text = (struct span){ (const uint8_t *)sig, digits };
	keys[0].scheme = scheme;
	keys[0].material = SPAN_LIT("a key");
	role.count = object.count = role.threshold = 1;
	object.message = message;
	tried_bytes = 0;
	bool counts = threshold_check(&crypto, &role, &object, NULL) == VERDICT_OK;
	CHECK_EQ(counts, tried_bytes != 0);
	CHECK(tried_bytes == 0 || tried_bytes == digits / 2);
	return counts;
}

static void what_cannot_be_a_signature_is_not_tried(void)
{
	const struct span message = SPAN_LIT(BODY);
	CHECK(is_tried(KEY_RSA_PSS, 512, 'f', SPAN_NONE));
	CHECK(is_tried(KEY_RSA_PSS, 1024, 'f', SPAN_NONE));
	CHECK(!is_tried(KEY_RSA_PSS, 1026, 'f', SPAN_NONE));
	CHECK(!is_tried(KEY_RSA_PSS, 511, 'f', SPAN_NONE));
	CHECK(!is_tried(KEY_RSA_PSS, 512, 'F', SPAN_NONE));
	CHECK(!is_tried(KEY_RSA_PSS, 0, 'f', SPAN_NONE));
	CHECK(is_tried(KEY_ED25519, 128, 'f', message));
	CHECK(!is_tried(KEY_ED25519, 128, 'f', SPAN_NONE));
	CHECK(!is_tried(KEY_ED25519, 128, 'g', message));
	CHECK(!is_tried(KEY_ED25519, 126, 'f', message));
	CHECK(!is_tried(KEY_ED25519, 130, 'f', message));
	object.is_own = true;
	CHECK_EQ(check(NULL), VERDICT_SIGNATURE);
}

static void the_message_is_needed_for_a_usable_ed25519_key(void)
{
	fresh();
	CHECK(!threshold_needs_message(&role));
	keys[1].scheme = KEY_ED25519;
	CHECK(threshold_needs_message(&role));
	keys[1].usable = false;
	CHECK(!threshold_needs_message(&role));
	keys[1].usable = true;
	role.count = 1;
	CHECK(!threshold_needs_message(&role));
}

static const struct check_case cases[] = {
	CASE(met),
	CASE(threshold_zero_is_never_met),
	CASE(more_than_there_are_keys),
	CASE(one_key_under_two_ids),
	CASE(one_id_twice),
	CASE(another_keys_signature_under_this_id),
	CASE(others_do_not_spoil),
	CASE(unusable_does_not_count),
	CASE(changed_body),
	CASE(revoked),
	CASE(verdicts_have_words),
	CASE(revoked_keys_are_counted_once_too),
	CASE(more_signatures_than_a_file_may_have),
	CASE(what_cannot_be_a_signature_is_not_tried),
	CASE(the_message_is_needed_for_a_usable_ed25519_key),
};

CHECK_MAIN(cases)
