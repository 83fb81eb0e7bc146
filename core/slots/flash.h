/*
 * A region of storage: a slot, or the journal. Files, block devices, NOR flash. Offsets in bytes from its start.
 * program() may only be called on erased bytes where erase_bytes > 1 (files emulate it by filling with 0xff).
 */
#ifndef FLASH_H
#define FLASH_H

#include <stddef.h>
#include <stdint.h>

struct flash {
	int (*read)(void *self, uint64_t at, void *buffer, size_t n); /* 0, or -1 */
	int (*program)(void *self, uint64_t at, const void *bytes, size_t n);
	int (*erase)(void *self, uint64_t at, uint64_t n); /* multiples of erase_bytes */
	int (*sync)(void *self);                           /* durable when it returns 0 */
	uint64_t bytes;
	uint32_t erase_bytes;
	void *self;
};

#endif
