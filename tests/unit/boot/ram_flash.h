/*
 * Flash in memory with a power supply. Programs need erased bytes, as NOR does. Every program, erase and counter step
 * of a board is one operation; at operation cut_at power fails in one of four ways and the code under test never
 * returns: ram_power.escape is where the test goes on.
 */
#ifndef RAM_FLASH_H
#define RAM_FLASH_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "flash.h"

enum ram_cut {
	RAM_CUT_BEFORE, /* the operation did not happen */
	RAM_CUT_AFTER,  /* it did */
	RAM_CUT_TORN,   /* each of its bits did or did not, and of what was not synced each operation did or did not */
	RAM_CUT_LOST,   /* nothing that was not synced happened */
	RAM_CUTS,
};

#define RAM_PENDING_MAX 256

struct ram_power {
	uint32_t operations; /* so far */
	uint32_t cut_at;     /* 0: never */
	enum ram_cut kind;
	uint64_t random;
	jmp_buf escape;
	struct ram_flash *flashes[4]; /* all that lose power together; NULL ends */
};

/* What a region held before an operation that was not yet synced. */
struct ram_pending {
	uint64_t at;
	size_t n;
	uint8_t *before;
};

struct ram_flash {
	struct flash flash;
	uint8_t *bytes;
	struct ram_power *power;
	struct ram_pending pending[RAM_PENDING_MAX];
	uint32_t pending_count;
	uint32_t broken_rules; /* programs of bytes that were not erased */
};

static inline uint32_t ram_random(struct ram_power *power)
{
	power->random ^= power->random << 13;
	power->random ^= power->random >> 7;
	power->random ^= power->random << 17;
	return (uint32_t)(power->random >> 16);
}

static inline void ram_forget(struct ram_flash *f, bool restore_all, bool restore_some)
{
	while (f->pending_count > 0) {
		struct ram_pending *p = &f->pending[--f->pending_count];
		if (restore_all || (restore_some && (ram_random(f->power) & 1) != 0))
			memcpy(f->bytes + p->at, p->before, p->n);
		free(p->before);
	}
}

static inline void ram_fail(struct ram_power *power)
{
	for (size_t i = 0; i < 4 && power->flashes[i] != NULL; i++)
		ram_forget(power->flashes[i], power->kind == RAM_CUT_LOST, power->kind == RAM_CUT_TORN);
	power->cut_at = 0;
	longjmp(power->escape, 1);
}

/* True where power fails at this very operation. */
static inline bool ram_is_last(struct ram_power *power)
{
	return ++power->operations == power->cut_at;
}

static inline void ram_store(struct ram_flash *f, uint64_t at, const uint8_t *bytes, size_t n)
{
	struct ram_power *power = f->power;
	bool last = ram_is_last(power);
	if (last && power->kind == RAM_CUT_BEFORE)
		ram_fail(power);
	if (f->pending_count == RAM_PENDING_MAX)
		abort();
	struct ram_pending *p = &f->pending[f->pending_count++];
	*p = (struct ram_pending){ at, n, malloc(n) };
	memcpy(p->before, f->bytes + at, n);
	for (size_t i = 0; i < n; i++) {
		uint8_t mask = last && power->kind == RAM_CUT_TORN ? (uint8_t)ram_random(power) : 0xff;
		f->bytes[at + i] = (uint8_t)((f->bytes[at + i] & ~mask) | (bytes[i] & mask));
	}
	if (!last)
		return;
	if (power->kind == RAM_CUT_TORN)
		free(f->pending[--f->pending_count].before); /* its bits fell already */
	ram_fail(power);
}

static inline int ram_read(void *self, uint64_t at, void *buffer, size_t n)
{
	struct ram_flash *f = self;
	if (at > f->flash.bytes || n > f->flash.bytes - at)
		return -1;
	memcpy(buffer, f->bytes + at, n);
	return 0;
}

static inline int ram_program(void *self, uint64_t at, const void *bytes, size_t n)
{
	struct ram_flash *f = self;
	if (at > f->flash.bytes || n > f->flash.bytes - at)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (f->bytes[at + i] != 0xff) {
			f->broken_rules++;
			return -1;
		}
	ram_store(f, at, bytes, n);
	return 0;
}

static inline int ram_erase(void *self, uint64_t at, uint64_t n)
{
	struct ram_flash *f = self;
	uint8_t *blank = malloc(f->flash.erase_bytes);
	if (at > f->flash.bytes || n > f->flash.bytes - at || at % f->flash.erase_bytes || n % f->flash.erase_bytes)
		return free(blank), -1;
	memset(blank, 0xff, f->flash.erase_bytes);
	for (uint64_t i = 0; i < n; i += f->flash.erase_bytes)
		ram_store(f, at + i, blank, f->flash.erase_bytes);
	free(blank);
	return 0;
}

static inline int ram_sync(void *self)
{
	ram_forget(self, false, false);
	return 0;
}

/* bytes: memory of the caller, of n bytes, left as it is. */
static inline void ram_flash_init(struct ram_flash *f, struct ram_power *power, uint8_t *bytes, uint64_t n,
				  uint32_t erase_bytes)
{
	*f = (struct ram_flash){ .bytes = bytes, .power = power };
	f->flash = (struct flash){ ram_read, ram_program, ram_erase, ram_sync, n, erase_bytes, f };
}

#endif
