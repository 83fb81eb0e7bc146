#include "segments.h"
#include "fuzz.h"

static uint8_t again[1 << 16];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { data, size };
	uint64_t payload_bytes = size > 0 ? (uint64_t)data[size - 1] << 8 : 0;
	struct segments table;
	struct segment segment;
	if (size > sizeof again || segments_decode(in, payload_bytes, &table) != FAULT_NONE)
		return 0;
	struct writer w = writer_over(again, sizeof again);
	uint64_t image_bytes = 0;
	segments_encode_header(&w, &table);
	while (segments_next(&table, &segment)) {
		FUZZ_CHECK(segment.image_offset == image_bytes && segment.bytes > 0);
		FUZZ_CHECK(segment.op != SEGMENT_FULL || segment.travel_offset + segment.travel_bytes <= payload_bytes);
		image_bytes += segment.bytes;
		segments_encode_record(&w, &segment);
	}
	FUZZ_CHECK(image_bytes == table.image_bytes);
	FUZZ_CHECK(span_equal(writer_span(&w), in));
	return 0;
}
