/*
 * The anchor of a journal: how long it was at least, and the digest of its last line then. A small file beside it,
 * JOURNAL.head, so that a journal that was cut at its end, or put back from an old copy, is not taken for the whole.
 * Written after the records that it counts: a power cut leaves it behind the journal, never ahead.
 */
#ifndef ANCHOR_H
#define ANCHOR_H

#include "crypto.h"
#include "error.h"

struct anchor {
	uint64_t count;     /* records */
	struct digest last; /* of the last line, its line end included */
};

/*
 * 0; 1 where there is no such file; -1. An empty file is an operator's word that the journal is good as it stands: an
 * anchor of no records.
 */
int anchor_load(const char *journal, struct anchor *out, struct error *e) MUST_USE;
int anchor_save(const char *journal, const struct anchor *anchor, struct error *e) MUST_USE;

#endif
