#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

/* --- in memory --- */

void rollout_free(struct rollout *rollout)
{
	if (rollout == NULL)
		return;
	free(rollout->memory);
	free(rollout);
}

static void rollout_release(struct rollout **rollout)
{
	rollout_free(*rollout);
}

/* A listed device counts from the start, known or not: a canary that never calls must hold its stage back. */
static void rollout_count_listed(struct rollout *rollout)
{
	for (uint32_t i = 0; i < rollout->plan.stage_count; i++)
		rollout->population[i] = rollout->plan.stages[i].device_count;
}

int rollout_new(struct engine *engine, const struct db_rollout *row, struct rollout **out, struct error *e)
{
	size_t text_n = row->plan_text.n;
	__attribute__((cleanup(rollout_release))) struct rollout *rollout = calloc(1, sizeof *rollout);
	if (rollout == NULL || (rollout->memory = malloc(text_n + STATE_PLAN_WORKSPACE)) == NULL)
		return error_retry(e, "no memory for a rollout");
	rollout->row = *row;
	memcpy(rollout->memory, row->plan_text.at, text_n);
	rollout->row.plan_text.at = rollout->memory;
	struct workspace ws = workspace_over(rollout->memory + text_n, STATE_PLAN_WORKSPACE);
	enum fault fault = plan_decode(rollout->row.plan_text, &ws, &rollout->plan);
	if (fault != FAULT_NONE)
		return error_set(e, "the plan %s is malformed: %s", row->plan_path, fault_text(fault));
	rollout_count_listed(rollout);
	rollout->dirty = true;
	*out = rollout;
	rollout = NULL;
	return 0;
}

bool rollout_is_live(const struct rollout *rollout)
{
	return rollout->row.state == DB_RUNNING || rollout->row.state == DB_PAUSED;
}

static bool rollout_has_way_back(const struct engine *engine, const struct rollout *rollout)
{
	return rollout->plan.has_return && engine_now(engine) < rollout->plan.return_until_unix;
}

bool rollout_may_abort(const struct engine *engine, const struct rollout *rollout)
{
	return rollout_is_live(rollout) || (rollout->row.state == DB_DONE && rollout_has_way_back(engine, rollout));
}

bool rollout_is_over(const struct engine *engine, const struct rollout *rollout)
{
	return !rollout_is_live(rollout) && !rollout_has_way_back(engine, rollout);
}

bool rollout_is_unheard(const struct rollout *rollout)
{
	bool unheard = false;
	for (uint32_t i = 0; i < rollout->plan.stage_count; i++)
		unheard |= rollout->tally[i].offered > rollout->tally[i].succeeded + rollout->tally[i].failed;
	return unheard && rollout->row.state == DB_DONE;
}

/* The last stage that devices may be offered: all of them once it is done. */
static uint32_t rollout_open_until(const struct rollout *rollout)
{
	return rollout->row.state == DB_DONE ? rollout->plan.stage_count - 1 : rollout->row.stage;
}

int rollout_stage_of(const struct engine *engine, const struct rollout *rollout, const char *uri)
{
	struct identity identity;
	if (identity_decode(span_of_text(uri), &identity) != FAULT_NONE)
		return STAGE_NONE;
	struct span salt = SPAN_OF(rollout->plan.salt);
	struct stage_list list = { rollout->plan.stages, rollout->plan.stage_count };
	uint32_t position = stage_position(engine->config.crypto, salt, identity.id);
	return stage_of(&list, identity.id, identity.attributes, identity.attribute_count, position);
}

static bool rollout_lists(const struct stage *stage, const char *id)
{
	for (uint32_t i = 0; i < stage->device_count; i++)
		if (span_is(stage->devices[i], id))
			return true;
	return false;
}

void rollout_count_device(const struct engine *engine, struct rollout *rollout, const struct db_device *device)
{
	if (strcmp(device->product, rollout->row.product) != 0 || device->revoked)
		return;
	int stage = rollout_stage_of(engine, rollout, device->uri);
	if (stage != STAGE_NONE && !rollout_lists(&rollout->plan.stages[stage], device->id))
		rollout->population[stage]++;
	rollout->dirty |= rollout->row.state == DB_DONE; /* there may be room for it */
}

struct gate_policy rollout_policy(const struct plan *plan)
{
	return (struct gate_policy){ .p0_ppm = plan->p0_ppm,
				     .alpha_ppm = plan->alpha_ppm,
				     .beta_ppm = plan->beta_ppm,
				     .soak_s = plan->soak_s,
				     .coverage_percent = plan->coverage_percent,
				     .initial_in_flight = plan->in_flight,
				     .expected_s = plan->report_expected_s };
}

/* --- changes of state --- */

