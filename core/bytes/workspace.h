/*
 * A block of memory that the caller lends for the length of one task. Core takes from it and never gives back; the
 * caller resets or drops the whole block.
 */
#ifndef WORKSPACE_H
#define WORKSPACE_H

#include <stddef.h>
#include <stdint.h>

struct workspace {
	uint8_t *base;
	size_t capacity;
	size_t used;
};

struct workspace workspace_over(void *base, size_t capacity);
/* n zeroed bytes aligned for any object, or NULL when they do not fit. */
void *workspace_take(struct workspace *ws, size_t n);
/* n * each, refusing a product that overflows. */
void *workspace_array(struct workspace *ws, size_t n, size_t each);

#endif
