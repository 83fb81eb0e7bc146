/*
 * How the server asks the fleet: questions of devices and operators in, answers out, none before it is durable. The
 * two stages meet here and in the database only.
 */
#ifndef ROLLOUTS_H
#define ROLLOUTS_H

#include "db.h"

#define ROLLOUTS_ENVELOPE_MAX (DIRECTIVE_BYTES_MAX + 512)

enum rollouts_kind {
	ROLLOUTS_POLL,
	ROLLOUTS_REPORT,
	ROLLOUTS_ATTEST,   /* the device's report key, taken from its verified certificate */
	ROLLOUTS_REGISTER, /* a device was given an operational certificate */
	ROLLOUTS_START,
	ROLLOUTS_PAUSE,
	ROLLOUTS_RESUME,
	ROLLOUTS_ABORT,
	ROLLOUTS_REVOKE,
	ROLLOUTS_TICK, /* each second: silence grows, stages open */
};

struct rollouts_question {
	struct db_job job; /* first; the fleet's */
	enum rollouts_kind kind;
	/* of a device */
	char uri[IDENTITY_URI_MAX + 1]; /* from its certificate, verified */
	uint8_t nonce[DIRECTIVE_NONCE_BYTES];
	uint64_t running_counter;
	bool confirm;                       /* may I activate what I was told? */
	char target[METADATA_PATH_MAX + 1]; /* confirm: which */
	struct span report;                 /* the envelope; outlives the question */
	struct public_key report_key;
	/* of an operator */
	uint64_t rollout;
	char plan[METADATA_PATH_MAX + 1]; /* START: path of the target */
	char device[IDENTITY_ID_MAX + 1]; /* REVOKE */
	char who[DB_WHO_MAX + 1], why[DB_WHY_MAX + 1];
	/* the answer */
	unsigned status;    /* as HTTP */
	struct error error; /* where status >= 400 */
	const char *rule;   /* NULL: none */
	const char *help;
	uint8_t directive[ROLLOUTS_ENVELOPE_MAX]; /* POLL: the signed envelope */
	size_t directive_n;                       /* 0: null */
	uint32_t poll_s;
	uint64_t revocation_epoch;
	void (*answered)(struct rollouts_question *question); /* on the fleet's thread */
	void *context;                                        /* the asker's */
	void *fleet;                                          /* the fleet's */
};

/* What the gate says of a rollout that runs. Evidence in micro-nats. */
struct rollouts_view {
	char stage_name[METADATA_PATH_MAX + 1];
	char release_path[METADATA_PATH_MAX + 1];
	uint32_t stages;
	uint32_t stage_devices, offered, succeeded, failed, in_flight, lost, window; /* of the open stage */
	uint32_t total_offered, total_succeeded, total_failed, affected, returned;   /* of the rollout */
	int64_t evidence_unats, abort_at_unats, promote_at_unats;
	const char *reason; /* what keeps the stage from promotion */
};

struct rollouts_counts {
	uint64_t directives, directive_failures, reports, reports_refused;
};

struct rollouts {
	void *self;
	bool (*ask)(void *self, struct rollouts_question *question); /* false: overloaded; no answer will come */
	bool (*is_revoked)(void *self, struct span device_id);       /* cheap; any thread */
	bool (*view)(void *self, uint64_t rollout, struct rollouts_view *out); /* false: no such rollout in memory */
	void (*counts)(void *self, struct rollouts_counts *out);
};

#endif
