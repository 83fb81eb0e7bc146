#include "report.h"
#include "fuzz.h"

static uint8_t memory[1 << 20], canonical[1 << 16], again[1 << 16];

/* The body as an envelope's check hands it over: its own canonical form, or it is not decoded at all. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { data, size };
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct json_node *body;
	struct report report;
	if (size > REPORT_BYTES_MAX || json_parse(in, &ws, &body) != FAULT_NONE)
		return 0;
	struct writer w = writer_over(canonical, sizeof canonical);
	json_canonical(body, &w);
	if (!span_equal(writer_span(&w), in) || report_decode(body, &report) != FAULT_NONE)
		return 0;
	w = writer_over(again, sizeof again);
	report_encode(&w, &report);
	FUZZ_CHECK(span_equal(writer_span(&w), in));
	return 0;
}
