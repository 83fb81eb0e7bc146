/*
 * The stream from the server into the slot. Each segment: travelling bytes by range, their digest, then decompression,
 * the result's digest, then the write. Nothing unverified is decompressed, nothing unverified is written.
 */
#ifndef IMAGE_WRITE_H
#define IMAGE_WRITE_H

#include "prepare.h"

/*
 * Goes on where an earlier, interrupted write of the same image by the same table stopped, after reading back what it
 * left. The journal must say WRITING. Ends with the whole image read back and hashed, the manifest in its place, and
 * everything durable.
 */
int image_write(struct installer *installer, const struct prepared_install *install, struct setback *s) MUST_USE;

#endif
