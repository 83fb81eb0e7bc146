/* Private to this folder: a connection with its prepared statements. */
#ifndef SQLITE_CONN_H
#define SQLITE_CONN_H

#include <sqlite3.h>

#include "db.h"

enum sqlite_statement {
	SQL_DEVICE_LOAD,
	SQL_DEVICE_EACH,
	SQL_DEVICE_SAVE,
	SQL_ROLLOUT_EACH,
	SQL_ROLLOUT_ADD,
	SQL_ROLLOUT_SAVE,
	SQL_ASSIGNMENT_LOAD,
	SQL_ASSIGNMENT_EACH,
	SQL_ASSIGNMENT_SAVE,
	SQL_ASSIGNMENT_REMOVE,
	SQL_REPORT_ADD,
	SQL_EVENT_EACH,
	SQL_EVENT_LAST,
	SQL_EVENT_ADD,
	SQL_EVENT_FORGET,
	SQL_FACT_LOAD,
	SQL_FACT_SAVE,
	SQL_STATEMENTS_
};

struct sqlite_conn {
	sqlite3 *handle;
	bool in_job;
	sqlite3_stmt *prepared[SQL_STATEMENTS_];
};

/* Creates the tables or migrates them to this program's version; refuses a newer one. */
int sqlite_schema_apply(sqlite3 *handle, struct error *e) MUST_USE;
int sqlite_conn_open(struct sqlite_conn *c, const char *path, bool read_only, struct error *e) MUST_USE;
void sqlite_conn_close(struct sqlite_conn *c);
int sqlite_conn_exec(struct sqlite_conn *c, const char *sql, struct error *e) MUST_USE;
struct db_rows sqlite_rows(struct sqlite_conn *c);

#endif
