#include "emergency.h"
#include "fuzz.h"

static uint8_t memory[1 << 21], again[1 << 16];

/* The body as an envelope's check hands it over: its own canonical form, or it is not decoded at all. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { data, size };
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct json_node *body;
	struct emergency statement;
	if (size > EMERGENCY_BYTES_MAX || json_parse_canonical(in, &ws, &body) != FAULT_NONE ||
	    emergency_decode(body, &statement) != FAULT_NONE)
		return 0;
	unsigned does = 0;
	for (unsigned i = 0; i < EMERGENCY_ACTIONS; i++)
		does += statement.does[i];
	FUZZ_CHECK(does >= 1 && does <= 4);
	struct writer w = writer_over(again, sizeof again);
	emergency_encode(&w, &statement);
	FUZZ_CHECK(span_equal(writer_span(&w), in));
	return 0;
}
