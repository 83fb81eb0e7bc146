#include "show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOW_EVENTS 40 /* on the status page */

const char *show_state_name(uint32_t index)
{
	return index == 0 ? "new" : report_state_text((enum report_state)(index - 1));
}

static uint32_t show_state_index(const struct db_device *device)
{
	int32_t state = device->state;
	return state < 0 || state + 1 >= SHOW_STATES ? 0 : (uint32_t)state + 1;
}

const char *show_device_state(const struct db_device *device)
{
	return show_state_name(show_state_index(device));
}

const char *show_rollout_state(enum db_rollout_state state)
{
	static const char *const names[] = { "running", "paused", "aborted", "done" };
	return (uint32_t)state < DB_ROLLOUT_STATES_ ? names[state] : "unknown";
}

/* Texts came through strict decoders; what an operator typed may hold anything. */
static void show_text(struct json_writer *j, const char *name, const char *text)
{
	char clean[640];
	size_t n = 0;
	for (; text != NULL && text[n] != '\0' && n + 1 < sizeof clean; n++)
		clean[n] = text[n] < 0x20 || text[n] > 0x7e ? '?' : text[n];
	clean[n] = '\0';
	json_write_member_text(j, name, clean);
}

static void show_time(struct json_writer *j, const char *name, int64_t unix_s)
{
	json_write_member_uint(j, name, unix_s < 0 ? 0 : (uint64_t)unix_s);
}

/* Micro-nats may be negative, which our JSON cannot write as a number. */
static void show_nats(struct json_writer *j, const char *name, int64_t unats)
{
	char text[32];
	snprintf(text, sizeof text, "%lld", (long long)unats);
	json_write_member_text(j, name, text);
}

void show_write_device(struct json_writer *j, const struct db_device *d)
{
	json_write_object(j);
	json_write_member_bool(j, "attested", d->has_key);
	json_write_member_uint(j, "boot_count", d->boot_count);
	show_text(j, "cause", d->cause);
	json_write_member_uint(j, "counter", d->running_counter);
	show_time(j, "first", d->first_unix);
	json_write_member_text(j, "id", d->id);
	json_write_member_hex(j, "image", digest_span(&d->running_image));
	show_text(j, "path", d->running_path);
	show_time(j, "polled", d->polled_unix);
	json_write_member_text(j, "product", d->product);
	show_time(j, "reported", d->reported_unix);
	json_write_member_bool(j, "revoked", d->revoked);
	json_write_member_uint(j, "sequence", d->report_sequence);
	json_write_member_text(j, "state", show_device_state(d));
	show_text(j, "target", d->target_path);
	show_text(j, "uri", d->uri);
	show_text(j, "version", d->running_version);
	json_write_object_end(j);
}

void show_write_rollout(const struct show *show, struct json_writer *j, const struct db_rollout *r)
{
	struct rollouts_view v = { .reason = "" };
	(void)show->rollouts.view(show->rollouts.self, r->id, &v);
	json_write_object(j);
	show_nats(j, "abort_at", v.abort_at_unats);
	json_write_member_uint(j, "affected", v.affected);
	show_time(j, "ended", r->ended_unix);
	show_nats(j, "evidence", v.evidence_unats);
	json_write_member_uint(j, "failed", v.total_failed);
	json_write_member_uint(j, "id", r->id);
	json_write_member_uint(j, "in_flight", v.in_flight);
	json_write_member_uint(j, "lost", v.lost);
	json_write_member_uint(j, "offered", v.total_offered);
	show_text(j, "plan", r->plan_path);
	json_write_member_hex(j, "plan_sha256", digest_span(&r->plan));
	show_text(j, "product", r->product);
	show_nats(j, "promote_at", v.promote_at_unats);
	show_text(j, "reason", v.reason);
	show_text(j, "release", v.release_path);
	json_write_member_uint(j, "returned", v.returned);
	json_write_member_uint(j, "stage", r->stage);
	json_write_member_uint(j, "stage_devices", v.stage_devices);
	json_write_member_uint(j, "stage_failed", v.failed);
	show_text(j, "stage_name", v.stage_name);
	json_write_member_uint(j, "stage_offered", v.offered);
	json_write_member_uint(j, "stage_succeeded", v.succeeded);
	json_write_member_uint(j, "stages", v.stages);
	show_time(j, "started", r->started_unix);
	json_write_member_text(j, "state", show_rollout_state(r->state));
	json_write_member_uint(j, "succeeded", v.total_succeeded);
	show_text(j, "who", r->who);
	show_text(j, "why", r->why);
	json_write_member_uint(j, "window", v.window);
	json_write_object_end(j);
}

