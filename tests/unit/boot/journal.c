#include "journal.h"
#include "check.h"
#include "ram_flash.h"

enum { SECTOR = 128 }; /* four records */

static uint8_t bytes[2 * SECTOR];
static struct ram_power power;
static struct ram_flash ram;

static struct journal fresh(void)
{
	struct journal journal;
	memset(bytes, 0xff, sizeof bytes);
	memset(&power, 0, sizeof power);
	ram_flash_init(&ram, &power, bytes, sizeof bytes, SECTOR);
	CHECK_EQ(journal_open(&journal, &ram.flash), JOURNAL_OK);
	return journal;
}

/* The journal with A active and B in this state. */
static struct journal with(enum slot_state state)
{
	struct journal j = fresh();
	CHECK_EQ(journal_format(&j, &ram.flash, SLOT_A), JOURNAL_OK);
	if (state == SLOT_EMPTY)
		return j;
	CHECK_EQ(journal_begin_write(&j, SLOT_B), JOURNAL_OK);
	if (state == SLOT_WRITING)
		return j;
	CHECK_EQ(journal_ready(&j, SLOT_B, 2), JOURNAL_OK);
	if (state == SLOT_READY)
		return j;
	if (state == SLOT_REJECTED) {
		CHECK_EQ(journal_reject(&j, SLOT_B, SLOT_CAUSE_OWNER), JOURNAL_OK);
		return j;
	}
	CHECK_EQ(journal_trial(&j, SLOT_B), JOURNAL_OK);
	if (state == SLOT_CONFIRMED)
		CHECK_EQ(journal_confirm(&j, SLOT_B), JOURNAL_OK);
	return j;
}

static void check_same(const struct journal *a, const struct journal *b)
{
	CHECK_EQ(a->now.sequence, b->now.sequence);
	CHECK_EQ(a->now.active, b->now.active);
	for (int i = 0; i < SLOT_COUNT; i++) {
		CHECK_EQ(a->now.slots[i].state, b->now.slots[i].state);
		CHECK_EQ(a->now.slots[i].tries, b->now.slots[i].tries);
		CHECK_EQ(a->now.slots[i].cause, b->now.slots[i].cause);
	}
}

static void a_blank_journal_is_empty(void)
{
	struct journal j = fresh();
	CHECK_EQ(journal_state(&j).sequence, 0);
	CHECK_EQ(journal_state(&j).active, SLOT_NONE);
	CHECK_EQ(journal_state(&j).slots[SLOT_A].state, SLOT_EMPTY);
	CHECK_EQ(journal_begin_write(&j, SLOT_A), JOURNAL_OK);
	CHECK_EQ(journal_state(&j).sequence, 1);
}

static void every_step_is_found_again(void)
{
	for (enum slot_state state = SLOT_EMPTY; state <= SLOT_REJECTED; state++) {
		struct journal j = with(state), again;
		CHECK_EQ(journal_state(&j).slots[SLOT_B].state, state);
		CHECK_EQ(journal_open(&again, &ram.flash), JOURNAL_OK);
		check_same(&j, &again);
	}
}

