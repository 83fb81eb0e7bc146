/*
 * The parts, from below:
 *
 *   numbers   256 bits in eight words, least significant first
 *   field     numbers below the prime p, in Montgomery form: x stands as x * 2^256 mod p, so that a product needs no
 *             division. p = 2^256 - 2^224 + 2^192 + 2^96 - 1 is -1 modulo 2^32 and has few other bits, so the reduction
 *             needs no multiplication either.
 *   scalars   numbers below the order n of the curve; few operations, so one plain Montgomery product
 *   points    Jacobian coordinates: (X, Y, Z) is the affine point (X / Z^2, Y / Z^3), and Z = 0 is infinity
 *   verify    u1 * G + u2 * Q in one run over the bits (Shamir's trick), with windows of four bits over odd multiples
 */
#include "p256.h"

#include <string.h>

enum { P256_WORDS = 8, P256_WINDOW_BITS = 4, P256_ODD = 1 << (P256_WINDOW_BITS - 1) };

/* --- numbers --- */

struct p256_number {
	uint32_t word[P256_WORDS];
};

static const struct p256_number p256_prime = { { 0xffffffff, 0xffffffff, 0xffffffff, 0x00000000, 0x00000000, 0x00000000,
						 0x00000001, 0xffffffff } };
static const struct p256_number p256_order = { { 0xfc632551, 0xf3b9cac2, 0xa7179e84, 0xbce6faad, 0xffffffff, 0xffffffff,
						 0x00000000, 0xffffffff } };

static struct p256_number p256_read(const uint8_t bytes[32])
{
	struct p256_number out = { { 0 } };
	for (unsigned i = 0; i < 32; i++)
		out.word[7 - i / 4] |= (uint32_t)bytes[i] << (24 - 8 * (i % 4));
	return out;
}

static bool p256_is_zero(const struct p256_number *a)
{
	uint32_t bits = 0;
	for (unsigned i = 0; i < P256_WORDS; i++)
		bits |= a->word[i];
	return bits == 0;
}

static bool p256_equal(const struct p256_number *a, const struct p256_number *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

static bool p256_less(const struct p256_number *a, const struct p256_number *b)
{
	unsigned i = P256_WORDS - 1;
	while (i > 0 && a->word[i] == b->word[i])
		i--;
	return a->word[i] < b->word[i];
}

/* Returns the carry. The result may be one of the operands, as in all functions below. */
static uint32_t p256_add(struct p256_number *r, const struct p256_number *a, const struct p256_number *b)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < P256_WORDS; i++) {
		sum += (uint64_t)a->word[i] + b->word[i];
		r->word[i] = (uint32_t)sum;
		sum >>= 32;
	}
	return (uint32_t)sum;
}

/* Returns the borrow. */
static uint32_t p256_subtract(struct p256_number *r, const struct p256_number *a, const struct p256_number *b)
{
	uint32_t borrow = 0;
	for (unsigned i = 0; i < P256_WORDS; i++) {
		uint64_t difference = (uint64_t)a->word[i] - b->word[i] - borrow;
		r->word[i] = (uint32_t)difference;
		borrow = (uint32_t)(difference >> 32) & 1;
	}
	return borrow;
}

/* Halves carry * 2^256 + a. */
static void p256_halve(struct p256_number *a, uint32_t carry)
{
	for (unsigned i = P256_WORDS; i-- > 0;) {
		uint32_t word = a->word[i];
		a->word[i] = word >> 1 | carry << 31;
		carry = word & 1;
	}
}

/* Of carry * 2^256 + r, below twice the modulus. */
static void p256_reduce_once(struct p256_number *r, uint32_t carry, const struct p256_number *modulus)
{
	if (carry != 0 || !p256_less(r, modulus))
		(void)p256_subtract(r, r, modulus);
}

static void p256_subtract_modulo(struct p256_number *r, const struct p256_number *a, const struct p256_number *b,
				 const struct p256_number *modulus)
{
	if (p256_subtract(r, a, b) != 0)
		(void)p256_add(r, r, modulus);
}

