/* How far the writing of an image came, durably: "the first `segments` of this table stand in this slot". */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "segments.h"
#include "slot.h"
#include "store.h"

#define PROGRESS_NAME "progress"

struct progress {
	struct digest image, table; /* of which image, and as made by which table */
	enum slot slot;
	uint32_t segments;
};

/* A missing or damaged record, or one of another install, says 0 segments: the work is done again. */
uint32_t progress_load(const struct store *store, const struct progress *of);
/* The segments must be durable in the slot before. */
int progress_save(const struct store *store, const struct progress *progress, struct error *e) MUST_USE;
int progress_clear(const struct store *store, struct error *e) MUST_USE;

#endif
