#include "base64.h"

#include "fuzz.h"

#define INPUT_MAX 4096

static uint8_t text[2 * INPUT_MAX], back[2 * INPUT_MAX], again[2 * INPUT_MAX];

static void check_text(struct span input)
{
	struct writer strict = writer_over(back, sizeof back), lines = writer_over(text, sizeof text);
	enum fault fault = base64_decode(input, &strict);
	enum fault lines_fault = base64_decode_lines(input, &lines);
	if (fault != FAULT_NONE)
		return;
	/* What the strict reader takes, the lenient one takes alike, and it has no other spelling. */
	FUZZ_CHECK(lines_fault == FAULT_NONE && span_equal(writer_span(&lines), writer_span(&strict)));
	struct writer w = writer_over(again, sizeof again);
	base64_write(&w, writer_span(&strict));
	FUZZ_CHECK(span_equal(writer_span(&w), input));
}

static void check_bytes(struct span input)
{
	struct writer w = writer_over(text, sizeof text), decoded = writer_over(back, sizeof back);
	base64_write(&w, input);
	FUZZ_CHECK(base64_decode(writer_span(&w), &decoded) == FAULT_NONE);
	FUZZ_CHECK(span_equal(writer_span(&decoded), input));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > INPUT_MAX)
		return 0;
	check_text((struct span){ data, size });
	check_bytes((struct span){ data, size });
	return 0;
}
