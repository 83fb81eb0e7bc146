/* A run of bytes that somebody else owns. Decoded objects are spans into an input that outlives them. */
#ifndef SPAN_H
#define SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
	const uint8_t *at;
	size_t n;
};

#define SPAN_NONE ((struct span){ 0 })
/* The bytes of an array, and of a string literal without its NUL. */
#define SPAN_OF(array) ((struct span){ (const uint8_t *)(array), sizeof(array) })
#define SPAN_LIT(literal) ((struct span){ (const uint8_t *)(literal), sizeof(literal) - 1 })
/* SPAN_LIT for the initializer of an object with static storage, where C11 wants no compound literal. */
#define SPAN_INIT(literal)                                      \
	{                                                       \
		(const uint8_t *)(literal), sizeof(literal) - 1 \
	}

struct span span_of_text(const char *text);                 /* up to its NUL; SPAN_NONE for NULL */
struct span span_sub(struct span s, size_t from, size_t n); /* clamped to s */
bool span_equal(struct span a, struct span b);              /* not for secrets */
bool span_is(struct span a, const char *text);
bool span_starts(struct span s, struct span prefix);
int span_compare(struct span a, struct span b); /* bytewise, shorter first: <0, 0, >0 */

#endif
