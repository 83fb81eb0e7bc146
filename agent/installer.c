#include "installer.h"

#include <stdio.h>
#include <string.h>

#include "image_write.h"
#include "offer.h"
#include "prepare.h"
#include "progress.h"
#include "refresh.h"
#include "reporter.h"
#include "settle.h"
#include "tell.h"

#define ALIGNMENT 64u
#define JITTER_PERCENT 10u
#define REFUSED_DOUBLINGS_MAX 3u

int installer_open(struct installer *i, const struct installer_config *config, const struct installer_ports *ports,
		   void *block, size_t n, struct error *e)
{
	uint8_t *at = block;
	memset(i, 0, sizeof *i);
	i->config = *config;
	i->ports = *ports;
	i->poll_s = config->device->poll_s;
	if (n < INSTALLER_BLOCK_BYTES || (uintptr_t)block % ALIGNMENT != 0)
		return error_set(e, "the installer needs one aligned block of %u bytes", INSTALLER_BLOCK_BYTES);
	i->metadata = workspace_over(at, INSTALLER_METADATA_BYTES);
	i->task = workspace_over(at + INSTALLER_METADATA_BYTES, INSTALLER_TASK_BYTES);
	device_facts_of(config->device, i->attributes, &i->facts);
	if (device_state_load(&ports->store, &i->task, &i->state, e) < 0)
		return -1;
	if (trusted_open(i, at + INSTALLER_METADATA_BYTES + INSTALLER_TASK_BYTES, e) < 0)
		return -1;
	if (journal_open(&i->journal, &i->ports.journal) != JOURNAL_OK)
		return error_set(e, "the slot journal cannot be read");
	return 0;
}

int installer_start(struct installer *i, enum installer_outcome *out, struct error *e)
{
	struct setback s = { 0 };
	int result = settle_trial(i, out, &s);
	if (result < 0 && e != NULL)
		*e = s.error;
	return result;
}

/* --- one install --- */

static void put_span(char *out, size_t capacity, struct span text)
{
	snprintf(out, capacity, "%.*s", (int)text.n, (const char *)text.at);
}

static struct device_release remembered(const struct release *release)
{
	struct device_release out = {
		.image = release->image,
		.image_bytes = release->image_bytes,
		.counter = release->counter,
	};
	put_span(out.path, sizeof out.path, release->path);
	put_span(out.version, sizeof out.version, release->version);
	return out;
}

/*
 * The journal says WRITING before the state names the target: were it the other way round, a cut between the two would
 * make an old rejection of that slot look like one of the new target.
 */
static int begin(struct installer *i, const struct prepared_install *install, struct setback *s)
{
	struct device_release target = remembered(&install->what->release);
	if (journal_begin_write(&i->journal, install->slot) != JOURNAL_OK)
		return error_set(&s->error, "slot %s cannot be written now: the journal says %s",
				 slot_name(install->slot),
				 journal_state_name(i->journal.now.slots[install->slot].state));
	i->state.target = target;
	i->state.target_slot = install->slot;
	if (reporter_note_saved(i, REPORT_INSTALLING, target.path, "", s) < 0)
		return -1;
	tell_release(i, "installing", &target, "", "verified and authorised; writing");
	struct setback ignored = { 0 };
	(void)!reporter_deliver(i, &ignored); /* it waits; the install does not wait for it */
	return 0;
}

/* Between download and activation the world may have changed: everything is asked and checked again. */
static int confirm_order(struct installer *i, bool *still_wanted, struct setback *s)
{
	struct offer offer;
	const struct device_release *target = &i->state.target;
	*still_wanted = false;
	if (offer_get(i, "confirm", target->path, &offer, s) < 0)
		return -1;
	if (!offer.is_there)
		return 0;
	const struct release *release = &offer.install.release;
	if (!span_is(release->path, target->path) || release->counter != target->counter ||
	    !digest_equal(&release->image, &target->image))
		return setback_refuse(s, VERDICT_DIRECTIVE_TARGET, "the confirmation");
	*still_wanted = true;
	return 0;
}

static int activate(struct installer *i, enum installer_outcome *out, struct setback *s)
{
	bool still_wanted;
	struct setback ignored = { 0 };
	const struct device_release *target = &i->state.target;
	if (reporter_note_saved(i, REPORT_ACTIVATING, target->path, "", s) < 0)
		return -1;
	(void)!reporter_deliver(i, &ignored);
	if (confirm_order(i, &still_wanted, s) < 0)
		return -1;
	if (!still_wanted) {
		tell_release(i, "withdrawn", target, "", "the server withdrew it before activation");
		return reporter_note_saved(i, REPORT_IDLE, "", "withdrawn before activation", s);
	}
	if (journal_ready(&i->journal, i->state.target_slot, (uint8_t)i->config.device->tries) != JOURNAL_OK)
		return error_retry(&s->error, "the slot journal could not be written");
	tell_release(i, "ready", target, "", "written, read back, confirmed by the server; reboot");
	*out = INSTALLER_REBOOT;
	return 0;
}

static int install(struct installer *i, const struct offer *offer, enum installer_outcome *out, struct setback *s)
{
	struct prepared_install prepared;
	if (prepare_install(i, offer, &prepared, s) < 0 || begin(i, &prepared, s) < 0 ||
	    image_write(i, &prepared, s) < 0)
		return -1;
	return activate(i, out, s);
}

