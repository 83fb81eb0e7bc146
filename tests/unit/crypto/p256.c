/*
 * Our P-256 against OpenSSL's: the same verdict on each case, and on those made valid, "valid". Two ways to make a
 * valid signature without a private key give control over what the verifier adds up:
 *
 *   from the scalars   R = u1 * G + u2 * Q for a chosen key Q; r = R.x, s = r / u2, e = u1 * s
 *   from the result    R, s and e chosen; r = R.x, Q = (s * R - e * G) / r
 *
 * P256_CASES in the environment says how many cases; the build's long suite asks for a million.
 */
#define OPENSSL_API_COMPAT 10100

#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include "check.h"
#include "crypto_openssl.h"
#include "crypto_small.h"

enum { CASES_DEFAULT = 6000 };

struct signed_case {
	uint8_t xy[64], raw[64];
	struct digest digest;
};

static EC_GROUP *group;
static const BIGNUM *order;
static BIGNUM *prime;
static BN_CTX *context;
static uint64_t seed = 0x5ea11f7;

static uint64_t random_next(void)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint32_t random_below(uint32_t n)
{
	return (uint32_t)(random_next() >> 32) % n;
}

static void curve_open(void)
{
	group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	context = BN_CTX_new();
	prime = BN_new();
	CHECK(group != NULL && context != NULL && prime != NULL);
	order = EC_GROUP_get0_order(group);
	CHECK(EC_GROUP_get_curve(group, prime, NULL, NULL, context) == 1);
}

static void curve_close(void)
{
	BN_free(prime);
	BN_CTX_free(context);
	EC_GROUP_free(group);
}

/* --- numbers: any of 256 bits, many of them at an edge --- */

static void pick_random(BIGNUM *out)
{
	uint64_t words[4];
	for (int i = 0; i < 4; i++)
		words[i] = random_next();
	CHECK(BN_bin2bn((const uint8_t *)words, sizeof words, out) != NULL);
}

/* 0 to 31 and, as often, those before the order; powers of two and their neighbours; long runs of ones; others. */
static void pick_number(BIGNUM *out)
{
	uint32_t kind = random_below(8);
	pick_random(out);
	if (kind == 0)
		CHECK(BN_set_word(out, random_below(32)));
	if (kind == 1)
		CHECK(BN_copy(out, order) && BN_sub_word(out, random_below(32)));
	if (kind == 2)
		CHECK(BN_set_word(out, 1) && BN_lshift(out, out, (int)random_below(256)));
	if (kind == 2 && random_below(2) != 0)
		CHECK(BN_sub_word(out, 1));
	if (kind == 3)
		CHECK(BN_rshift(out, out, (int)random_below(256)));
	if (kind == 4)
		CHECK(BN_lshift(out, out, (int)random_below(256)) && BN_mask_bits(out, 256) >= 0);
}

/* 1 to n - 1 */
static void pick_scalar(BIGNUM *out)
{
	do {
		pick_number(out);
		CHECK(BN_nnmod(out, out, order, context));
	} while (BN_is_zero(out));
}

/* The x coordinates of points at the field's edges: near 0, near p, between n and p, and 0 in Montgomery form. */
static void pick_edge_x(BIGNUM *x)
{
	uint32_t kind = random_below(4);
	BIGNUM *unit = BN_new();
	CHECK(unit != NULL && BN_set_word(unit, 1) && BN_lshift(unit, unit, 256));
	CHECK(BN_mod_inverse(unit, unit, prime, context));
	CHECK(BN_copy(x, kind == 1 ? prime : order));
	if (kind == 0)
		CHECK(BN_set_word(x, random_below(1000)));
	if (kind == 1)
		CHECK(BN_sub_word(x, 1 + random_below(1000)));
	if (kind == 2)
		CHECK(BN_add_word(x, random_below(1000)));
	if (kind == 3)
		CHECK(BN_set_word(x, random_below(1000)) && BN_mod_mul(x, x, unit, prime, context));
	BN_free(unit);
}

/* The point with y = 5, where y + p is a second spelling in 256 bits. */
static void pick_small_y(EC_POINT *out)
{
	BIGNUM *x = NULL, *y = NULL;
	CHECK(BN_hex2bn(&x, "d7325d7646cd60d80a92738ceb345f844cffaf35841022cab176f692de8de1d7") > 0);
	CHECK(BN_hex2bn(&y, "5") > 0);
	CHECK(EC_POINT_set_affine_coordinates(group, out, x, y, context) == 1);
	BN_free(x);
	BN_free(y);
}

