/*
 * Small named blobs on stable storage. A save is atomic and durable: after a power cut the old or the new bytes stand,
 * whole. Names: [A-Za-z0-9._%-]+, no leading dot.
 */
#ifndef STORE_H
#define STORE_H

#include "error.h"
#include "span.h"

struct store {
	/* 0 and *n; 1 where there is no such blob; -1: failed, or larger than capacity */
	int (*load)(void *self, const char *name, uint8_t *buffer, size_t capacity, size_t *n, struct error *e);
	int (*save)(void *self, const char *name, struct span bytes, struct error *e);
	int (*remove)(void *self, const char *name, struct error *e); /* absent is fine */
	void *self;
};

#endif
