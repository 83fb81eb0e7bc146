/* The one spelling of an RSA key: every bit of it counts, and every other spelling is refused. */
#include "check.h"

#include "der_rsa.h"

#include <stdbool.h>
#include <stdint.h>

/* Pieces of an SPKI that a case changes. */
struct parts {
	size_t modulus_bytes;
	uint8_t first, last; /* of the modulus */
	size_t zeros;        /* in front of it; one is right where first has its high bit */
	const char *exponent;
	size_t exponent_bytes;
	uint8_t unused_bits;
	bool trailing, long_length, no_null;
};

static uint8_t text[2048];

static size_t put_head(uint8_t *at, uint8_t tag, size_t n, bool long_length)
{
	size_t used = 0;
	at[used++] = tag;
	if (n < 0x80 && !long_length) {
		at[used++] = (uint8_t)n;
		return used;
	}
	at[used++] = n < 0x100 && !long_length ? 0x81 : 0x82;
	if (n >= 0x100 || long_length)
		at[used++] = (uint8_t)(n >> 8);
	at[used++] = (uint8_t)n;
	return used;
}

/* Puts a head before what stands there. */
static size_t wrap(uint8_t *body, size_t n, uint8_t tag, bool long_length)
{
	uint8_t head[8];
	size_t used = put_head(head, tag, n, long_length);
	memmove(body + used, body, n);
	memcpy(body, head, used);
	return used + n;
}

static size_t put_integer(uint8_t *at, const uint8_t *value, size_t n, size_t zeros, bool long_length)
{
	memset(at, 0, zeros);
	memcpy(at + zeros, value, n);
	return wrap(at, zeros + n, 0x02, long_length);
}

static struct span spki(const struct parts *p)
{
	static const uint8_t algorithm[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
					     0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00 };
	static uint8_t body[2048], modulus[1024];
	memset(modulus, 0xa5, sizeof modulus);
	modulus[0] = p->first;
	modulus[p->modulus_bytes - 1] = p->last;
	size_t n = put_integer(body, modulus, p->modulus_bytes, p->zeros, false);
	n += put_integer(body + n, (const uint8_t *)p->exponent, p->exponent_bytes, 0, p->long_length);
	n = wrap(body, n, 0x30, false);
	memmove(body + 1, body, n);
	body[0] = p->unused_bits;
	n = wrap(body, n + 1, 0x03, false);
	memmove(body + sizeof algorithm, body, n);
	memcpy(body, algorithm, sizeof algorithm);
	if (p->no_null)
		body[13] = 0x0c;
	n = wrap(body, n + sizeof algorithm, 0x30, false);
	body[n] = 0;
	memcpy(text, body, n + 1);
	return (struct span){ text, n + p->trailing };
}

#define GOOD                                                                                               \
	{                                                                                                  \
		.modulus_bytes = 256, .first = 0xc1, .last = 0x0b, .zeros = 1, .exponent = "\x01\x00\x01", \
		.exponent_bytes = 3                                                                        \
	}

static void good(void)
{
	struct parts p = GOOD;
	CHECK_EQ(der_rsa_check(spki(&p)), FAULT_NONE);
	p.modulus_bytes = 512;
	CHECK_EQ(der_rsa_check(spki(&p)), FAULT_NONE);
	p.exponent = "\x03";
	p.exponent_bytes = 1;
	CHECK_EQ(der_rsa_check(spki(&p)), FAULT_NONE);
	/* 2049 bits, whose first byte needs no zero before it */
	p.modulus_bytes = 257;
	p.first = 1;
	p.zeros = 0;
	CHECK_EQ(der_rsa_check(spki(&p)), FAULT_NONE);
}

static void sizes(void)
{
	struct parts p = GOOD;
	p.first = 0x7f; /* 2047 bits */
	p.zeros = 0;
	CHECK_EQ(der_rsa_check(spki(&p)), FAULT_RANGE);
	p.modulus_bytes = 513;
	p.first = 1; /* 4097 bits */
	CHECK_EQ(der_rsa_check(spki(&p)), FAULT_RANGE);
	p.modulus_bytes = 64;
	CHECK_EQ(der_rsa_check(spki(&p)), FAULT_RANGE);
}

static void exponents(void)
{
	static const struct {
		const char *bytes;
		size_t n;
		enum fault fault;
	} table[] = {
		{ "\x01", 1, FAULT_RANGE },
		{ "\x02", 1, FAULT_RANGE },
		{ "\x01\x00\x00", 3, FAULT_RANGE },
		{ "\x81", 1, FAULT_RANGE },
		{ "\x00\x03", 2, FAULT_NOT_CANONICAL },
		{ "\x00", 1, FAULT_NOT_CANONICAL },
		{ "", 0, FAULT_RANGE },
		{ "\x01\x00\x00\x00\x01", 5, FAULT_RANGE },
		{ "\x00\xff\xff\xff\xff", 5, FAULT_NONE },
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct parts p = GOOD;
		p.exponent = table[i].bytes;
		p.exponent_bytes = table[i].n;
		CHECK_EQ(der_rsa_check(spki(&p)), table[i].fault);
	}
}

static void other_spellings(void)
{
	struct parts p = GOOD;
	p.last = 0x0a;
	CHECK_EQ(der_rsa_check(spki(&p)), FAULT_RANGE); /* an even modulus */
	p = (struct parts)GOOD;
	p.zeros = 2;
	CHECK_EQ(der_rsa_check(spki(&p)), FAULT_NOT_CANONICAL);
	p.zeros = 0;
	CHECK_EQ(der_rsa_check(spki(&p)), FAULT_RANGE); /* negative */
	p = (struct parts)GOOD;
	p.trailing = true;
	CHECK_EQ(der_rsa_check(spki(&p)), FAULT_TRAILING);
	p = (struct parts)GOOD;
	p.long_length = true;
	CHECK_EQ(der_rsa_check(spki(&p)), FAULT_NOT_CANONICAL);
	p = (struct parts)GOOD;
	p.unused_bits = 1;
	CHECK_EQ(der_rsa_check(spki(&p)), FAULT_NOT_CANONICAL);
	p = (struct parts)GOOD;
	p.no_null = true;
	CHECK_EQ(der_rsa_check(spki(&p)), FAULT_VERSION);
}

/* Nothing is read past the end, and no changed frame passes. */
static void every_truncation_and_frame_bit(void)
{
	struct parts p = GOOD;
	struct span whole = spki(&p);
	for (size_t n = 0; n < whole.n; n++)
		CHECK(der_rsa_check(span_sub(whole, 0, n)) != FAULT_NONE);
	for (size_t bit = 0; bit < 32 * 8; bit++) {
		text[bit / 8] ^= (uint8_t)(1 << bit % 8);
		/* The modulus begins at byte 32. */
		CHECK(der_rsa_check(whole) != FAULT_NONE);
		text[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static const struct check_case cases[] = {
	CASE(good), CASE(sizes), CASE(exponents), CASE(other_spellings), CASE(every_truncation_and_frame_bit),
};

CHECK_MAIN(cases)
