/*
 * One zstd frame (RFC 8878) of some bytes, for pack. The same bytes and level give the same frame with the same
 * libzstd: one thread, the content size in the head, no checksum (the segment table has a better one).
 */
#ifndef COMPRESS_H
#define COMPRESS_H

#include "error.h"
#include "span.h"

#define COMPRESS_LEVEL_DEFAULT 19

/* At most this many bytes come out for n bytes: what `capacity` must be. */
size_t zstd_compress_bound(size_t n);
int zstd_compress(struct span in, int level, uint8_t *out, size_t capacity, size_t *n, struct error *e) MUST_USE;

#endif
