/*
 * The database in one SQLite file: WAL, synchronous=FULL, one writer thread that gathers jobs for SQLITE_GATHER_MS or
 * SQLITE_BATCH_MAX jobs into one transaction, and one connection for readers.
 */
#ifndef SQLITE_DB_H
#define SQLITE_DB_H

#include "db.h"

#define SQLITE_GATHER_MS 10
#define SQLITE_BATCH_MAX 1000
#define SQLITE_EVENTS_KEPT 100000 /* the newest; older ones are forgotten */
#define SQLITE_QUEUE_MAX 20000    /* jobs that wait; more are refused */

struct sqlite_db;

/* Opens or makes the file, brings its schema up to date; ":memory:" has no readers of its own. */
int sqlite_db_open(struct sqlite_db **out, const char *path, struct error *e) MUST_USE;
/* batch is copied; set it before the first job. */
void sqlite_db_hook(struct sqlite_db *db, const struct db_batch *batch);
/* From now on jobs run on the writer thread. Without it sqlite_db_step() runs what waits. */
int sqlite_db_start(struct sqlite_db *db, struct error *e) MUST_USE;
void sqlite_db_step(struct sqlite_db *db); /* one batch on the calling thread, for tests */
/* Runs what waits, ends the thread, closes. NULL is fine. */
void sqlite_db_close(struct sqlite_db *db);
struct db sqlite_db_port(struct sqlite_db *db);

#endif
