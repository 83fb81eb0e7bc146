/* A line of a signing authority's journal: what decodes in its canonical form is written again as the same bytes. */
#include "fuzz.h"
#include "record.h"

#define FUZZ_MEMORY (4u << 20)

/* Spaces and other orders of members are read; the chain of digests holds what was written. */
static bool is_canonical(struct span line, struct workspace *ws)
{
	static uint8_t bytes[1u << 17];
	struct writer w = writer_over(bytes, sizeof bytes);
	struct json_node *body;
	if (json_parse(line, ws, &body) != FAULT_NONE)
		return false;
	json_canonical(body, &w);
	return writer_end(&w) == FAULT_NONE && span_equal(writer_span(&w), line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint8_t memory[FUZZ_MEMORY], again_memory[FUZZ_MEMORY], bytes[1u << 18];
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct workspace again_ws = workspace_over(again_memory, sizeof again_memory);
	struct writer w = writer_over(bytes, sizeof bytes);
	struct span line = { data, n };
	struct record record, again;
	if (n > 65536 || record_decode(line, &ws, &record) != FAULT_NONE)
		return 0;
	FUZZ_CHECK(record.digest_count <= RECORD_DIGESTS_MAX && record.release_count <= RECORD_RELEASES_MAX);
	record_encode(&w, &record);
	if (writer_end(&w) != FAULT_NONE) /* text that no writer of ours makes: it is not printable */
		return 0;
	FUZZ_CHECK(record_decode(writer_span(&w), &again_ws, &again) == FAULT_NONE);
	FUZZ_CHECK(again.index == record.index && again.role_version == record.role_version);
	again_ws.used = 0;
	if (is_canonical(line, &again_ws))
		FUZZ_CHECK(span_equal(writer_span(&w), line));
	return 0;
}
