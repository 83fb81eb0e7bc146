#include "note.h"
#include "fuzz.h"

static struct note note;
static uint8_t again[NOTE_BYTES_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { data, size };
	if (note_decode(in, &note) != FAULT_NONE)
		return 0;
	struct writer w = writer_over(again, sizeof again);
	checkpoint_encode(&w, &note.checkpoint);
	FUZZ_CHECK(span_equal(writer_span(&w), note.text));
	FUZZ_CHECK(note.count >= 1 && note.count <= NOTE_SIGNATURES_MAX);
	return 0;
}
