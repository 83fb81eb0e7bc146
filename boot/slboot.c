#include "slboot.h"

#include <string.h>

enum { SLBOOT_CHUNK_BYTES = 512 };

/* Everything of one power cycle; on the caller's stack. */
struct slboot_cycle {
	const struct slboot_port *port;
	struct slboot_outcome *out;
	struct journal journal;
	bool has_journal, has_floor;
	uint8_t envelope[MANIFEST_BYTES_MAX];
	struct verified_manifest verified;    /* points into envelope */
	enum slboot_decision manifest_passed; /* two separate stores of the verifier, both read again at the jump */
	enum slboot_decision image_passed;
	enum slboot_image passed; /* which image they speak of */
};

static void slboot_log(const struct slboot_cycle *cycle, enum slboot_event event, enum slboot_image image,
		       uint32_t detail)
{
	cycle->port->log(cycle->port->self, event, image, detail);
}

/* --- may this image run --- */

static void slboot_forget(struct slboot_cycle *cycle)
{
	cycle->manifest_passed = SLBOOT_REFUSED;
	cycle->image_passed = SLBOOT_REFUSED;
	cycle->passed = SLBOOT_NOTHING;
}

static enum verdict slboot_check_manifest(struct slboot_cycle *cycle, enum slboot_image image, enum fault *why)
{
	const struct slboot_port *port = cycle->port;
	const struct flash *region = port->regions[image];
	enum boot_component component = image == SLBOOT_RECOVERY ? BOOT_RECOVERY : BOOT_SLOT;
	struct span envelope;
	*why = slot_manifest_read(region, cycle->envelope, sizeof cycle->envelope, &envelope);
	if (*why != FAULT_NONE)
		return VERDICT_MALFORMED;
	return bootcheck_manifest(port->crypto, port->identity, component, cycle->out->epoch_floor, slot_room(region),
				  envelope, &cycle->verified, why);
}

/* [BM-11] */
static enum verdict slboot_check_image(const struct slboot_cycle *cycle, enum slboot_image image)
{
	const struct crypto *crypto = cycle->port->crypto;
	const struct flash *region = cycle->port->regions[image];
	const struct manifest *manifest = &cycle->verified.manifest;
	uint8_t chunk[SLBOOT_CHUNK_BYTES];
	struct sha256 hash;
	struct digest found;
	crypto->sha256_init(&hash);
	for (uint64_t at = 0; at < manifest->image_bytes; at += sizeof chunk) {
		uint64_t left = manifest->image_bytes - at;
		size_t n = left < sizeof chunk ? (size_t)left : sizeof chunk;
		if (region->read(region->self, at, chunk, n) != 0)
			return VERDICT_DIGEST;
		crypto->sha256_update(&hash, (struct span){ chunk, n });
	}
	crypto->sha256_final(&hash, &found);
	return digest_equal(&found, &manifest->image) ? VERDICT_OK : VERDICT_DIGEST;
}

static enum verdict slboot_check(struct slboot_cycle *cycle, enum slboot_image image, enum fault *why)
{
	slboot_forget(cycle);
	enum verdict verdict = slboot_check_manifest(cycle, image, why);
	if (verdict != VERDICT_OK)
		return verdict;
	cycle->manifest_passed = SLBOOT_VERIFIED;
	verdict = slboot_check_image(cycle, image);
	if (verdict != VERDICT_OK)
		return verdict;
	cycle->image_passed = SLBOOT_VERIFIED;
	cycle->passed = image;
	return VERDICT_OK;
}

/* slboot_check(), with a refusal told and remembered. */
static bool slboot_verify(struct slboot_cycle *cycle, enum slboot_image image)
{
	enum fault why = FAULT_NONE;
	if (cycle->port->regions[image] == NULL)
		return false;
	enum verdict verdict = slboot_check(cycle, image, &why);
	cycle->out->refusals[image] = verdict;
	if (verdict == VERDICT_OK)
		return true;
	slboot_log(cycle, SLBOOT_EVENT_REFUSED, image, verdict);
	if (verdict == VERDICT_MALFORMED)
		slboot_log(cycle, SLBOOT_EVENT_MALFORMED, image, why);
	return false;
}

/* --- the jump --- */

static struct slboot_choice slboot_choice_of(const struct slboot_cycle *cycle, enum slboot_image image)
{
	const struct manifest *manifest = &cycle->verified.manifest;
	struct slboot_choice choice = { .image = image };
	choice.counter = manifest->sequence;
	choice.image_bytes = manifest->image_bytes;
	choice.digest = manifest->image;
	if (image == SLBOOT_RECOVERY)
		return choice;
	struct slot_status status = journal_state(&cycle->journal).slots[image];
	choice.trial = status.state == SLOT_TRIAL;
	choice.tries_left = status.tries;
	return choice;
}

