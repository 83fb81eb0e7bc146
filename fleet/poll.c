/* A device asks: is there something for me? */
#include <string.h>

#include "state.h"

struct answer {
	struct rollout *rollout;
	bool is_return, fresh;
	uint32_t stage; /* the plan's, of this device */
};

static uint32_t poll_interval(const struct engine *engine, const struct db_device *device)
{
	struct digest hash = sha256_of(engine->config.crypto, span_of_text(device->id));
	uint32_t base_ms = engine->config.poll_s * 1000;
	uint32_t spread = base_ms / 5; /* 0.9 .. 1.1, fixed for a device, so that a fleet stays spread out */
	uint32_t ms = base_ms - spread / 2 + (uint32_t)((uint64_t)spread * hash.bytes[0] / 255);
	return ms < 1000 ? 1 : (ms + 500) / 1000;
}

/* [OPA-3] By the time that the devices judge it by: one that is told too early would refuse the directive. */
static bool poll_is_open(struct engine *engine, const struct rollout *rollout, uint32_t stage)
{
	return rollout->plan.stages[stage].earliest_unix <= issued_unix(engine);
}

/* In which open stage the device's evidence would count, if there is room for one more; else STAGE_NONE. */
static int poll_room(struct engine *engine, const struct rollout *rollout, uint32_t plan_stage)
{
	uint32_t open = rollout->row.stage;
	if (!poll_is_open(engine, rollout, plan_stage) || !poll_is_open(engine, rollout, open))
		return STAGE_NONE;
	if (rollout->row.state == DB_DONE) /* the late, and the gate watches them as it did the others */
		return rollout->verdict[plan_stage].may_offer > 0 ? (int)plan_stage : STAGE_NONE;
	uint32_t stage = plan_stage <= open ? plan_stage : open;
	bool is_moved = plan_stage > open;
	if (is_moved && rollout->tally[open].moved_in >= rollout->row.extend)
		return STAGE_NONE;
	return rollout->verdict[stage].may_offer > 0 ? (int)stage : STAGE_NONE;
}

/* A device that runs the release already, as its own signed report says, counts as a success. */
static bool poll_runs_release(const struct rollout *rollout, const struct db_device *device)
{
	const struct plan_release *release = &rollout->plan.release;
	return (device->state == REPORT_CONFIRMED || device->state == REPORT_IDLE) &&
	       device->running_counter == release->counter && digest_equal(&device->running_image, &release->image);
}

static int poll_offer(struct engine *engine, const struct db_rows *rows, struct rollouts_question *q,
		      struct rollout *rollout, const struct db_device *device, struct answer *out)
{
	int plan_stage = rollout_stage_of(engine, rollout, device->uri);
	bool has_it = poll_runs_release(rollout, device);
	if (plan_stage == STAGE_NONE || (q->running_counter >= rollout->plan.release.counter && !has_it))
		return 0;
	int stage = poll_room(engine, rollout, (uint32_t)plan_stage);
	if (stage == STAGE_NONE)
		return 0;
	struct db_assignment a = { .rollout = rollout->row.id,
				   .stage = (uint32_t)stage,
				   .plan_stage = (uint32_t)plan_stage,
				   .outcome = has_it ? GATE_SUCCEEDED : GATE_SILENT,
				   .affected = has_it,
				   .offered_unix = engine_now(engine),
				   .since_unix = engine_now(engine) };
	memcpy(a.device, device->id, sizeof a.device);
	if (rows->assignment_save(rows->self, &a, &q->error) != 0)
		return -1;
	struct db_event event = { .kind = has_it ? "succeeded" : "offered",
				  .rollout = rollout->row.id,
				  .device = a.device };
	rollout->tally[stage].moved_in += plan_stage != stage;
	if (rollout->verdict[stage].may_offer > 0)
		rollout->verdict[stage].may_offer--;
	rollout->dirty = true;
	if (!has_it)
		*out = (struct answer){ rollout, false, true, (uint32_t)plan_stage };
	return engine_event(engine, rows, &event, &q->error, "stage %d%s", stage + 1,
			    has_it ? ", runs it already" : "");
}