/* Which of begin_write, ready, trial, confirm, reject may follow each state of the slot that is not active. */
static void steps_that_make_no_sense_are_refused(void)
{
	static const bool allowed[6][5] = {
		/* begin_write ready trial confirm reject */
		[SLOT_EMPTY] = { true, false, false, false, false },
		[SLOT_WRITING] = { true, true, false, false, true },
		[SLOT_READY] = { true, true, true, false, true },
		[SLOT_TRIAL] = { false, false, true, true, true },
		[SLOT_CONFIRMED] = { false, false, false, true, true }, /* it is active then */
		[SLOT_REJECTED] = { true, false, false, false, true },
	};
	for (enum slot_state state = SLOT_EMPTY; state <= SLOT_REJECTED; state++) {
		for (int step = 0; step < 5; step++) {
			struct journal j = with(state), before = j, again;
			enum journal_result result = step == 0   ? journal_begin_write(&j, SLOT_B)
						     : step == 1 ? journal_ready(&j, SLOT_B, 2)
						     : step == 2 ? journal_trial(&j, SLOT_B)
						     : step == 3 ? journal_confirm(&j, SLOT_B)
								 : journal_reject(&j, SLOT_B, SLOT_CAUSE_HEALTH);
			if ((result == JOURNAL_OK) != allowed[state][step])
				printf("# %s, step %d\n", journal_state_name(state), step);
			CHECK_EQ(result, allowed[state][step] ? JOURNAL_OK : JOURNAL_REFUSED);
			CHECK_EQ(journal_open(&again, &ram.flash), JOURNAL_OK);
			check_same(result == JOURNAL_OK ? &j : &before, &again);
		}
	}
}

static void tries_run_out(void)
{
	struct journal j = with(SLOT_READY);
	CHECK_EQ(journal_trial(&j, SLOT_B), JOURNAL_OK);
	CHECK_EQ(journal_state(&j).slots[SLOT_B].tries, 1);
	CHECK_EQ(journal_trial(&j, SLOT_B), JOURNAL_OK);
	CHECK_EQ(journal_state(&j).slots[SLOT_B].tries, 0);
	CHECK_EQ(journal_trial(&j, SLOT_B), JOURNAL_REFUSED);
	CHECK_EQ(journal_confirm(&j, SLOT_B), JOURNAL_OK); /* the last trial may still succeed */
	j = with(SLOT_WRITING);
	CHECK_EQ(journal_ready(&j, SLOT_B, 0), JOURNAL_REFUSED);
	CHECK_EQ(journal_ready(&j, SLOT_B, JOURNAL_TRIES_MAX + 1), JOURNAL_REFUSED);
}

static void what_may_be_running_is_never_written(void)
{
	struct journal j = with(SLOT_TRIAL);
	CHECK_EQ(journal_begin_write(&j, SLOT_A), JOURNAL_REFUSED);
	CHECK_EQ(journal_begin_write(&j, SLOT_B), JOURNAL_REFUSED);
	CHECK_EQ(journal_begin_write(&j, SLOT_NONE), JOURNAL_REFUSED);
	CHECK_EQ(journal_confirm(&j, SLOT_B), JOURNAL_OK);
	CHECK_EQ(journal_state(&j).active, SLOT_B);
	CHECK_EQ(journal_begin_write(&j, SLOT_B), JOURNAL_REFUSED);
	CHECK_EQ(journal_begin_write(&j, SLOT_A), JOURNAL_OK);
}

static void a_rejected_active_slot_hands_over(void)
{
	struct journal j = with(SLOT_CONFIRMED);
	CHECK_EQ(journal_reject(&j, SLOT_B, SLOT_CAUSE_VERIFY), JOURNAL_OK);
	CHECK_EQ(journal_state(&j).active, SLOT_A);
	CHECK_EQ(journal_state(&j).slots[SLOT_B].cause, SLOT_CAUSE_VERIFY);
	CHECK_EQ(journal_reject(&j, SLOT_A, SLOT_CAUSE_VERIFY), JOURNAL_OK);
	CHECK_EQ(journal_state(&j).active, SLOT_NONE);
	CHECK_EQ(journal_begin_write(&j, SLOT_A), JOURNAL_OK);
}

static void sectors_take_turns_for_ever(void)
{
	struct journal j = with(SLOT_EMPTY), again;
	for (int round = 0; round < 50; round++) {
		CHECK_EQ(journal_begin_write(&j, SLOT_B), JOURNAL_OK);
		CHECK_EQ(journal_open(&again, &ram.flash), JOURNAL_OK);
		check_same(&j, &again);
		CHECK_EQ(journal_reject(&j, SLOT_B, SLOT_CAUSE_OWNER), JOURNAL_OK);
	}
	CHECK_EQ(ram.broken_rules, 0);
	CHECK_EQ(journal_state(&j).sequence, 101);
}

