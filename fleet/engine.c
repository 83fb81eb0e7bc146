#include "engine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "state.h"

int64_t engine_now(const struct engine *engine)
{
	return engine->config.clock.unix_s(engine->config.clock.self);
}

int engine_refuse(struct rollouts_question *q, unsigned status, const char *rule, const char *help, const char *format,
		  ...)
{
	q->status = status;
	q->rule = rule;
	q->help = help;
	if (format == NULL) /* the error is set */
		return 0;
	va_list values;
	va_start(values, format);
	vsnprintf(q->error.text, sizeof q->error.text, format, values);
	va_end(values);
	return 0;
}

int engine_event(struct engine *engine, const struct db_rows *rows, const struct db_event *event, struct error *e,
		 const char *format, ...)
{
	char text[512];
	va_list values;
	va_start(values, format);
	vsnprintf(text, sizeof text, format, values);
	va_end(values);
	struct db_event full = *event;
	full.unix_s = engine_now(engine);
	full.text = text;
	return rows->event_add(rows->self, &full, e);
}

/* --- what is derived from the rows --- */

static void engine_forget(void *self)
{
	struct engine *engine = self;
	while (engine->rollouts != NULL) {
		struct rollout *rollout = engine->rollouts;
		engine->rollouts = rollout->next;
		rollout_free(rollout);
	}
	engine->loaded = false;
}

static bool engine_load_rollout(void *context, const struct db_rollout *row)
{
	struct engine *engine = context;
	struct rollout *rollout;
	struct error e;
	if (rollout_new(engine, row, &rollout, &e) != 0) {
		log_event(LOG_ERROR_, "load-rollout", "error", e.text, NULL);
		return true;
	}
	rollout->next = engine->rollouts;
	engine->rollouts = rollout;
	return true;
}

static void engine_load_planned(const struct db_rows *rows, struct rollout *rollout)
{
	char fact[64];
	uint64_t value = 0;
	struct error e;
	for (uint32_t i = 0; i <= rollout->row.stage && i < PLAN_STAGES_MAX; i++) {
		snprintf(fact, sizeof fact, "planned/%llu/%u", (unsigned long long)rollout->row.id, i);
		if (rows->fact_load(rows->self, fact, &value, &e) == 0)
			rollout->planned[i] = (uint32_t)value;
	}
}

struct engine_revoked {
	struct engine *engine;
	char (*ids)[IDENTITY_ID_MAX + 1];
	size_t count, capacity;
	bool failed;
};

static bool engine_load_device(void *context, const struct db_device *device)
{
	struct engine_revoked *list = context;
	for (struct rollout *r = list->engine->rollouts; r != NULL; r = r->next)
		rollout_count_device(list->engine, r, device);
	if (!device->revoked)
		return true;
	if (list->count == list->capacity) {
		size_t capacity = list->capacity == 0 ? 16 : 2 * list->capacity;
		void *grown = reallocarray(list->ids, capacity, sizeof *list->ids);
		list->failed = grown == NULL;
		if (grown == NULL)
			return false;
		list->ids = grown;
		list->capacity = capacity;
	}
	memcpy(list->ids[list->count++], device->id, sizeof device->id);
	return true; /* ascending already */
}

static int engine_load(struct engine *engine, const struct db_rows *rows, struct error *e)
{
	struct engine_revoked list = { .engine = engine };
	uint64_t epoch = 0;
	engine_forget(engine);
	if (rows->rollout_each(rows->self, engine_load_rollout, engine, e) != 0 ||
	    rows->device_each(rows->self, NULL, NULL, engine_load_device, &list, e) != 0 || list.failed ||
	    rows->fact_load(rows->self, "revocation-epoch", &epoch, e) != 0) {
		free(list.ids);
		engine_forget(engine);
		return -1;
	}
	for (struct rollout *r = engine->rollouts; r != NULL; r = r->next)
		engine_load_planned(rows, r);
	pthread_mutex_lock(&engine->lock);
	free(engine->revoked);
	engine->revoked = list.ids;
	engine->revoked_count = list.count;
	engine->revocation_epoch = epoch;
	pthread_mutex_unlock(&engine->lock);
	for (struct rollout *r = engine->rollouts; r != NULL; r = r->next)
		if (rollout_evaluate(engine, rows, r, e) != 0)
			return -1;
	engine->loaded = true;
	return 0;
}

