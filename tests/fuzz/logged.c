/* Is it in the log? A proof as it travels; every signature is good and every digest zero, so that paths end well. */
#include "logged.h"
#include "fuzz.h"
#include "zero_hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct log_identity log = { .origin = SPAN_LIT("sealift.example/log") };
	struct digest detail = { { 0 } };
	struct proof proof;
	struct note note;
	struct span text = { data, size };
	if (logged_check(&zero_hash, &log, text, &detail) != VERDICT_OK)
		return 0;
	FUZZ_CHECK(size <= PROOF_BYTES_MAX && proof_decode(text, &proof) == FAULT_NONE);
	FUZZ_CHECK(note_decode(proof.checkpoint, &note) == FAULT_NONE && note.count > 0);
	FUZZ_CHECK(span_equal(note.checkpoint.origin, log.origin) && proof.index < note.checkpoint.size);
	FUZZ_CHECK(digest_equal(&note.checkpoint.root, &detail));
	return 0;
}