/* A flipped bit spoils its record, never the one before it, and what follows goes to blank units. */
static void every_flipped_bit_leaves_an_older_state(void)
{
	for (size_t bit = 0; bit < JOURNAL_RECORD_BYTES * 8; bit++) {
		struct journal j = with(SLOT_READY), again;
		uint32_t newest = 2 * JOURNAL_RECORD_BYTES;
		bytes[newest + bit / 8] ^= (uint8_t)(1u << bit % 8);
		CHECK_EQ(journal_open(&again, &ram.flash), JOURNAL_OK);
		CHECK_EQ(journal_state(&again).sequence, journal_state(&j).sequence - 1);
		CHECK_EQ(journal_state(&again).slots[SLOT_B].state, SLOT_WRITING);
		CHECK_EQ(journal_ready(&again, SLOT_B, 3), JOURNAL_OK);
		CHECK_EQ(journal_open(&j, &ram.flash), JOURNAL_OK);
		check_same(&again, &j);
		CHECK_EQ(ram.broken_rules, 0);
	}
}

static void a_region_of_another_shape_is_refused(void)
{
	struct journal j = fresh();
	ram.flash.erase_bytes = 32;
	CHECK_EQ(journal_open(&j, &ram.flash), JOURNAL_GEOMETRY);
	ram.flash.erase_bytes = SECTOR;
	ram.flash.bytes = 3 * SECTOR;
	CHECK_EQ(journal_open(&j, &ram.flash), JOURNAL_GEOMETRY);
	CHECK_EQ(journal_format(&j, &ram.flash, SLOT_A), JOURNAL_GEOMETRY);
}

static int read_fails(void *self, uint64_t at, void *buffer, size_t n)
{
	return -1;
}

static int program_fails(void *self, uint64_t at, const void *from, size_t n)
{
	return -1;
}

static void a_broken_flash_is_told(void)
{
	struct journal j = with(SLOT_WRITING), again;
	ram.flash.program = program_fails;
	CHECK_EQ(journal_ready(&j, SLOT_B, 2), JOURNAL_IO);
	CHECK_EQ(journal_state(&j).slots[SLOT_B].state, SLOT_WRITING);
	ram.flash.program = ram_program;
	CHECK_EQ(journal_open(&again, &ram.flash), JOURNAL_OK);
	check_same(&j, &again);
	ram.flash.read = read_fails;
	CHECK_EQ(journal_open(&again, &ram.flash), JOURNAL_IO);
}

static void a_slot_keeps_its_manifest(void)
{
	static uint8_t region[2 * SLOT_MANIFEST_ROOM];
	uint8_t envelope[1024], back[1024];
	struct ram_flash slot;
	struct span found;
	memset(envelope, 7, sizeof envelope);
	static const size_t sizes[] = { 1, 253, 254, 255, 300, 511, 1024 };
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		memset(region, 0xff, sizeof region);
		ram_flash_init(&slot, &power, region, sizeof region, 1024);
		CHECK_EQ(slot_manifest_read(&slot.flash, back, sizeof back, &found), FAULT_MISSING);
		CHECK_EQ(slot_manifest_write(&slot.flash, (struct span){ envelope, sizes[i] }), 0);
		CHECK_EQ(ram_sync(&slot), 0);
		CHECK_EQ(slot_manifest_read(&slot.flash, back, sizeof back, &found), FAULT_NONE);
		CHECK(span_equal(found, (struct span){ envelope, sizes[i] }));
		if (sizes[i] > 1)
			CHECK_EQ(slot_manifest_read(&slot.flash, back, sizes[i] - 1, &found), FAULT_TOO_LARGE);
		CHECK(region[SLOT_MANIFEST_ROOM - 1] == 0xff && region[sizeof region - 1] == 0xff);
	}
	memset(region, 0, sizeof region); /* a file that was never written */
	CHECK_EQ(slot_manifest_read(&slot.flash, back, sizeof back, &found), FAULT_MISSING);
	slot.flash.bytes = SLOT_MANIFEST_ROOM;
	CHECK_EQ(slot_room(&slot.flash), 0);
	CHECK_EQ(slot_manifest_read(&slot.flash, back, sizeof back, &found), FAULT_MISSING);
	CHECK_EQ(slot_manifest_write(&slot.flash, SPAN_OF(envelope)), -1);
}

