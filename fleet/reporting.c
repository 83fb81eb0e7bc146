/* A device says what became of it. Its signature is checked here, by the key that its factory certificate gave. */
#include <stdio.h>
#include <string.h>

#include "signed.h"
#include "state.h"

static void reporting_text(char *out, size_t capacity, struct span text)
{
	snprintf(out, capacity, "%.*s", (int)text.n, (const char *)text.at);
}
#define REPORTING_TEXT(array, span) reporting_text(array, sizeof(array), span)

static int reporting_no(struct engine *engine, struct rollouts_question *q, unsigned status, const char *rule,
			const char *what)
{
	pthread_mutex_lock(&engine->lock);
	engine->counts.reports_refused += status != 409;
	pthread_mutex_unlock(&engine->lock);
	engine_refuse(q, status, rule, "see protocol/report.md; the device must send a new report",
		      "report refused: %s", what);
	return 1;
}

/* 0: verified and decoded into out, which points into scratch; 1: refused [REP-1] [REP-4] [REP-7]. */
static int reporting_verify(struct engine *engine, struct rollouts_question *q, const struct db_device *device,
			    struct report *out)
{
	struct workspace ws = workspace_over(engine->scratch, STATE_SCRATCH_BYTES);
	const struct crypto *crypto = engine->config.crypto;
	struct signed_json envelope;
	if (q->report.n > REPORT_BYTES_MAX)
		return reporting_no(engine, q, 413, "report-size", "it is larger than 8192 bytes");
	enum fault fault = signed_decode_strict(q->report, &ws, crypto, &envelope);
	if (fault != FAULT_NONE)
		return reporting_no(engine, q, 400, "report-malformed", fault_text(fault));
	if (!device->has_key)
		return reporting_no(engine, q, 403, "report-key", "this device has not attested its report key");
	if (envelope.count != 1 || !envelope.signatures[0].usable ||
	    !crypto->p256_verify(device->report_key.xy, &envelope.digest, envelope.signatures[0].raw))
		return reporting_no(engine, q, 403, "report-signature", "it is not signed by the device's report key");
	fault = report_decode(envelope.body, out);
	if (fault != FAULT_NONE)
		return reporting_no(engine, q, 400, "report-malformed", fault_text(fault));
	if (!span_is(out->device, device->id))
		return reporting_no(engine, q, 403, "report-device", "it speaks of another device");
	if (out->sequence <= device->report_sequence)
		return reporting_no(engine, q, 409, "report-sequence", "its sequence is not newer than the last one");
	return 0;
}

static void reporting_take(struct db_device *device, const struct report *report, int64_t now)
{
	device->reported_unix = now;
	device->report_sequence = report->sequence;
	device->state = (int32_t)report->state;
	device->boot_count = report->boot_count;
	device->running_counter = report->running_counter;
	device->running_image = report->running_image;
	REPORTING_TEXT(device->running_path, report->running_path);
	REPORTING_TEXT(device->running_version, report->running_version);
	REPORTING_TEXT(device->target_path, report->target_path);
	REPORTING_TEXT(device->cause, report->cause);
}

static bool reporting_runs(const struct report *report, const struct plan_release *release)
{
	return report->running_counter == release->counter && digest_equal(&report->running_image, &release->image);
}

/* Refused because of the hour, not of the release: the device asks again, and it is no evidence. */
static bool reporting_is_untimely(const struct report *report)
{
	static const char *const rules[] = { "plan-time", "expired", "directive-lifetime", "directive-nonce",
					     "directive-sequence" };
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		size_t n = strlen(rules[i]);
		if (report->cause.n >= n && memcmp(report->cause.at, rules[i], n) == 0 &&
		    (report->cause.n == n || report->cause.at[n] == ':'))
			return true;
	}
	return false;
}