struct p256_product {
	uint32_t word[2 * P256_WORDS];
};

static void p256_multiply(struct p256_product *r, const struct p256_number *a, const struct p256_number *b)
{
	memset(r, 0, sizeof *r);
	for (unsigned i = 0; i < P256_WORDS; i++) {
		uint32_t *row = r->word + i;
		uint32_t factor = a->word[i], carry = 0;
		for (unsigned j = 0; j < P256_WORDS; j++) {
			uint64_t sum = (uint64_t)factor * b->word[j] + row[j] + carry;
			row[j] = (uint32_t)sum;
			carry = (uint32_t)(sum >> 32);
		}
		row[P256_WORDS] = carry;
	}
}

/* --- field --- */

static const struct p256_number p256_one = { { 0x00000001, 0x00000000, 0x00000000, 0xffffffff, 0xffffffff, 0xffffffff,
					       0xfffffffe, 0x00000000 } }; /* 2^256 mod p */
static const struct p256_number p256_square_of_one = { { 0x00000003, 0x00000000, 0xffffffff, 0xfffffffb, 0xfffffffe,
							 0xffffffff, 0xfffffffd, 0x00000004 } }; /* 2^512 mod p */
static const struct p256_number p256_curve_b = { { 0x29c4bddf, 0xd89cdf62, 0x78843090, 0xacf005cd, 0xf7212ed6,
						   0xe5a220ab, 0x04874834, 0xdc30061d } };

static void p256_field_add(struct p256_number *r, const struct p256_number *a, const struct p256_number *b)
{
	uint32_t carry = p256_add(r, a, b);
	p256_reduce_once(r, carry, &p256_prime);
}

static void p256_field_subtract(struct p256_number *r, const struct p256_number *a, const struct p256_number *b)
{
	p256_subtract_modulo(r, a, b, &p256_prime);
}

/*
 * Montgomery reduction, r = product / 2^256 mod p: each step makes the lowest word zero by adding word * p, which is
 * word * (2^256 - 2^224 + 2^192 + 2^96 - 1). Below p * 2^256 the sum stays below 2 * p * 2^256.
 */
static void p256_field_reduce(struct p256_number *r, struct p256_product *product)
{
	uint32_t over = 0;
	for (unsigned i = 0; i < P256_WORDS; i++) {
		uint32_t *row = product->word + i;
		uint32_t low = row[0];
		uint64_t sum = (uint64_t)row[3] + low;
		row[3] = (uint32_t)sum;
		sum = (sum >> 32) + row[4];
		row[4] = (uint32_t)sum;
		sum = (sum >> 32) + row[5];
		row[5] = (uint32_t)sum;
		sum = (sum >> 32) + row[6] + low;
		row[6] = (uint32_t)sum;
		/* 2^256 - 2^224 is 2^32 - 1 at word 7: at most (2^32 - 1)^2, and two words more still fit. */
		sum = (sum >> 32) + row[7] + (((uint64_t)low << 32) - low);
		row[7] = (uint32_t)sum;
		sum = (sum >> 32) + row[8] + over;
		row[8] = (uint32_t)sum;
		over = (uint32_t)(sum >> 32);
	}
	memcpy(r->word, product->word + P256_WORDS, sizeof r->word);
	p256_reduce_once(r, over, &p256_prime);
}

static void p256_field_multiply(struct p256_number *r, const struct p256_number *a, const struct p256_number *b)
{
	struct p256_product product;
	p256_multiply(&product, a, b);
	p256_field_reduce(r, &product);
}

static void p256_field_square(struct p256_number *r, const struct p256_number *a)
{
	p256_field_multiply(r, a, a);
}

/* Into Montgomery form. */
static void p256_field_enter(struct p256_number *r, const struct p256_number *a)
{
	p256_field_multiply(r, a, &p256_square_of_one);
}