/* --- devices --- */

static int engine_register(struct engine *engine, const struct db_rows *rows, struct rollouts_question *q,
			   const struct identity *identity, struct db_device *out)
{
	*out = (struct db_device){ .first_unix = engine_now(engine), .state = DB_STATE_NONE };
	snprintf(out->id, sizeof out->id, "%.*s", (int)identity->id.n, (const char *)identity->id.at);
	snprintf(out->product, sizeof out->product, "%.*s", (int)identity->product.n,
		 (const char *)identity->product.at);
	snprintf(out->uri, sizeof out->uri, "%s", q->uri);
	struct db_event event = { .kind = "device-registered", .device = out->id };
	if (rows->device_save(rows->self, out, &q->error) != 0 ||
	    engine_event(engine, rows, &event, &q->error, "%s", out->uri) != 0)
		return -1;
	for (struct rollout *r = engine->rollouts; r != NULL; r = r->next)
		rollout_count_device(engine, r, out);
	return 0;
}

int engine_device(struct engine *engine, const struct db_rows *rows, struct rollouts_question *q, struct db_device *out)
{
	struct identity identity;
	char id[IDENTITY_ID_MAX + 1];
	if (identity_decode(span_of_text(q->uri), &identity) != FAULT_NONE) {
		engine_refuse(q, 403, "device-identity", "issue it a certificate with a device URI",
			      "the certificate names no device");
		return 1;
	}
	snprintf(id, sizeof id, "%.*s", (int)identity.id.n, (const char *)identity.id.at);
	int absent = rows->device_load(rows->self, id, out, &q->error);
	if (absent != 0)
		return absent < 0 ? -1 : engine_register(engine, rows, q, &identity, out);
	if (out->revoked || !span_is(identity.product, out->product)) {
		engine_refuse(q, 403, out->revoked ? "device-revoked" : "device-product",
			      "ask the operator of the fleet", "device %s is %s", id,
			      out->revoked ? "revoked" : "known under another product");
		return 1;
	}
	/* new attributes in a new certificate; the stages are counted anew at the next start */
	snprintf(out->uri, sizeof out->uri, "%s", q->uri);
	return 0;
}

/* --- the smaller questions --- */

static int engine_attest(struct engine *engine, const struct db_rows *rows, struct rollouts_question *q)
{
	struct db_device device;
	int refused = engine_device(engine, rows, q, &device);
	if (refused != 0)
		return refused < 0 ? -1 : 0;
	q->status = 204;
	struct db_event event = { .kind = "device-attested", .device = device.id };
	if (device.has_key && memcmp(device.report_key.xy, q->report_key.xy, sizeof q->report_key.xy) == 0)
		return 0;
	if (device.has_key)
		return engine_refuse(q, 409, "report-key", "replace the device's record first",
				     "this device has another report key already");
	device.has_key = true;
	device.report_key = q->report_key;
	if (rows->device_save(rows->self, &device, &q->error) != 0)
		return -1;
	return engine_event(engine, rows, &event, &q->error, "%s", "report key");
}

static int engine_enrolled(struct engine *engine, const struct db_rows *rows, struct rollouts_question *q)
{
	struct db_device device;
	int refused = engine_device(engine, rows, q, &device);
	if (refused != 0)
		return refused < 0 ? -1 : 0;
	q->status = 200;
	return rows->device_save(rows->self, &device, &q->error);
}

