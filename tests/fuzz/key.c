#include "key.h"

#include "fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct public_key key, back;
	uint8_t pem[256];
	if (key_from_pem((struct span){ data, size }, &key) != FAULT_NONE)
		return 0;
	struct writer w = writer_over(pem, sizeof pem);
	key_write_pem(&w, &key);
	FUZZ_CHECK(writer_end(&w) == FAULT_NONE);
	FUZZ_CHECK(key_from_pem(writer_span(&w), &back) == FAULT_NONE);
	FUZZ_CHECK(memcmp(key.xy, back.xy, sizeof key.xy) == 0);
	return 0;
}
