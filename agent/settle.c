#include "settle.h"

#include <stdio.h>
#include <string.h>

#include "progress.h"
#include "reporter.h"
#include "tell.h"

static int save(struct installer *i, struct setback *s)
{
	return device_state_save(&i->ports.store, &i->state, &s->error);
}

/* The facts that follow from a confirmed target; the last step of an install, and repeatable. */
static int keep_target(struct installer *i, struct setback *s)
{
	struct device_state *state = &i->state;
	char path[METADATA_PATH_MAX + 1];
	memcpy(path, state->target.path, sizeof path);
	state->running = state->target;
	if (state->counter_floor < state->running.counter)
		state->counter_floor = state->running.counter;
	state->target = (struct device_release){ 0 };
	state->failed = (struct device_release){ 0 }; /* a counter above the floor is asked for anyway */
	reporter_note(i, REPORT_CONFIRMED, path, "");
	if (save(i, s) < 0)
		return -1;
	tell_release(i, "confirmed", &state->running, "", "booted, healthy, confirmed");
	return progress_clear(&i->ports.store, &s->error);
}

static int lose_target(struct installer *i, const char *cause, struct setback *s)
{
	struct device_state *state = &i->state;
	char path[METADATA_PATH_MAX + 1];
	memcpy(path, state->target.path, sizeof path);
	state->failed = state->target;
	state->target = (struct device_release){ 0 };
	reporter_note(i, REPORT_ROLLED_BACK, path, cause);
	if (save(i, s) < 0)
		return -1;
	tell_release(i, "rolled-back", &state->failed, "", cause);
	return progress_clear(&i->ports.store, &s->error);
}

static int journal_failed(enum journal_result result, const char *what, struct setback *s)
{
	if (result == JOURNAL_OK)
		return 0;
	return error_set(&s->error, "%s in the slot journal: %s", what,
			 result == JOURNAL_REFUSED ? "no such step from its present state" : "its storage failed");
}

/* We are the image in trial: are we well? Confirmed in the journal first: the facts follow, also after a cut. */
static int settle_own_trial(struct installer *i, enum installer_outcome *out, struct setback *s)
{
	enum slot slot = i->config.running;
	struct error sick = { 0 };
	if (i->ports.healthy == NULL || i->ports.healthy(i->ports.self, &sick) == 0) {
		if (journal_failed(journal_confirm(&i->journal, slot), "confirm this image", s) < 0)
			return -1;
		return keep_target(i, s);
	}
	char cause[ERROR_TEXT_MAX + 32];
	snprintf(cause, sizeof cause, "health check: %s", sick.text);
	if (journal_failed(journal_reject(&i->journal, slot, SLOT_CAUSE_HEALTH), "reject this image", s) < 0)
		return -1;
	*out = INSTALLER_REBOOT; /* the slot that worked before boots next; it will tell the server */
	return 0;
}

/* We run from another slot than the target's. */
static int settle_from_outside(struct installer *i, const struct slot_status *status, enum installer_outcome *out,
			       struct setback *s)
{
	char cause[64];
	switch (status->state) {
	case SLOT_READY:
		*out = INSTALLER_REBOOT; /* it never got its turn: the last reboot did not happen */
		return 0;
	case SLOT_TRIAL:
		if (journal_failed(journal_reject(&i->journal, i->state.target_slot, SLOT_CAUSE_TRIES),
				   "reject the lost trial", s) < 0)
			return -1;
		return lose_target(i, "the trial did not come up", s);
	case SLOT_REJECTED:
		snprintf(cause, sizeof cause, "the boot verifier went back: %s", journal_cause_name(status->cause));
		return lose_target(i, cause, s);
	case SLOT_CONFIRMED:
		return lose_target(i, "confirmed, and does not boot any more", s);
	case SLOT_EMPTY:
	case SLOT_WRITING:
		return 0; /* an interrupted install: goes on when a directive allows it */
	}
	return 0;
}

static int settle_target(struct installer *i, enum installer_outcome *out, struct setback *s)
{
	enum slot slot = i->state.target_slot;
	if (i->state.target.counter == 0 || slot == SLOT_NONE)
		return 0;
	const struct slot_status status = i->journal.now.slots[slot];
	if (slot != i->config.running)
		return settle_from_outside(i, &status, out, s);
	if (status.state == SLOT_TRIAL)
		return settle_own_trial(i, out, s);
	/* found unhealthy before, and the reboot did not come: it still runs */
	if (status.state == SLOT_REJECTED)
		*out = INSTALLER_REBOOT;
	return status.state == SLOT_CONFIRMED ? keep_target(i, s) : 0;
}

/* What runs may be another image than the state says: a fallback of the boot verifier. Its manifest knows. */
static void correct_running(struct installer *i)
{
	uint8_t buffer[MANIFEST_BYTES_MAX];
	struct manifest manifest;
	struct span envelope;
	struct device_release *running = &i->state.running;
	if (i->config.running == SLOT_NONE)
		return;
	if (slot_manifest_read(&i->ports.slots[i->config.running], buffer, sizeof buffer, &envelope) != FAULT_NONE ||
	    manifest_decode(envelope, i->config.crypto, &manifest) != FAULT_NONE)
		return;
	if (digest_equal(&manifest.image, &running->image) && manifest.sequence == running->counter)
		return;
	*running = (struct device_release){
		.image = manifest.image,
		.image_bytes = manifest.image_bytes,
		.counter = manifest.sequence,
	};
}

int settle_trial(struct installer *i, enum installer_outcome *out, struct setback *s)
{
	*out = INSTALLER_WAIT;
	i->state.boot_count++;
	if (settle_target(i, out, s) < 0)
		return -1;
	if (*out == INSTALLER_REBOOT)
		return save(i, s);
	correct_running(i);
	/* one word after each start, unless there is something better to say */
	if (!i->state.report_pending)
		reporter_note(i, REPORT_IDLE, "", "");
	return save(i, s);
}
