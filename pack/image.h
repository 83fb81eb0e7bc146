/*
 * Cuts an image into segments: ZERO where all bytes are zero, else FULL, an independent frame in the payload. The same
 * image gives the same table and payload, byte for byte, with the same compressor.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include "error.h"
#include "packed.h"
#include "segments.h"

struct pack_ports {
	const struct crypto *crypto;
	/* one frame from in; deterministic */
	int (*compress)(void *self, struct span in, uint8_t *out, size_t capacity, size_t *n, struct error *e);
	/* done of total bytes; may be NULL */
	void (*progress)(void *self, uint64_t done, uint64_t total);
	void *self;
};

/* Reads image_fd from its start; writes table and payload to their files from the start. Counter is the caller's. */
int image_pack(const struct pack_ports *ports, int image_fd, int table_fd, int payload_fd, uint32_t segment_bytes,
	       struct packed_image *out, struct error *e) MUST_USE;

#endif
