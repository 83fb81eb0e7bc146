#include "slboot.h"
#include "board.h"

static struct board board;
static struct slboot_outcome outcome;
static struct journal journal;

static const struct span old_image = { (const uint8_t *)"the old image", 13 };
static const struct span new_image = { (const uint8_t *)"the new image!", 14 };
static const struct span recovery_image = { (const uint8_t *)"recovery", 8 };

static void put(enum slboot_image image, struct span bytes, uint64_t counter, int key)
{
	uint8_t out[MANIFEST_BYTES_MAX];
	struct manifest m = signing_manifest(image == SLBOOT_RECOVERY ? "recovery" : "slot", counter, bytes);
	CHECK_EQ(board_write(&board, image, bytes, signing_by(key, &m, out, sizeof out)), 0);
}

/* A runs and is confirmed; B holds the new image in this state; recovery is there. */
static void prepare(enum slot_state b_state, uint64_t b_counter)
{
	board_init(&board);
	put(SLBOOT_SLOT_A, old_image, COUNTER_OF(0, 1), KEY_CURRENT);
	put(SLBOOT_RECOVERY, recovery_image, COUNTER_OF(0, 1), KEY_CURRENT);
	CHECK_EQ(journal_format(&journal, &board.journal.flash, SLOT_A), JOURNAL_OK);
	if (b_state == SLOT_EMPTY)
		return;
	CHECK_EQ(journal_begin_write(&journal, SLOT_B), JOURNAL_OK);
	put(SLBOOT_SLOT_B, new_image, b_counter, KEY_NEXT);
	CHECK_EQ(journal_ready(&journal, SLOT_B, 2), JOURNAL_OK);
	if (b_state == SLOT_READY)
		return;
	CHECK_EQ(journal_trial(&journal, SLOT_B), JOURNAL_OK);
	if (b_state == SLOT_CONFIRMED)
		CHECK_EQ(journal_confirm(&journal, SLOT_B), JOURNAL_OK);
}

static void cycle(enum slboot_image want)
{
	board_power_cycle(&board, &outcome);
	CHECK_EQ(outcome.choice.image, want);
	CHECK_EQ(outcome.decision, want == SLBOOT_NOTHING ? SLBOOT_REFUSED : SLBOOT_BOOTED);
	CHECK_EQ(journal_open(&journal, &board.journal.flash), JOURNAL_OK);
}

static enum slot_state state_of(enum slot slot)
{
	return journal_state(&journal).slots[slot].state;
}

/* By the time the image runs, its trial is on record and the watchdog runs. */
static void app_in_trial(struct board *b, const struct slboot_choice *choice)
{
	struct journal seen;
	CHECK(b->is_armed && choice->trial);
	CHECK_EQ(journal_open(&seen, &b->journal.flash), JOURNAL_OK);
	CHECK_EQ(seen.now.slots[choice->image].state, SLOT_TRIAL);
	CHECK_EQ(seen.now.slots[choice->image].tries, choice->tries_left);
}

static void the_confirmed_slot_boots(void)
{
	prepare(SLOT_EMPTY, 0);
	uint32_t operations = board.power.operations;
	cycle(SLBOOT_SLOT_A);
	CHECK(!outcome.choice.trial && outcome.choice.image_bytes == 13 && outcome.choice.counter == 1);
	CHECK(board.is_armed && board.is_locked && board.boots == 1);
	CHECK_EQ(board.power.operations, operations); /* a plain boot wears nothing out */
}

static void a_trial_falls_back_when_its_tries_are_used(void)
{
	prepare(SLOT_READY, COUNTER_OF(0, 2));
	board.app = app_in_trial;
	cycle(SLBOOT_SLOT_B);
	CHECK_EQ(outcome.choice.tries_left, 1);
	cycle(SLBOOT_SLOT_B);
	CHECK_EQ(outcome.choice.tries_left, 0);
	board.app = NULL;
	cycle(SLBOOT_SLOT_A);
	CHECK_EQ(state_of(SLOT_B), SLOT_REJECTED);
	CHECK_EQ(journal_state(&journal).slots[SLOT_B].cause, SLOT_CAUSE_TRIES);
	cycle(SLBOOT_SLOT_A);
}

