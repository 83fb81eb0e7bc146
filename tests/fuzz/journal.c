#include "journal.h"

#include <string.h>

#include "fuzz.h"

enum { SECTOR = 128, REGION = 2 * SECTOR };

static uint8_t region[REGION];

static int region_read(void *self, uint64_t at, void *buffer, size_t n)
{
	FUZZ_CHECK(at <= REGION && n <= REGION - at);
	memcpy(buffer, region + at, n);
	return 0;
}

static int region_program(void *self, uint64_t at, const void *bytes, size_t n)
{
	FUZZ_CHECK(at <= REGION && n <= REGION - at);
	for (size_t i = 0; i < n; i++)
		FUZZ_CHECK(region[at + i] == 0xff);
	memcpy(region + at, bytes, n);
	return 0;
}

static int region_erase(void *self, uint64_t at, uint64_t n)
{
	FUZZ_CHECK(at % SECTOR == 0 && n == SECTOR && at < REGION);
	memset(region + at, 0xff, n);
	return 0;
}

static int region_sync(void *self)
{
	return 0;
}

static const struct flash flash = {
	region_read, region_program, region_erase, region_sync, REGION, SECTOR, NULL,
};

/*
 * Whatever a flash holds: opening gives a sane state, a step after it is found again, blank units only are
 * programmed.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct journal journal, again;
	if (size > REGION)
		return 0;
	memset(region, 0xff, sizeof region);
	if (size > 0)
		memcpy(region, data, size);
	FUZZ_CHECK(journal_open(&journal, &flash) == JOURNAL_OK);
	struct journal_state state = journal_state(&journal);
	FUZZ_CHECK(state.active <= SLOT_NONE);
	FUZZ_CHECK(state.active == SLOT_NONE || state.slots[state.active].state == SLOT_CONFIRMED);
	for (int i = 0; i < SLOT_COUNT; i++)
		FUZZ_CHECK(state.slots[i].state <= SLOT_REJECTED && state.slots[i].tries <= JOURNAL_TRIES_MAX);
	enum slot slot = state.active == SLOT_A ? SLOT_B : SLOT_A;
	if (state.slots[slot].state == SLOT_TRIAL)
		FUZZ_CHECK(journal_begin_write(&journal, slot) == JOURNAL_REFUSED);
	else if (state.sequence != UINT32_MAX && state.slots[slot].state != SLOT_WRITING)
		FUZZ_CHECK(journal_begin_write(&journal, slot) == JOURNAL_OK);
	FUZZ_CHECK(journal_open(&again, &flash) == JOURNAL_OK);
	FUZZ_CHECK(again.now.sequence == journal.now.sequence);
	FUZZ_CHECK(again.now.slots[slot].state == journal.now.slots[slot].state);
	return 0;
}