/* --- scalars --- */

static const struct p256_number p256_order_square = { { 0xbe79eea2, 0x83244c95, 0x49bd6fa6, 0x4699799c, 0x2b6bec59,
							0x2845b239, 0xf3d95620, 0x66e12d94 } }; /* 2^512 mod n */
static const uint32_t p256_order_inverse = 0xee00bc4f;                                          /* -1 / n mod 2^32 */

/* a * b / 2^256 mod n, for b below n and any a. */
static void p256_scalar_multiply(struct p256_number *r, const struct p256_number *a, const struct p256_number *b)
{
	struct p256_product product;
	uint32_t over = 0;
	p256_multiply(&product, a, b);
	for (unsigned i = 0; i < P256_WORDS; i++) {
		uint32_t *row = product.word + i;
		uint32_t factor = row[0] * p256_order_inverse, carry = 0;
		for (unsigned j = 0; j < P256_WORDS; j++) {
			uint64_t sum = (uint64_t)factor * p256_order.word[j] + row[j] + carry;
			row[j] = (uint32_t)sum;
			carry = (uint32_t)(sum >> 32);
		}
		uint64_t sum = (uint64_t)row[P256_WORDS] + carry + over;
		row[P256_WORDS] = (uint32_t)sum;
		over = (uint32_t)(sum >> 32);
	}
	memcpy(r->word, product.word + P256_WORDS, sizeof r->word);
	p256_reduce_once(r, over, &p256_order);
}

/*
 * 1 / a mod n, for a from 1 to n - 1: the binary Euclidean algorithm. u and v stay below n with x = u * a and y = v * a
 * modulo n, and y odd. It ends with x = 0 and y = gcd(a, n) = 1, since n is prime.
 */
static void p256_scalar_invert(struct p256_number *r, const struct p256_number *a)
{
	struct p256_number x = *a, y = p256_order, u = { { 1 } }, v = { { 0 } };
	while (!p256_is_zero(&x)) {
		if (x.word[0] & 1) {
			if (p256_less(&x, &y)) {
				struct p256_number swap = x;
				x = y;
				y = swap;
				swap = u;
				u = v;
				v = swap;
			}
			(void)p256_subtract(&x, &x, &y);
			p256_subtract_modulo(&u, &u, &v, &p256_order);
		}
		p256_halve(&x, 0);
		uint32_t carry = u.word[0] & 1 ? p256_add(&u, &u, &p256_order) : 0;
		p256_halve(&u, carry);
	}
	*r = v;
}

/* --- points --- */

struct p256_affine {
	struct p256_number x, y; /* in Montgomery form */
};

struct p256_point {
	struct p256_affine xy; /* affine where z is one */
	struct p256_number z;
};

/* y^2 = x^3 - 3 * x + b */
static bool p256_is_on_curve(const struct p256_affine *q)
{
	struct p256_number left, right;
	p256_field_square(&left, &q->y);
	p256_field_square(&right, &q->x);
	for (int i = 0; i < 3; i++)
		p256_field_subtract(&right, &right, &p256_one);
	p256_field_multiply(&right, &right, &q->x);
	p256_field_add(&right, &right, &p256_curve_b);
	return p256_equal(&left, &right);
}

/*
 * With delta = Z^2, gamma = Y^2, beta = X * gamma, alpha = 3 * (X - delta) * (X + delta):
 * X' = alpha^2 - 8 * beta, Z' = 2 * Y * Z, Y' = alpha * (4 * beta - X') - 8 * gamma^2. Infinity stays infinity.
 */
