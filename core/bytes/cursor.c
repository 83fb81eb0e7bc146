#include "cursor.h"

struct cursor cursor_over(struct span input)
{
	return (struct cursor){ .input = input };
}

size_t cursor_left(const struct cursor *c)
{
	return c->fault == FAULT_NONE ? c->input.n - c->at : 0;
}

void cursor_fail(struct cursor *c, enum fault fault)
{
	if (c->fault == FAULT_NONE)
		c->fault = fault;
}

struct span cursor_bytes(struct cursor *c, size_t n)
{
	if (n > cursor_left(c)) {
		cursor_fail(c, FAULT_TRUNCATED);
		return SPAN_NONE;
	}
	struct span s = span_sub(c->input, c->at, n);
	c->at += n;
	return s;
}

static uint64_t cursor_big_endian(struct cursor *c, size_t n)
{
	struct span s = cursor_bytes(c, n);
	uint64_t value = 0;
	for (size_t i = 0; i < s.n; i++)
		value = value << 8 | s.at[i];
	return value;
}

/* Text is read a byte at a time, so this does not go the long way. */
uint8_t cursor_u8(struct cursor *c)
{
	if (cursor_left(c) == 0) {
		cursor_fail(c, FAULT_TRUNCATED);
		return 0;
	}
	return c->input.at[c->at++];
}

uint16_t cursor_u16(struct cursor *c)
{
	return (uint16_t)cursor_big_endian(c, 2);
}

uint32_t cursor_u32(struct cursor *c)
{
	return (uint32_t)cursor_big_endian(c, 4);
}

uint64_t cursor_u64(struct cursor *c)
{
	return cursor_big_endian(c, 8);
}

uint8_t cursor_peek(const struct cursor *c)
{
	return cursor_left(c) > 0 ? c->input.at[c->at] : 0;
}

enum fault cursor_end(struct cursor *c)
{
	if (cursor_left(c) > 0)
		cursor_fail(c, FAULT_TRAILING);
	return c->fault;
}
