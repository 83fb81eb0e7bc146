#include "running.h"

#include <string.h>

/* In trial; or found unhealthy by its own agent, which may still be what runs. */
static bool may_run_unconfirmed(const struct slot_status *status)
{
	return status->state == SLOT_TRIAL || (status->state == SLOT_REJECTED && status->cause == SLOT_CAUSE_HEALTH);
}

static int guess(const struct journal_state *journal, enum slot *out, struct error *e)
{
	for (enum slot s = SLOT_A; s < (enum slot)SLOT_COUNT; s++)
		if (may_run_unconfirmed(&journal->slots[s]))
			return error_set(e,
					 "slot %s may be what runs, in trial: SLBOOT_SLOT must say which slot was "
					 "booted (a, b or recovery); the boot stage gives it, see sealift-agent(8)",
					 slot_name(s));
	*out = journal->active;
	return 0;
}

int running_slot(const char *told, const struct journal_state *journal, enum slot *out, struct error *e)
{
	*out = SLOT_NONE;
	if (told == NULL || told[0] == 0)
		return guess(journal, out, e);
	if (strcmp(told, "recovery") == 0)
		return 0;
	*out = strcmp(told, "a") == 0 ? SLOT_A : strcmp(told, "b") == 0 ? SLOT_B : SLOT_NONE;
	return *out != SLOT_NONE ? 0 : error_set(e, "SLBOOT_SLOT is \"%.20s\": it must be a, b or recovery", told);
}
