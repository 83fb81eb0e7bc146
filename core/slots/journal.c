#include "journal.h"

#include "cursor.h"
#include "writer.h"

#include <string.h>

/*
 * A record: version u8, active u8, then for each slot state u8, tries u8, cause u8; sequence u32; 12 zero bytes;
 * CRC-32 of all before it; commit word. The last eight bytes are programmed by a second operation, after a sync: a
 * record with a commit word has all its other bytes, on any flash whose program unit is 8 bytes or less.
 */
enum { JOURNAL_VERSION = 1, JOURNAL_SECTORS = 2, JOURNAL_HEAD_BYTES = 24, JOURNAL_ZERO_BYTES = 12 };

static const uint32_t journal_commit_word = 0x5ea11f7c;

/* CRC-32 of IEEE 802.3, reflected. It guards against bit rot; a power cut is the commit word's matter. */
static uint32_t journal_crc(struct span bytes)
{
	uint32_t crc = 0xffffffff;
	for (size_t i = 0; i < bytes.n; i++) {
		crc ^= bytes.at[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void journal_encode(const struct journal_state *state, uint8_t record[JOURNAL_RECORD_BYTES])
{
	struct writer w = writer_over(record, JOURNAL_RECORD_BYTES);
	writer_u8(&w, JOURNAL_VERSION);
	writer_u8(&w, (uint8_t)state->active);
	for (uint32_t i = 0; i < SLOT_COUNT; i++) {
		writer_u8(&w, (uint8_t)state->slots[i].state);
		writer_u8(&w, state->slots[i].tries);
		writer_u8(&w, (uint8_t)state->slots[i].cause);
	}
	writer_u32(&w, state->sequence);
	static const uint8_t zero[JOURNAL_ZERO_BYTES];
	writer_bytes(&w, SPAN_OF(zero));
	writer_u32(&w, journal_crc(writer_span(&w)));
	writer_u32(&w, journal_commit_word);
}

static uint8_t journal_bounded(struct cursor *c, uint8_t max)
{
	uint8_t value = cursor_u8(c);
	if (value > max)
		cursor_fail(c, FAULT_RANGE);
	return value;
}

static bool journal_decode(const uint8_t record[JOURNAL_RECORD_BYTES], struct journal_state *out)
{
	struct cursor c = cursor_over((struct span){ record, JOURNAL_RECORD_BYTES });
	if (cursor_u8(&c) != JOURNAL_VERSION)
		return false;
	out->active = (enum slot)journal_bounded(&c, SLOT_NONE);
	for (uint32_t i = 0; i < SLOT_COUNT; i++) {
		out->slots[i].state = (enum slot_state)journal_bounded(&c, SLOT_REJECTED);
		out->slots[i].tries = journal_bounded(&c, JOURNAL_TRIES_MAX);
		out->slots[i].cause = (enum slot_cause)journal_bounded(&c, SLOT_CAUSE_OWNER);
	}
	out->sequence = cursor_u32(&c);
	(void)cursor_bytes(&c, JOURNAL_ZERO_BYTES);
	uint32_t crc = cursor_u32(&c);
	uint32_t commit = cursor_u32(&c);
	if (cursor_end(&c) != FAULT_NONE || commit != journal_commit_word || out->sequence == 0)
		return false;
	if (out->active != SLOT_NONE && out->slots[out->active].state != SLOT_CONFIRMED)
		return false;
	return crc == journal_crc((struct span){ record, JOURNAL_HEAD_BYTES });
}

static bool journal_is_blank(const uint8_t record[JOURNAL_RECORD_BYTES])
{
	for (uint32_t i = 0; i < JOURNAL_RECORD_BYTES; i++)
		if (record[i] != 0xff)
			return false;
	return true;
}

struct journal_sector {
	bool has_record;
	struct journal_state newest;
	uint32_t next; /* behind the last unit that is not blank */
};

/* Reads every unit: a torn one may stand between whole ones, and what is not blank must never be programmed again. */
static enum journal_result journal_scan(const struct flash *flash, uint32_t sector, struct journal_sector *out)
{
	uint8_t record[JOURNAL_RECORD_BYTES];
	struct journal_state state;
	*out = (struct journal_sector){ 0 };
	for (uint32_t at = 0; at < flash->erase_bytes; at += JOURNAL_RECORD_BYTES) {
		uint64_t from = (uint64_t)sector * flash->erase_bytes + at;
		if (flash->read(flash->self, from, record, sizeof record) != 0)
			return JOURNAL_IO;
		if (journal_is_blank(record))
			continue;
		out->next = at + JOURNAL_RECORD_BYTES;
		if (!journal_decode(record, &state) || (out->has_record && state.sequence < out->newest.sequence))
			continue;
		out->newest = state;
		out->has_record = true;
	}
	return JOURNAL_OK;
}

static bool journal_geometry_is_fine(const struct flash *flash)
{
	return flash->erase_bytes >= 2 * JOURNAL_RECORD_BYTES && flash->erase_bytes % JOURNAL_RECORD_BYTES == 0 &&
	       flash->bytes == (uint64_t)JOURNAL_SECTORS * flash->erase_bytes;
}

static void journal_clear(struct journal *journal, const struct flash *flash)
{
	*journal = (struct journal){ .flash = flash, .now.active = SLOT_NONE };
	/* With no record yet, the next one goes to the other sector, which is erased first: sector 0. */
	journal->sector = 1;
	journal->next = flash->erase_bytes;
}

enum journal_result journal_open(struct journal *journal, const struct flash *flash)
{
	struct journal_sector sectors[JOURNAL_SECTORS];
	journal_clear(journal, flash);
	if (!journal_geometry_is_fine(flash))
		return JOURNAL_GEOMETRY;
	for (uint32_t i = 0; i < JOURNAL_SECTORS; i++)
		if (journal_scan(flash, i, &sectors[i]) != JOURNAL_OK)
			return JOURNAL_IO;
	for (uint32_t i = 0; i < JOURNAL_SECTORS; i++) {
		if (!sectors[i].has_record || sectors[i].newest.sequence < journal->now.sequence)
			continue;
		journal->now = sectors[i].newest;
		journal->sector = i;
		journal->next = sectors[i].next;
	}
	return JOURNAL_OK;
}

struct journal_state journal_state(const struct journal *journal)
{
	return journal->now;
}

/* The old sector keeps the newest record until the first one in the fresh sector is whole. */
static enum journal_result journal_switch(struct journal *journal)
{
	const struct flash *flash = journal->flash;
	uint32_t fresh = 1 - journal->sector;
	if (flash->erase(flash->self, (uint64_t)fresh * flash->erase_bytes, flash->erase_bytes) != 0)
		return JOURNAL_IO;
	if (flash->sync(flash->self) != 0)
		return JOURNAL_IO;
	journal->sector = fresh;
	journal->next = 0;
	return JOURNAL_OK;
}

static enum journal_result journal_program(struct journal *journal, const uint8_t record[JOURNAL_RECORD_BYTES])
{
	const struct flash *flash = journal->flash;
	uint64_t at = (uint64_t)journal->sector * flash->erase_bytes + journal->next;
	/* Whatever comes of it, this unit is not blank any more. */
	journal->next += JOURNAL_RECORD_BYTES;
	if (flash->program(flash->self, at, record, JOURNAL_HEAD_BYTES) != 0 || flash->sync(flash->self) != 0)
		return JOURNAL_IO;
	if (flash->program(flash->self, at + JOURNAL_HEAD_BYTES, record + JOURNAL_HEAD_BYTES,
			   JOURNAL_RECORD_BYTES - JOURNAL_HEAD_BYTES) != 0)
		return JOURNAL_IO;
	return flash->sync(flash->self) == 0 ? JOURNAL_OK : JOURNAL_IO;
}

static enum journal_result journal_append(struct journal *journal, struct journal_state state)
{
	uint8_t record[JOURNAL_RECORD_BYTES];
	if (journal->now.sequence == UINT32_MAX)
		return JOURNAL_REFUSED;
	state.sequence = journal->now.sequence + 1;
	journal_encode(&state, record);
	if (journal->next >= journal->flash->erase_bytes) {
		enum journal_result result = journal_switch(journal);
		if (result != JOURNAL_OK)
			return result;
	}
	enum journal_result result = journal_program(journal, record);
	if (result == JOURNAL_OK)
		journal->now = state;
	return result;
}

enum journal_result journal_format(struct journal *journal, const struct flash *flash, enum slot confirmed)
{
	journal_clear(journal, flash);
	if (!journal_geometry_is_fine(flash))
		return JOURNAL_GEOMETRY;
	if (flash->erase(flash->self, 0, flash->bytes) != 0)
		return JOURNAL_IO;
	struct journal_state state = { .active = confirmed };
	if (confirmed != SLOT_NONE)
		state.slots[confirmed].state = SLOT_CONFIRMED;
	return journal_append(journal, state);
}

/* --- transitions --- */

static enum journal_result journal_set(struct journal *journal, enum slot slot, struct slot_status status,
				       enum slot active)
{
	struct journal_state state = journal->now;
	state.slots[slot] = status;
	state.active = active;
	return journal_append(journal, state);
}

enum journal_result journal_begin_write(struct journal *journal, enum slot slot)
{
	if (slot >= SLOT_NONE || journal->now.active == slot)
		return JOURNAL_REFUSED;
	enum slot_state state = journal->now.slots[slot].state;
	if (state == SLOT_TRIAL)
		return JOURNAL_REFUSED;
	if (state == SLOT_WRITING)
		return JOURNAL_OK;
	return journal_set(journal, slot, (struct slot_status){ .state = SLOT_WRITING }, journal->now.active);
}

enum journal_result journal_ready(struct journal *journal, enum slot slot, uint8_t tries)
{
	if (slot >= SLOT_NONE || tries == 0 || tries > JOURNAL_TRIES_MAX)
		return JOURNAL_REFUSED;
	struct slot_status was = journal->now.slots[slot];
	if (was.state == SLOT_READY && was.tries == tries)
		return JOURNAL_OK;
	if (was.state != SLOT_WRITING)
		return JOURNAL_REFUSED;
	return journal_set(journal, slot, (struct slot_status){ SLOT_READY, tries, SLOT_CAUSE_NONE },
			   journal->now.active);
}

enum journal_result journal_trial(struct journal *journal, enum slot slot)
{
	if (slot >= SLOT_NONE)
		return JOURNAL_REFUSED;
	struct slot_status was = journal->now.slots[slot];
	if ((was.state != SLOT_READY && was.state != SLOT_TRIAL) || was.tries == 0)
		return JOURNAL_REFUSED;
	return journal_set(journal, slot, (struct slot_status){ SLOT_TRIAL, was.tries - 1, SLOT_CAUSE_NONE },
			   journal->now.active);
}

enum journal_result journal_confirm(struct journal *journal, enum slot slot)
{
	if (slot >= SLOT_NONE)
		return JOURNAL_REFUSED;
	enum slot_state state = journal->now.slots[slot].state;
	if (state == SLOT_CONFIRMED && journal->now.active == slot)
		return JOURNAL_OK;
	if (state != SLOT_TRIAL)
		return JOURNAL_REFUSED;
	return journal_set(journal, slot, (struct slot_status){ .state = SLOT_CONFIRMED }, slot);
}

enum journal_result journal_reject(struct journal *journal, enum slot slot, enum slot_cause cause)
{
	if (slot >= SLOT_NONE || cause == SLOT_CAUSE_NONE || cause > SLOT_CAUSE_OWNER)
		return JOURNAL_REFUSED;
	enum slot_state state = journal->now.slots[slot].state;
	if (state == SLOT_REJECTED)
		return JOURNAL_OK;
	if (state == SLOT_EMPTY)
		return JOURNAL_REFUSED;
	enum slot active = journal->now.active;
	if (active == slot) {
		active = slot_other(slot);
		if (journal->now.slots[active].state != SLOT_CONFIRMED)
			active = SLOT_NONE;
	}
	return journal_set(journal, slot, (struct slot_status){ .state = SLOT_REJECTED, .cause = cause }, active);
}

const char *journal_state_name(enum slot_state state)
{
	static const char *const names[] = { "EMPTY", "WRITING", "READY", "TRIAL", "CONFIRMED", "REJECTED" };
	return state <= SLOT_REJECTED ? names[state] : "unknown";
}

const char *journal_cause_name(enum slot_cause cause)
{
	static const char *const names[] = { "none", "tries", "verify", "health", "owner" };
	return cause <= SLOT_CAUSE_OWNER ? names[cause] : "unknown";
}
