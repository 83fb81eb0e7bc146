/* Numbers of the command line: digits and nothing else, within bounds; a refusal says what is allowed. */
#ifndef NUMBER_H
#define NUMBER_H

#include <stdint.h>

#include "error.h"

/* What an option's number is: for its messages, and its bounds. */
struct number {
	const char *option; /* "--soak" */
	const char *unit;   /* "seconds" */
	uint64_t min, max;
};

int number_parse(const struct number *number, const char *text, uint64_t *out, struct error *e) MUST_USE;
int number_parse_u32(const struct number *number, const char *text, uint32_t *out, struct error *e) MUST_USE;
/*
 * A percentage with up to four decimals and an optional '%' at its end, in parts per million; the bounds are too.
 * No rounding: 0.00001 is refused, not taken for 0.
 */
int number_percent(const struct number *number, const char *text, uint32_t *ppm, struct error *e) MUST_USE;

#endif
