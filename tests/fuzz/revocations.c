#include "revocations.h"
#include "fuzz.h"

static uint8_t memory[1 << 22], again[1 << 16];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { data, size };
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct revocation_list list;
	if (revocation_list_decode(in, &ws, &list) != FAULT_NONE)
		return 0;
	struct writer w = writer_over(again, sizeof again);
	revocation_list_encode(&w, &list);
	FUZZ_CHECK(span_equal(writer_span(&w), in));
	return 0;
}
