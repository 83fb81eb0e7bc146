/*
 * Base64 (RFC 4648 section 4): padded, no white space, zero pad bits; base64_decode_lines also skips line ends (PEM,
 * EST).
 */
#ifndef BASE64_H
#define BASE64_H

#include "fault.h"
#include "span.h"
#include "writer.h"

enum fault base64_decode(struct span text, struct writer *out) MUST_USE;
enum fault base64_decode_lines(struct span text, struct writer *out) MUST_USE;
void base64_write(struct writer *w, struct span bytes);

#endif