int rollout_set_state(struct engine *engine, const struct db_rows *rows, struct rollout *rollout,
		      enum db_rollout_state state, const char *who, const char *why, struct error *e)
{
	static const char *const kinds[] = { "rollout-resumed", "rollout-paused", "rollout-aborted", "rollout-done" };
	rollout->row.state = state;
	snprintf(rollout->row.who, sizeof rollout->row.who, "%s", who);
	snprintf(rollout->row.why, sizeof rollout->row.why, "%s", why);
	if (state == DB_ABORTED || state == DB_DONE)
		rollout->row.ended_unix = engine_now(engine);
	struct db_event event = { .kind = kinds[state], .rollout = rollout->row.id, .who = who };
	if (rows->rollout_save(rows->self, &rollout->row, e) != 0)
		return -1;
	return engine_event(engine, rows, &event, e, "%s", why);
}

static uint32_t rollout_stage_devices(const struct rollout *rollout, uint32_t stage)
{
	const struct rollout_tally *tally = &rollout->tally[stage];
	uint32_t extend = stage == rollout->row.stage ? rollout->row.extend : 0;
	uint32_t moved = tally->moved_in > extend ? tally->moved_in : extend;
	uint32_t own = rollout->population[stage];
	return own - (tally->moved_away < own ? tally->moved_away : own) + moved;
}

/* Devices that no stage up to this one takes in. */
static uint32_t rollout_left_after(const struct rollout *rollout, uint32_t stage)
{
	uint32_t left = 0;
	for (uint32_t i = stage + 1; i < rollout->plan.stage_count; i++)
		left += rollout->population[i];
	return left;
}

int rollout_open_stage(struct engine *engine, const struct db_rows *rows, struct rollout *rollout, uint32_t stage,
		       struct error *e)
{
	char fact[64];
	rollout->row.stage = stage;
	rollout->row.extend = 0;
	rollout->row.stage_unix = engine_now(engine);
	rollout->planned[stage] = rollout_stage_devices(rollout, stage);
	snprintf(fact, sizeof fact, "planned/%llu/%u", (unsigned long long)rollout->row.id, stage);
	struct span name = rollout->plan.stages[stage].name;
	struct db_event event = { .kind = "stage-opened", .rollout = rollout->row.id };
	if (rows->rollout_save(rows->self, &rollout->row, e) != 0 ||
	    rows->fact_save(rows->self, fact, rollout->planned[stage], e) != 0)
		return -1;
	return engine_event(engine, rows, &event, e, "stage %u of %u, %.*s: %u device%s", stage + 1,
			    rollout->plan.stage_count, (int)name.n, (const char *)name.at, rollout->planned[stage],
			    rollout->planned[stage] == 1 ? "" : "s");
}

/* --- counting --- */

/* The rows of all stages for the gate, in one growing array. */
struct rollout_rows {
	struct rollout *rollout;
	struct rollout_row {
		uint32_t stage;
		struct gate_device device;
	} * at;
	size_t count, capacity;
	bool failed;
};

static void rollout_rows_release(struct rollout_rows *all)
{
	free(all->at);
}

static bool rollout_rows_add(struct rollout_rows *all, const struct db_assignment *a)
{
	if (all->count == all->capacity) {
		size_t capacity = all->capacity == 0 ? 64 : 2 * all->capacity;
		struct rollout_row *grown = reallocarray(all->at, capacity, sizeof *grown);
		if (grown == NULL)
			return false;
		all->at = grown;
		all->capacity = capacity;
	}
	struct gate_device device = { (enum gate_outcome)a->outcome, a->since_unix };
	all->at[all->count++] = (struct rollout_row){ a->stage, device };
	return true;
}

static bool rollout_tally_row(void *context, const struct db_assignment *a)
{
	struct rollout_rows *all = context;
	struct rollout *rollout = all->rollout;
	if (a->stage >= rollout->plan.stage_count || a->plan_stage >= rollout->plan.stage_count)
		return true;
	struct rollout_tally *tally = &rollout->tally[a->stage];
	tally->offered++;
	tally->succeeded += a->outcome == GATE_SUCCEEDED;
	tally->failed += a->outcome == GATE_FAILED;
	tally->moved_in += a->plan_stage != a->stage;
	rollout->tally[a->plan_stage].moved_away += a->plan_stage != a->stage;
	rollout->affected += a->affected;
	rollout->returned += a->returned;
	all->failed |= !rollout_rows_add(all, a);
	return true;
}

static int rollout_by_stage(const void *a, const void *b)
{
	uint32_t x = ((const struct rollout_row *)a)->stage, y = ((const struct rollout_row *)b)->stage;
	return (x > y) - (x < y);
}

static int rollout_count_rows(const struct db_rows *rows, struct rollout_rows *all, struct error *e)
{
	struct rollout *rollout = all->rollout;
	memset(rollout->tally, 0, sizeof rollout->tally);
	rollout->affected = rollout->returned = 0;
	if (rows->assignment_each(rows->self, rollout->row.id, rollout_tally_row, all, e) != 0)
		return -1;
	if (all->failed)
		return error_retry(e, "no memory for the devices of a rollout");
	if (all->count > 0)
		qsort(all->at, all->count, sizeof *all->at, rollout_by_stage);
	return 0;
}

/* --- the gate --- */

