/* A board in memory: two slots, recovery, journal and counter on one power supply, and slboot's port over them. */
#ifndef BOARD_H
#define BOARD_H

#include "crypto_small.h"
#include "ram_flash.h"
#include "signing.h"
#include "slboot.h"

enum {
	BOARD_SECTOR = 1024,
	BOARD_ROOM = 2048,
	BOARD_SLOT = BOARD_ROOM + SLOT_MANIFEST_ROOM,
	BOARD_JOURNAL_SECTOR = 192, /* six records: sectors change often */
	BOARD_EVENTS = 64,
};

struct board {
	uint8_t regions_bytes[SLBOOT_IMAGES][BOARD_SLOT];
	uint8_t journal_bytes[2 * BOARD_JOURNAL_SECTOR];
	bool has_counter;
	uint32_t counter;

	struct ram_power power;
	struct ram_flash regions[SLBOOT_IMAGES], journal;
	struct boot_identity identity;
	struct slboot_port port;
	/* what happened */
	enum slboot_event events[BOARD_EVENTS];
	uint32_t event_count;
	bool is_locked, is_armed, is_watchdog_broken, is_counter_stuck;
	uint32_t boots; /* of the jump */
	void (*app)(struct board *board, const struct slboot_choice *choice);
};

/* The checks of real signatures are slow and the same few come again and again. */
static bool board_verify(const uint8_t xy[64], const struct digest *digest, const uint8_t signature[64])
{
	static struct known {
		uint8_t key[64 + DIGEST_BYTES + 64];
		bool is_valid;
	} known[64];
	static size_t count;
	uint8_t key[sizeof known[0].key];
	memcpy(key, xy, 64);
	memcpy(key + 64, digest->bytes, DIGEST_BYTES);
	memcpy(key + 64 + DIGEST_BYTES, signature, 64);
	for (size_t i = 0; i < count && i < 64; i++)
		if (memcmp(known[i].key, key, sizeof key) == 0)
			return known[i].is_valid;
	struct known *fresh = &known[count++ % 64];
	memcpy(fresh->key, key, sizeof key);
	fresh->is_valid = crypto_small.p256_verify(xy, digest, signature);
	return fresh->is_valid;
}

static struct crypto board_crypto;

static inline int board_counter_get(void *self, uint32_t *epoch)
{
	struct board *b = self;
	*epoch = b->counter;
	return b->has_counter ? 0 : -1;
}

static inline int board_counter_advance(void *self, uint32_t epoch)
{
	struct board *b = self;
	CHECK(!b->is_locked && epoch > b->counter);
	if (b->is_counter_stuck)
		return -1;
	bool last = ram_is_last(&b->power);
	if (!last || b->power.kind == RAM_CUT_AFTER)
		b->counter = epoch;
	if (last)
		ram_fail(&b->power);
	return 0;
}

static inline void board_counter_lock(void *self)
{
	((struct board *)self)->is_locked = true;
}

static inline int board_measure(void *self, const struct slboot_choice *choice)
{
	return 0;
}

static inline int board_watchdog_arm(void *self)
{
	struct board *b = self;
	b->is_armed = !b->is_watchdog_broken;
	return b->is_armed ? 0 : -1;
}

static inline void board_log(void *self, enum slboot_event event, enum slboot_image image, uint32_t detail)
{
	struct board *b = self;
	if (b->event_count < BOARD_EVENTS)
		b->events[b->event_count++] = event;
}

static inline void board_boot(void *self, const struct slboot_choice *choice)
{
	struct board *b = self;
	CHECK(b->is_locked);
	b->boots++;
	if (b->app != NULL)
		b->app(b, choice);
}

static inline bool board_saw(const struct board *b, enum slboot_event event)
{
	for (uint32_t i = 0; i < b->event_count; i++)
		if (b->events[i] == event)
			return true;
	return false;
}

/* Wires the parts over whatever bytes the board holds. */
static inline void board_wire(struct board *b)
{
	board_crypto = crypto_small;
	board_crypto.p256_verify = board_verify;
	b->power = (struct ram_power){ .random = 0x9e3779b97f4a7c15 };
	b->port = (struct slboot_port){
		.crypto = &board_crypto,
		.identity = &b->identity,
		.journal = &b->journal.flash,
		.counter_get = board_counter_get,
		.counter_advance = board_counter_advance,
		.counter_lock = board_counter_lock,
		.measure = board_measure,
		.watchdog_arm = board_watchdog_arm,
		.log = board_log,
		.boot = board_boot,
		.self = b,
	};
	for (int i = 0; i < SLBOOT_IMAGES; i++) {
		ram_flash_init(&b->regions[i], &b->power, b->regions_bytes[i], BOARD_SLOT, BOARD_SECTOR);
		b->port.regions[i] = &b->regions[i].flash;
		b->power.flashes[i] = &b->regions[i];
	}
	ram_flash_init(&b->journal, &b->power, b->journal_bytes, sizeof b->journal_bytes, BOARD_JOURNAL_SECTOR);
	b->power.flashes[3] = &b->journal;
}

static inline void board_init(struct board *b)
{
	memset(b, 0, sizeof *b);
	memset(b->regions_bytes, 0xff, sizeof b->regions_bytes);
	memset(b->journal_bytes, 0xff, sizeof b->journal_bytes);
	b->has_counter = true;
	b->identity = signing_identity();
	board_wire(b);
}

/* As an installer or a factory writes a region: erased, image, manifest, synced. */
static inline int board_write(struct board *b, enum slboot_image image, struct span bytes, struct span envelope)
{
	const struct flash *region = &b->regions[image].flash;
	void *self = region->self;
	if (region->erase(self, 0, region->bytes) != 0)
		return -1;
	for (size_t at = 0; at < bytes.n; at += 512) {
		struct span part = span_sub(bytes, at, 512);
		if (region->program(self, at, part.at, part.n) != 0)
			return -1;
	}
	if (slot_manifest_write(region, envelope) != 0)
		return -1;
	return region->sync(self);
}

static inline void board_power_cycle(struct board *b, struct slboot_outcome *out)
{
	b->is_locked = false;
	b->is_armed = false;
	b->event_count = 0;
	slboot_run(&b->port, out);
}

#endif
