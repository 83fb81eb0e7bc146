/*
 * One zstd frame into a buffer of known size. Runs on bytes whose digest was checked, still in a place that can do
 * nothing else.
 */
#ifndef DECOMPRESS_H
#define DECOMPRESS_H

#include "error.h"
#include "span.h"

struct decompress {
	/* Room for n bytes, or NULL. Always the same place; nobody but the caller can change what is in it. */
	uint8_t *(*input_buffer)(void *self, size_t n);
	/* Decompresses what stands at the start of the input buffer: exactly n bytes must come out. */
	int (*frame)(void *self, size_t frame_bytes, uint32_t n, const uint8_t **out, struct error *e);
	void (*rest)(
		void *self); /* no frame will come for a while: memory may go, what was in it is lost. May be NULL */
	void *self;
};

#endif
