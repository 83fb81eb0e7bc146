/*
 * What the server remembers, whatever keeps it. One writer: a job runs alone, inside a transaction that it shares with
 * the other jobs of its batch, and hears of its end only after a durable commit (group commit). Readers see the last
 * committed state. Rows are whole values; a save replaces the row.
 */
#ifndef DB_H
#define DB_H

#include "directive.h"
#include "error.h"
#include "identity.h"
#include "key.h"
#include "report.h"

#define DB_WHO_MAX 128
#define DB_WHY_MAX 256
#define DB_STATE_NONE (-1) /* a device that has not reported */

struct db_device {
	char id[IDENTITY_ID_MAX + 1];
	char product[IDENTITY_PRODUCT_MAX + 1];
	char uri[IDENTITY_URI_MAX + 1]; /* from its certificate */
	bool revoked;
	int64_t first_unix, polled_unix, reported_unix; /* 0: never */
	bool has_key;
	struct public_key report_key;
	uint64_t report_sequence;    /* the last one accepted */
	uint64_t directive_sequence; /* the last one given away */
	/* as the last accepted report says */
	int32_t state; /* enum report_state or DB_STATE_NONE */
	uint64_t boot_count, running_counter;
	struct digest running_image;
	char running_path[METADATA_PATH_MAX + 1];
	char running_version[RELEASE_VERSION_MAX + 1];
	char target_path[METADATA_PATH_MAX + 1];
	char cause[REPORT_CAUSE_MAX + 1];
};

enum db_rollout_state { DB_RUNNING, DB_PAUSED, DB_ABORTED, DB_DONE, DB_ROLLOUT_STATES_ };

struct db_rollout {
	uint64_t id; /* 0: give it the next one */
	char product[IDENTITY_PRODUCT_MAX + 1];
	char plan_path[METADATA_PATH_MAX + 1];
	struct digest plan;
	struct span plan_text; /* valid until the callback that showed the row returns */
	uint64_t release_bytes, return_bytes;
	enum db_rollout_state state;
	uint32_t stage;  /* the one that is open */
	uint32_t extend; /* devices of later stages that were moved into it */
	int64_t started_unix, stage_unix, ended_unix;
	char who[DB_WHO_MAX + 1], why[DB_WHY_MAX + 1]; /* of the last change of state */
};

/* A device that was offered a rollout's release. */
struct db_assignment {
	uint64_t rollout;
	char device[IDENTITY_ID_MAX + 1];
	uint32_t stage;      /* in which its evidence counts */
	uint32_t plan_stage; /* the one that the plan gives it; later than stage where it was moved up */
	uint32_t outcome;    /* enum gate_outcome */
	uint32_t progress;   /* enum report_state of the furthest progress while silent */
	bool affected;       /* it may have booted the release */
	bool returned;       /* it confirmed the return release */
	int64_t offered_unix, since_unix;
};

/* The audit trail. Text is printable; empty where it does not apply. */
struct db_event {
	uint64_t id;
	int64_t unix_s;
	const char *kind; /* "rollout-started" "stage-promoted" "rollout-aborted" "device-failed" ... */
	uint64_t rollout; /* 0: none */
	const char *device, *who, *text;
};

/*
 * The rows. Loads return 0, 1 where there is none, or -1. Each: the callback returns false to stop. Functions below the
 * line change rows and fail (-1) outside a job.
 */
struct db_rows {
	void *self;
	int (*device_load)(void *self, const char *id, struct db_device *out, struct error *e);
	/* ascending by id; product NULL: all; after NULL: from the first */
	int (*device_each)(void *self, const char *product, const char *after,
			   bool (*row)(void *context, const struct db_device *device), void *context, struct error *e);
	/* ascending by number */
	int (*rollout_each)(void *self, bool (*row)(void *context, const struct db_rollout *rollout), void *context,
			    struct error *e);
	int (*assignment_load)(void *self, uint64_t rollout, const char *device, struct db_assignment *out,
			       struct error *e);
	int (*assignment_each)(void *self, uint64_t rollout,
			       bool (*row)(void *context, const struct db_assignment *assignment), void *context,
			       struct error *e);
	int (*event_each)(void *self, uint64_t after, uint32_t limit,
			  bool (*row)(void *context, const struct db_event *event), void *context, struct error *e);
	int (*event_last)(void *self, uint64_t *id, struct error *e);
	int (*fact_load)(void *self, const char *name, uint64_t *value, struct error *e); /* 0 where never saved */
	/* --- */
	int (*device_save)(void *self, const struct db_device *device, struct error *e);
	int (*rollout_save)(void *self, struct db_rollout *rollout, struct error *e); /* plan_text: only when new */
	int (*assignment_save)(void *self, const struct db_assignment *assignment, struct error *e);
	int (*assignment_remove)(void *self, uint64_t rollout, const char *device, struct error *e);
	int (*report_add)(void *self, const char *device, uint64_t sequence, int64_t unix_s, struct span bytes,
			  struct error *e);
	int (*event_add)(void *self, const struct db_event *event, struct error *e);
	int (*fact_save)(void *self, const char *name, uint64_t value, struct error *e);
};

struct db_job {
	int (*run)(struct db_job *job, const struct db_rows *rows); /* on the writer; -1 undoes what this job did */
	void (*done)(struct db_job *job, bool durable);             /* on the writer, after commit or undoing */
	bool urgent;                                                /* before those that wait already */
	struct db_job *next;                                        /* the db's */
	bool failed;                                                /* the db's */
};

/* Called on the writer around every batch. */
struct db_batch {
	void *self;
	void (*before_commit)(void *self, const struct db_rows *rows); /* after all jobs ran; may change rows */
	void (*undone)(void *self); /* a job, or the batch, was undone: forget what was derived from it */
};

struct db {
	void *self;
	bool (*submit)(void *self, struct db_job *job); /* any thread; false: too many wait, done() is not called */
	/* Any thread: shows the committed rows in one snapshot. */
	int (*read)(void *self, void (*look)(void *context, const struct db_rows *rows), void *context,
		    struct error *e);
	void (*commits)(void *self, uint64_t *count, uint64_t *total_us); /* for metrics */
};

#endif
