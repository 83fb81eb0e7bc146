#include "release.h"

#include "fuzz.h"

#define PATH "p/board/1.2/image"

static enum fault decode(struct span custom, uint8_t *memory, size_t n, struct release *out)
{
	struct target target = { .path = SPAN_LIT(PATH), .length = 1 };
	struct workspace ws = workspace_over(memory, n);
	enum fault fault = json_parse(custom, &ws, &target.custom);
	return fault != FAULT_NONE ? fault : release_decode(&target, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static _Alignas(max_align_t) uint8_t memory[2][1 << 20];
	static uint8_t first[2 * RELEASE_CUSTOM_MAX], second[2 * RELEASE_CUSTOM_MAX];
	struct release release, back;
	if (size > 4 * RELEASE_CUSTOM_MAX || decode((struct span){ data, size }, memory[0], sizeof memory[0], &release))
		return 0;
	struct writer a = writer_over(first, sizeof first), b = writer_over(second, sizeof second);
	release_encode_custom(&a, &release);
	FUZZ_CHECK(writer_end(&a) == FAULT_NONE);
	FUZZ_CHECK(decode(writer_span(&a), memory[1], sizeof memory[1], &back) == FAULT_NONE);
	release_encode_custom(&b, &back);
	FUZZ_CHECK(span_equal(writer_span(&a), writer_span(&b)));
	return 0;
}
