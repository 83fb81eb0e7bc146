/*
 * A bounded writer with a sticky fault (FAULT_NO_SPACE). With a drain, a full buffer is handed on and reused, so that
 * an object of any size can be hashed through a small buffer; writer_end() hands on the rest.
 */
#ifndef WRITER_H
#define WRITER_H

#include "fault.h"
#include "span.h"

struct writer {
	uint8_t *base;
	size_t capacity;
	size_t used;
	enum fault fault;
	void (*drain)(void *context, struct span bytes); /* NULL: none */
	void *context;
};

struct writer writer_over(void *base, size_t capacity);
void writer_fail(struct writer *w, enum fault fault);
void writer_u8(struct writer *w, uint8_t value);
void writer_u16(struct writer *w, uint16_t value); /* big endian */
void writer_u32(struct writer *w, uint32_t value);
void writer_u64(struct writer *w, uint64_t value);
void writer_bytes(struct writer *w, struct span bytes);
void writer_text(struct writer *w, const char *text);
void writer_decimal(struct writer *w, uint64_t value);
enum fault writer_end(struct writer *w) MUST_USE;
struct span writer_span(const struct writer *w); /* what was written so far; empty when faulted or drained */

#endif
