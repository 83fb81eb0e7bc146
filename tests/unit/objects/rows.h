/* Tables of refusals: a good text with one piece of it replaced, and the fault that must come of it. */
#ifndef ROWS_H
#define ROWS_H

#include "check.h"
#include "fault.h"
#include "span.h"

struct row {
	const char *from, *to;
	enum fault fault;
};

static inline void rows_follow(const char *sample, const struct row *rows, size_t count,
			       enum fault (*decode)(struct span text))
{
	static char text[16384];
	for (size_t i = 0; i < count; i++) {
		const char *at = strstr(sample, rows[i].from);
		CHECK(at != NULL);
		int n = snprintf(text, sizeof text, "%.*s%s%s", (int)(at - sample), sample, rows[i].to,
				 at + strlen(rows[i].from));
		CHECK(n > 0 && (size_t)n < sizeof text);
		enum fault fault = decode(span_of_text(text));
		if (fault != rows[i].fault)
			printf("# %s -> %s\n", rows[i].from, rows[i].to);
		CHECK_EQ(fault, rows[i].fault);
	}
}

#define ROWS_FOLLOW(sample, rows, decode) rows_follow(sample, rows, sizeof(rows) / sizeof((rows)[0]), decode)

#endif