static struct gate_verdict rollout_ask_gate(const struct rollout *rollout, uint32_t stage,
					    const struct gate_device *devices, size_t count, int64_t now)
{
	struct gate_policy policy = rollout_policy(&rollout->plan);
	uint32_t left = rollout_left_after(rollout, stage);
	uint32_t devices_now = rollout_stage_devices(rollout, stage), planned = rollout->planned[stage];
	struct gate_stage facts = { .planned = planned > 0 ? planned : devices_now,
				    .devices = devices_now,
				    .stages = rollout->plan.stage_count,
				    .is_last =
					    stage + 1 == rollout->plan.stage_count ||
					    (stage == rollout->row.stage && rollout->row.extend >= left && left > 0) };
	return gate_decide(&policy, &facts, devices, count, NULL, now);
}

static int rollout_ask_all(const struct engine *engine, struct rollout *rollout, const struct rollout_rows *all,
			   struct error *e)
{
	struct gate_device *devices = malloc((all->count + 1) * sizeof *devices);
	if (devices == NULL)
		return error_retry(e, "no memory for the devices of a rollout");
	size_t from = 0;
	for (uint32_t stage = 0; stage <= rollout_open_until(rollout); stage++) {
		size_t n = 0;
		for (; from < all->count && all->at[from].stage == stage; from++)
			devices[n++] = all->at[from].device;
		rollout->verdict[stage] = rollout_ask_gate(rollout, stage, devices, n, engine_now(engine));
	}
	free(devices);
	return 0;
}

static int rollout_abort(struct engine *engine, const struct db_rows *rows, struct rollout *rollout, uint32_t stage,
			 struct error *e)
{
	const struct gate_verdict *v = &rollout->verdict[stage];
	char why[DB_WHY_MAX + 1];
	snprintf(why, sizeof why,
		 "stage %u: %u failed, %u silent for too long, %u succeeded: evidence %.2f, limit %.2f", stage + 1,
		 v->failed, v->lost, v->succeeded, (double)v->evidence_unats / GATE_MICRO,
		 (double)v->abort_at_unats / GATE_MICRO);
	return rollout_set_state(engine, rows, rollout, DB_ABORTED, "gate", why, e);
}

/* The next stage with a device in it: an empty one has nothing to teach. */
static int rollout_promote(struct engine *engine, const struct db_rows *rows, struct rollout *rollout, struct error *e)
{
	uint32_t next = rollout->row.stage + 1;
	while (next < rollout->plan.stage_count && rollout_stage_devices(rollout, next) == 0)
		next++;
	rollout->dirty = true;
	if (next < rollout->plan.stage_count)
		return rollout_open_stage(engine, rows, rollout, next, e);
	return rollout_set_state(engine, rows, rollout, DB_DONE, "gate", "the last stage passed", e);
}

static int rollout_extend(struct engine *engine, const struct db_rows *rows, struct rollout *rollout, uint32_t by,
			  struct error *e)
{
	uint32_t left = rollout_left_after(rollout, rollout->row.stage);
	uint32_t want = rollout->row.extend + by < left ? rollout->row.extend + by : left;
	if (want == rollout->row.extend)
		return 0;
	rollout->row.extend = want;
	rollout->dirty = true;
	struct db_event event = { .kind = "stage-extended", .rollout = rollout->row.id };
	if (rows->rollout_save(rows->self, &rollout->row, e) != 0)
		return -1;
	return engine_event(engine, rows, &event, e, "stage %u takes %u device%s of later stages",
			    rollout->row.stage + 1, want, want == 1 ? "" : "s");
}

static int rollout_act(struct engine *engine, const struct db_rows *rows, struct rollout *rollout, struct error *e)
{
	for (uint32_t stage = 0; stage <= rollout_open_until(rollout); stage++)
		if (rollout->verdict[stage].action == GATE_ABORT)
			return rollout_abort(engine, rows, rollout, stage, e);
	const struct gate_verdict *v = &rollout->verdict[rollout->row.stage];
	if (rollout->row.state != DB_RUNNING)
		return 0;
	if (v->action == GATE_PROMOTE)
		return rollout_promote(engine, rows, rollout, e);
	if (v->action == GATE_EXTEND)
		return rollout_extend(engine, rows, rollout, v->extend_by, e);
	return 0;
}

int rollout_evaluate(struct engine *engine, const struct db_rows *rows, struct rollout *rollout, struct error *e)
{
	__attribute__((cleanup(rollout_rows_release))) struct rollout_rows all = { .rollout = rollout };
	rollout->dirty = false;
	if (rollout_count_rows(rows, &all, e) != 0)
		return -1;
	/* a stage that opened before its first device became known */
	if (rollout_is_live(rollout) && rollout->planned[rollout->row.stage] == 0 &&
	    rollout_stage_devices(rollout, rollout->row.stage) > 0 &&
	    rollout_open_stage(engine, rows, rollout, rollout->row.stage, e) != 0)
		return -1;
	if (rollout_ask_all(engine, rollout, &all, e) != 0)
		return -1;
	return rollout->row.state != DB_ABORTED ? rollout_act(engine, rows, rollout, e) : 0;
}
