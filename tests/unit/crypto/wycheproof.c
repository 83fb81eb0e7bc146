/* Project Wycheproof's verdicts on P-256 with SHA-256, in both encodings of a signature, by both providers. */
#include "crypto_openssl.h"
#include "crypto_small.h"
#include "der.h"
#include "hex.h"
#include "json.h"
#include "vectors.h"

#define P1363 "wycheproof/ecdsa_secp256r1_sha256_p1363_test.json"
#define DER "wycheproof/ecdsa_secp256r1_sha256_test.json"
#define BYTES_MAX 65536 /* some of the malformed signatures are long */

static _Alignas(max_align_t) uint8_t memory[8 << 20];

/* Of the test case's signature, r || s; false where its encoding is refused already. */
typedef bool decode_signature(struct span bytes, uint8_t raw[64]);

static bool decode_p1363(struct span bytes, uint8_t raw[64])
{
	if (bytes.n != 64)
		return false;
	memcpy(raw, bytes.at, 64);
	return true;
}

static bool decode_der(struct span bytes, uint8_t raw[64])
{
	return der_signature_decode(bytes, raw) == FAULT_NONE;
}

/* Of any even length, which json_hex() is too strict for. */
static struct span hex_member(struct json_reader *r, struct json_node *object, const char *name, uint8_t *out)
{
	struct span digits = json_string(r, object, name, 2 * BYTES_MAX);
	CHECK_EQ(hex_decode(digits, out, digits.n / 2), FAULT_NONE);
	return (struct span){ out, digits.n / 2 };
}

static void check_test(const struct crypto *crypto, struct json_node *test, const uint8_t xy[64],
		       decode_signature *decode)
{
	struct json_reader r = { 0 };
	uint8_t message[BYTES_MAX], bytes[BYTES_MAX], raw[64];
	uint64_t id = json_uint(&r, test, "tcId", 1, 10000);
	struct digest digest = sha256_of(crypto, hex_member(&r, test, "msg", message));
	struct span signature = hex_member(&r, test, "sig", bytes);
	struct span result = json_string(&r, test, "result", 16);
	CHECK_EQ(r.fault, FAULT_NONE);
	CHECK(span_is(result, "valid") || span_is(result, "invalid"));
	bool valid = decode(signature, raw) && crypto->p256_verify(xy, &digest, raw);
	if (valid != span_is(result, "valid"))
		printf("# test %llu is not %.*s\n", (unsigned long long)id, (int)result.n, (const char *)result.at);
	CHECK_EQ(valid, span_is(result, "valid"));
}

static uint32_t check_group(const struct crypto *crypto, struct json_node *group, decode_signature *decode)
{
	struct json_reader r = { 0 };
	uint8_t point[65];
	struct json_node *key = json_object(&r, group, "publicKey");
	json_hex(&r, key, "uncompressed", point, sizeof point);
	struct json_node *tests = json_array(&r, group, "tests", 1000);
	CHECK_EQ(r.fault, FAULT_NONE);
	for (struct json_node *test = tests->child; test != NULL; test = test->next)
		check_test(crypto, test, point + 1, decode);
	return tests->count;
}

static void check_file(const struct crypto *crypto, const char *name, decode_signature *decode, uint32_t count)
{
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct json_node *root;
	struct json_reader r = { 0 };
	uint32_t seen = 0;
	CHECK_EQ(json_parse(vectors_load(name), &ws, &root), FAULT_NONE);
	struct json_node *groups = json_array(&r, root, "testGroups", 1000);
	CHECK_EQ(r.fault, FAULT_NONE);
	for (struct json_node *group = groups->child; group != NULL; group = group->next)
		seen += check_group(crypto, group, decode);
	CHECK_EQ(seen, count);
	CHECK_EQ(json_uint(&r, root, "numberOfTests", 1, 1000), count);
}

static void wycheproof_p1363(void)
{
	check_file(&crypto_openssl, P1363, decode_p1363, 262);
	check_file(&crypto_small, P1363, decode_p1363, 262);
}

static void wycheproof_der(void)
{
	check_file(&crypto_openssl, DER, decode_der, 484);
	check_file(&crypto_small, DER, decode_der, 484);
}

static void check_points_off_the_curve(const struct crypto *crypto)
{
	static const char key[] = "2927b10512bae3eddcfe467828128bad2903269919f7086069c8c4df6c732838"
				  "c7787964eaac00e5921fb1498a60f4606766b3d9685001558d1a974e7341513e";
	struct digest digest = { { 0 } };
	uint8_t raw[64] = { 0 }, xy[64], none[64] = { 0 };
	raw[31] = raw[63] = 1;
	CHECK_EQ(hex_decode(SPAN_LIT(key), xy, sizeof xy), FAULT_NONE);
	CHECK(!crypto->p256_verify(xy, &digest, raw));
	for (size_t bit = 0; bit < 512; bit++) {
		xy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CHECK(!crypto->p256_verify(xy, &digest, raw));
		xy[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	CHECK(!crypto->p256_verify(none, &digest, raw));
	memset(xy, 0xff, sizeof xy);
	CHECK(!crypto->p256_verify(xy, &digest, raw));
}

static void p256_refuses_a_point_off_the_curve(void)
{
	check_points_off_the_curve(&crypto_openssl);
	check_points_off_the_curve(&crypto_small);
}

static const struct check_case cases[] = {
	CASE(wycheproof_p1363),
	CASE(wycheproof_der),
	CASE(p256_refuses_a_point_off_the_curve),
};

CHECK_MAIN(cases)
