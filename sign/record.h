/*
 * One line of an authority's journal (protocol/signd.md): what is about to be signed, for whom and why. Canonical JSON;
 * "prev" is the SHA-256 of the line before, its line end included, so that no line can change, go or come unseen.
 */
#ifndef RECORD_H
#define RECORD_H

#include "crypto.h"
#include "json.h"

#define RECORD_DIGESTS_MAX 256u
#define RECORD_RELEASES_MAX 4096u
#define RECORD_BYTES_MAX (1u << 20)

struct record_release {
	uint64_t counter;
	struct digest image;
};

struct record {
	uint64_t index; /* from 1 */
	struct digest prev;
	int64_t time_unix;
	struct span requester, who, why, key, kind, summary;
	uint64_t uid;
	uint32_t digest_count;
	const struct digest *digests; /* of what is signed; of a certificate's request */
	/* what the authority must remember of it; absent: 0 */
	struct span scope; /* which role or log the next lines are about */
	uint64_t role_version;
	uint32_t release_count;
	const struct record_release *releases; /* counters signed for the first time */
	bool has_head;
	uint64_t size; /* of the log */
	struct digest root;
};

/* line: without its line end */
enum fault record_decode(struct span line, struct workspace *ws, struct record *out) MUST_USE;
void record_encode(struct writer *w, const struct record *record);

#endif
