/*
 * One zstd frame into a buffer of known size. Runs on bytes whose digest was checked, still in a place that can do
 * nothing else.
 */
#ifndef DECOMPRESS_H
#define DECOMPRESS_H

#include "error.h"
#include "span.h"

struct decompress {
	/* exactly n bytes must come out; input_buffer() is where the frame is best put, to save a copy */
	uint8_t *(*input_buffer)(void *self, size_t n);
	int (*frame)(void *self, size_t frame_bytes, uint32_t n, const uint8_t **out, struct error *e);
	void *self;
};

#endif
