#include "plan.h"
#include "fuzz.h"

static uint8_t memory[4 << 20], again[PLAN_BYTES_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { data, size };
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct plan plan;
	if (plan_decode(in, &ws, &plan) != FAULT_NONE)
		return 0;
	struct writer w = writer_over(again, sizeof again);
	plan_encode(&w, &plan);
	FUZZ_CHECK(span_equal(writer_span(&w), in));
	return 0;
}