/* True where the image was jumped to. A skipped check shows here: both stores must hold the one value that says yes. */
static bool slboot_jump(struct slboot_cycle *cycle, enum slboot_image image)
{
	const struct slboot_port *port = cycle->port;
	volatile enum slboot_decision first = cycle->manifest_passed;
	volatile enum slboot_decision second = cycle->image_passed;
	if (first != SLBOOT_VERIFIED || second != SLBOOT_VERIFIED || cycle->passed != image)
		return false;
	struct slboot_choice choice = slboot_choice_of(cycle, image);
	if (port->measure(port->self, &choice) != 0)
		slboot_log(cycle, SLBOOT_EVENT_MEASURE_FAILED, image, 0);
	port->counter_lock(port->self);
	if (port->watchdog_arm(port->self) != 0) {
		slboot_log(cycle, SLBOOT_EVENT_WATCHDOG_FAILED, image, 0);
		/* Nothing would bring a hanging trial back. */
		if (choice.trial)
			return false;
	}
	slboot_log(cycle, SLBOOT_EVENT_BOOT, image, choice.tries_left);
	cycle->out->choice = choice;
	cycle->out->decision = SLBOOT_BOOTED;
	if (first != SLBOOT_VERIFIED || second != SLBOOT_VERIFIED)
		return false;
	port->boot(port->self, &choice);
	return true;
}

/* --- which image --- */

static void slboot_reject(struct slboot_cycle *cycle, enum slot slot, enum slot_cause cause)
{
	enum journal_result result = journal_reject(&cycle->journal, slot, cause);
	slboot_log(cycle, SLBOOT_EVENT_REJECTED, (enum slboot_image)slot, cause);
	if (result != JOURNAL_OK)
		slboot_log(cycle, SLBOOT_EVENT_RECORD_FAILED, (enum slboot_image)slot, result);
}

/* The slot that waits for a trial; one already in trial comes first. */
static enum slot slboot_candidate(const struct slboot_cycle *cycle)
{
	static const enum slot_state order[] = { SLOT_TRIAL, SLOT_READY };
	struct journal_state state = journal_state(&cycle->journal);
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
		for (enum slot slot = SLOT_A; slot < SLOT_NONE; slot++)
			if (state.slots[slot].state == order[i])
				return slot;
	return SLOT_NONE;
}

/*
 * The record with one try less stands before anything of the slot is even read: an image that resets the processor in
 * any way, also while it is being verified, uses its tries up.
 */
static bool slboot_try(struct slboot_cycle *cycle, enum slot slot)
{
	enum slboot_image image = (enum slboot_image)slot;
	if (journal_state(&cycle->journal).slots[slot].tries == 0) {
		slboot_reject(cycle, slot, SLOT_CAUSE_TRIES);
		return false;
	}
	enum journal_result result = journal_trial(&cycle->journal, slot);
	if (result != JOURNAL_OK) {
		slboot_log(cycle, SLBOOT_EVENT_RECORD_FAILED, image, result);
		return false;
	}
	slboot_log(cycle, SLBOOT_EVENT_TRIAL, image, journal_state(&cycle->journal).slots[slot].tries);
	if (!slboot_verify(cycle, image)) {
		slboot_reject(cycle, slot, SLOT_CAUSE_VERIFY);
		return false;
	}
	return slboot_jump(cycle, image);
}

static bool slboot_trials(struct slboot_cycle *cycle)
{
	/* Each slot once: where a record cannot be written, the next look would find the same candidate. */
	enum slot first = slboot_candidate(cycle);
	if (first == SLOT_NONE)
		return false;
	if (slboot_try(cycle, first))
		return true;
	enum slot second = slboot_candidate(cycle);
	return second != SLOT_NONE && second != first && slboot_try(cycle, second);
}

/*
 * A broken active slot is recorded as rejected only once its replacement was verified: a bad read may be a passing
 * one.
 */
static bool slboot_confirmed(struct slboot_cycle *cycle)
{
	enum slot active = journal_state(&cycle->journal).active;
	enum slot other = slot_other(active);
	if (active == SLOT_NONE)
		return false;
	if (slboot_verify(cycle, (enum slboot_image)active))
		return slboot_jump(cycle, (enum slboot_image)active);
	if (journal_state(&cycle->journal).slots[other].state != SLOT_CONFIRMED)
		return false;
	if (!slboot_verify(cycle, (enum slboot_image)other))
		return false;
	slboot_reject(cycle, active, SLOT_CAUSE_VERIFY);
	return slboot_jump(cycle, (enum slboot_image)other);
}

