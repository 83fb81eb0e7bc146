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
};
CHECK_MAIN(cases)
