/*
 * The trail of an authority, its journal: append-only, hash-chained: one record (record.h) a line. A record is on
 * stable storage before trail_append() returns, and nothing is signed before that. After any failure to write, the
 * journal refuses all until it is opened again: what is on the disk is then unknown.
 */
#ifndef TRAIL_H
#define TRAIL_H

#include "error.h"
#include "record.h"

struct trail;

/* Makes the empty journal of a new authority; one that stands is an error. */
int trail_begin(const char *path, struct error *e) MUST_USE;
/*
 * Opens the file, which must be there, locks it against a second process, verifies the whole chain and hands each
 * record to replay in order. A last line without its end is a record whose write was cut off, before anything was
 * signed: it is removed (*torn set). Any other damage is an error: an authority does not start on a journal that was
 * changed, nor on one that is shorter than its anchor (anchor.h), which is renewed here, at the close and as records
 * come.
 */
int trail_open(const char *path, const struct crypto *crypto, int (*replay)(void *context, const struct record *record),
	       void *context, struct trail **out, bool *torn, struct error *e) MUST_USE;
/* Fills in index and prev, writes, syncs. */
int trail_append(struct trail *trail, struct record *record, struct error *e) MUST_USE;
void trail_close(struct trail *trail); /* NULL is fine */

#endif