/* --- looks: each runs inside one snapshot --- */

struct look {
	const struct show *show;
	struct body *out;
	struct error *e;
	int result;
	const char *id, *product, *state, *after;
	uint64_t number;
	uint32_t limit, shown;
	bool with_events;
	char last[IDENTITY_ID_MAX + 1];
	struct show_counts counts;
};

static int show_run(struct look *look, void (*run)(void *context, const struct db_rows *rows))
{
	look->result = -1;
	if (look->show->db.read(look->show->db.self, run, look, look->e) != 0)
		return -1;
	return look->result;
}

static void show_look_device(void *context, const struct db_rows *rows)
{
	struct look *look = context;
	struct db_device device;
	look->result = rows->device_load(rows->self, look->id, &device, look->e);
	if (look->result == 0)
		show_write_device(&look->out->json, &device);
}

int show_device(const struct show *show, const char *id, struct body *out, struct error *e)
{
	struct look look = { .show = show, .out = out, .e = e, .id = id };
	return show_run(&look, show_look_device);
}

static bool show_device_row(void *context, const struct db_device *device)
{
	struct look *look = context;
	if (look->state != NULL && strcmp(look->state, show_device_state(device)) != 0)
		return true;
	if (look->shown == look->limit)
		return false;
	show_write_device(&look->out->json, device);
	memcpy(look->last, device->id, sizeof look->last);
	look->shown++;
	return true;
}

static void show_look_devices(void *context, const struct db_rows *rows)
{
	struct look *look = context;
	struct json_writer *j = &look->out->json;
	json_write_object(j);
	json_write_name(j, "devices");
	json_write_array(j);
	look->result = rows->device_each(rows->self, look->product, look->after, show_device_row, look, look->e);
	json_write_array_end(j);
	json_write_member_text(j, "next", look->shown == look->limit ? look->last : "");
	json_write_object_end(j);
}

int show_devices(const struct show *show, const char *product, const char *state, const char *after, uint32_t limit,
		 struct body *out, struct error *e)
{
	struct look look = {
		.show = show, .out = out, .e = e, .product = product, .state = state, .after = after, .limit = limit
	};
	return show_run(&look, show_look_devices);
}

static bool show_rollout_row(void *context, const struct db_rollout *rollout)
{
	struct look *look = context;
	if (look->number != 0 && rollout->id != look->number)
		return true;
	show_write_rollout(look->show, &look->out->json, rollout);
	look->shown++;
	return true;
}

static void show_look_rollout(void *context, const struct db_rows *rows)
{
	struct look *look = context;
	look->result = rows->rollout_each(rows->self, show_rollout_row, look, look->e);
	if (look->result == 0 && look->shown == 0)
		look->result = 1;
}

int show_rollout(const struct show *show, uint64_t id, struct body *out, struct error *e)
{
	struct look look = { .show = show, .out = out, .e = e, .number = id };
	return id == 0 ? 1 : show_run(&look, show_look_rollout);
}

static void show_rollout_list(struct look *look, const struct db_rows *rows)
{
	struct json_writer *j = &look->out->json;
	json_write_name(j, "rollouts");
	json_write_array(j);
	look->result = rows->rollout_each(rows->self, show_rollout_row, look, look->e);
	json_write_array_end(j);
}

static void show_look_rollouts(void *context, const struct db_rows *rows)
{
	struct look *look = context;
	json_write_object(&look->out->json);
	show_rollout_list(look, rows);
	json_write_object_end(&look->out->json);
}

int show_rollouts(const struct show *show, struct body *out, struct error *e)
{
	struct look look = { .show = show, .out = out, .e = e };
	return show_run(&look, show_look_rollouts);
}

static bool show_event_row(void *context, const struct db_event *event)
{
	struct look *look = context;
	struct json_writer *j = &look->out->json;
	json_write_object(j);
	show_text(j, "device", event->device);
	json_write_member_uint(j, "id", event->id);
	show_text(j, "kind", event->kind);
	json_write_member_uint(j, "rollout", event->rollout);
	show_text(j, "text", event->text);
	show_time(j, "time", event->unix_s);
	show_text(j, "who", event->who);
	json_write_object_end(j);
	return true;
}