/* The release of a rollout that runs, or is done and serves the late. */
static int poll_release(struct engine *engine, const struct db_rows *rows, struct rollouts_question *q,
			struct rollout *rollout, const struct db_device *device, struct answer *out)
{
	struct db_assignment a;
	int absent = rows->assignment_load(rows->self, rollout->row.id, device->id, &a, &q->error);
	if (absent < 0)
		return -1;
	bool is_asked = span_is(rollout->plan.release.path, q->target);
	if (absent && !q->confirm)
		return poll_offer(engine, rows, q, rollout, device, out);
	if (absent || a.outcome != GATE_SILENT || (q->confirm && !is_asked))
		return 0;
	*out = (struct answer){ rollout, false, false, a.plan_stage };
	return 0;
}

static int poll_return(struct engine *engine, const struct db_rows *rows, struct rollouts_question *q,
		       struct rollout *rollout, const struct db_device *device, struct answer *out)
{
	const struct plan *plan = &rollout->plan;
	struct db_assignment a;
	if (!plan->has_return || engine_now(engine) >= plan->return_until_unix ||
	    q->running_counter >= plan->return_release.counter)
		return 0;
	int absent = rows->assignment_load(rows->self, rollout->row.id, device->id, &a, &q->error);
	if (absent < 0)
		return -1;
	if (absent || !a.affected || a.returned || (q->confirm && !span_is(plan->return_release.path, q->target)))
		return 0;
	*out = (struct answer){ rollout, true, false, a.plan_stage };
	if (q->confirm)
		return 0;
	struct db_event event = { .kind = "return-offered", .rollout = rollout->row.id, .device = device->id };
	return engine_event(engine, rows, &event, &q->error, "%s", "");
}

/* Newest first: what runs now comes before the way back from what was stopped. */
static int poll_decide(struct engine *engine, const struct db_rows *rows, struct rollouts_question *q,
		       const struct db_device *device, struct answer *out)
{
	bool has_newer = false;
	for (struct rollout *r = engine->rollouts; r != NULL && out->rollout == NULL; r = r->next) {
		if (strcmp(r->row.product, device->product) != 0)
			continue;
		bool serves = r->row.state == DB_RUNNING || (r->row.state == DB_DONE && !has_newer);
		if (serves && poll_release(engine, rows, q, r, device, out) != 0)
			return -1;
		if (r->row.state == DB_ABORTED && poll_return(engine, rows, q, r, device, out) != 0)
			return -1;
		has_newer = true;
	}
	return 0;
}

static int poll_direct(struct engine *engine, struct rollouts_question *q, const struct db_device *device,
		       const struct answer *answer)
{
	const struct rollout *rollout = answer->rollout;
	const struct plan *plan = &rollout->plan;
	const struct plan_release *release = answer->is_return ? &plan->return_release : &plan->release;
	struct directive directive = { .device = span_of_text(device->id),
				       .sequence = device->directive_sequence,
				       .action = answer->is_return ? DIRECTIVE_RETURN : DIRECTIVE_INSTALL,
				       .target_path = release->path,
				       .image = release->image,
				       .image_bytes = answer->is_return ? rollout->row.return_bytes
									: rollout->row.release_bytes,
				       .counter = release->counter,
				       .plan_path = span_of_text(rollout->row.plan_path),
				       .plan = rollout->row.plan,
				       .stage = answer->stage,
				       .lifetime_s = engine->config.lifetime_s };
	memcpy(directive.nonce, q->nonce, sizeof directive.nonce);
	return signing_add(engine, q, rollout, &directive, answer->fresh);
}

/* [DEV-7] */
int poll_run(struct engine *engine, const struct db_rows *rows, struct rollouts_question *q)
{
	struct db_device device;
	struct answer answer = { 0 };
	int refused = engine_device(engine, rows, q, &device);
	if (refused != 0)
		return refused < 0 ? -1 : 0;
	/* without its report key a device could never prove what became of the release */
	if (device.has_key && poll_decide(engine, rows, q, &device, &answer) != 0)
		return -1;
	device.polled_unix = engine_now(engine);
	if (answer.rollout != NULL)
		device.directive_sequence++;
	if (rows->device_save(rows->self, &device, &q->error) != 0)
		return -1;
	q->poll_s = poll_interval(engine, &device);
	q->status = 200;
	if (answer.rollout == NULL)
		return 0;
	return poll_direct(engine, q, &device, &answer);
}