static void p256_double(struct p256_point *p)
{
	struct p256_number alpha, beta, gamma, t;
	p256_field_square(&t, &p->z);
	p256_field_subtract(&alpha, &p->xy.x, &t);
	p256_field_add(&t, &p->xy.x, &t);
	p256_field_multiply(&alpha, &alpha, &t);
	p256_field_add(&t, &alpha, &alpha);
	p256_field_add(&alpha, &alpha, &t);

	p256_field_add(&t, &p->xy.y, &p->xy.y);
	p256_field_multiply(&p->z, &p->z, &t);
	p256_field_square(&gamma, &t);                /* 4 * gamma */
	p256_field_multiply(&beta, &p->xy.x, &gamma); /* 4 * beta */
	p256_field_square(&gamma, &gamma);            /* 16 * gamma^2 */
	if (gamma.word[0] & 1)
		p256_halve(&gamma, p256_add(&gamma, &gamma, &p256_prime));
	else
		p256_halve(&gamma, 0);

	p256_field_square(&p->xy.x, &alpha);
	p256_field_subtract(&p->xy.x, &p->xy.x, &beta);
	p256_field_subtract(&p->xy.x, &p->xy.x, &beta);
	p256_field_subtract(&t, &beta, &p->xy.x);
	p256_field_multiply(&t, &t, &alpha);
	p256_field_subtract(&p->xy.y, &t, &gamma);
}

/* Where both have the same x: the same point, which must be doubled, or opposite ones, the sum of which is infinity. */
static void p256_add_same_x(struct p256_point *p, bool is_opposite)
{
	if (is_opposite)
		memset(p, 0, sizeof *p);
	else
		p256_double(p);
}

/*
 * p += q, where z is q's Z; NULL: 1. Complete: infinity, equal and opposite points are told apart.
 * With U1 = X1 * Z2^2, U2 = X2 * Z1^2, S1 = Y1 * Z2^3, S2 = Y2 * Z1^3, H = U2 - U1, R = S2 - S1:
 * X' = R^2 - H^3 - 2 * U1 * H^2, Y' = R * (U1 * H^2 - X') - S1 * H^3, Z' = H * Z1 * Z2.
 */
static void p256_add_point(struct p256_point *p, const struct p256_affine *q, const struct p256_number *z)
{
	struct p256_number h, r, t;
	if (p256_is_zero(&p->z)) {
		*p = (struct p256_point){ *q, z == NULL ? p256_one : *z };
		return;
	}
	if (z != NULL) {
		p256_field_square(&t, z);
		p256_field_multiply(&p->xy.x, &p->xy.x, &t); /* U1 */
		p256_field_multiply(&t, &t, z);
		p256_field_multiply(&p->xy.y, &p->xy.y, &t); /* S1 */
	}
	p256_field_square(&t, &p->z);
	p256_field_multiply(&h, &q->x, &t);
	p256_field_multiply(&t, &t, &p->z);
	p256_field_multiply(&r, &q->y, &t);
	p256_field_subtract(&h, &h, &p->xy.x);
	p256_field_subtract(&r, &r, &p->xy.y);
	if (z != NULL)
		p256_field_multiply(&p->z, &p->z, z);
	if (p256_is_zero(&h)) {
		p256_add_same_x(p, !p256_is_zero(&r));
		return;
	}
	p256_field_multiply(&p->z, &p->z, &h);
	p256_field_square(&t, &h);
	p256_field_multiply(&h, &h, &t);             /* H^3 */
	p256_field_multiply(&t, &t, &p->xy.x);       /* U1 * H^2 */
	p256_field_multiply(&p->xy.y, &p->xy.y, &h); /* S1 * H^3 */
	p256_field_square(&p->xy.x, &r);
	p256_field_subtract(&p->xy.x, &p->xy.x, &h);
	p256_field_subtract(&p->xy.x, &p->xy.x, &t);
	p256_field_subtract(&p->xy.x, &p->xy.x, &t);
	p256_field_subtract(&t, &t, &p->xy.x);
	p256_field_multiply(&t, &t, &r);
	p256_field_subtract(&p->xy.y, &t, &p->xy.y);
}

/* --- verify --- */

