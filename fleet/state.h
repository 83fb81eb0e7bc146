/* Private to fleet/: what the engine holds in memory. Only the writer thread touches it, but for what `lock` guards. */
#ifndef STATE_H
#define STATE_H

#include <pthread.h>

#include "engine.h"
#include "gate.h"
#include "plan.h"

#define STATE_SCRATCH_BYTES (1u << 20)
#define STATE_SIGN_BATCH 256 /* directives in one request to the signer */
#define STATE_PLAN_WORKSPACE (4u << 20)

struct rollout_tally {
	uint32_t offered, succeeded, failed;
	uint32_t moved_away; /* devices that the plan gives to this stage, counted in an earlier one */
	uint32_t moved_in;   /* the other way round */
};

/* A rollout with its plan decoded and its rows counted. */
struct rollout {
	struct db_rollout row; /* plan_text points to memory */
	struct plan plan;
	uint8_t *memory;
	uint32_t population[PLAN_STAGES_MAX]; /* devices that the plan gives to each stage */
	uint32_t planned[PLAN_STAGES_MAX];    /* in it when it opened */
	struct rollout_tally tally[PLAN_STAGES_MAX];
	struct gate_verdict verdict[PLAN_STAGES_MAX]; /* of the open stage and those before it */
	uint32_t affected, returned;
	bool dirty; /* rows changed since the verdicts */
	struct rollout *next;
};

/* A directive that waits for its signature. */
struct pending {
	struct rollouts_question *question;
	uint64_t rollout;
	bool fresh; /* its offer is withdrawn if it cannot be signed */
	char device[IDENTITY_ID_MAX + 1];
	char why[64];
	uint8_t body[DIRECTIVE_BYTES_MAX];
	size_t n;
	struct pending *next;
};

struct engine {
	struct engine_config config;
	uint8_t *scratch; /* of one job */
	bool loaded;
	int64_t issued_unix, issued_read_unix; /* issued.c */
	struct rollout *rollouts;              /* newest first */
	struct pending *pending, **pending_last;
	pthread_mutex_t lock;
	/* guarded */
	char (*revoked)[IDENTITY_ID_MAX + 1]; /* sorted */
	size_t revoked_count;
	uint64_t revocation_epoch;
	struct rollouts_counts counts;
	struct shown {
		uint64_t id;
		struct rollouts_view view;
		struct shown *next;
	} * shown;
};

/* engine.c */
int64_t engine_now(const struct engine *engine);
/* Always returns 0: the question is answered, its job did not fail. */
int engine_refuse(struct rollouts_question *q, unsigned status, const char *rule, const char *help, const char *format,
		  ...) __attribute__((format(printf, 5, 6)));
/* An event, with a formatted text. */
int engine_event(struct engine *engine, const struct db_rows *rows, const struct db_event *event, struct error *e,
		 const char *format, ...) __attribute__((format(printf, 5, 6)));
/* The device of a question, made where it is not known yet; 1: refused, the question is answered. */
int engine_device(struct engine *engine, const struct db_rows *rows, struct rollouts_question *q,
		  struct db_device *out);

/* rollout.c: one rollout and its gate */
int rollout_new(struct engine *engine, const struct db_rollout *row, struct rollout **out, struct error *e);
void rollout_free(struct rollout *rollout);
bool rollout_is_live(const struct rollout *rollout); /* running or paused */
/* Running or done, and devices may come back from it or be offered it still. */
bool rollout_may_abort(const struct engine *engine, const struct rollout *rollout);
bool rollout_is_over(const struct engine *engine, const struct rollout *rollout); /* ended, and its way back too */
bool rollout_is_unheard(const struct rollout *rollout); /* done, but devices that were offered it are silent */
int rollout_stage_of(const struct engine *engine, const struct rollout *rollout, const char *uri);
/* A device of the product became known (or all at load). */
void rollout_count_device(const struct engine *engine, struct rollout *rollout, const struct db_device *device);
struct gate_policy rollout_policy(const struct plan *plan);
/* Opens the stage: remembers its size. */
int rollout_open_stage(struct engine *engine, const struct db_rows *rows, struct rollout *rollout, uint32_t stage,
		       struct error *e);
/* Counts the rows anew and asks the gate; acts on a live one. */
int rollout_evaluate(struct engine *engine, const struct db_rows *rows, struct rollout *rollout, struct error *e);
int rollout_set_state(struct engine *engine, const struct db_rows *rows, struct rollout *rollout,
		      enum db_rollout_state state, const char *who, const char *why, struct error *e);

/* The kinds of question. Each returns 0 or -1 (its changes are undone; q->error says why). */
int poll_run(struct engine *engine, const struct db_rows *rows, struct rollouts_question *q);
int reporting_run(struct engine *engine, const struct db_rows *rows, struct rollouts_question *q);
int start_run(struct engine *engine, const struct db_rows *rows, struct rollouts_question *q);

/* issued.c: x-issued of the published timestamp, read at most once a second; 0: none yet */
int64_t issued_unix(struct engine *engine);

/* view.c */
void view_show(struct engine *engine); /* anew, those in memory */
/* false: there is no such rollout; out may be NULL */
bool view_of(struct engine *engine, uint64_t rollout, struct rollouts_view *out);
void view_forget(struct engine *engine);

/* signing.c */
int signing_add(struct engine *engine, struct rollouts_question *q, const struct rollout *rollout,
		const struct directive *directive, bool fresh);
void signing_run(struct engine *engine, const struct db_rows *rows);
void signing_drop(struct engine *engine);

#endif
