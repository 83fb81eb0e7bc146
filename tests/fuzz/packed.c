#include "packed.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static _Alignas(max_align_t) uint8_t memory[2][16 * PACKED_BYTES_MAX];
	static uint8_t first[2 * PACKED_BYTES_MAX], second[2 * PACKED_BYTES_MAX];
	struct workspace one = workspace_over(memory[0], sizeof memory[0]);
	struct workspace two = workspace_over(memory[1], sizeof memory[1]);
	struct packed packed, back;
	if (packed_decode((struct span){ data, size }, &one, &packed) != FAULT_NONE)
		return 0;
	FUZZ_CHECK(packed.compatible_count > 0 && packed.compatible_count <= RELEASE_COMPATIBLE_MAX);
	struct writer a = writer_over(first, sizeof first), b = writer_over(second, sizeof second);
	packed_encode(&a, &packed);
	/* Text beyond printable ASCII is JSON, but nothing that pack writes. */
	if (writer_end(&a) != FAULT_NONE)
		return 0;
	FUZZ_CHECK(packed_decode(writer_span(&a), &two, &back) == FAULT_NONE);
	packed_encode(&b, &back);
	FUZZ_CHECK(writer_end(&b) == FAULT_NONE && span_equal(writer_span(&a), writer_span(&b)));
	return 0;
}
