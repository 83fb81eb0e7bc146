#include <stdarg.h>
#include <string.h>

#include "sqlite_conn.h"
#include "sqlite_db.h"

#define DEVICE_COLUMNS                                                                                               \
	"id,product,uri,revoked,first_unix,polled_unix,reported_unix,report_key,report_sequence,directive_sequence," \
	"state,boot_count,running_counter,running_image,running_path,running_version,target_path,cause"
#define ROLLOUT_COLUMNS                                                                                \
	"product,plan_path,plan,plan_text,release_bytes,return_bytes,state,stage,extend,started_unix," \
	"stage_unix,ended_unix,who,why"
#define ASSIGNMENT_COLUMNS "rollout,device,stage,plan_stage,outcome,progress,affected,returned,offered_unix,since_unix"

static const char *const rows_sql[SQL_STATEMENTS_] = {
	[SQL_DEVICE_LOAD] = "SELECT " DEVICE_COLUMNS " FROM devices WHERE id=?1",
	[SQL_DEVICE_EACH] = "SELECT " DEVICE_COLUMNS " FROM devices WHERE (?1='' OR product=?1) AND id>?2 ORDER BY id",
	[SQL_DEVICE_SAVE] = "REPLACE INTO devices(" DEVICE_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[SQL_ROLLOUT_EACH] = "SELECT id," ROLLOUT_COLUMNS " FROM rollouts ORDER BY id",
	[SQL_ROLLOUT_ADD] = "INSERT INTO rollouts(" ROLLOUT_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[SQL_ROLLOUT_SAVE] = "UPDATE rollouts SET state=?2,stage=?3,extend=?4,stage_unix=?5,ended_unix=?6,"
			     "who=?7,why=?8 WHERE id=?1",
	[SQL_ASSIGNMENT_LOAD] = "SELECT " ASSIGNMENT_COLUMNS " FROM assignments WHERE rollout=?1 AND device=?2",
	[SQL_ASSIGNMENT_EACH] = "SELECT " ASSIGNMENT_COLUMNS " FROM assignments WHERE rollout=?1 ORDER BY device",
	[SQL_ASSIGNMENT_SAVE] = "REPLACE INTO assignments(" ASSIGNMENT_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?)",
	[SQL_ASSIGNMENT_REMOVE] = "DELETE FROM assignments WHERE rollout=?1 AND device=?2",
	[SQL_REPORT_ADD] = "REPLACE INTO reports(device,sequence,unix_s,bytes) VALUES(?,?,?,?)",
	[SQL_EVENT_EACH] = "SELECT id,unix_s,kind,rollout,device,who,text FROM events WHERE id>?1 ORDER BY id LIMIT ?2",
	[SQL_EVENT_LAST] = "SELECT coalesce(max(id),0) FROM events",
	[SQL_EVENT_ADD] = "INSERT INTO events(unix_s,kind,rollout,device,who,text) VALUES(?,?,?,?,?,?)",
	[SQL_EVENT_FORGET] = "DELETE FROM events WHERE id<=?1",
	[SQL_FACT_LOAD] = "SELECT value FROM facts WHERE name=?1",
	[SQL_FACT_SAVE] = "REPLACE INTO facts(name,value) VALUES(?,?)",
};

static int rows_fail(struct sqlite_conn *c, const char *what, struct error *e)
{
	return error_retry(e, "cannot %s in the database: %s", what, sqlite3_errmsg(c->handle));
}

/* format: i int64, t text, b bytes and their number. */
static bool rows_bind(sqlite3_stmt *statement, const char *format, va_list values)
{
	int at = 1, failed = 0;
	for (; *format != '\0'; format++, at++) {
		if (*format == 'i') {
			failed |= sqlite3_bind_int64(statement, at, va_arg(values, sqlite3_int64));
		} else if (*format == 't') {
			failed |= sqlite3_bind_text(statement, at, va_arg(values, const char *), -1, SQLITE_TRANSIENT);
		} else {
			const void *bytes = va_arg(values, const void *);
			size_t n = va_arg(values, size_t);
			failed |= sqlite3_bind_blob64(statement, at, bytes, n, SQLITE_TRANSIENT);
		}
	}
	return failed == SQLITE_OK;
}