static void pick_edge_point(EC_POINT *out)
{
	BIGNUM *x = BN_new();
	CHECK(x != NULL);
	do {
		pick_edge_x(x);
	} while (EC_POINT_set_compressed_coordinates(group, out, x, (int)random_below(2), context) != 1);
	BN_free(x);
}

/* k * G, often for such a small k that it stands in the verifier's tables; or a point at an edge. */
static void pick_point(EC_POINT *out)
{
	BIGNUM *k = BN_new();
	uint32_t kind = random_below(16);
	CHECK(k != NULL);
	pick_scalar(k);
	if (kind < 5)
		CHECK(BN_set_word(k, 1 + random_below(16)));
	CHECK(EC_POINT_mul(group, out, k, NULL, NULL, context) == 1);
	if (kind == 15)
		pick_small_y(out);
	if (kind > 10 && kind < 15)
		pick_edge_point(out);
	if (random_below(2) != 0)
		CHECK(EC_POINT_invert(group, out, context) == 1);
	BN_free(k);
}

/* --- signatures --- */

static void put_number(const BIGNUM *number, uint8_t out[32])
{
	CHECK(BN_bn2binpad(number, out, 32) == 32);
}

static void put_point(const EC_POINT *point, uint8_t xy[64])
{
	uint8_t octets[65];
	CHECK(EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, octets, sizeof octets, context) == 65);
	memcpy(xy, octets + 1, 64);
}

/* The point's x modulo the order; 0 for infinity. */
static void point_r(const EC_POINT *point, BIGNUM *r)
{
	BN_zero(r);
	if (EC_POINT_is_at_infinity(group, point))
		return;
	CHECK(EC_POINT_get_affine_coordinates(group, point, r, NULL, context) == 1);
	CHECK(BN_nnmod(r, r, order, context));
}

struct scratch {
	BIGNUM *u1, *u2, *r, *s, *e;
	EC_POINT *q, *point;
};

/* u1 so that the sum is a small multiple of G or infinity; needs Q = k * G for a known k. */
static void cancel_sum(struct scratch *t)
{
	CHECK(BN_set_word(t->e, 1 + random_below(20)));
	CHECK(EC_POINT_mul(group, t->q, t->e, NULL, NULL, context) == 1);
	CHECK(BN_mod_mul(t->e, t->e, t->u2, order, context));
	CHECK(BN_set_word(t->u1, random_below(4)));
	CHECK(BN_mod_sub(t->u1, t->u1, t->e, order, context));
}

/* The sum of the upper bits is infinity, that of all is not: Q = -k * G, u1 = k * u2 in the upper bits. */
static void cancel_on_the_way(struct scratch *t)
{
	uint32_t low = 1 + random_below(64);
	CHECK(BN_set_word(t->e, 1 + random_below(20)));
	CHECK(EC_POINT_mul(group, t->q, t->e, NULL, NULL, context) == 1);
	CHECK(EC_POINT_invert(group, t->q, context) == 1);
	pick_random(t->u2);
	CHECK(BN_mask_bits(t->u2, 128) == 1 && BN_mul(t->u1, t->u2, t->e, context));
	CHECK(BN_lshift(t->u1, t->u1, (int)low) && BN_lshift(t->u2, t->u2, (int)low));
	CHECK(BN_add_word(t->u1, 1));
}

/* False where the sum is infinity: then r is made up, and the signature must be refused. */
static bool make_from_scalars(struct scratch *t, struct signed_case *out)
{
	pick_point(t->q);
	pick_scalar(t->u1);
	pick_scalar(t->u2);
	if (random_below(4) == 0)
		CHECK(BN_copy(t->u1, t->u2));
	if (random_below(4) == 0)
		cancel_sum(t);
	if (random_below(8) == 0)
		cancel_on_the_way(t);
	CHECK(EC_POINT_mul(group, t->point, t->u1, t->q, t->u2, context) == 1);
	point_r(t->point, t->r);
	bool is_valid = !BN_is_zero(t->r);
	if (!is_valid)
		pick_scalar(t->r);
	CHECK(BN_mod_inverse(t->s, t->u2, order, context));
	CHECK(BN_mod_mul(t->s, t->s, t->r, order, context));
	CHECK(BN_mod_mul(t->e, t->u1, t->s, order, context));
	put_point(t->q, out->xy);
	put_number(t->r, out->raw);
	put_number(t->s, out->raw + 32);
	put_number(t->e, out->digest.bytes);
	return is_valid;
}