/* --- a flash that fails, records that nobody of ours wrote --- */

static int countdown;

static int fails_at_last(void)
{
	return --countdown == 0 ? -1 : 0;
}

static int program_or_not(void *self, uint64_t at, const void *from, size_t n)
{
	return fails_at_last() != 0 ? -1 : ram_program(self, at, from, n);
}

static int erase_or_not(void *self, uint64_t at, uint64_t n)
{
	return fails_at_last() != 0 ? -1 : ram_erase(self, at, n);
}

static int read_or_not(void *self, uint64_t at, void *buffer, size_t n)
{
	return fails_at_last() != 0 ? -1 : ram_read(self, at, buffer, n);
}

static int sync_or_not(void *self)
{
	return fails_at_last() != 0 ? -1 : ram_sync(self);
}

/* The fourth record after the first fills the sector; the fifth goes to the other, which is erased before. */
static void each_call_of_the_flash_may_fail(void)
{
	int steps = 1;
	enum journal_result result = JOURNAL_IO;
	for (; result != JOURNAL_OK; steps++) {
		struct journal j = with(SLOT_REJECTED), before = j, again;
		CHECK_EQ(j.next, SECTOR);
		ram.flash.program = program_or_not;
		ram.flash.erase = erase_or_not;
		ram.flash.sync = sync_or_not;
		countdown = steps;
		result = journal_begin_write(&j, SLOT_B);
		countdown = 0;
		/* What is durable is the old or the new state, and what was told is what is known. */
		CHECK_EQ(journal_open(&again, &ram.flash), JOURNAL_OK);
		if (result == JOURNAL_OK) {
			check_same(&j, &again);
			break;
		}
		CHECK_EQ(result, JOURNAL_IO);
		check_same(&before, &j);
		CHECK(journal_state(&again).sequence - journal_state(&before).sequence <= 1);
		CHECK_EQ(ram_sync(&ram), 0); /* lets go of what waited to be durable */
	}
	CHECK_EQ(steps, 7); /* erase, sync, program, sync, program, sync */
	fresh();
	ram.flash.erase = erase_or_not;
	countdown = 1;
	struct journal j;
	CHECK_EQ(journal_format(&j, &ram.flash, SLOT_A), JOURNAL_IO);
	CHECK_EQ(journal_format(&j, &ram.flash, SLOT_NONE), JOURNAL_OK);
	CHECK_EQ(journal_state(&j).active, SLOT_NONE);
	CHECK_EQ(journal_state(&j).slots[SLOT_A].state, SLOT_EMPTY);
	CHECK_EQ(journal_state(&j).slots[SLOT_B].state, SLOT_EMPTY);
}

static void put_u32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* Makes a record whole again after a change of its head: CRC-32, zlib's. */
static void seal(uint8_t record[JOURNAL_RECORD_BYTES])
{
	uint32_t crc = 0xffffffff;
	for (size_t i = 0; i < 24; i++) {
		crc ^= record[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc & 1) != 0 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}
	put_u32(record + 24, ~crc);
}