/* The statement, bound and ready to step; NULL when it failed. Release it with rows_reset(). */
static sqlite3_stmt *rows_query(struct sqlite_conn *c, enum sqlite_statement which, const char *format, ...)
{
	sqlite3_stmt **statement = &c->prepared[which];
	if (*statement == NULL &&
	    sqlite3_prepare_v3(c->handle, rows_sql[which], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) != SQLITE_OK)
		return NULL;
	va_list values;
	va_start(values, format);
	bool ok = rows_bind(*statement, format, values);
	va_end(values);
	return ok ? *statement : NULL;
}

static void rows_reset(sqlite3_stmt **statement)
{
	if (*statement == NULL)
		return;
	sqlite3_reset(*statement);
	sqlite3_clear_bindings(*statement);
}
#define ROWS_STATEMENT __attribute__((cleanup(rows_reset))) sqlite3_stmt *

static int rows_change(struct sqlite_conn *c, sqlite3_stmt *statement, const char *what, struct error *e)
{
	if (!c->in_job)
		return error_set(e, "cannot %s in the database outside a job", what);
	if (statement == NULL || sqlite3_step(statement) != SQLITE_DONE)
		return rows_fail(c, what, e);
	return 0;
}

static void rows_text(sqlite3_stmt *statement, int column, char *out, size_t capacity)
{
	const void *text = sqlite3_column_text(statement, column);
	size_t n = (size_t)sqlite3_column_bytes(statement, column);
	if (text == NULL || n >= capacity)
		n = 0;
	if (n > 0)
		memcpy(out, text, n);
	out[n] = '\0';
}

static bool rows_blob(sqlite3_stmt *statement, int column, void *out, size_t n)
{
	const void *bytes = sqlite3_column_blob(statement, column);
	if (bytes == NULL || (size_t)sqlite3_column_bytes(statement, column) != n)
		return false;
	memcpy(out, bytes, n);
	return true;
}
#define ROWS_TEXT(statement, column, array) rows_text(statement, column, array, sizeof(array))

static uint64_t rows_number(sqlite3_stmt *statement, int column)
{
	return (uint64_t)sqlite3_column_int64(statement, column);
}

static void rows_device(sqlite3_stmt *s, struct db_device *out)
{
	*out = (struct db_device){ 0 };
	ROWS_TEXT(s, 0, out->id);
	ROWS_TEXT(s, 1, out->product);
	ROWS_TEXT(s, 2, out->uri);
	out->revoked = sqlite3_column_int(s, 3) != 0;
	out->first_unix = sqlite3_column_int64(s, 4);
	out->polled_unix = sqlite3_column_int64(s, 5);
	out->reported_unix = sqlite3_column_int64(s, 6);
	out->has_key = rows_blob(s, 7, out->report_key.xy, sizeof out->report_key.xy);
	out->report_sequence = rows_number(s, 8);
	out->directive_sequence = rows_number(s, 9);
	out->state = sqlite3_column_int(s, 10);
	out->boot_count = rows_number(s, 11);
	out->running_counter = rows_number(s, 12);
	rows_blob(s, 13, out->running_image.bytes, sizeof out->running_image.bytes);
	ROWS_TEXT(s, 14, out->running_path);
	ROWS_TEXT(s, 15, out->running_version);
	ROWS_TEXT(s, 16, out->target_path);
	ROWS_TEXT(s, 17, out->cause);
}

static int rows_device_load(void *self, const char *id, struct db_device *out, struct error *e)
{
	struct sqlite_conn *c = self;
	ROWS_STATEMENT s = rows_query(c, SQL_DEVICE_LOAD, "t", id);
	int got = s == NULL ? SQLITE_ERROR : sqlite3_step(s);
	if (got == SQLITE_DONE)
		return 1;
	if (got != SQLITE_ROW)
		return rows_fail(c, "read a device", e);
	rows_device(s, out);
	return 0;
}

