/*
 * The gate of a stage: a sequential likelihood-ratio test (Wald 1945) with thresholds by Ville's inequality, so that it
 * may be asked at every report and as often as one likes. It weighs two claims about the release: "it fails on at most
 * p0 of the devices" and "it fails on p1 or more", where p1 is the least rate that a stage of this size can see.
 *
 *	L = failures * ln(p1/p0) - successes * ln((1-p0)/(1-p1)) + silence      log evidence, in nats
 *
 * Abort at L >= ln(stages/alpha); promote at L <= ln(beta), when enough devices have run the release for long enough.
 * Over a whole rollout a release within p0 is aborted with a chance of at most alpha; a release beyond p1 is promoted
 * by a stage with a chance of at most beta. docs/decisions/0003-sequential-gate.md has the reasons.
 *
 * How to use it. Keep one row per device that was offered the release, by stage, for as long as the rollout lives;
 * never reset them. At each report, and every few seconds for silence's sake, call gate_decide() with all rows of the
 * current stage; and of those before it, since a device may fail late: GATE_ABORT of any of them aborts the rollout,
 * whatever else they say by then does not matter. Offer to at most `may_offer` more devices of a stage. On GATE_ABORT
 * stop all offers, for good: store that first, since a late report may lower the evidence again. On GATE_PROMOTE open
 * the next stage; the rest of this one may still be offered. On GATE_EXTEND move `extend_by` devices of later stages
 * into this one, or all that are left, and then this is the last. Same rows, same answer: nothing else has to survive
 * a crash.
 */
#ifndef GATE_H
#define GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"

#define GATE_MICRO 1000000 /* micro-nats in a nat, ppm in one */

struct gate_policy {
	uint32_t p0_ppm;            /* tolerated failure rate; 1..250000 */
	uint32_t alpha_ppm;         /* chance of a false abort, of the whole rollout; 1..500000 */
	uint32_t beta_ppm;          /* chance to miss a bad release, of each stage; 1..500000 */
	uint32_t p1_ppm;            /* 0: as the stage's size allows; else more than p0_ppm, below 1000000 */
	uint32_t soak_s;            /* how long a device must have run the release to count for coverage */
	uint32_t coverage_percent;  /* of the stage's devices that must be confirmed and soaked; 0..100 */
	uint32_t initial_in_flight; /* unresolved devices at the start; at least 1 */
	uint32_t expected_s;        /* by when nearly all healthy devices have reported after an offer; at least 1 */
};

/* Is every field within the bounds above? gate_decide() offers nothing under a policy that is not. */
bool gate_policy_is_valid(const struct gate_policy *policy);

enum gate_outcome {
	GATE_SILENT,    /* offered, nothing conclusive since */
	GATE_SUCCEEDED, /* booted the release and passed its health checks, proven as the product's policy asks */
	GATE_FAILED, /* verified: install error, rolled back, wrong version, health check failed, also after success */
};

/* A device that was offered the release. */
struct gate_device {
	enum gate_outcome outcome;
	int64_t since_unix; /* silent: its offer, or its last report of progress that did progress; else: the outcome */
};

/*
 * How long healthy devices took from offer to success, in earlier rollouts or stages; never the current stage's, whose
 * dead devices are missing in it. Zero is empty. Until GATE_TIMES_ENOUGH the policy's expected_s is used instead.
 */
#define GATE_TIMES_BUCKETS 128
#define GATE_TIMES_ENOUGH 500
struct gate_times {
	uint32_t bucket[GATE_TIMES_BUCKETS]; /* four per doubling of the seconds */
	uint32_t total;
};
void gate_times_add(struct gate_times *times, uint32_t seconds);

struct gate_stage {
	uint32_t planned; /* devices in the stage when it opened: fixes p1, so it must not change with GATE_EXTEND */
	uint32_t devices; /* devices in the stage now, offered or not */
	uint32_t stages;  /* of the whole rollout: they share alpha; at least 1 */
	bool is_last;     /* nothing comes after it: promote means that the rollout is finished */
};

enum gate_action {
	GATE_WAIT,
	GATE_PROMOTE,
	GATE_ABORT,
	GATE_EXTEND, /* everyone has been heard and it is not enough: see extend_by */
};

/* What keeps the stage from promotion; the first that applies. For the user. */
enum gate_reason {
	GATE_REASON_NONE,     /* nothing: GATE_PROMOTE */
	GATE_REASON_POLICY,   /* the policy or the stage is not valid */
	GATE_REASON_FAILURES, /* GATE_ABORT */
	GATE_REASON_EVIDENCE, /* not enough clean reports yet */
	GATE_REASON_COVERAGE, /* too few of the stage's devices confirmed */
	GATE_REASON_SOAK,     /* confirmed, but not for soak_s yet */
	GATE_REASON_OPEN,     /* last stage: devices are still to be offered or heard */
};
/* A phrase for the user, never NULL, such as "not enough clean reports yet". */
const char *gate_reason_text(enum gate_reason reason);

struct gate_verdict {
	enum gate_action action;
	enum gate_reason reason;
	uint32_t p1_ppm;            /* the failure rate that this stage can see */
	int64_t evidence_unats;     /* L, in micro-nats; positive speaks against the release */
	int64_t abort_at_unats;     /* abort when L reaches this from below */
	int64_t promote_at_unats;   /* promote when L reaches this from above */
	uint32_t clean_needed;      /* more successes, with no failure, to reach promote_at */
	uint32_t failures_to_abort; /* more failures, with nothing else, to reach abort_at; 0 when reached */
	uint32_t extend_by;         /* GATE_EXTEND: devices to add */
	uint32_t succeeded, failed;
	uint32_t in_flight; /* silent, but not lost */
	uint32_t lost;      /* silent for so long that each weighs as a failure, until it returns */
	uint32_t window;    /* how many may be in flight: initial + succeeded - failed - lost, see the record */
	uint32_t may_offer; /* how many more devices of this stage may be offered now */
};

/*
 * `devices`: the rows of the current stage, in any order. `times` may be NULL. Pure: the same arguments, the same
 * verdict, whatever was asked before.
 */
struct gate_verdict gate_decide(const struct gate_policy *policy, const struct gate_stage *stage,
				const struct gate_device *devices, size_t count, const struct gate_times *times,
				int64_t now_unix);

/* What a stage can find out, to be shown before a rollout starts: all zero under a policy that is not valid. */
struct gate_power {
	uint32_t p1_ppm;            /* a release that fails at this rate or more is promoted with chance <= beta */
	uint32_t clean_needed;      /* successes, with no failure, that promote */
	uint32_t failures_to_abort; /* failures, with no success, that abort */
};
struct gate_power gate_power(const struct gate_policy *policy, uint32_t planned, uint32_t stages);

/*
 * The weight in micro-nats of a silence of `silent_s` seconds in a stage of this size: 0 at first, that of a failure in
 * the end. For the user, and for tests.
 */
int64_t gate_silence_unats(const struct gate_policy *policy, uint32_t planned, const struct gate_times *times,
			   int64_t silent_s);

#endif
