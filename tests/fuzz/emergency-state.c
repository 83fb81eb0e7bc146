#include "emergency_state.h"
#include "fuzz.h"

static uint8_t memory[1 << 21], again[1 << 16];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { data, size };
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct emergency_state state;
	if (emergency_state_decode(in, &ws, &state) != FAULT_NONE)
		return 0;
	struct writer w = writer_over(again, sizeof again);
	emergency_state_encode(&w, &state);
	FUZZ_CHECK(span_equal(writer_span(&w), in));
	uint64_t after = 0;
	for (unsigned i = 0; i <= EMERGENCY_WAITING_MAX + 1; i++) {
		uint64_t next = emergency_next(&state, after);
		FUZZ_CHECK(next == 0 || next > after);
		if (next == 0)
			return 0;
		after = next;
	}
	FUZZ_CHECK(emergency_next(&state, after) == 0);
	return 0;
}