/* Power may have failed between the confirmation and the advance, and confirmation itself never touches the counter. */
static void slboot_roll_forward(struct slboot_cycle *cycle)
{
	const struct slboot_port *port = cycle->port;
	enum slot active = journal_state(&cycle->journal).active;
	enum fault why;
	if (active == SLOT_NONE || slboot_check_manifest(cycle, (enum slboot_image)active, &why) != VERDICT_OK)
		return;
	uint32_t epoch = COUNTER_EPOCH(cycle->verified.manifest.sequence);
	if (epoch <= cycle->out->epoch_floor)
		return;
	/* A damaged image must not shut out the older one that can still boot. */
	if (slboot_check_image(cycle, (enum slboot_image)active) != VERDICT_OK)
		return;
	if (port->counter_advance(port->self, epoch) != 0) {
		slboot_log(cycle, SLBOOT_EVENT_COUNTER_STUCK, (enum slboot_image)active, epoch);
		return;
	}
	cycle->out->epoch_floor = epoch;
	slboot_log(cycle, SLBOOT_EVENT_COUNTER_FORWARD, (enum slboot_image)active, epoch);
}

static void slboot_begin(struct slboot_cycle *cycle, const struct slboot_port *port, struct slboot_outcome *out)
{
	*out = (struct slboot_outcome){ .decision = SLBOOT_REFUSED, .choice.image = SLBOOT_NOTHING };
	cycle->port = port;
	cycle->out = out;
	slboot_forget(cycle);
	cycle->has_journal = journal_open(&cycle->journal, port->journal) == JOURNAL_OK;
	cycle->has_floor = port->counter_get(port->self, &out->epoch_floor) == 0;
	out->journal_lost = !cycle->has_journal;
	out->counter_lost = !cycle->has_floor;
	if (!cycle->has_journal)
		slboot_log(cycle, SLBOOT_EVENT_JOURNAL_LOST, SLBOOT_NOTHING, 0);
	if (cycle->has_floor)
		return;
	out->epoch_floor = 0;
	slboot_log(cycle, SLBOOT_EVENT_COUNTER_LOST, SLBOOT_NOTHING, 0);
}

void slboot_run(const struct slboot_port *port, struct slboot_outcome *out)
{
	struct slboot_cycle cycle;
	slboot_begin(&cycle, port, out);
	if (cycle.has_journal && cycle.has_floor) {
		slboot_roll_forward(&cycle);
		if (slboot_trials(&cycle) || slboot_confirmed(&cycle))
			return;
	}
	if (slboot_verify(&cycle, SLBOOT_RECOVERY) && slboot_jump(&cycle, SLBOOT_RECOVERY))
		return;
	out->decision = SLBOOT_REFUSED;
	out->choice.image = SLBOOT_NOTHING;
	slboot_log(&cycle, SLBOOT_EVENT_NOTHING, SLBOOT_NOTHING, 0);
}

const char *slboot_image_name(enum slboot_image image)
{
	static const char *const names[] = { "a", "b", "recovery", "none" };
	return image <= SLBOOT_NOTHING ? names[image] : "none";
}

const char *slboot_event_text(enum slboot_event event)
{
	switch (event) {
	case SLBOOT_EVENT_JOURNAL_LOST:
		return "the slot journal cannot be read; only recovery may boot";
	case SLBOOT_EVENT_COUNTER_LOST:
		return "the epoch counter is missing; only recovery may boot";
	case SLBOOT_EVENT_COUNTER_FORWARD:
		return "epoch counter advanced to that of the confirmed image";
	case SLBOOT_EVENT_COUNTER_STUCK:
		return "the epoch counter could not be advanced; tried again at the next boot";
	case SLBOOT_EVENT_TRIAL:
		return "trial boot recorded";
	case SLBOOT_EVENT_REJECTED:
		return "slot rejected";
	case SLBOOT_EVENT_REFUSED:
		return "image refused";
	case SLBOOT_EVENT_MALFORMED:
		return "its boot manifest is malformed";
	case SLBOOT_EVENT_RECORD_FAILED:
		return "the slot journal could not be written";
	case SLBOOT_EVENT_MEASURE_FAILED:
		return "the image could not be measured; it boots without evidence";
	case SLBOOT_EVENT_WATCHDOG_FAILED:
		return "the watchdog could not be armed";
	case SLBOOT_EVENT_BOOT:
		return "image verified; jumping to it";
	case SLBOOT_EVENT_NOTHING:
		return "no image may boot; install a recovery image signed by a boot key or two emergency keys";
	}
	return "unknown event";
}