/* A record with a good checksum and nonsense in it is none: the one before it stands. */
static void a_whole_record_must_make_sense(void)
{
	static const struct {
		size_t at;
		uint8_t value;
	} wrong[] = {
		{ 0, 0 },  { 0, 2 }, { 1, 3 },    { 1, SLOT_B }, { 2, 6 },
		{ 3, 16 }, { 4, 5 }, { 5, 0xff }, { 6, 16 },     { 7, 5 },
	};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct journal j = with(SLOT_WRITING), again;
		uint8_t *newest = bytes + JOURNAL_RECORD_BYTES;
		seal(newest);
		CHECK_EQ(journal_open(&again, &ram.flash), JOURNAL_OK);
		check_same(&j, &again);
		newest[wrong[i].at] = wrong[i].value;
		seal(newest);
		CHECK_EQ(journal_open(&again, &ram.flash), JOURNAL_OK);
		CHECK_EQ(journal_state(&again).sequence, 1);
	}
	struct journal j = with(SLOT_EMPTY);
	memset(bytes + 8, 0, 4);
	seal(bytes);
	CHECK_EQ(journal_open(&j, &ram.flash), JOURNAL_OK);
	CHECK_EQ(journal_state(&j).active, SLOT_NONE);
}

/* The greatest sequence counts, wherever it stands; after the last one nothing is written. */
static void the_newest_record_is_the_truth(void)
{
	struct journal j = with(SLOT_READY), again;
	put_u32(bytes + JOURNAL_RECORD_BYTES + 8, 9);
	seal(bytes + JOURNAL_RECORD_BYTES);
	CHECK_EQ(journal_open(&again, &ram.flash), JOURNAL_OK);
	CHECK_EQ(journal_state(&again).sequence, 9);
	CHECK_EQ(journal_state(&again).slots[SLOT_B].state, SLOT_WRITING);
	CHECK_EQ(again.next, 3 * JOURNAL_RECORD_BYTES);
	j = with(SLOT_WRITING);
	put_u32(bytes + JOURNAL_RECORD_BYTES + 8, UINT32_MAX);
	seal(bytes + JOURNAL_RECORD_BYTES);
	CHECK_EQ(journal_open(&j, &ram.flash), JOURNAL_OK);
	CHECK_EQ(journal_ready(&j, SLOT_B, 1), JOURNAL_REFUSED);
	CHECK_EQ(journal_state(&j).sequence, UINT32_MAX);
}

static void a_step_of_no_slot_is_refused(void)
{
	struct journal j = with(SLOT_WRITING);
	CHECK_EQ(journal_begin_write(&j, SLOT_NONE), JOURNAL_REFUSED);
	CHECK_EQ(journal_ready(&j, SLOT_NONE, 1), JOURNAL_REFUSED);
	CHECK_EQ(journal_trial(&j, SLOT_NONE), JOURNAL_REFUSED);
	CHECK_EQ(journal_confirm(&j, SLOT_NONE), JOURNAL_REFUSED);
	CHECK_EQ(journal_reject(&j, SLOT_NONE, SLOT_CAUSE_OWNER), JOURNAL_REFUSED);
	CHECK_EQ(journal_reject(&j, SLOT_B, SLOT_CAUSE_NONE), JOURNAL_REFUSED);
	CHECK_EQ(journal_reject(&j, SLOT_B, SLOT_CAUSE_OWNER + 1), JOURNAL_REFUSED);
	CHECK_EQ(journal_ready(&j, SLOT_B, 2), JOURNAL_OK);
	CHECK_EQ(journal_ready(&j, SLOT_B, 2), JOURNAL_OK);
	CHECK_EQ(journal_ready(&j, SLOT_B, 3), JOURNAL_REFUSED);
	j = with(SLOT_CONFIRMED);
	CHECK_EQ(journal_confirm(&j, SLOT_A), JOURNAL_REFUSED); /* it is confirmed, but B took over */
}

