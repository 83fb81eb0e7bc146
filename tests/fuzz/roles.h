/* What the fuzz targets of the TUF roles share: a file that decodes is encoded, and must then stay as it is. */
#ifndef ROLES_H
#define ROLES_H

#include "crypto_openssl.h"
#include "fuzz.h"
#include "metadata.h"
#include "signed.h"

#define ROLES_INPUT_MAX (1u << 18)

static _Alignas(max_align_t) uint8_t roles_memory[2][24 << 20];
static uint8_t roles_body[2][2 * ROLES_INPUT_MAX], roles_file[4 * ROLES_INPUT_MAX];

static enum fault roles_round(struct span file, unsigned which,
			      enum fault (*again)(struct json_node *, struct workspace *, struct writer *),
			      struct writer *w)
{
	struct signed_json envelope;
	struct workspace ws = workspace_over(roles_memory[which], sizeof roles_memory[which]);
	*w = writer_over(roles_body[which], sizeof roles_body[which]);
	enum fault fault = signed_decode(file, &ws, &crypto_openssl, &envelope);
	return fault == FAULT_NONE ? again(envelope.body, &ws, w) : fault;
}

/*
 * again() decodes a body and encodes it. Encoders refuse what only others write: algorithms that are listed but not
 * known, names that are not ASCII. A key object with members of others gets another key id, so that the second decoding
 * may refuse it too.
 */
static int roles_check(const uint8_t *data, size_t size,
		       enum fault (*again)(struct json_node *, struct workspace *, struct writer *))
{
	struct writer first, second, file = writer_over(roles_file, sizeof roles_file);
	if (size > ROLES_INPUT_MAX)
		return 0;
	if (roles_round((struct span){ data, size }, 0, again, &first) != FAULT_NONE)
		return 0;
	if (writer_end(&first) != FAULT_NONE)
		return 0;
	signed_encode(&file, writer_span(&first), NULL, 0);
	if (writer_end(&file) != FAULT_NONE || roles_round(writer_span(&file), 1, again, &second) != FAULT_NONE)
		return 0;
	FUZZ_CHECK(writer_end(&second) == FAULT_NONE);
	FUZZ_CHECK(span_equal(writer_span(&first), writer_span(&second)));
	return 0;
}

#endif
