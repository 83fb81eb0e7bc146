/* An input of several parts: they are parted by NUL, which no text of ours has, so that a part can grow or shrink. */
#ifndef SECTIONS_H
#define SECTIONS_H

#include "span.h"

struct sections {
	struct span rest;
	bool ended;
};

static inline struct sections sections_over(const uint8_t *data, size_t size)
{
	return (struct sections){ .rest = { data, size } };
}

/* The next part, empty once there is none. */
static inline struct span sections_next(struct sections *s)
{
	size_t n = 0;
	while (n < s->rest.n && s->rest.at[n] != 0)
		n++;
	struct span part = span_sub(s->rest, 0, n);
	s->ended = s->ended || n == s->rest.n;
	s->rest = s->ended ? SPAN_NONE : span_sub(s->rest, n + 1, s->rest.n);
	return part;
}

/* The i-th byte of a part as a digit, 0 where there is none. */
static inline unsigned sections_digit(struct span part, size_t i)
{
	if (i >= part.n || part.at[i] < '0' || part.at[i] > '9')
		return 0;
	return part.at[i] - (unsigned)'0';
}

#endif