/* G, 3 * G, 5 * G ... 15 * G */
static const struct p256_affine p256_base[P256_ODD] = {
	{ { { 0x18a9143c, 0x79e730d4, 0x5fedb601, 0x75ba95fc, 0x77622510, 0x79fb732b, 0xa53755c6, 0x18905f76 } },
	  { { 0xce95560a, 0xddf25357, 0xba19e45c, 0x8b4ab8e4, 0xdd21f325, 0xd2e88688, 0x25885d85, 0x8571ff18 } } },
	{ { { 0x4eebc127, 0xffac3f90, 0x087d81fb, 0xb027f84a, 0x87cbbc98, 0x66ad77dd, 0xb6ff747e, 0x26936a3f } },
	  { { 0xc983a7eb, 0xb04c5c1f, 0x0861fe1a, 0x583e47ad, 0x1a2ee98e, 0x78820831, 0xe587cc07, 0xd5f06a29 } } },
	{ { { 0xc45c61f5, 0xbe1b8aae, 0x94b9537d, 0x90ec649a, 0xd076c20c, 0x941cb5aa, 0x890523c8, 0xc9079605 } },
	  { { 0xe7ba4f10, 0xeb309b4a, 0xe5eb882b, 0x73c568ef, 0x7e7a1f68, 0x3540a987, 0x2dd1e916, 0x73a076bb } } },
	{ { { 0xa0173b4f, 0x0746354e, 0xd23c00f7, 0x2bd20213, 0x0c23bb08, 0xf43eaab5, 0xc3123e03, 0x13ba5119 } },
	  { { 0x3f5b9d4d, 0x2847d030, 0x5da67bdd, 0x6742f2f2, 0x77c94195, 0xef933bdc, 0x6e240867, 0xeaedd915 } } },
	{ { { 0x264e20e8, 0x75c96e8f, 0x59a7a841, 0xabe6bfed, 0x44c8eb00, 0x2cc09c04, 0xf0c4e16b, 0xe05b3080 } },
	  { { 0xa45f3314, 0x1eb7777a, 0xce5d45e3, 0x56af7bed, 0x88b12f1a, 0x2b6e019a, 0xfd835f9b, 0x086659cd } } },
	{ { { 0x6245e404, 0xea7d260a, 0x6e7fdfe0, 0x9de40795, 0x8dac1ab5, 0x1ff3a415, 0x649c9073, 0x3e7090f1 } },
	  { { 0x2b944e88, 0x1a768561, 0xe57f61c8, 0x250f939e, 0x1ead643d, 0x0c0daa89, 0xe125b88e, 0x68930023 } } },
	{ { { 0x4b2ed709, 0xccc42563, 0x856fd30d, 0x0e356769, 0x559e9811, 0xbcbcd43f, 0x5395b759, 0x738477ac } },
	  { { 0xc00ee17f, 0x35752b90, 0x742ed2e3, 0x68748390, 0xbd1f5bc1, 0x7cd06422, 0xc9e7b797, 0xfbc08769 } } },
	{ { { 0xbc60055b, 0x72bcd8b7, 0x56e27e4b, 0x03cc23ee, 0xe4819370, 0xee337424, 0x0ad3da09, 0xe2aa0e43 } },
	  { { 0x6383c45d, 0x40b8524f, 0x42a41b25, 0xd7663554, 0x778a4797, 0x64efa6de, 0x7079adf4, 0x2042170a } } },
};

/* Q, 3 * Q, 5 * Q ... 15 * Q */
static void p256_odd_multiples(struct p256_point odd[P256_ODD], const struct p256_affine *q)
{
	struct p256_point twice;
	odd[0] = (struct p256_point){ *q, p256_one };
	twice = odd[0];
	p256_double(&twice);
	for (unsigned i = 1; i < P256_ODD; i++) {
		odd[i] = odd[i - 1];
		p256_add_point(&odd[i], &twice.xy, &twice.z);
	}
}

