/* Lower-case hexadecimal; upper case is refused, so that a digest has one spelling. */
#ifndef HEX_H
#define HEX_H

#include "fault.h"
#include "span.h"
#include "writer.h"

enum fault hex_decode(struct span text, uint8_t *out, size_t n) MUST_USE; /* exactly n bytes from 2n digits */
void hex_write(struct writer *w, struct span bytes);
void hex_text(struct span bytes, char *out); /* 2n digits and a NUL */

#endif