static int rows_device_each(void *self, const char *product, const char *after,
			    bool (*row)(void *context, const struct db_device *device), void *context, struct error *e)
{
	struct sqlite_conn *c = self;
	ROWS_STATEMENT s =
		rows_query(c, SQL_DEVICE_EACH, "tt", product == NULL ? "" : product, after == NULL ? "" : after);
	struct db_device device;
	int got = SQLITE_ERROR;
	while (s != NULL && (got = sqlite3_step(s)) == SQLITE_ROW) {
		rows_device(s, &device);
		if (!row(context, &device))
			return 0;
	}
	return got == SQLITE_DONE ? 0 : rows_fail(c, "list devices", e);
}

static int rows_device_save(void *self, const struct db_device *d, struct error *e)
{
	struct sqlite_conn *c = self;
	ROWS_STATEMENT s = rows_query(
		c, SQL_DEVICE_SAVE, "tttiiiibiiiiibtttt", d->id, d->product, d->uri, (sqlite3_int64)d->revoked,
		(sqlite3_int64)d->first_unix, (sqlite3_int64)d->polled_unix, (sqlite3_int64)d->reported_unix,
		d->has_key ? d->report_key.xy : NULL, sizeof d->report_key.xy, (sqlite3_int64)d->report_sequence,
		(sqlite3_int64)d->directive_sequence, (sqlite3_int64)d->state, (sqlite3_int64)d->boot_count,
		(sqlite3_int64)d->running_counter, d->running_image.bytes, sizeof d->running_image.bytes,
		d->running_path, d->running_version, d->target_path, d->cause);
	return rows_change(c, s, "save a device", e);
}

static void rows_rollout(sqlite3_stmt *s, struct db_rollout *out)
{
	*out = (struct db_rollout){ .id = rows_number(s, 0) };
	ROWS_TEXT(s, 1, out->product);
	ROWS_TEXT(s, 2, out->plan_path);
	rows_blob(s, 3, out->plan.bytes, sizeof out->plan.bytes);
	out->plan_text.at = sqlite3_column_blob(s, 4);
	out->plan_text.n = (size_t)sqlite3_column_bytes(s, 4);
	out->release_bytes = rows_number(s, 5);
	out->return_bytes = rows_number(s, 6);
	out->state = (enum db_rollout_state)sqlite3_column_int(s, 7);
	out->stage = (uint32_t)sqlite3_column_int64(s, 8);
	out->extend = (uint32_t)sqlite3_column_int64(s, 9);
	out->started_unix = sqlite3_column_int64(s, 10);
	out->stage_unix = sqlite3_column_int64(s, 11);
	out->ended_unix = sqlite3_column_int64(s, 12);
	ROWS_TEXT(s, 13, out->who);
	ROWS_TEXT(s, 14, out->why);
}

static int rows_rollout_each(void *self, bool (*row)(void *context, const struct db_rollout *rollout), void *context,
			     struct error *e)
{
	struct sqlite_conn *c = self;
	ROWS_STATEMENT s = rows_query(c, SQL_ROLLOUT_EACH, "");
	struct db_rollout rollout;
	int got = SQLITE_ERROR;
	while (s != NULL && (got = sqlite3_step(s)) == SQLITE_ROW) {
		rows_rollout(s, &rollout);
		if (!row(context, &rollout))
			return 0;
	}
	return got == SQLITE_DONE ? 0 : rows_fail(c, "list rollouts", e);
}

static int rows_rollout_add(struct sqlite_conn *c, struct db_rollout *r, struct error *e)
{
	ROWS_STATEMENT s =
		rows_query(c, SQL_ROLLOUT_ADD, "ttbbiiiiiiiitt", r->product, r->plan_path, r->plan.bytes,
			   sizeof r->plan.bytes, r->plan_text.at, r->plan_text.n, (sqlite3_int64)r->release_bytes,
			   (sqlite3_int64)r->return_bytes, (sqlite3_int64)r->state, (sqlite3_int64)r->stage,
			   (sqlite3_int64)r->extend, (sqlite3_int64)r->started_unix, (sqlite3_int64)r->stage_unix,
			   (sqlite3_int64)r->ended_unix, r->who, r->why);
	if (rows_change(c, s, "add a rollout", e) != 0)
		return -1;
	r->id = (uint64_t)sqlite3_last_insert_rowid(c->handle);
	return 0;
}