/* --- one cycle --- */

/* A server that takes no report may still hand out what people signed: emergencies, roots, revocations. */
static int hear_all_the_same(struct installer *i)
{
	struct setback ignored = { 0 };
	i->task.used = 0;
	(void)!refresh_metadata(i, &ignored);
	return -1;
}

static int work(struct installer *i, enum installer_outcome *out, char claimed[METADATA_PATH_MAX + 1],
		struct setback *s)
{
	struct offer offer;
	claimed[0] = 0;
	if (journal_open(&i->journal, &i->ports.journal) != JOURNAL_OK)
		return error_retry(&s->error, "the slot journal cannot be read");
	/* what the server must know comes before what it wants, but not before what is said outside of its reach */
	if (reporter_deliver(i, s) < 0)
		return hear_all_the_same(i);
	int result = offer_get(i, "directive", "", &offer, s);
	memcpy(claimed, offer.claimed, sizeof offer.claimed);
	if (result < 0)
		return -1;
	if (!offer.is_there) {
		tell(i, "poll", "", "nothing to do");
		return 0;
	}
	return install(i, &offer, out, s);
}

/* The same refusal of the same target again and again is counted, not told again. */
static bool is_news(const struct installer *i, enum report_state state, const char *target, const char *cause)
{
	const struct device_state *s = &i->state;
	if (s->report_state == REPORT_ROLLED_BACK && strcmp(s->report_target, target) == 0)
		return false;
	return s->report_state != state || strcmp(s->report_target, target) != 0 ||
	       strncmp(s->report_cause, cause, strlen(s->report_cause)) != 0;
}

/*
 * Of the time or the order of what came, not of the image: the same release may be right a moment later, so that it is
 * no evidence against it.
 */
static bool is_about_time(enum verdict verdict)
{
	return verdict == VERDICT_PLAN_TIME || verdict == VERDICT_EXPIRED || verdict == VERDICT_DIRECTIVE_LIFETIME ||
	       verdict == VERDICT_DIRECTIVE_NONCE || verdict == VERDICT_DIRECTIVE_SEQUENCE;
}

static void note_setback(struct installer *i, const char *claimed, const struct setback *s)
{
	char cause[ERROR_TEXT_MAX + 64];
	struct setback ignored = { 0 };
	bool is_refusal = s->verdict != VERDICT_OK;
	enum report_state state = is_refusal && !is_about_time(s->verdict) ? REPORT_REFUSED : REPORT_FAILED;
	tell_setback(i, claimed, s);
	if (!is_refusal && s->error.retry)
		return;
	if (is_refusal)
		i->state.refusals[s->verdict]++;
	snprintf(cause, sizeof cause, "%s%s%s", is_refusal ? verdict_rule(s->verdict) : "", is_refusal ? ": " : "",
		 s->error.text);
	cause[REPORT_CAUSE_MAX] = 0;
	if (is_news(i, state, claimed, cause))
		reporter_note(i, state, claimed, cause);
	(void)!device_state_save(&i->ports.store, &i->state, &ignored.error); /* a lost count is counted again */
}

static uint64_t jittered(struct installer *i, uint64_t ms)
{
	uint8_t r[2] = { 0 };
	struct error ignored;
	uint64_t span = ms * JITTER_PERCENT / 100 * 2;
	if (i->ports.random(i->ports.self, r, sizeof r, &ignored) < 0)
		return ms;
	return ms - span / 2 + span * (uint64_t)(r[0] << 8 | r[1]) / 65535;
}

/* A device that cannot get through doubles its waits, so that a fleet does not beat on a server that is down. */
static uint64_t next_wait_ms(struct installer *i)
{
	uint64_t wait_s = i->poll_s;
	for (uint32_t f = 0; f < i->failures && wait_s < INSTALLER_BACKOFF_MAX_S; f++)
		wait_s *= 2;
	if (i->failures > 0 && wait_s > INSTALLER_BACKOFF_MAX_S)
		wait_s = i->poll_s > INSTALLER_BACKOFF_MAX_S ? i->poll_s : INSTALLER_BACKOFF_MAX_S;
	uint32_t asked_s = i->retry_after_s < DEVICE_POLL_MAX_S ? i->retry_after_s : DEVICE_POLL_MAX_S;
	return jittered(i, (wait_s > asked_s ? wait_s : asked_s) * 1000);
}

enum installer_outcome installer_cycle(struct installer *i, uint64_t *wait_ms)
{
	enum installer_outcome out = INSTALLER_WAIT;
	struct setback s = { 0 };
	char claimed[METADATA_PATH_MAX + 1];
	i->retry_after_s = 0;
	refresh_tell_now(i);
	if (work(i, &out, claimed, &s) < 0) {
		out = INSTALLER_WAIT;
		i->failures++;
		if (s.verdict != VERDICT_OK && i->failures > REFUSED_DOUBLINGS_MAX)
			i->failures =
				REFUSED_DOUBLINGS_MAX; /* a server that can be heard may soon have something better */
		note_setback(i, claimed, &s);
	} else {
		i->failures = 0;
	}
	*wait_ms = next_wait_ms(i);
	return out;
}
