#include "der.h"

#include "cursor.h"

#include <string.h>

enum { DER_INTEGER = 0x02, DER_SEQUENCE = 0x30 };

/* SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING of 66 bytes: no unused bits, 04 } up to X. */
static const uint8_t der_spki_head[27] = {
	0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
	0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
};

/* The content of an element. No element of ours needs a length over 127. */
static struct span der_element(struct cursor *c, uint8_t tag)
{
	if (cursor_u8(c) != tag)
		cursor_fail(c, FAULT_SYNTAX);
	uint8_t length = cursor_u8(c);
	if (length > 127)
		cursor_fail(c, FAULT_NOT_CANONICAL);
	return cursor_bytes(c, length);
}

static void der_scalar(struct cursor *c, uint8_t out[32])
{
	struct span value = der_element(c, DER_INTEGER);
	memset(out, 0, 32);
	if (c->fault != FAULT_NONE)
		return;
	if (value.n == 0) {
		cursor_fail(c, FAULT_SYNTAX);
		return;
	}
	if (value.at[0] & 0x80 || (value.n == 1 && value.at[0] == 0)) {
		cursor_fail(c, FAULT_RANGE);
		return;
	}
	if (value.at[0] == 0) {
		value = span_sub(value, 1, value.n - 1);
		if (!(value.at[0] & 0x80))
			cursor_fail(c, FAULT_NOT_CANONICAL);
	}
	if (value.n > 32) {
		cursor_fail(c, FAULT_RANGE);
		return;
	}
	memcpy(out + 32 - value.n, value.at, value.n);
}

enum fault der_signature_decode(struct span der, uint8_t raw[64])
{
	struct cursor outer = cursor_over(der);
	struct cursor inner = cursor_over(der_element(&outer, DER_SEQUENCE));
	enum fault fault = cursor_end(&outer);
	if (fault != FAULT_NONE)
		return fault;
	der_scalar(&inner, raw);
	der_scalar(&inner, raw + 32);
	return cursor_end(&inner);
}

/* Without leading zeros, but with one where the first bit would make the number negative. */
static struct span der_minimal(const uint8_t scalar[32], uint8_t padded[33])
{
	size_t from = 1;
	padded[0] = 0;
	memcpy(padded + 1, scalar, 32);
	while (from < 32 && padded[from] == 0)
		from++;
	if (padded[from] & 0x80)
		from--;
	return (struct span){ padded + from, 33 - from };
}

void der_signature_write(struct writer *w, const uint8_t raw[64])
{
	uint8_t padded_r[33], padded_s[33];
	struct span r = der_minimal(raw, padded_r), s = der_minimal(raw + 32, padded_s);
	writer_u8(w, DER_SEQUENCE);
	writer_u8(w, (uint8_t)(r.n + s.n + 4));
	writer_u8(w, DER_INTEGER);
	writer_u8(w, (uint8_t)r.n);
	writer_bytes(w, r);
	writer_u8(w, DER_INTEGER);
	writer_u8(w, (uint8_t)s.n);
	writer_bytes(w, s);
}

enum fault der_spki_decode(struct span der, uint8_t xy[64])
{
	struct span head = SPAN_OF(der_spki_head), got = span_sub(der, 0, head.n);
	if (got.n > 0 && got.at[0] != DER_SEQUENCE)
		return FAULT_SYNTAX;
	/* Another algorithm, curve or point form. */
	if (!span_equal(got, span_sub(head, 0, got.n)))
		return FAULT_VERSION;
	if (der.n != DER_SPKI_BYTES)
		return der.n < DER_SPKI_BYTES ? FAULT_TRUNCATED : FAULT_TRAILING;
	memcpy(xy, der.at + head.n, 64);
	return FAULT_NONE;
}

void der_spki_write(struct writer *w, const uint8_t xy[64])
{
	writer_bytes(w, SPAN_OF(der_spki_head));
	writer_bytes(w, (struct span){ xy, 64 });
}
