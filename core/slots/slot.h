/*
 * A slot: a region whose first bytes are the image and whose last SLOT_MANIFEST_ROOM bytes hold the boot manifest
 * envelope: its length (u16, big endian), the envelope, 0xff to the end. protocol/slots.md.
 */
#ifndef SLOT_H
#define SLOT_H

#include "fault.h"
#include "flash.h"
#include "span.h"

#define SLOT_COUNT 2
#define SLOT_MANIFEST_ROOM 4096u

enum slot { SLOT_A, SLOT_B, SLOT_NONE };

enum slot slot_other(enum slot slot);           /* SLOT_NONE of SLOT_NONE */
const char *slot_name(enum slot slot);          /* "a", "b", "none" */
uint64_t slot_room(const struct flash *region); /* bytes for an image; 0 where the region is too small */

/*
 * The envelope, in the caller's buffer. FAULT_MISSING where none was written or the region cannot be read,
 * FAULT_TOO_LARGE where it is longer than the buffer (MANIFEST_BYTES_MAX).
 */
enum fault slot_manifest_read(const struct flash *region, void *buffer, size_t capacity, struct span *out) MUST_USE;
/* 0, or -1. Where erase_bytes > 1 the room must have been erased. Not durable before region->sync(). */
int slot_manifest_write(const struct flash *region, struct span envelope) MUST_USE;

#endif
