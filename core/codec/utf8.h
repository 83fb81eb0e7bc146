/* UTF-8 (RFC 3629): shortest form only, no surrogates, nothing above U+10FFFF. */
#ifndef UTF8_H
#define UTF8_H

#include "span.h"

bool utf8_is_valid(struct span text);
/* Writes the 1 to 4 bytes of a code point; 0 for a surrogate or a number above U+10FFFF. */
size_t utf8_encode(uint32_t code_point, uint8_t out[4]);

#endif
