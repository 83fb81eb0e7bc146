#include "sqlite_db.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sqlite_conn.h"

struct sqlite_db {
	struct sqlite_conn writer, reader;
	bool has_reader, started;
	struct db_batch batch;
	pthread_t thread;
	pthread_mutex_t reading; /* one reader at a time */
	pthread_mutex_t lock;    /* of what follows */
	pthread_cond_t wake;
	struct db_job *first, **last;
	uint32_t waiting;
	bool stopping;
	uint64_t commits, commit_us;
};

/* --- connections --- */

int sqlite_conn_exec(struct sqlite_conn *c, const char *sql, struct error *e)
{
	if (sqlite3_exec(c->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		return error_retry(e, "database: %.40s: %s", sql, sqlite3_errmsg(c->handle));
	return 0;
}

int sqlite_conn_open(struct sqlite_conn *c, const char *path, bool read_only, struct error *e)
{
	int flags = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	if (sqlite3_open_v2(path, &c->handle, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return error_set(e, "cannot open the database %s: %s", path, sqlite3_errmsg(c->handle));
	sqlite3_busy_timeout(c->handle, 5000);
	sqlite3_extended_result_codes(c->handle, 1);
	if (read_only)
		return 0;
	/* foreign keys stay off: REPLACE of a device would delete what refers to it */
	if (sqlite_conn_exec(c, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL", e) != 0)
		return -1;
	return sqlite_schema_apply(c->handle, e);
}

void sqlite_conn_close(struct sqlite_conn *c)
{
	for (int i = 0; i < SQL_STATEMENTS_; i++)
		sqlite3_finalize(c->prepared[i]);
	sqlite3_close(c->handle);
	*c = (struct sqlite_conn){ 0 };
}

/* --- one batch --- */

static uint64_t db_now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void db_undone(struct sqlite_db *db)
{
	if (db->batch.undone != NULL)
		db->batch.undone(db->batch.self);
}

/* Each job has its savepoint, so that a failed one leaves nothing and the others stand. */
static void db_run(struct sqlite_db *db, struct db_job *job, const struct db_rows *rows)
{
	struct error e;
	job->failed = sqlite_conn_exec(&db->writer, "SAVEPOINT job", &e) != 0 || job->run(job, rows) != 0;
	if (job->failed) {
		(void)!sqlite_conn_exec(&db->writer, "ROLLBACK TO job", &e);
		db_undone(db);
	}
	(void)!sqlite_conn_exec(&db->writer, "RELEASE job", &e);
}

static bool db_commit(struct sqlite_db *db)
{
	struct error e;
	uint64_t before = db_now_us();
	if (sqlite_conn_exec(&db->writer, "COMMIT", &e) != 0) {
		(void)!sqlite_conn_exec(&db->writer, "ROLLBACK", &e);
		db_undone(db);
		return false;
	}
	pthread_mutex_lock(&db->lock);
	db->commits++;
	db->commit_us += db_now_us() - before;
	pthread_mutex_unlock(&db->lock);
	return true;
}

static void db_batch(struct sqlite_db *db, struct db_job *jobs)
{
	struct db_rows rows = sqlite_rows(&db->writer);
	struct error e;
	bool begun = sqlite_conn_exec(&db->writer, "BEGIN IMMEDIATE", &e) == 0;
	db->writer.in_job = true;
	for (struct db_job *job = jobs; begun && job != NULL; job = job->next)
		db_run(db, job, &rows);
	if (begun && db->batch.before_commit != NULL)
		db->batch.before_commit(db->batch.self, &rows);
	db->writer.in_job = false;
	bool durable = begun && db_commit(db);
	while (jobs != NULL) {
		struct db_job *job = jobs;
		jobs = job->next; /* done() may free it */
		job->done(job, durable && !job->failed);
	}
}

/* --- the queue --- */

static bool db_submit(void *self, struct db_job *job)
{
	struct sqlite_db *db = self;
	job->next = NULL;
	pthread_mutex_lock(&db->lock);
	bool room = db->waiting < SQLITE_QUEUE_MAX && !db->stopping;
	if (room && job->urgent) {
		job->next = db->first;
		db->first = job;
		if (job->next == NULL)
			db->last = &job->next;
	}
	if (room && !job->urgent) {
		*db->last = job;
		db->last = &job->next;
	}
	if (room) {
		db->waiting++;
		pthread_cond_signal(&db->wake);
	}
	pthread_mutex_unlock(&db->lock);
	return room;
}

/* Up to SQLITE_BATCH_MAX jobs, in order. The lock is held. */
static struct db_job *db_take(struct sqlite_db *db)
{
	struct db_job *jobs = db->first, **end = &db->first;
	for (int i = 0; i < SQLITE_BATCH_MAX && *end != NULL; i++, db->waiting--)
		end = &(*end)->next;
	db->first = *end;
	*end = NULL;
	if (db->first == NULL)
		db->last = &db->first;
	return jobs;
}

static struct db_job *db_wait(struct sqlite_db *db)
{
	pthread_mutex_lock(&db->lock);
	while (db->first == NULL && !db->stopping)
		pthread_cond_wait(&db->wake, &db->lock);
	bool gather = !db->stopping && db->waiting < SQLITE_BATCH_MAX;
	pthread_mutex_unlock(&db->lock);
	if (gather)
		nanosleep(&(struct timespec){ .tv_nsec = SQLITE_GATHER_MS * 1000000L }, NULL);
	pthread_mutex_lock(&db->lock);
	struct db_job *jobs = db_take(db);
	pthread_mutex_unlock(&db->lock);
	return jobs;
}

static void *db_thread(void *self)
{
	struct sqlite_db *db = self;
	for (struct db_job *jobs; (jobs = db_wait(db)) != NULL;)
		db_batch(db, jobs);
	return NULL;
}

void sqlite_db_step(struct sqlite_db *db)
{
	pthread_mutex_lock(&db->lock);
	struct db_job *jobs = db_take(db);
	pthread_mutex_unlock(&db->lock);
	db_batch(db, jobs);
}

/* --- readers --- */

static int db_read(void *self, void (*look)(void *context, const struct db_rows *rows), void *context, struct error *e)
{
	struct sqlite_db *db = self;
	struct sqlite_conn *c = db->has_reader ? &db->reader : &db->writer;
	struct db_rows rows = sqlite_rows(c);
	pthread_mutex_lock(&db->reading);
	int failed = sqlite_conn_exec(c, "BEGIN", e);
	if (failed == 0) {
		look(context, &rows);
		failed = sqlite_conn_exec(c, "COMMIT", e);
	}
	pthread_mutex_unlock(&db->reading);
	return failed;
}

static void db_commits(void *self, uint64_t *count, uint64_t *total_us)
{
	struct sqlite_db *db = self;
	pthread_mutex_lock(&db->lock);
	*count = db->commits;
	*total_us = db->commit_us;
	pthread_mutex_unlock(&db->lock);
}

/* --- life --- */

int sqlite_db_open(struct sqlite_db **out, const char *path, struct error *e)
{
	struct sqlite_db *db = calloc(1, sizeof *db);
	if (db == NULL)
		return error_set(e, "no memory for the database");
	pthread_mutex_init(&db->lock, NULL);
	pthread_mutex_init(&db->reading, NULL);
	pthread_cond_init(&db->wake, NULL);
	db->last = &db->first;
	db->has_reader = strcmp(path, ":memory:") != 0;
	if (sqlite_conn_open(&db->writer, path, false, e) != 0 ||
	    (db->has_reader && sqlite_conn_open(&db->reader, path, true, e) != 0)) {
		sqlite_db_close(db);
		return -1;
	}
	*out = db;
	return 0;
}

void sqlite_db_hook(struct sqlite_db *db, const struct db_batch *batch)
{
	db->batch = *batch;
}

int sqlite_db_start(struct sqlite_db *db, struct error *e)
{
	if (pthread_create(&db->thread, NULL, db_thread, db) != 0)
		return error_set(e, "cannot start the thread of the database");
	db->started = true;
	return 0;
}

void sqlite_db_close(struct sqlite_db *db)
{
	if (db == NULL)
		return;
	pthread_mutex_lock(&db->lock);
	db->stopping = true;
	pthread_cond_signal(&db->wake);
	pthread_mutex_unlock(&db->lock);
	if (db->started)
		pthread_join(db->thread, NULL);
	sqlite_conn_close(&db->writer);
	sqlite_conn_close(&db->reader);
	pthread_mutex_destroy(&db->lock);
	pthread_mutex_destroy(&db->reading);
	pthread_cond_destroy(&db->wake);
	free(db);
}

struct db sqlite_db_port(struct sqlite_db *db)
{
	return (struct db){ .self = db, .submit = db_submit, .read = db_read, .commits = db_commits };
}