/* A scalar as a sum of odd digits below 2^P256_WINDOW_BITS, each times the power of two at which its window ends. */
struct p256_windows {
	const struct p256_number *scalar;
	unsigned digit; /* of the window that is open; 0: none */
	int end;        /* its lowest bit */
};

static unsigned p256_bit(const struct p256_number *a, int i)
{
	return a->word[i / 32] >> i % 32 & 1;
}

/* For each bit from the highest: the digit that ends there, 0 where none does. A window begins and ends with a one. */
static unsigned p256_windows_next(struct p256_windows *w, int i)
{
	if (w->digit == 0 && p256_bit(w->scalar, i) != 0) {
		w->end = i < P256_WINDOW_BITS ? 0 : i - P256_WINDOW_BITS + 1;
		while (p256_bit(w->scalar, w->end) == 0)
			w->end++;
		for (int bit = i; bit >= w->end; bit--)
			w->digit = 2 * w->digit + p256_bit(w->scalar, bit);
	}
	if (w->digit == 0 || i != w->end)
		return 0;
	unsigned digit = w->digit;
	w->digit = 0;
	return digit;
}

/* u1 * G + u2 * Q */
static void p256_double_multiply(struct p256_point *sum, const struct p256_number *u1, const struct p256_number *u2,
				 const struct p256_affine *q)
{
	struct p256_point odd[P256_ODD];
	struct p256_windows of_base = { .scalar = u1 }, of_key = { .scalar = u2 };
	p256_odd_multiples(odd, q);
	memset(sum, 0, sizeof *sum);
	for (int i = 255; i >= 0; i--) {
		p256_double(sum);
		unsigned digit = p256_windows_next(&of_base, i);
		if (digit != 0)
			p256_add_point(sum, &p256_base[digit / 2], NULL);
		digit = p256_windows_next(&of_key, i);
		if (digit != 0)
			p256_add_point(sum, &odd[digit / 2].xy, &odd[digit / 2].z);
	}
}

static bool p256_is_scalar(const struct p256_number *a)
{
	return !p256_is_zero(a) && p256_less(a, &p256_order);
}

/* Whether the affine x of a point is r, without the inversion that an affine x takes: x = X / Z^2. */
static bool p256_has_x(const struct p256_point *point, const struct p256_number *r)
{
	struct p256_number x;
	p256_field_enter(&x, r);
	p256_field_multiply(&x, &x, &point->z);
	p256_field_multiply(&x, &x, &point->z);
	return p256_equal(&x, &point->xy.x);
}

static bool p256_read_key(struct p256_affine *q, const uint8_t xy[64])
{
	q->x = p256_read(xy);
	q->y = p256_read(xy + 32);
	if (!p256_less(&q->x, &p256_prime) || !p256_less(&q->y, &p256_prime))
		return false;
	p256_field_enter(&q->x, &q->x);
	p256_field_enter(&q->y, &q->y);
	return p256_is_on_curve(q);
}

bool p256_verify(const uint8_t xy[64], const struct digest *digest, const uint8_t signature[64])
{
	struct p256_number r = p256_read(signature), s = p256_read(signature + 32), u1, u2;
	struct p256_affine q;
	struct p256_point sum;
	if (!p256_is_scalar(&r) || !p256_is_scalar(&s) || !p256_read_key(&q, xy))
		return false;
	/* 1 / s in Montgomery form, so that the two products below come out of it. */
	p256_scalar_invert(&s, &s);
	p256_scalar_multiply(&s, &s, &p256_order_square);
	u1 = p256_read(digest->bytes);
	p256_scalar_multiply(&u1, &u1, &s);
	p256_scalar_multiply(&u2, &r, &s);
	p256_double_multiply(&sum, &u1, &u2, &q);
	if (p256_is_zero(&sum.z))
		return false;
	if (p256_has_x(&sum, &r))
		return true;
	/* r is x mod n, and x may have been from n to p - 1. */
	return p256_add(&r, &r, &p256_order) == 0 && p256_less(&r, &p256_prime) && p256_has_x(&sum, &r);
}
