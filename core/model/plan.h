/*
 * A rollout plan: a TUF target plans/<product>/<name>.json of the delegated role plans/<product>, whose keys are the
 * approvers' own; the role's threshold is the approval (protocol/plan.md). The file itself is canonical JSON, unsigned,
 * covered by its digest in that role.
 */
#ifndef PLAN_H
#define PLAN_H

#include "release.h"
#include "stage.h"

#define PLAN_BYTES_MAX (256u << 10)
#define PLAN_STAGES_MAX 16
#define PLAN_DEVICES_MAX 1024 /* named canaries of a stage */

struct plan_release {
	struct span path;
	struct digest image;
	uint64_t counter;
};

struct plan {
	const char *where; /* the member at which a fault was met, for messages */
	struct span product;
	struct span name;
	struct plan_release release;
	bool has_return;
	struct plan_release return_release;
	int64_t return_until_unix; /* after this time the return release is refused too */
	uint8_t salt[32];          /* position = SHA-256(salt || device id) */
	uint32_t stage_count;
	const struct stage *stages;
	/* the gate's policy, for the server; rates in parts per million */
	uint32_t p0_ppm, alpha_ppm, beta_ppm;
	uint32_t soak_s;            /* after the last success of a stage */
	uint32_t coverage_percent;  /* of a stage's devices that must have succeeded */
	uint32_t report_expected_s; /* a healthy device has reported by then */
	uint32_t in_flight;         /* unresolved devices at the start */
};

enum fault plan_decode(struct span text, struct workspace *ws, struct plan *out) MUST_USE;
void plan_encode(struct writer *w, const struct plan *plan);

#endif
