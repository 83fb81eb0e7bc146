/* What only a hosted client needs of the provider: Ed25519 by Wycheproof's verdicts, RSA-PSS, SHA-512. */
#include "crypto_openssl.h"
#include "hex.h"
#include "json.h"
#include "vectors.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define BYTES_MAX 4096

static _Alignas(max_align_t) uint8_t memory[4 << 20];

static struct span hex_member(struct json_reader *r, struct json_node *object, const char *name, uint8_t *out)
{
	struct span digits = json_string(r, object, name, 2 * BYTES_MAX);
	CHECK_EQ(hex_decode(digits, out, digits.n / 2), FAULT_NONE);
	return (struct span){ out, digits.n / 2 };
}

static uint32_t check_group(struct json_node *group)
{
	struct json_reader r = { 0 };
	uint8_t key[32], message[BYTES_MAX], bytes[BYTES_MAX];
	uint32_t seen = 0;
	json_hex(&r, json_object(&r, group, "publicKey"), "pk", key, sizeof key);
	struct json_node *tests = json_array(&r, group, "tests", 1000);
	CHECK_EQ(r.fault, FAULT_NONE);
	for (struct json_node *test = tests->child; test != NULL; test = test->next) {
		struct span text = hex_member(&r, test, "msg", message), signature = hex_member(&r, test, "sig", bytes);
		bool want = span_is(json_string(&r, test, "result", 16), "valid");
		/* Another length never reaches the provider. */
		bool valid = signature.n == 64 && crypto_openssl.ed25519_verify(key, text, signature.at);
		if (valid != want)
			printf("# test %llu\n", (unsigned long long)json_uint(&r, test, "tcId", 1, 10000));
		CHECK_EQ(valid, want);
		seen++;
	}
	return seen;
}

static void wycheproof_ed25519(void)
{
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct json_node *root;
	struct json_reader r = { 0 };
	uint32_t seen = 0;
	CHECK_EQ(json_parse(vectors_load("wycheproof/ed25519_test.json"), &ws, &root), FAULT_NONE);
	struct json_node *groups = json_array(&r, root, "testGroups", 1000);
	CHECK_EQ(r.fault, FAULT_NONE);
	for (struct json_node *group = groups->child; group != NULL; group = group->next)
		seen += check_group(group);
	CHECK_EQ(seen, 151);
}

/* --- RSA --- */

struct rsa_sample {
	EVP_PKEY *key;
	uint8_t spki[1024], signature[512];
	size_t spki_bytes, signature_bytes;
	struct digest digest;
};

static void sign_pss(struct rsa_sample *s, const EVP_MD *mgf1, int salt)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(s->key, NULL);
	s->signature_bytes = sizeof s->signature;
	CHECK(context != NULL && EVP_PKEY_sign_init(context) == 1);
	CHECK(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1);
	CHECK(EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1);
	CHECK(EVP_PKEY_CTX_set_rsa_mgf1_md(context, mgf1) == 1);
	CHECK(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt) == 1);
	CHECK(EVP_PKEY_sign(context, s->signature, &s->signature_bytes, s->digest.bytes, DIGEST_BYTES) == 1);
	EVP_PKEY_CTX_free(context);
}

static struct rsa_sample *rsa_sample(void)
{
	static struct rsa_sample s;
	if (s.key != NULL)
		return &s;
	uint8_t *at = s.spki;
	s.key = EVP_RSA_gen(2048);
	s.spki_bytes = (size_t)i2d_PUBKEY(s.key, &at);
	s.digest = sha256_of(&crypto_openssl, SPAN_LIT("message"));
	return &s;
}

static bool verifies(const struct rsa_sample *s, size_t signature_bytes)
{
	struct span spki = { s->spki, s->spki_bytes }, signature = { s->signature, signature_bytes };
	return crypto_openssl.rsa_pss_verify(spki, &s->digest, signature);
}

static void rsa_pss(void)
{
	struct rsa_sample *s = rsa_sample();
	static const int salts[] = { 0, 20, RSA_PSS_SALTLEN_DIGEST, RSA_PSS_SALTLEN_MAX };
	for (size_t i = 0; i < sizeof salts / sizeof salts[0]; i++) {
		sign_pss(s, EVP_sha256(), salts[i]);
		CHECK(verifies(s, s->signature_bytes));
	}
	for (size_t i = 0; i < s->signature_bytes; i++) {
		s->signature[i] ^= 1;
		CHECK(!verifies(s, s->signature_bytes));
		s->signature[i] ^= 1;
	}
	CHECK(!verifies(s, 0));
	CHECK(!verifies(s, s->signature_bytes - 1));
	s->digest.bytes[0] ^= 1;
	CHECK(!verifies(s, s->signature_bytes));
	s->digest.bytes[0] ^= 1;
	sign_pss(s, EVP_sha1(), RSA_PSS_SALTLEN_DIGEST);
	CHECK(!verifies(s, s->signature_bytes));
}

/* The older padding is another scheme. */
static void rsa_pkcs1_is_refused(void)
{
	struct rsa_sample *s = rsa_sample();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(s->key, NULL);
	s->signature_bytes = sizeof s->signature;
	CHECK(EVP_PKEY_sign_init(context) == 1);
	CHECK(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1);
	CHECK(EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1);
	CHECK(EVP_PKEY_sign(context, s->signature, &s->signature_bytes, s->digest.bytes, DIGEST_BYTES) == 1);
	EVP_PKEY_CTX_free(context);
	CHECK(!verifies(s, s->signature_bytes));
}

static void other_keys_are_no_rsa_keys(void)
{
	struct digest digest = { { 0 } };
	uint8_t spki[128], *at = spki, signature[64] = { 0 };
	EVP_PKEY *key = EVP_EC_gen("P-256");
	size_t n = (size_t)i2d_PUBKEY(key, &at);
	EVP_PKEY_free(key);
	CHECK(!crypto_openssl.rsa_pss_verify((struct span){ spki, n }, &digest, SPAN_OF(signature)));
	CHECK(!crypto_openssl.rsa_pss_verify((struct span){ spki, n - 1 }, &digest, SPAN_OF(signature)));
	CHECK(!crypto_openssl.rsa_pss_verify(SPAN_LIT("no key"), &digest, SPAN_OF(signature)));
}

/* FIPS 180-4's examples, the longer one in pieces. */
static void sha512(void)
{
	static const char *const want[] = {
		"cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
		"47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
		"8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
		"501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909",
	};
	static const char *const messages[] = {
		"", "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrs"
		    "mnopqrstnopqrstu"
	};
	for (size_t i = 0; i < 2; i++) {
		struct sha512 hash;
		struct digest512 got, wanted;
		struct span message = span_of_text(messages[i]);
		CHECK_EQ(hex_decode(span_of_text(want[i]), wanted.bytes, sizeof wanted.bytes), FAULT_NONE);
		crypto_openssl.sha512_init(&hash);
		for (size_t at = 0; at < message.n; at += 50)
			crypto_openssl.sha512_update(&hash, span_sub(message, at, 50));
		crypto_openssl.sha512_final(&hash, &got);
		CHECK(digest512_equal(&got, &wanted));
		got.bytes[63] ^= 1;
		CHECK(!digest512_equal(&got, &wanted));
	}
}

static const struct check_case cases[] = {
	CASE(wycheproof_ed25519),         CASE(rsa_pss), CASE(rsa_pkcs1_is_refused),
	CASE(other_keys_are_no_rsa_keys), CASE(sha512),
};

CHECK_MAIN(cases)
