#include "der_rsa.h"

#include "cursor.h"

enum { DER_RSA_INTEGER = 0x02, DER_RSA_BIT_STRING = 0x03, DER_RSA_SEQUENCE = 0x30 };

/* SEQUENCE { rsaEncryption, NULL } */
static const uint8_t der_rsa_algorithm[15] = {
	0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
};

/* Lengths up to 65535, each in its shortest form. */
static size_t der_rsa_length(struct cursor *c)
{
	uint8_t first = cursor_u8(c);
	if (first < 0x80)
		return first;
	if (first != 0x81 && first != 0x82) {
		cursor_fail(c, FAULT_NOT_CANONICAL);
		return 0;
	}
	size_t length = first == 0x81 ? cursor_u8(c) : cursor_u16(c);
	if (length < (first == 0x81 ? 0x80u : 0x100u))
		cursor_fail(c, FAULT_NOT_CANONICAL);
	return length;
}

static struct span der_rsa_element(struct cursor *c, uint8_t tag)
{
	if (cursor_u8(c) != tag)
		cursor_fail(c, FAULT_SYNTAX);
	return cursor_bytes(c, der_rsa_length(c));
}

/* A positive integer, without the zero byte that keeps it positive. */
static struct span der_rsa_integer(struct cursor *c)
{
	struct span value = der_rsa_element(c, DER_RSA_INTEGER);
	if (c->fault != FAULT_NONE)
		return SPAN_NONE;
	if (value.n == 0 || value.at[0] & 0x80) {
		cursor_fail(c, FAULT_RANGE);
		return SPAN_NONE;
	}
	if (value.at[0] != 0)
		return value;
	value = span_sub(value, 1, value.n - 1);
	if (value.n == 0 || !(value.at[0] & 0x80)) {
		cursor_fail(c, FAULT_NOT_CANONICAL);
		return SPAN_NONE;
	}
	return value;
}

static size_t der_rsa_bits(struct span integer)
{
	size_t bits = integer.n * 8;
	for (uint8_t mask = 0x80; mask != 0 && !(integer.at[0] & mask); mask >>= 1)
		bits--;
	return bits;
}

/* Even numbers are no RSA modulus and no exponent. */
static bool der_rsa_is_odd(struct span integer)
{
	return integer.at[integer.n - 1] & 1;
}

static enum fault der_rsa_check_key(struct span key)
{
	struct cursor outer = cursor_over(key);
	struct cursor inner = cursor_over(der_rsa_element(&outer, DER_RSA_SEQUENCE));
	enum fault fault = cursor_end(&outer);
	if (fault != FAULT_NONE)
		return fault;
	struct span modulus = der_rsa_integer(&inner), exponent = der_rsa_integer(&inner);
	fault = cursor_end(&inner);
	if (fault != FAULT_NONE)
		return fault;
	size_t bits = der_rsa_bits(modulus);
	if (bits < DER_RSA_BITS_MIN || bits > DER_RSA_BITS_MAX || !der_rsa_is_odd(modulus))
		return FAULT_RANGE;
	bool small = exponent.n == 1 && exponent.at[0] < 3;
	return small || exponent.n > 4 || !der_rsa_is_odd(exponent) ? FAULT_RANGE : FAULT_NONE;
}

enum fault der_rsa_check(struct span spki)
{
	struct cursor outer = cursor_over(spki);
	struct cursor inner = cursor_over(der_rsa_element(&outer, DER_RSA_SEQUENCE));
	enum fault fault = cursor_end(&outer);
	if (fault != FAULT_NONE)
		return fault;
	struct span algorithm = cursor_bytes(&inner, sizeof der_rsa_algorithm);
	struct span bits = der_rsa_element(&inner, DER_RSA_BIT_STRING);
	if (!span_equal(algorithm, SPAN_OF(der_rsa_algorithm)))
		return FAULT_VERSION;
	fault = cursor_end(&inner);
	if (fault != FAULT_NONE)
		return fault;
	/* The first byte counts unused bits. */
	if (bits.n == 0 || bits.at[0] != 0)
		return FAULT_NOT_CANONICAL;
	return der_rsa_check_key(span_sub(bits, 1, bits.n - 1));
}