static int engine_change(struct engine *engine, const struct db_rows *rows, struct rollouts_question *q)
{
	struct rollout *rollout = engine->rollouts;
	while (rollout != NULL && rollout->row.id != q->rollout)
		rollout = rollout->next;
	if (rollout == NULL && view_of(engine, q->rollout, NULL))
		return engine_refuse(q, 409, "rollout-state", "see its state with: sealift rollout status",
				     "rollout %llu ended long ago", (unsigned long long)q->rollout);
	if (rollout == NULL)
		return engine_refuse(q, 404, "rollout", "list them with: sealift rollout status",
				     "there is no rollout %llu", (unsigned long long)q->rollout);
	enum db_rollout_state from = rollout->row.state, to = DB_ABORTED;
	if (q->kind != ROLLOUTS_ABORT)
		to = q->kind == ROLLOUTS_PAUSE ? DB_PAUSED : DB_RUNNING;
	bool may_change = rollout_is_live(rollout) || (to == DB_ABORTED && rollout_may_abort(engine, rollout));
	if (!may_change || from == to)
		return engine_refuse(q, 409, "rollout-state", "see its state with: sealift rollout status",
				     "rollout %llu is not in a state that allows this", (unsigned long long)q->rollout);
	q->status = 200;
	rollout->dirty = true;
	return rollout_set_state(engine, rows, rollout, to, q->who, q->why, &q->error);
}

static int engine_revoke(struct engine *engine, const struct db_rows *rows, struct rollouts_question *q)
{
	struct db_device device;
	int absent = rows->device_load(rows->self, q->device, &device, &q->error);
	if (absent < 0)
		return -1;
	if (absent || device.revoked)
		return engine_refuse(q, absent ? 404 : 409, "device", "list them with: sealift device list",
				     absent ? "there is no device %s" : "device %s is revoked already", q->device);
	device.revoked = true;
	q->status = 200;
	struct db_event event = { .kind = "device-revoked", .device = device.id, .who = q->who };
	if (rows->device_save(rows->self, &device, &q->error) != 0 ||
	    rows->fact_save(rows->self, "revocation-epoch", engine->revocation_epoch + 1, &q->error) != 0 ||
	    engine_event(engine, rows, &event, &q->error, "%s", q->why) != 0)
		return -1;
	engine_forget(engine); /* the stages are one device smaller */
	return 0;
}

/* --- jobs --- */

static int engine_run(struct db_job *job, const struct db_rows *rows)
{
	struct rollouts_question *q = (struct rollouts_question *)job;
	struct engine *engine = q->fleet;
	q->status = 503;
	q->help = "try again later";
	if (!engine->loaded && engine_load(engine, rows, &q->error) != 0)
		return -1;
	q->revocation_epoch = engine->revocation_epoch;
	switch (q->kind) {
	case ROLLOUTS_POLL:
		return poll_run(engine, rows, q);
	case ROLLOUTS_REPORT:
		return reporting_run(engine, rows, q);
	case ROLLOUTS_ATTEST:
		return engine_attest(engine, rows, q);
	case ROLLOUTS_REGISTER:
		return engine_enrolled(engine, rows, q);
	case ROLLOUTS_START:
		return start_run(engine, rows, q);
	case ROLLOUTS_PAUSE:
	case ROLLOUTS_RESUME:
	case ROLLOUTS_ABORT:
		return engine_change(engine, rows, q);
	case ROLLOUTS_REVOKE:
		return engine_revoke(engine, rows, q);
	case ROLLOUTS_TICK:
		for (struct rollout *r = engine->rollouts; r != NULL; r = r->next)
			r->dirty |= rollout_is_live(r) || rollout_is_unheard(r);
		q->status = 200;
		return 0;
	}
	return error_set(&q->error, "unknown question");
}

static void engine_done(struct db_job *job, bool durable)
{
	struct rollouts_question *q = (struct rollouts_question *)job;
	if (!durable && q->status < 400) {
		q->status = 503;
		q->help = "try again later";
		q->directive_n = 0;
		if (q->error.text[0] == '\0')
			error_retry(&q->error, "the database did not take the change");
	}
	q->answered(q);
}

/* Its view stays; devices that report on it later change nothing that anyone waits for. */
static void engine_prune(struct engine *engine)
{
	for (struct rollout **at = &engine->rollouts; *at != NULL;) {
		struct rollout *rollout = *at;
		bool is_newest = true;
		for (const struct rollout *r = engine->rollouts; r != rollout; r = r->next)
			is_newest &= strcmp(r->row.product, rollout->row.product) != 0;
		if (is_newest || !rollout_is_over(engine, rollout)) {
			at = &rollout->next;
			continue;
		}
		*at = rollout->next;
		rollout_free(rollout);
	}
}

