/* What the installer keeps of itself: what decodes is written again, and is then its own form. */
#include "device_state.h"
#include "fuzz.h"

#include <string.h>

#define TEXT_MAX (4 * DEVICE_STATE_BYTES_MAX) /* as long as escapes make it */

static uint8_t memory[2][1 << 20], first[TEXT_MAX], second[TEXT_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { data, size };
	struct workspace one = workspace_over(memory[0], sizeof memory[0]);
	struct workspace two = workspace_over(memory[1], sizeof memory[1]);
	struct device_state state, back;
	if (size > DEVICE_STATE_BYTES_MAX || device_state_decode(in, &one, &state) != FAULT_NONE)
		return 0;
	FUZZ_CHECK(memchr(state.running.path, 0, sizeof state.running.path) != NULL);
	FUZZ_CHECK(state.target_slot <= SLOT_NONE && state.report_state <= REPORT_FAILED);
	struct writer a = writer_over(first, sizeof first), b = writer_over(second, sizeof second);
	device_state_encode(&a, &state);
	/* Text that is not printable ASCII is JSON, but none that we write. */
	if (writer_end(&a) != FAULT_NONE)
		return 0;
	FUZZ_CHECK(device_state_decode(writer_span(&a), &two, &back) == FAULT_NONE);
	device_state_encode(&b, &back);
	FUZZ_CHECK(writer_end(&b) == FAULT_NONE && span_equal(writer_span(&a), writer_span(&b)));
	return 0;
}
