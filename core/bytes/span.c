#include "span.h"

#include <string.h>

struct span span_of_text(const char *text)
{
	size_t n = 0;
	if (text == NULL)
		return SPAN_NONE;
	while (text[n] != '\0')
		n++;
	return (struct span){ (const uint8_t *)text, n };
}

struct span span_sub(struct span s, size_t from, size_t n)
{
	if (from >= s.n)
		return (struct span){ s.at, 0 };
	if (n > s.n - from)
		n = s.n - from;
	return (struct span){ s.at + from, n };
}

bool span_equal(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.at, b.at, a.n) == 0);
}

bool span_is(struct span a, const char *text)
{
	return span_equal(a, span_of_text(text));
}

bool span_starts(struct span s, struct span prefix)
{
	return s.n >= prefix.n && span_equal(span_sub(s, 0, prefix.n), prefix);
}

int span_compare(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n == 0 ? 0 : memcmp(a.at, b.at, n);
	if (order != 0)
		return order;
	return (a.n > b.n) - (a.n < b.n);
}
