#include "fuzz.h"
#include "note.h"

static struct proof proof;
static uint8_t again[PROOF_BYTES_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { data, size };
	if (proof_decode(in, &proof) != FAULT_NONE)
		return 0;
	struct writer w = writer_over(again, sizeof again);
	proof_encode(&w, &proof);
	FUZZ_CHECK(span_equal(writer_span(&w), in));
	return 0;
}