static void show_event_list(struct look *look, const struct db_rows *rows, uint64_t after, uint32_t limit)
{
	struct json_writer *j = &look->out->json;
	json_write_name(j, "events");
	json_write_array(j);
	look->result = rows->event_each(rows->self, after, limit, show_event_row, look, look->e);
	json_write_array_end(j);
}

static void show_look_events(void *context, const struct db_rows *rows)
{
	struct look *look = context;
	uint64_t last = 0;
	json_write_object(&look->out->json);
	show_event_list(look, rows, look->number, look->limit);
	if (look->result == 0)
		look->result = rows->event_last(rows->self, &last, look->e);
	json_write_member_uint(&look->out->json, "last", last);
	json_write_object_end(&look->out->json);
}

int show_events(const struct show *show, uint64_t after, uint32_t limit, struct body *out, struct error *e)
{
	struct look look = { .show = show, .out = out, .e = e, .number = after, .limit = limit };
	return show_run(&look, show_look_events);
}

/* --- the whole --- */

static bool show_count_row(void *context, const struct db_device *device)
{
	struct show_counts *counts = context;
	counts->devices++;
	counts->by_state[show_state_index(device)]++;
	return true;
}

static void show_look_counts(void *context, const struct db_rows *rows)
{
	struct look *look = context;
	look->result = rows->device_each(rows->self, NULL, NULL, show_count_row, &look->counts, look->e);
}

int show_count(const struct show *show, struct show_counts *out, struct error *e)
{
	struct look look = { .show = show, .e = e };
	int result = show_run(&look, show_look_counts);
	*out = look.counts;
	return result;
}

static int show_state_order(const void *a, const void *b)
{
	return strcmp(show_state_name(*(const uint32_t *)a), show_state_name(*(const uint32_t *)b));
}

static void show_write_states(struct json_writer *j, const struct show_counts *counts)
{
	uint32_t order[SHOW_STATES];
	for (uint32_t i = 0; i < SHOW_STATES; i++)
		order[i] = i;
	qsort(order, SHOW_STATES, sizeof order[0], show_state_order);
	json_write_name(j, "states");
	json_write_object(j);
	for (uint32_t i = 0; i < SHOW_STATES; i++)
		json_write_member_uint(j, show_state_name(order[i]), counts->by_state[order[i]]);
	json_write_object_end(j);
}

static void show_look_status(void *context, const struct db_rows *rows)
{
	struct look *look = context;
	const struct show *show = look->show;
	struct json_writer *j = &look->out->json;
	struct rollouts_counts counts;
	uint64_t commits, total_us, last = 0, epoch = 0;
	show->rollouts.counts(show->rollouts.self, &counts);
	show->db.commits(show->db.self, &commits, &total_us);
	if (rows->device_each(rows->self, NULL, NULL, show_count_row, &look->counts, look->e) != 0 ||
	    rows->event_last(rows->self, &last, look->e) != 0 ||
	    rows->fact_load(rows->self, "revocation-epoch", &epoch, look->e) != 0)
		return;
	json_write_object(j);
	json_write_member_uint(j, "commits", commits);
	json_write_member_uint(j, "devices", look->counts.devices);
	json_write_member_uint(j, "directives", counts.directives);
	if (look->with_events)
		show_event_list(look, rows, last > SHOW_EVENTS ? last - SHOW_EVENTS : 0, SHOW_EVENTS);
	json_write_member_uint(j, "last_event", last);
	json_write_member_uint(j, "reports", counts.reports);
	json_write_member_uint(j, "revocation_epoch", epoch);
	show_rollout_list(look, rows);
	show_time(j, "started", show->started_unix);
	show_write_states(j, &look->counts);
	show_time(j, "time", show->now_unix(show->now_self));
	json_write_member_text(j, "version", "0.1.0");
	json_write_object_end(j);
}

int show_status(const struct show *show, bool with_events, struct body *out, struct error *e)
{
	struct look look = { .show = show, .out = out, .e = e, .with_events = with_events };
	return show_run(&look, show_look_status);
}
