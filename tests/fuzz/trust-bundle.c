#include "fuzz.h"
#include "trust_bundle.h"

static uint8_t memory[1 << 23], again[1 << 17];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { data, size };
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct trust_bundle bundle;
	if (trust_bundle_decode(in, &ws, &bundle) != FAULT_NONE)
		return 0;
	struct writer w = writer_over(again, sizeof again);
	trust_bundle_encode(&w, &bundle);
	FUZZ_CHECK(span_equal(writer_span(&w), in));
	return 0;
}
