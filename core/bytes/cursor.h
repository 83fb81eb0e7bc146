/*
 * A reader over a span with a sticky fault: after the first fault every get returns zero or an empty span, so that a
 * decoder reads like its schema. Act on nothing that was decoded before cursor_end() said FAULT_NONE.
 */
#ifndef CURSOR_H
#define CURSOR_H

#include "fault.h"
#include "span.h"

struct cursor {
	struct span input;
	size_t at;
	enum fault fault;
};

struct cursor cursor_over(struct span input);
size_t cursor_left(const struct cursor *c);           /* 0 when faulted */
void cursor_fail(struct cursor *c, enum fault fault); /* keeps the first fault */
uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_u16(struct cursor *c); /* big endian, as all numbers of our binary formats */
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);
struct span cursor_bytes(struct cursor *c, size_t n);
uint8_t cursor_peek(const struct cursor *c);      /* 0 at the end */
enum fault cursor_end(struct cursor *c) MUST_USE; /* FAULT_TRAILING if bytes are left */

#endif
