#include "hex.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t bytes[512], text[1024];
	struct span in = { data, size };
	if (size > sizeof text)
		return 0;
	enum fault fault = hex_decode(in, bytes, size / 2);
	FUZZ_CHECK(size % 2 == 0 || fault != FAULT_NONE);
	FUZZ_CHECK(size / 2 == sizeof bytes || hex_decode(in, bytes, size / 2 + 1) != FAULT_NONE);
	if (fault != FAULT_NONE)
		return 0;
	struct writer w = writer_over(text, sizeof text);
	hex_write(&w, (struct span){ bytes, size / 2 });
	FUZZ_CHECK(writer_end(&w) == FAULT_NONE && span_equal(writer_span(&w), in));
	return 0;
}
