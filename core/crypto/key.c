#include "key.h"

#include "base64.h"
#include "der.h"

#define KEY_PEM_BEGIN "-----BEGIN PUBLIC KEY-----\n"
#define KEY_PEM_END "-----END PUBLIC KEY-----"
#define KEY_PEM_LINE 64

enum fault key_from_spki(struct span der, struct public_key *out)
{
	return der_spki_decode(der, out->xy);
}

/* Between the two marker lines: lines of 1 to 64 characters, each ended by LF. */
static enum fault key_check_lines(struct span body)
{
	size_t length = 0;
	for (size_t i = 0; i < body.n; i++) {
		bool ends = body.at[i] == '\n';
		if (body.at[i] == '\r' || (ends ? length == 0 : length == KEY_PEM_LINE))
			return FAULT_SYNTAX;
		length = ends ? 0 : length + 1;
	}
	return length == 0 ? FAULT_NONE : FAULT_SYNTAX;
}

enum fault key_pem_decode(struct span pem, struct writer *der)
{
	struct span begin = SPAN_LIT(KEY_PEM_BEGIN), end = SPAN_LIT(KEY_PEM_END);
	if (pem.n > 0 && pem.at[pem.n - 1] == '\n')
		pem.n--;
	if (pem.n < begin.n + end.n)
		return FAULT_TRUNCATED;
	if (!span_starts(pem, begin) || !span_equal(span_sub(pem, pem.n - end.n, end.n), end))
		return FAULT_SYNTAX;
	struct span body = span_sub(pem, begin.n, pem.n - begin.n - end.n);
	enum fault fault = key_check_lines(body);
	if (fault != FAULT_NONE)
		return fault;
	fault = base64_decode_lines(body, der);
	return fault == FAULT_NO_SPACE ? FAULT_TOO_LARGE : fault;
}

enum fault key_from_pem(struct span pem, struct public_key *out)
{
	/* Room for more than our one length, so that another kind of key is named as such and not as too long. */
	uint8_t der[1024];
	struct writer w = writer_over(der, sizeof der);
	enum fault fault = key_pem_decode(pem, &w);
	return fault == FAULT_NONE ? key_from_spki(writer_span(&w), out) : fault;
}

void key_write_pem(struct writer *w, const struct public_key *key)
{
	uint8_t der[DER_SPKI_BYTES];
	struct writer spki = writer_over(der, sizeof der);
	der_spki_write(&spki, key->xy);
	writer_text(w, KEY_PEM_BEGIN);
	/* 48 bytes fill a line. */
	for (size_t at = 0; at < sizeof der; at += KEY_PEM_LINE / 4 * 3) {
		base64_write(w, span_sub(SPAN_OF(der), at, KEY_PEM_LINE / 4 * 3));
		writer_u8(w, '\n');
	}
	writer_text(w, KEY_PEM_END "\n");
}

struct digest key_identity(const struct crypto *crypto, const struct public_key *key)
{
	uint8_t der[DER_SPKI_BYTES];
	struct writer w = writer_over(der, sizeof der);
	der_spki_write(&w, key->xy);
	return sha256_of(crypto, SPAN_OF(der));
}