static void a_confirmed_trial_stays(void)
{
	prepare(SLOT_READY, COUNTER_OF(0, 2));
	cycle(SLBOOT_SLOT_B);
	CHECK_EQ(journal_confirm(&journal, SLOT_B), JOURNAL_OK);
	cycle(SLBOOT_SLOT_B);
	CHECK(!outcome.choice.trial);
	CHECK_EQ(state_of(SLOT_A), SLOT_CONFIRMED);
}

static void the_epoch_rises_after_confirmation_only(void)
{
	prepare(SLOT_READY, COUNTER_OF(1, 2));
	cycle(SLBOOT_SLOT_B);
	CHECK_EQ(board.counter, 0);
	CHECK_EQ(journal_confirm(&journal, SLOT_B), JOURNAL_OK);
	cycle(SLBOOT_SLOT_B);
	CHECK_EQ(board.counter, 1);
	CHECK(board_saw(&board, SLBOOT_EVENT_COUNTER_FORWARD));
	/* Now the old image is below the floor: not even a broken new one brings it back. */
	board.regions_bytes[SLBOOT_SLOT_B][0] ^= 1;
	cycle(SLBOOT_NOTHING);
	CHECK_EQ(outcome.refusals[SLBOOT_SLOT_B], VERDICT_DIGEST);
	CHECK_EQ(outcome.refusals[SLBOOT_SLOT_A], VERDICT_EPOCH);
	CHECK_EQ(outcome.refusals[SLBOOT_RECOVERY], VERDICT_EPOCH);
}

static void a_damaged_image_does_not_raise_the_epoch(void)
{
	prepare(SLOT_CONFIRMED, COUNTER_OF(1, 2));
	board.regions_bytes[SLBOOT_SLOT_B][3] ^= 0x80;
	cycle(SLBOOT_SLOT_A);
	CHECK_EQ(board.counter, 0);
	CHECK_EQ(state_of(SLOT_B), SLOT_REJECTED);
	CHECK_EQ(journal_state(&journal).active, SLOT_A);
}

static void a_counter_that_is_stuck_stops_nothing(void)
{
	prepare(SLOT_CONFIRMED, COUNTER_OF(1, 2));
	board.is_counter_stuck = true;
	cycle(SLBOOT_SLOT_B);
	CHECK(board_saw(&board, SLBOOT_EVENT_COUNTER_STUCK));
	board.is_counter_stuck = false;
	cycle(SLBOOT_SLOT_B);
	CHECK_EQ(board.counter, 1);
}

static void a_missing_counter_means_recovery(void)
{
	prepare(SLOT_READY, COUNTER_OF(0, 2));
	board.has_counter = false;
	cycle(SLBOOT_RECOVERY);
	CHECK(outcome.counter_lost && !outcome.journal_lost);
	CHECK_EQ(state_of(SLOT_B), SLOT_READY);
	board.port.regions[SLBOOT_RECOVERY] = NULL;
	cycle(SLBOOT_NOTHING);
	CHECK(board_saw(&board, SLBOOT_EVENT_NOTHING));
}

static void a_lost_journal_means_recovery(void)
{
	prepare(SLOT_READY, COUNTER_OF(0, 2));
	memset(board.journal_bytes, 0, sizeof board.journal_bytes);
	cycle(SLBOOT_RECOVERY);
	memset(board.journal_bytes, 0xff, sizeof board.journal_bytes);
	cycle(SLBOOT_RECOVERY);
}

static void a_damaged_trial_never_boots(void)
{
	for (size_t at = 0; at < new_image.n; at++) {
		prepare(SLOT_READY, COUNTER_OF(0, 2));
		board.regions_bytes[SLBOOT_SLOT_B][at] ^= 4;
		cycle(SLBOOT_SLOT_A);
		CHECK_EQ(outcome.refusals[SLBOOT_SLOT_B], VERDICT_DIGEST);
		CHECK_EQ(state_of(SLOT_B), SLOT_REJECTED);
		CHECK_EQ(journal_state(&journal).slots[SLOT_B].cause, SLOT_CAUSE_VERIFY);
	}
}

