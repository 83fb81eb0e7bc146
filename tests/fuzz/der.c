#include "der.h"

#include "fuzz.h"

#include <string.h>

static void check_signature(struct span input)
{
	uint8_t raw[64], der[DER_SIGNATURE_MAX];
	if (der_signature_decode(input, raw) != FAULT_NONE)
		return;
	struct writer w = writer_over(der, sizeof der);
	der_signature_write(&w, raw);
	FUZZ_CHECK(span_equal(writer_span(&w), input));
}

static void check_spki(struct span input)
{
	uint8_t xy[64], der[DER_SPKI_BYTES];
	if (der_spki_decode(input, xy) != FAULT_NONE)
		return;
	struct writer w = writer_over(der, sizeof der);
	der_spki_write(&w, xy);
	FUZZ_CHECK(span_equal(writer_span(&w), input));
}

static bool is_zero(const uint8_t *scalar)
{
	static const uint8_t zero[32];
	return memcmp(scalar, zero, sizeof zero) == 0;
}

static void check_raw(const uint8_t *raw)
{
	uint8_t der[DER_SIGNATURE_MAX], back[64];
	struct writer w = writer_over(der, sizeof der);
	der_signature_write(&w, raw);
	enum fault fault = der_signature_decode(writer_span(&w), back);
	bool has_zero = is_zero(raw) || is_zero(raw + 32);
	FUZZ_CHECK(fault == (has_zero ? FAULT_RANGE : FAULT_NONE));
	FUZZ_CHECK(has_zero || memcmp(raw, back, sizeof back) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_signature((struct span){ data, size });
	check_spki((struct span){ data, size });
	if (size >= 64)
		check_raw(data);
	return 0;
}
