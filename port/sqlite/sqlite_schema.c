#include "sqlite_conn.h"

#include <stdio.h>

/* Step i brings user_version i to i + 1. A step that shipped is never edited. */
static const char *const schema_steps[] = {
	"CREATE TABLE devices("
	" id TEXT PRIMARY KEY, product TEXT NOT NULL, uri TEXT NOT NULL, revoked INTEGER NOT NULL,"
	" first_unix INTEGER NOT NULL, polled_unix INTEGER NOT NULL, reported_unix INTEGER NOT NULL,"
	" report_key BLOB, report_sequence INTEGER NOT NULL, directive_sequence INTEGER NOT NULL,"
	" state INTEGER NOT NULL, boot_count INTEGER NOT NULL, running_counter INTEGER NOT NULL,"
	" running_image BLOB NOT NULL, running_path TEXT NOT NULL, running_version TEXT NOT NULL,"
	" target_path TEXT NOT NULL, cause TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX devices_product ON devices(product, id);"
	"CREATE TABLE rollouts("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, product TEXT NOT NULL, plan_path TEXT NOT NULL, plan BLOB NOT NULL,"
	" plan_text BLOB NOT NULL, release_bytes INTEGER NOT NULL, return_bytes INTEGER NOT NULL,"
	" state INTEGER NOT NULL, stage INTEGER NOT NULL, extend INTEGER NOT NULL,"
	" started_unix INTEGER NOT NULL, stage_unix INTEGER NOT NULL, ended_unix INTEGER NOT NULL,"
	" who TEXT NOT NULL, why TEXT NOT NULL);"
	"CREATE TABLE assignments("
	" rollout INTEGER NOT NULL REFERENCES rollouts(id), device TEXT NOT NULL REFERENCES devices(id),"
	" stage INTEGER NOT NULL, plan_stage INTEGER NOT NULL, outcome INTEGER NOT NULL, progress INTEGER NOT NULL,"
	" affected INTEGER NOT NULL, returned INTEGER NOT NULL, offered_unix INTEGER NOT NULL,"
	" since_unix INTEGER NOT NULL,"
	" PRIMARY KEY(rollout, device)) WITHOUT ROWID;"
	/* the latest report of each device; what it changed is in events */
	"CREATE TABLE reports("
	" device TEXT PRIMARY KEY REFERENCES devices(id), sequence INTEGER NOT NULL, unix_s INTEGER NOT NULL,"
	" bytes BLOB NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE events("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, unix_s INTEGER NOT NULL, kind TEXT NOT NULL, rollout INTEGER NOT NULL,"
	" device TEXT NOT NULL, who TEXT NOT NULL, text TEXT NOT NULL);"
	"CREATE TABLE facts(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;",
};

#define SCHEMA_VERSION ((int)(sizeof schema_steps / sizeof schema_steps[0]))

static int schema_version(sqlite3 *handle, int *version, struct error *e)
{
	sqlite3_stmt *statement = NULL;
	if (sqlite3_prepare_v2(handle, "PRAGMA user_version", -1, &statement, NULL) != SQLITE_OK)
		return error_set(e, "cannot read the version of the database: %s", sqlite3_errmsg(handle));
	int got = sqlite3_step(statement);
	*version = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return got == SQLITE_ROW ? 0 : error_set(e, "cannot read the version of the database");
}

static int schema_step(sqlite3 *handle, int from, struct error *e)
{
	char set[64];
	snprintf(set, sizeof set, "PRAGMA user_version=%d; COMMIT", from + 1);
	if (sqlite3_exec(handle, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(handle, schema_steps[from], NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(handle, set, NULL, NULL, NULL) != SQLITE_OK) {
		error_set(e, "cannot bring the database to version %d: %s", from + 1, sqlite3_errmsg(handle));
		sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
		return -1;
	}
	return 0;
}

int sqlite_schema_apply(sqlite3 *handle, struct error *e)
{
	int version = 0;
	if (schema_version(handle, &version, e) != 0)
		return -1;
	if (version > SCHEMA_VERSION)
		return error_set(e, "the database has version %d, this program knows %d: run the newer program",
				 version, SCHEMA_VERSION);
	for (; version < SCHEMA_VERSION; version++)
		if (schema_step(handle, version, e) != 0)
			return -1;
	return 0;
}
