#include "writer.h"

#include <string.h>

struct writer writer_over(void *base, size_t capacity)
{
	return (struct writer){ .base = base, .capacity = capacity };
}

void writer_fail(struct writer *w, enum fault fault)
{
	if (w->fault == FAULT_NONE)
		w->fault = fault;
}

static void writer_drain(struct writer *w)
{
	if (w->drain == NULL || w->used == 0)
		return;
	w->drain(w->context, (struct span){ w->base, w->used });
	w->used = 0;
}

void writer_bytes(struct writer *w, struct span bytes)
{
	while (w->fault == FAULT_NONE && bytes.n > 0) {
		size_t room = w->capacity - w->used;
		size_t n = bytes.n < room ? bytes.n : room;
		if (n == 0 || (n < bytes.n && w->drain == NULL)) {
			writer_fail(w, FAULT_NO_SPACE);
			return;
		}
		memcpy(w->base + w->used, bytes.at, n);
		w->used += n;
		bytes = span_sub(bytes, n, bytes.n - n);
		if (w->used == w->capacity)
			writer_drain(w);
	}
}

static void writer_big_endian(struct writer *w, uint64_t value, size_t n)
{
	uint8_t bytes[8];
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(value >> 8 * (n - 1 - i));
	writer_bytes(w, (struct span){ bytes, n });
}

/* Leaves the byte that fills the buffer to writer_bytes(), which drains it. */
void writer_u8(struct writer *w, uint8_t value)
{
	if (w->fault == FAULT_NONE && w->capacity - w->used > 1) {
		w->base[w->used++] = value;
		return;
	}
	writer_bytes(w, (struct span){ &value, 1 });
}

void writer_u16(struct writer *w, uint16_t value)
{
	writer_big_endian(w, value, 2);
}

void writer_u32(struct writer *w, uint32_t value)
{
	writer_big_endian(w, value, 4);
}

void writer_u64(struct writer *w, uint64_t value)
{
	writer_big_endian(w, value, 8);
}

void writer_text(struct writer *w, const char *text)
{
	writer_bytes(w, span_of_text(text));
}

void writer_decimal(struct writer *w, uint64_t value)
{
	uint8_t digits[20];
	size_t at = sizeof digits;
	do {
		digits[--at] = (uint8_t)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	writer_bytes(w, (struct span){ digits + at, sizeof digits - at });
}

enum fault writer_end(struct writer *w)
{
	if (w->fault == FAULT_NONE)
		writer_drain(w);
	return w->fault;
}

struct span writer_span(const struct writer *w)
{
	if (w->fault != FAULT_NONE || w->drain != NULL)
		return SPAN_NONE;
	return (struct span){ w->base, w->used };
}
