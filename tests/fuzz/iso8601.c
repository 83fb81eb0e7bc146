#include "iso8601.h"

#include "fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = { data, size };
	char text[ISO8601_BYTES + 1];
	int64_t unix_s, back;
	if (iso8601_decode(input, &unix_s) == FAULT_NONE) {
		FUZZ_CHECK(iso8601_encode(unix_s, text) == FAULT_NONE);
		FUZZ_CHECK(span_is(input, text));
	}
	if (size < sizeof unix_s)
		return 0;
	memcpy(&unix_s, data, sizeof unix_s);
	/* A quarter of the 40 bits fall into our years; of 64 bits hardly any would. */
	unix_s = unix_s < 0 ? unix_s : unix_s & 0xffffffffff;
	bool in_years = unix_s >= 0 && unix_s <= 253402300799;
	FUZZ_CHECK(iso8601_encode(unix_s, text) == (in_years ? FAULT_NONE : FAULT_RANGE));
	if (in_years)
		FUZZ_CHECK(iso8601_decode(span_of_text(text), &back) == FAULT_NONE && back == unix_s);
	return 0;
}
