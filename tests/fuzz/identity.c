#include "identity.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t again[IDENTITY_URI_MAX];
	struct span in = { data, size };
	struct identity identity;
	if (identity_decode(in, &identity) != FAULT_NONE)
		return 0;
	struct writer w = writer_over(again, sizeof again);
	identity_encode(&w, &identity);
	FUZZ_CHECK(span_equal(writer_span(&w), in));
	return 0;
}