static int rows_rollout_save(void *self, struct db_rollout *r, struct error *e)
{
	struct sqlite_conn *c = self;
	if (r->id == 0)
		return rows_rollout_add(c, r, e);
	ROWS_STATEMENT s = rows_query(c, SQL_ROLLOUT_SAVE, "iiiiiitt", (sqlite3_int64)r->id, (sqlite3_int64)r->state,
				      (sqlite3_int64)r->stage, (sqlite3_int64)r->extend, (sqlite3_int64)r->stage_unix,
				      (sqlite3_int64)r->ended_unix, r->who, r->why);
	return rows_change(c, s, "save a rollout", e);
}

static void rows_assignment(sqlite3_stmt *s, struct db_assignment *out)
{
	*out = (struct db_assignment){ .rollout = rows_number(s, 0) };
	ROWS_TEXT(s, 1, out->device);
	out->stage = (uint32_t)sqlite3_column_int64(s, 2);
	out->plan_stage = (uint32_t)sqlite3_column_int64(s, 3);
	out->outcome = (uint32_t)sqlite3_column_int64(s, 4);
	out->progress = (uint32_t)sqlite3_column_int64(s, 5);
	out->affected = sqlite3_column_int(s, 6) != 0;
	out->returned = sqlite3_column_int(s, 7) != 0;
	out->offered_unix = sqlite3_column_int64(s, 8);
	out->since_unix = sqlite3_column_int64(s, 9);
}

static int rows_assignment_load(void *self, uint64_t rollout, const char *device, struct db_assignment *out,
				struct error *e)
{
	struct sqlite_conn *c = self;
	ROWS_STATEMENT s = rows_query(c, SQL_ASSIGNMENT_LOAD, "it", (sqlite3_int64)rollout, device);
	int got = s == NULL ? SQLITE_ERROR : sqlite3_step(s);
	if (got == SQLITE_DONE)
		return 1;
	if (got != SQLITE_ROW)
		return rows_fail(c, "read an assignment", e);
	rows_assignment(s, out);
	return 0;
}

static int rows_assignment_each(void *self, uint64_t rollout,
				bool (*row)(void *context, const struct db_assignment *assignment), void *context,
				struct error *e)
{
	struct sqlite_conn *c = self;
	ROWS_STATEMENT s = rows_query(c, SQL_ASSIGNMENT_EACH, "i", (sqlite3_int64)rollout);
	struct db_assignment assignment;
	int got = SQLITE_ERROR;
	while (s != NULL && (got = sqlite3_step(s)) == SQLITE_ROW) {
		rows_assignment(s, &assignment);
		if (!row(context, &assignment))
			return 0;
	}
	return got == SQLITE_DONE ? 0 : rows_fail(c, "list assignments", e);
}

static int rows_assignment_save(void *self, const struct db_assignment *a, struct error *e)
{
	struct sqlite_conn *c = self;
	ROWS_STATEMENT s =
		rows_query(c, SQL_ASSIGNMENT_SAVE, "itiiiiiiii", (sqlite3_int64)a->rollout, a->device,
			   (sqlite3_int64)a->stage, (sqlite3_int64)a->plan_stage, (sqlite3_int64)a->outcome,
			   (sqlite3_int64)a->progress, (sqlite3_int64)a->affected, (sqlite3_int64)a->returned,
			   (sqlite3_int64)a->offered_unix, (sqlite3_int64)a->since_unix);
	return rows_change(c, s, "save an assignment", e);
}

static int rows_assignment_remove(void *self, uint64_t rollout, const char *device, struct error *e)
{
	struct sqlite_conn *c = self;
	ROWS_STATEMENT s = rows_query(c, SQL_ASSIGNMENT_REMOVE, "it", (sqlite3_int64)rollout, device);
	return rows_change(c, s, "remove an assignment", e);
}

static int rows_report_add(void *self, const char *device, uint64_t sequence, int64_t unix_s, struct span bytes,
			   struct error *e)
{
	struct sqlite_conn *c = self;
	ROWS_STATEMENT s = rows_query(c, SQL_REPORT_ADD, "tiib", device, (sqlite3_int64)sequence, (sqlite3_int64)unix_s,
				      bytes.at, bytes.n);
	return rows_change(c, s, "save a report", e);
}