/* What a report about the release says: an outcome, or a progress. */
static void reporting_release(struct db_assignment *a, const struct report *report, const struct plan_release *release,
			      int64_t now)
{
	enum gate_outcome outcome = (enum gate_outcome)a->outcome;
	if (report->state == REPORT_CONFIRMED)
		outcome = reporting_runs(report, release) ? GATE_SUCCEEDED : GATE_FAILED;
	if (report->state == REPORT_ROLLED_BACK || (report->state == REPORT_REFUSED && !reporting_is_untimely(report)))
		outcome = GATE_FAILED;
	if (report->state == REPORT_ACTIVATING || report->state == REPORT_CONFIRMED ||
	    report->state == REPORT_ROLLED_BACK)
		a->affected = true;
	bool progressed = (report->state == REPORT_INSTALLING || report->state == REPORT_ACTIVATING) &&
			  (uint32_t)report->state > a->progress;
	if (progressed)
		a->progress = (uint32_t)report->state;
	/* a repeated outcome keeps its first time: soak counts from there */
	if (outcome != (enum gate_outcome)a->outcome || (progressed && outcome == GATE_SILENT))
		a->since_unix = now;
	a->outcome = (uint32_t)outcome;
}

static const char *reporting_kind(const struct db_assignment *before, const struct db_assignment *after,
				  const struct report *report)
{
	if (after->returned && !before->returned)
		return "returned";
	if (after->outcome != before->outcome)
		return after->outcome == GATE_FAILED ? "failed" : "succeeded";
	return report->state == REPORT_FAILED || report->state == REPORT_REFUSED ? "retry" : NULL;
}

static int reporting_assign(struct engine *engine, const struct db_rows *rows, struct rollouts_question *q,
			    struct rollout *rollout, const struct report *report, const char *device)
{
	const struct plan *plan = &rollout->plan;
	struct db_assignment a;
	int absent = rows->assignment_load(rows->self, rollout->row.id, device, &a, &q->error);
	if (absent != 0)
		return absent < 0 ? -1 : 0;
	struct db_assignment before = a;
	if (span_equal(report->target_path, plan->release.path))
		reporting_release(&a, report, &plan->release, engine_now(engine));
	if (plan->has_return && report->state == REPORT_CONFIRMED && reporting_runs(report, &plan->return_release))
		a.returned = true;
	const char *kind = reporting_kind(&before, &a, report);
	rollout->dirty = true;
	if (rows->assignment_save(rows->self, &a, &q->error) != 0)
		return -1;
	struct db_event event = { .kind = kind, .rollout = rollout->row.id, .device = device };
	return kind == NULL ? 0
			    : engine_event(engine, rows, &event, &q->error, "%s %.*s", report_state_text(report->state),
					   (int)report->cause.n, (const char *)report->cause.at);
}

static int reporting_store(struct engine *engine, const struct db_rows *rows, struct rollouts_question *q,
			   struct db_device *device, const struct report *report)
{
	int64_t now = engine_now(engine);
	struct db_event event = { .kind = "report", .device = device->id };
	reporting_take(device, report, now);
	if (rows->device_save(rows->self, device, &q->error) != 0 ||
	    rows->report_add(rows->self, device->id, report->sequence, now, q->report, &q->error) != 0)
		return -1;
	for (struct rollout *r = engine->rollouts; r != NULL; r = r->next)
		if (strcmp(r->row.product, device->product) == 0 &&
		    reporting_assign(engine, rows, q, r, report, device->id) != 0)
			return -1;
	return engine_event(engine, rows, &event, &q->error, "%s", report_state_text(report->state));
}

/* [REP-8] */
int reporting_run(struct engine *engine, const struct db_rows *rows, struct rollouts_question *q)
{
	struct db_device device;
	struct report report;
	int refused = engine_device(engine, rows, q, &device);
	if (refused == 0)
		refused = reporting_verify(engine, q, &device, &report);
	if (refused != 0)
		return refused < 0 ? -1 : 0;
	if (reporting_store(engine, rows, q, &device, &report) != 0)
		return -1;
	pthread_mutex_lock(&engine->lock);
	engine->counts.reports++;
	pthread_mutex_unlock(&engine->lock);
	q->status = 204;
	return 0;
}
