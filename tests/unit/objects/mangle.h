/*
 * What every strict decoder owes: no beginning of an object is an object, and of any changed byte it says no, or
 * encodes what it read to just these bytes again: one object has one spelling.
 */
#ifndef MANGLE_H
#define MANGLE_H

#include "check.h"
#include "span.h"
#include "writer.h"

/* Decodes `in`; when that succeeds, encodes to `out` and says true. */
typedef bool mangle_round(struct span in, struct writer *out);

/* Every other value of a byte; where CHECK_QUICK is set (tools/mutate.py), those that differ in one bit. */
static inline unsigned mangle_next(unsigned change)
{
	return getenv("CHECK_QUICK") != NULL ? change * 2 : change + 1;
}

static inline void mangle(struct span good, mangle_round *round)
{
	static uint8_t copy[32768], again[32768];
	CHECK(good.n > 0 && good.n < sizeof copy);
	struct writer w = writer_over(again, sizeof again);
	CHECK(round(good, &w));
	CHECK(span_equal(writer_span(&w), good));
	for (size_t n = 0; n < good.n; n++) {
		w = writer_over(again, sizeof again);
		if (round((struct span){ good.at, n }, &w))
			printf("# the first %zu of %zu bytes were accepted\n", n, good.n);
		CHECK(w.used == 0);
	}
	for (size_t i = 0; i < good.n; i++)
		for (unsigned change = 1; change < 256; change = mangle_next(change)) {
			struct span bad = { copy, good.n };
			memcpy(copy, good.at, good.n);
			copy[i] = (uint8_t)(copy[i] ^ change);
			w = writer_over(again, sizeof again);
			if (!round(bad, &w))
				continue;
			if (!span_equal(writer_span(&w), bad))
				printf("# byte %zu changed by %02x has two spellings\n", i, change);
			CHECK(span_equal(writer_span(&w), bad));
		}
	/* one byte more */
	memcpy(copy, good.at, good.n);
	for (unsigned more = 0; more < 256; more++) {
		copy[good.n] = (uint8_t)more;
		w = writer_over(again, sizeof again);
		if (round((struct span){ copy, good.n + 1 }, &w))
			CHECK(span_equal(writer_span(&w), (struct span){ copy, good.n + 1 }));
	}
}

#endif