/* r that is not x mod n, but would be were the comparison with r + n careless: of a sum over p, or over 2^256. */
static void lie_about_r(BIGNUM *r)
{
	BIGNUM *offset = BN_new();
	CHECK(offset != NULL && BN_set_word(offset, 1));
	if (random_below(2) != 0)
		CHECK(BN_lshift(offset, offset, 256));
	else
		CHECK(BN_copy(offset, prime));
	CHECK(BN_sub(offset, offset, order) && BN_mod_add(r, r, offset, order, context));
	BN_free(offset);
}

enum made { MADE_NOTHING, MADE_VALID, MADE_INVALID };

static enum made make_from_result(struct scratch *t, struct signed_case *out)
{
	enum made made = random_below(4) == 0 ? MADE_INVALID : MADE_VALID;
	pick_point(t->point);
	pick_scalar(t->s);
	pick_number(t->e); /* also above the order */
	point_r(t->point, t->r);
	if (made == MADE_INVALID)
		lie_about_r(t->r);
	put_number(t->r, out->raw);
	put_number(t->s, out->raw + 32);
	put_number(t->e, out->digest.bytes);
	if (BN_is_zero(t->r))
		return MADE_NOTHING;
	CHECK(BN_mod_inverse(t->r, t->r, order, context));
	CHECK(BN_mod_mul(t->u2, t->s, t->r, order, context));
	CHECK(BN_nnmod(t->e, t->e, order, context) && BN_sub(t->e, order, t->e));
	CHECK(BN_mod_mul(t->u1, t->e, t->r, order, context));
	CHECK(EC_POINT_mul(group, t->q, t->u1, t->point, t->u2, context) == 1);
	if (EC_POINT_is_at_infinity(group, t->q))
		return MADE_NOTHING;
	put_point(t->q, out->xy);
	return made;
}

/* --- comparison --- */

static uint32_t compared, accepted;

static void print_bytes(const char *name, const uint8_t *bytes, size_t n)
{
	printf("# %s ", name);
	for (size_t i = 0; i < n; i++)
		printf("%02x", bytes[i]);
	printf("\n");
}

static bool compare(const struct signed_case *c)
{
	bool theirs = crypto_openssl.p256_verify(c->xy, &c->digest, c->raw);
	bool ours = crypto_small.p256_verify(c->xy, &c->digest, c->raw);
	if (ours != theirs) {
		print_bytes("key", c->xy, 64);
		print_bytes("digest", c->digest.bytes, DIGEST_BYTES);
		print_bytes("signature", c->raw, 64);
	}
	CHECK_EQ(ours, theirs);
	compared++;
	accepted += ours;
	return ours;
}

static void change_bit(uint8_t *bytes, uint32_t n)
{
	bytes[random_below(n)] ^= (uint8_t)(1u << random_below(8));
}

/* Something else in one of the numbers: a bit, an edge, or n or p more. */
static void change(struct signed_case *c)
{
	uint8_t *const parts[] = { c->raw, c->raw + 32, c->xy, c->xy + 32, c->digest.bytes };
	uint8_t *part = parts[random_below(5)];
	uint32_t kind = random_below(4);
	BIGNUM *number = BN_bin2bn(part, 32, NULL);
	CHECK(number != NULL);
	if (kind == 0)
		change_bit(part, 32);
	if (kind == 1)
		pick_number(number);
	if (kind == 2)
		CHECK(BN_add(number, number, random_below(2) != 0 ? order : prime));
	if (kind == 3)
		CHECK(BN_sub(number, random_below(2) != 0 ? order : prime, number));
	if (kind != 0 && !BN_is_negative(number) && BN_num_bits(number) <= 256)
		put_number(number, part);
	BN_free(number);
}

static void compare_with_changes(const struct signed_case *good)
{
	for (int i = 0; i < 6; i++) {
		struct signed_case c = *good;
		change(&c);
		(void)compare(&c);
	}
}

static uint32_t cases_wanted(void)
{
	const char *text = getenv("P256_CASES");
	return text == NULL ? CASES_DEFAULT : (uint32_t)strtoul(text, NULL, 10);
}

struct counts {
	uint32_t valid, infinite;
};

static void compare_made(struct scratch *t, struct counts *counts)
{
	struct signed_case c = { 0 };
	bool is_valid = make_from_scalars(t, &c);
	CHECK_EQ(compare(&c), is_valid);
	counts->valid += is_valid;
	counts->infinite += !is_valid;
	compare_with_changes(&c);
	enum made made = make_from_result(t, &c);
	if (made == MADE_NOTHING)
		return;
	CHECK_EQ(compare(&c), made == MADE_VALID);
	counts->valid += made == MADE_VALID;
	compare_with_changes(&c);
}

