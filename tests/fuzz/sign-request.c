/* A request to sealift-signd: what decodes is written again as the same bytes. */
#include "fuzz.h"
#include "signd_message.h"

#include <stdlib.h>

#define FUZZ_MEMORY (4u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint8_t memory[FUZZ_MEMORY], again[1u << 20];
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct writer w = writer_over(again, sizeof again);
	struct signd_request request;
	struct signd_answer answer;
	if (n > 65536)
		return 0;
	if (signd_request_decode((struct span){ data, n }, &ws, &request) == FAULT_NONE) {
		signd_request_encode(&w, &request, &ws);
		if (writer_end(&w) != FAULT_NONE || !span_equal(writer_span(&w), (struct span){ data, n }))
			abort();
	}
	ws.used = 0;
	if (signd_answer_decode((struct span){ data, n }, &ws, &answer) == FAULT_NONE) {
		w = writer_over(again, sizeof again);
		signd_answer_encode(&w, &answer, &ws);
		if (writer_end(&w) != FAULT_NONE || !span_equal(writer_span(&w), (struct span){ data, n }))
			abort();
	}
	return 0;
}