static void everything_has_a_name(void)
{
	CHECK(strcmp(slot_name(SLOT_A), "a") == 0);
	CHECK(strcmp(slot_name(SLOT_B), "b") == 0);
	CHECK(strcmp(slot_name(SLOT_NONE), "none") == 0);
	CHECK_EQ(slot_other(SLOT_A), SLOT_B);
	CHECK_EQ(slot_other(SLOT_B), SLOT_A);
	CHECK_EQ(slot_other(SLOT_NONE), SLOT_NONE);
	CHECK(strcmp(journal_state_name(SLOT_REJECTED), "REJECTED") == 0);
	CHECK(strcmp(journal_state_name(SLOT_REJECTED + 1), "unknown") == 0);
	CHECK(strcmp(journal_cause_name(SLOT_CAUSE_OWNER), "owner") == 0);
	CHECK(strcmp(journal_cause_name(SLOT_CAUSE_OWNER + 1), "unknown") == 0);
}

/* Where the flash fails, and where the length that stands there is more than the room. */
static void a_manifest_that_cannot_be_read_is_told(void)
{
	static uint8_t region[2 * SLOT_MANIFEST_ROOM], back[2 * SLOT_MANIFEST_ROOM], envelope[SLOT_MANIFEST_ROOM];
	struct ram_flash slot;
	struct span found;
	memset(region, 0xff, sizeof region);
	ram_flash_init(&slot, &power, region, sizeof region, 1024);
	CHECK_EQ(slot_manifest_write(&slot.flash, SPAN_NONE), -1);
	CHECK_EQ(slot_manifest_write(&slot.flash, (struct span){ envelope, SLOT_MANIFEST_ROOM - 1 }), -1);
	slot.flash.program = program_fails;
	CHECK_EQ(slot_manifest_write(&slot.flash, (struct span){ envelope, 1 }), -1);
	slot.flash.program = ram_program;
	CHECK_EQ(slot_manifest_write(&slot.flash, (struct span){ envelope, SLOT_MANIFEST_ROOM - 2 }), 0);
	CHECK_EQ(ram_sync(&slot), 0);
	CHECK_EQ(slot_manifest_read(&slot.flash, back, sizeof back, &found), FAULT_NONE);
	CHECK_EQ(found.n, SLOT_MANIFEST_ROOM - 2);
	region[SLOT_MANIFEST_ROOM] = (SLOT_MANIFEST_ROOM - 1) >> 8;
	region[SLOT_MANIFEST_ROOM + 1] = (SLOT_MANIFEST_ROOM - 1) & 0xff;
	CHECK_EQ(slot_manifest_read(&slot.flash, back, sizeof back, &found), FAULT_TOO_LARGE);
	region[SLOT_MANIFEST_ROOM] = 0;
	slot.flash.read = read_or_not;
	countdown = 2;
	CHECK_EQ(slot_manifest_read(&slot.flash, back, sizeof back, &found), FAULT_MISSING);
	CHECK_EQ(countdown, 0);
	slot.flash.read = read_fails;
	CHECK_EQ(slot_manifest_read(&slot.flash, back, sizeof back, &found), FAULT_MISSING);
}

static const struct check_case cases[] = {
	CASE(a_blank_journal_is_empty),
	CASE(every_step_is_found_again),
	CASE(steps_that_make_no_sense_are_refused),
	CASE(tries_run_out),
	CASE(what_may_be_running_is_never_written),
	CASE(a_rejected_active_slot_hands_over),
	CASE(sectors_take_turns_for_ever),
	CASE(every_flipped_bit_leaves_an_older_state),
	CASE(a_region_of_another_shape_is_refused),
	CASE(a_broken_flash_is_told),
	CASE(a_slot_keeps_its_manifest),
	CASE(each_call_of_the_flash_may_fail),
	CASE(a_whole_record_must_make_sense),
	CASE(the_newest_record_is_the_truth),
	CASE(a_step_of_no_slot_is_refused),
	CASE(everything_has_a_name),
	CASE(a_manifest_that_cannot_be_read_is_told),
};
CHECK_MAIN(cases)