/* A promotion opens a stage, whose own verdict says how many it may offer. */
static void engine_settle(struct engine *engine, const struct db_rows *rows, struct rollout *rollout)
{
	struct error e = { 0 };
	for (uint32_t round = 0; rollout->dirty && round <= PLAN_STAGES_MAX; round++) {
		if (rollout_evaluate(engine, rows, rollout, &e) == 0)
			continue;
		log_event(LOG_ERROR_, "gate", "error", e.text, NULL);
		engine->loaded = false; /* memory may be ahead of the rows */
		return;
	}
}

static void engine_before_commit(void *self, const struct db_rows *rows)
{
	struct engine *engine = self;
	struct error e = { 0 };
	signing_run(engine, rows);
	if (!engine->loaded && engine_load(engine, rows, &e) != 0)
		log_event(LOG_ERROR_, "load", "error", e.text, NULL);
	for (struct rollout *r = engine->rollouts; r != NULL; r = r->next)
		engine_settle(engine, rows, r);
	view_show(engine);
	engine_prune(engine);
}

/* --- the port --- */

static bool engine_ask(void *self, struct rollouts_question *q)
{
	struct engine *engine = self;
	q->fleet = engine;
	q->job.run = engine_run;
	q->job.done = engine_done;
	q->job.urgent = q->kind == ROLLOUTS_PAUSE || q->kind == ROLLOUTS_ABORT || q->kind == ROLLOUTS_REVOKE;
	return engine->config.db.submit(engine->config.db.self, &q->job);
}

static int engine_compare_id(const void *key, const void *element)
{
	const struct span *id = key;
	return span_compare(*id, span_of_text(element));
}

static bool engine_is_revoked(void *self, struct span id)
{
	struct engine *engine = self;
	pthread_mutex_lock(&engine->lock);
	bool found = engine->revoked_count > 0 && bsearch(&id, engine->revoked, engine->revoked_count,
							  sizeof engine->revoked[0], engine_compare_id) != NULL;
	pthread_mutex_unlock(&engine->lock);
	return found;
}

static bool engine_view(void *self, uint64_t rollout, struct rollouts_view *out)
{
	return view_of(self, rollout, out);
}

static void engine_counts(void *self, struct rollouts_counts *out)
{
	struct engine *engine = self;
	pthread_mutex_lock(&engine->lock);
	*out = engine->counts;
	pthread_mutex_unlock(&engine->lock);
}

struct rollouts engine_rollouts(struct engine *engine)
{
	return (struct rollouts){ .self = engine,
				  .ask = engine_ask,
				  .is_revoked = engine_is_revoked,
				  .view = engine_view,
				  .counts = engine_counts };
}

uint32_t engine_kept(const struct engine *engine)
{
	uint32_t n = 0;
	for (const struct rollout *r = engine->rollouts; r != NULL; r = r->next)
		n++;
	return n;
}

struct db_batch engine_batch(struct engine *engine)
{
	return (struct db_batch){ .self = engine, .before_commit = engine_before_commit, .undone = engine_forget };
}

int engine_new(struct engine **out, const struct engine_config *config, struct error *e)
{
	struct engine *engine = calloc(1, sizeof *engine);
	if (engine == NULL || (engine->scratch = malloc(STATE_SCRATCH_BYTES)) == NULL) {
		free(engine);
		return error_set(e, "no memory for the fleet");
	}
	engine->config = *config;
	engine->pending_last = &engine->pending;
	pthread_mutex_init(&engine->lock, NULL);
	*out = engine;
	return 0;
}

void engine_free(struct engine *engine)
{
	if (engine == NULL)
		return;
	signing_drop(engine);
	engine_forget(engine);
	view_forget(engine);
	pthread_mutex_destroy(&engine->lock);
	free(engine->revoked);
	free(engine->scratch);
	free(engine);
}