static int rows_event_each(void *self, uint64_t after, uint32_t limit,
			   bool (*row)(void *context, const struct db_event *event), void *context, struct error *e)
{
	struct sqlite_conn *c = self;
	ROWS_STATEMENT s = rows_query(c, SQL_EVENT_EACH, "ii", (sqlite3_int64)after, (sqlite3_int64)limit);
	int got = SQLITE_ERROR;
	while (s != NULL && (got = sqlite3_step(s)) == SQLITE_ROW) {
		struct db_event event = { .id = rows_number(s, 0),
					  .unix_s = sqlite3_column_int64(s, 1),
					  .kind = (const char *)sqlite3_column_text(s, 2),
					  .rollout = rows_number(s, 3),
					  .device = (const char *)sqlite3_column_text(s, 4),
					  .who = (const char *)sqlite3_column_text(s, 5),
					  .text = (const char *)sqlite3_column_text(s, 6) };
		if (!row(context, &event))
			return 0;
	}
	return got == SQLITE_DONE ? 0 : rows_fail(c, "list events", e);
}

static int rows_one_number(struct sqlite_conn *c, sqlite3_stmt *s, uint64_t *value, struct error *e)
{
	int got = s == NULL ? SQLITE_ERROR : sqlite3_step(s);
	*value = got == SQLITE_ROW ? rows_number(s, 0) : 0;
	return got == SQLITE_ROW || got == SQLITE_DONE ? 0 : rows_fail(c, "read a number", e);
}

static int rows_event_last(void *self, uint64_t *id, struct error *e)
{
	struct sqlite_conn *c = self;
	ROWS_STATEMENT s = rows_query(c, SQL_EVENT_LAST, "");
	return rows_one_number(c, s, id, e);
}

static int rows_event_add(void *self, const struct db_event *v, struct error *e)
{
	struct sqlite_conn *c = self;
	ROWS_STATEMENT s = rows_query(c, SQL_EVENT_ADD, "itittt", (sqlite3_int64)v->unix_s, v->kind,
				      (sqlite3_int64)v->rollout, v->device == NULL ? "" : v->device,
				      v->who == NULL ? "" : v->who, v->text == NULL ? "" : v->text);
	if (rows_change(c, s, "add an event", e) != 0)
		return -1;
	sqlite3_int64 id = sqlite3_last_insert_rowid(c->handle);
	if (id <= SQLITE_EVENTS_KEPT)
		return 0;
	ROWS_STATEMENT old = rows_query(c, SQL_EVENT_FORGET, "i", id - SQLITE_EVENTS_KEPT);
	return rows_change(c, old, "forget old events", e);
}

static int rows_fact_load(void *self, const char *name, uint64_t *value, struct error *e)
{
	struct sqlite_conn *c = self;
	ROWS_STATEMENT s = rows_query(c, SQL_FACT_LOAD, "t", name);
	return rows_one_number(c, s, value, e);
}

static int rows_fact_save(void *self, const char *name, uint64_t value, struct error *e)
{
	struct sqlite_conn *c = self;
	ROWS_STATEMENT s = rows_query(c, SQL_FACT_SAVE, "ti", name, (sqlite3_int64)value);
	return rows_change(c, s, "save a number", e);
}

struct db_rows sqlite_rows(struct sqlite_conn *c)
{
	return (struct db_rows){ .self = c,
				 .device_load = rows_device_load,
				 .device_each = rows_device_each,
				 .rollout_each = rows_rollout_each,
				 .assignment_load = rows_assignment_load,
				 .assignment_each = rows_assignment_each,
				 .event_each = rows_event_each,
				 .event_last = rows_event_last,
				 .fact_load = rows_fact_load,
				 .device_save = rows_device_save,
				 .rollout_save = rows_rollout_save,
				 .assignment_save = rows_assignment_save,
				 .assignment_remove = rows_assignment_remove,
				 .report_add = rows_report_add,
				 .event_add = rows_event_add,
				 .fact_save = rows_fact_save };
}
