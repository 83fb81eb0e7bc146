#include "manifest.h"

#include <string.h>

#include "fuzz.h"
#include "zero_hash.h"

static bool is_inside(struct span part, const uint8_t *data, size_t size)
{
	return part.n == 0 || (part.at >= data && part.at + part.n <= data + size);
}

/* What decodes can be encoded, and decodes again to the same facts; optional members may have gone. */
static void check_round_trip(const struct manifest *m)
{
	uint8_t body[2 * MANIFEST_BYTES_MAX];
	struct manifest again = { 0 };
	struct writer w = writer_over(body, sizeof body);
	manifest_encode_body(&w, m);
	/* Component ids that fill the envelope do not fit our encoder, which has names of a few bytes to write. */
	if (writer_end(&w) == FAULT_NO_SPACE)
		return;
	FUZZ_CHECK(writer_end(&w) == FAULT_NONE);
	FUZZ_CHECK(manifest_decode_body(writer_span(&w), &again) == FAULT_NONE);
	FUZZ_CHECK(again.sequence == m->sequence && again.image_bytes == m->image_bytes);
	FUZZ_CHECK(memcmp(again.vendor, m->vendor, 16) == 0 && memcmp(again.class, m->class, 16) == 0);
	FUZZ_CHECK(digest_equal(&again.image, &m->image) && span_equal(again.uri, m->uri));
	FUZZ_CHECK(again.component_count == m->component_count);
	for (uint32_t i = 0; i < m->component_count; i++)
		FUZZ_CHECK(span_equal(again.component[i], m->component[i]));
}

static void check_body(struct span body)
{
	struct manifest m = { 0 };
	if (manifest_decode_body(body, &m) != FAULT_NONE)
		return;
	FUZZ_CHECK(m.component_count >= 1 && m.component_count <= MANIFEST_COMPONENT_MAX);
	for (uint32_t i = 0; i < m.component_count; i++)
		FUZZ_CHECK(is_inside(m.component[i], body.at, body.n));
	FUZZ_CHECK(is_inside(m.uri, body.at, body.n));
	check_round_trip(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = { data, size }, body;
	struct manifest m;
	enum fault fault = manifest_decode_envelope(input, &zero_hash, &m, &body);
	FUZZ_CHECK(size <= MANIFEST_BYTES_MAX || fault == FAULT_TOO_LARGE);
	if (fault == FAULT_NONE) {
		FUZZ_CHECK(m.signature_count >= 1 && m.signature_count <= MANIFEST_SIGNATURES_MAX);
		for (uint32_t i = 0; i < m.signature_count; i++)
			FUZZ_CHECK(m.signatures[i].raw.n == 64 && is_inside(m.signatures[i].raw, data, size));
		check_body(body);
	}
	if (size <= MANIFEST_BYTES_MAX)
		check_body(input);
	return 0;
}