static void p256_judges_as_openssl_does(void)
{
	curve_open();
	struct scratch t = {
		BN_new(), BN_new(), BN_new(), BN_new(), BN_new(), EC_POINT_new(group), EC_POINT_new(group)
	};
	struct counts counts = { 0 };
	uint32_t wanted = cases_wanted();
	compared = accepted = 0;
	while (compared < wanted)
		compare_made(&t, &counts);
	printf("# %u compared, %u made valid, %u accepted, %u sums were infinity\n", compared, counts.valid, accepted,
	       counts.infinite);
	CHECK(counts.valid > wanted / 10 && counts.infinite > wanted / 2000);
	BIGNUM *const numbers[] = { t.u1, t.u2, t.r, t.s, t.e };
	for (int i = 0; i < 5; i++)
		BN_free(numbers[i]);
	EC_POINT_free(t.q);
	EC_POINT_free(t.point);
	curve_close();
}

/* Every pair of r and s among the edges, with every edge as the digest: mostly refused, always by both. */
static void p256_judges_edges_as_openssl_does(void)
{
	static const char *const edges[] = {
		"00",
		"01",
		"02",
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550",
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552",
		"ffffffff00000001000000000000000000000000fffffffffffffffffffffffe",
		"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
		"ffffffff00000001000000000000000000000001000000000000000000000000",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8",
		"8000000000000000000000000000000000000000000000000000000000000000",
	};
	enum { EDGES = sizeof edges / sizeof edges[0] };
	uint8_t numbers[EDGES][32];
	struct signed_case c;
	curve_open();
	for (int i = 0; i < EDGES; i++) {
		BIGNUM *number = NULL;
		CHECK(BN_hex2bn(&number, edges[i]) > 0);
		put_number(number, numbers[i]);
		BN_free(number);
	}
	put_point(EC_GROUP_get0_generator(group), c.xy);
	for (int i = 0; i < EDGES * EDGES * EDGES; i++) {
		memcpy(c.raw, numbers[i % EDGES], 32);
		memcpy(c.raw + 32, numbers[i / EDGES % EDGES], 32);
		memcpy(c.digest.bytes, numbers[i / EDGES / EDGES], 32);
		(void)compare(&c);
	}
	for (int i = 0; i < EDGES * EDGES; i++) {
		memcpy(c.xy, numbers[i % EDGES], 32);
		memcpy(c.xy + 32, numbers[i / EDGES], 32);
		(void)compare(&c);
	}
	curve_close();
}

/* r = x, s = r and digest 0 make the sum the key itself: valid for each key, and for what is no key only unchecked. */
static void p256_refuses_keys_off_the_curve(void)
{
	struct signed_case c = { 0 };
	curve_open();
	EC_POINT *point = EC_POINT_new(group);
	BIGNUM *r = BN_new();
	CHECK(point != NULL && r != NULL);
	for (int i = 0; i < 100; i++) {
		pick_point(point);
		put_point(point, c.xy);
		point_r(point, r);
		put_number(r, c.raw);
		put_number(r, c.raw + 32);
		CHECK(compare(&c));
		change_bit(c.xy + 32, 32);
		CHECK(!compare(&c));
	}
	BN_free(r);
	EC_POINT_free(point);
	curve_close();
}

static void check_second_spelling(struct signed_case *c, const EC_POINT *point, uint8_t *coordinate)
{
	BIGNUM *number = BN_new();
	CHECK(number != NULL);
	put_point(point, c->xy);
	point_r(point, number);
	put_number(number, c->raw);
	put_number(number, c->raw + 32);
	CHECK(compare(c));
	CHECK(BN_bin2bn(coordinate, 32, number) != NULL && BN_add(number, number, prime));
	put_number(number, coordinate);
	CHECK(!compare(c));
	BN_free(number);
}

static void p256_refuses_coordinates_above_the_prime(void)
{
	struct signed_case c = { 0 };
	curve_open();
	EC_POINT *point = EC_POINT_new(group);
	BIGNUM *x = BN_new();
	CHECK(point != NULL && x != NULL && BN_set_word(x, 5));
	pick_small_y(point);
	check_second_spelling(&c, point, c.xy + 32);
	CHECK(EC_POINT_set_compressed_coordinates(group, point, x, 1, context) == 1);
	check_second_spelling(&c, point, c.xy);
	BN_free(x);
	EC_POINT_free(point);
	curve_close();
}

static const struct check_case cases[] = {
	CASE(p256_judges_as_openssl_does),
	CASE(p256_judges_edges_as_openssl_does),
	CASE(p256_refuses_keys_off_the_curve),
	CASE(p256_refuses_coordinates_above_the_prime),
};

CHECK_MAIN(cases)
