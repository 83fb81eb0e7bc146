/* The slot that runs: told by the boot stage, and guessed only where nothing can be guessed wrong. */
#include "running.h"

#include <string.h>

#include "check.h"

static struct journal_state state_with(enum slot_state b, enum slot_cause cause)
{
	return (struct journal_state){
		.sequence = 1,
		.active = SLOT_A,
		.slots = { [SLOT_A] = { SLOT_CONFIRMED, 0, SLOT_CAUSE_NONE }, [SLOT_B] = { b, 1, cause } },
	};
}

static void what_is_told_counts(void)
{
	struct journal_state journal = state_with(SLOT_TRIAL, SLOT_CAUSE_NONE);
	enum slot slot;
	CHECK_EQ(running_slot("b", &journal, &slot, NULL), 0);
	CHECK_EQ(slot, SLOT_B);
	CHECK_EQ(running_slot("a", &journal, &slot, NULL), 0);
	CHECK_EQ(slot, SLOT_A);
	CHECK_EQ(running_slot("recovery", &journal, &slot, NULL), 0);
	CHECK_EQ(slot, SLOT_NONE);
	CHECK_EQ(running_slot("c", &journal, &slot, NULL), -1);
}

static void without_a_word_a_trial_is_not_guessed_at(void)
{
	struct journal_state trial = state_with(SLOT_TRIAL, SLOT_CAUSE_NONE);
	struct journal_state sick = state_with(SLOT_REJECTED, SLOT_CAUSE_HEALTH);
	struct error e = { 0 };
	enum slot slot;
	CHECK_EQ(running_slot(NULL, &trial, &slot, &e), -1);
	CHECK(strstr(e.text, "SLBOOT_SLOT") != NULL);
	CHECK_EQ(running_slot("", &trial, &slot, NULL), -1);
	CHECK_EQ(running_slot(NULL, &sick, &slot, NULL), -1);
}

static void without_a_word_the_active_slot_runs(void)
{
	static const enum slot_state states[] = { SLOT_EMPTY, SLOT_WRITING, SLOT_READY, SLOT_CONFIRMED, SLOT_REJECTED };
	enum slot slot;
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
		struct journal_state journal = state_with(states[i], SLOT_CAUSE_TRIES);
		CHECK_EQ(running_slot(NULL, &journal, &slot, NULL), 0);
		CHECK_EQ(slot, SLOT_A);
	}
}

static const struct check_case cases[] = {
	CASE(what_is_told_counts),
	CASE(without_a_word_a_trial_is_not_guessed_at),
	CASE(without_a_word_the_active_slot_runs),
};
CHECK_MAIN(cases)