static void a_broken_active_slot_falls_back(void)
{
	prepare(SLOT_CONFIRMED, COUNTER_OF(0, 2));
	memset(board.regions_bytes[SLBOOT_SLOT_B] + BOARD_ROOM, 0xff, 2); /* its manifest */
	cycle(SLBOOT_SLOT_A);
	CHECK_EQ(outcome.refusals[SLBOOT_SLOT_B], VERDICT_MALFORMED);
	CHECK_EQ(journal_state(&journal).active, SLOT_A);
	/* With the last one broken too, recovery; the journal keeps what it knew, for a bad read may pass. */
	board.regions_bytes[SLBOOT_SLOT_A][0] ^= 1;
	cycle(SLBOOT_RECOVERY);
	CHECK_EQ(journal_state(&journal).active, SLOT_A);
	board.regions_bytes[SLBOOT_SLOT_A][0] ^= 1;
	cycle(SLBOOT_SLOT_A);
}

static void a_slot_that_was_never_confirmed_is_no_fallback(void)
{
	prepare(SLOT_READY, COUNTER_OF(0, 2));
	CHECK_EQ(journal_reject(&journal, SLOT_B, SLOT_CAUSE_OWNER), JOURNAL_OK);
	board.regions_bytes[SLBOOT_SLOT_A][0] ^= 1;
	cycle(SLBOOT_RECOVERY);
}

static void no_trial_without_a_watchdog(void)
{
	prepare(SLOT_READY, COUNTER_OF(0, 2));
	board.is_watchdog_broken = true;
	cycle(SLBOOT_SLOT_A);
	CHECK(board_saw(&board, SLBOOT_EVENT_WATCHDOG_FAILED));
}

static int program_fails(void *self, uint64_t at, const void *from, size_t n)
{
	return -1;
}

static void a_journal_that_cannot_be_written_boots_the_confirmed_slot(void)
{
	prepare(SLOT_READY, COUNTER_OF(0, 2));
	board.journal.flash.program = program_fails;
	cycle(SLBOOT_SLOT_A);
	CHECK(board_saw(&board, SLBOOT_EVENT_RECORD_FAILED));
}

static void two_emergency_keys_bring_recovery_back(void)
{
	static const int people[] = { KEY_EMERGENCY_2, KEY_EMERGENCY_3 };
	uint8_t out[MANIFEST_BYTES_MAX];
	prepare(SLOT_EMPTY, 0);
	board.regions_bytes[SLBOOT_SLOT_A][0] ^= 1;
	board.identity.keys[0].revoked = true;
	struct manifest m = signing_manifest("recovery", COUNTER_OF(0, 1), recovery_image);
	cycle(SLBOOT_NOTHING);
	CHECK_EQ(board_write(&board, SLBOOT_RECOVERY, recovery_image, signing_by(KEY_EMERGENCY_2, &m, out, sizeof out)),
		 0);
	cycle(SLBOOT_NOTHING);
	CHECK_EQ(board_write(&board, SLBOOT_RECOVERY, recovery_image, signing_envelope(&m, people, 2, out, sizeof out)),
		 0);
	cycle(SLBOOT_RECOVERY);
}

static void decisions_are_far_apart(void)
{
	CHECK(__builtin_popcount(SLBOOT_REFUSED ^ SLBOOT_VERIFIED) >= 16);
	CHECK(__builtin_popcount(SLBOOT_REFUSED ^ SLBOOT_BOOTED) >= 16);
	CHECK(__builtin_popcount(SLBOOT_VERIFIED ^ SLBOOT_BOOTED) >= 16);
}

static const struct check_case cases[] = {
	CASE(the_confirmed_slot_boots),
	CASE(a_trial_falls_back_when_its_tries_are_used),
	CASE(a_confirmed_trial_stays),
	CASE(the_epoch_rises_after_confirmation_only),
	CASE(a_damaged_image_does_not_raise_the_epoch),
	CASE(a_counter_that_is_stuck_stops_nothing),
	CASE(a_missing_counter_means_recovery),
	CASE(a_lost_journal_means_recovery),
	CASE(a_damaged_trial_never_boots),
	CASE(a_broken_active_slot_falls_back),
	CASE(a_slot_that_was_never_confirmed_is_no_fallback),
	CASE(no_trial_without_a_watchdog),
	CASE(a_journal_that_cannot_be_written_boots_the_confirmed_slot),
	CASE(two_emergency_keys_bring_recovery_back),
	CASE(decisions_are_far_apart),
};
CHECK_MAIN(cases)
