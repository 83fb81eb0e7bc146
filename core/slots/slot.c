#include "slot.h"

#include <string.h>

enum slot slot_other(enum slot slot)
{
	if (slot == SLOT_NONE)
		return SLOT_NONE;
	return slot == SLOT_A ? SLOT_B : SLOT_A;
}

const char *slot_name(enum slot slot)
{
	if (slot == SLOT_A)
		return "a";
	return slot == SLOT_B ? "b" : "none";
}

uint64_t slot_room(const struct flash *region)
{
	return region->bytes > SLOT_MANIFEST_ROOM ? region->bytes - SLOT_MANIFEST_ROOM : 0;
}

enum fault slot_manifest_read(const struct flash *region, void *buffer, size_t capacity, struct span *out)
{
	uint8_t length[2];
	uint64_t at = slot_room(region);
	*out = SPAN_NONE;
	if (at == 0 || region->read(region->self, at, length, sizeof length) != 0)
		return FAULT_MISSING;
	size_t n = (size_t)length[0] << 8 | length[1];
	if (n == 0 || n == 0xffff)
		return FAULT_MISSING;
	if (n > capacity || n > SLOT_MANIFEST_ROOM - sizeof length)
		return FAULT_TOO_LARGE;
	if (region->read(region->self, at + sizeof length, buffer, n) != 0)
		return FAULT_MISSING;
	*out = (struct span){ buffer, n };
	return FAULT_NONE;
}

/* In pieces of one size, so that a device of few bytes needs no buffer of a whole page. */
int slot_manifest_write(const struct flash *region, struct span envelope)
{
	uint8_t piece[256];
	uint64_t at = slot_room(region);
	if (at == 0 || envelope.n == 0 || envelope.n > SLOT_MANIFEST_ROOM - 2)
		return -1;
	for (size_t from = 0; from < SLOT_MANIFEST_ROOM; from += sizeof piece) {
		size_t skip = from == 0 ? 2 : 0;
		struct span part = span_sub(envelope, from + skip - 2, sizeof piece - skip);
		memset(piece, 0xff, sizeof piece);
		if (skip != 0) {
			piece[0] = (uint8_t)(envelope.n >> 8);
			piece[1] = (uint8_t)envelope.n;
		}
		if (part.n > 0)
			memcpy(piece + skip, part.at, part.n);
		if (region->program(region->self, at + from, piece, sizeof piece) != 0)
			return -1;
	}
	return 0;
}
