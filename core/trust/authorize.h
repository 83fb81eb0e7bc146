/*
 * May this device install this now? Only where product role, plan and directive agree. Pure: facts in, verdict out.
 */
#ifndef AUTHORIZE_H
#define AUTHORIZE_H

#include "directive.h"
#include "plan.h"
#include "threshold.h"

/* Facts about the device, all from its own trusted state. */
struct device_facts {
	struct span id;
	struct span product;
	struct compatible compatible; /* its vendor and class */
	uint32_t attribute_count;
	const struct attribute *attributes; /* from its own certificate: region, revision */
	uint64_t counter_floor;             /* the highest counter that it has confirmed */
	uint64_t directive_sequence;        /* the last one that it obeyed */
};

/* What this device asked: the directive must answer it. */
struct directive_question {
	bool asked; /* false after a reboot */
	uint8_t nonce[DIRECTIVE_NONCE_BYTES];
	uint64_t age_ms; /* monotonic, since the nonce was made */
};

/* Made by authorize_install() alone. */
struct authorized_install {
	struct release release;
	struct directive directive;
	bool is_return;
};

/* The directive by itself: signature by the director's delegation, device, question, sequence, lifetime. */
enum verdict authorize_directive(const struct crypto *crypto, const struct role *director,
				 const struct signed_json *envelope, const struct directive *directive,
				 const struct device_facts *device, const struct directive_question *question,
				 const struct revocations *revoked) MUST_USE;

/*
 * Is this target, found through the delegation plans/<product>, the plan that the directive names, path and digest?
 * The caller then holds the plan's bytes to that digest and decodes them for authorize_install().
 */
enum verdict authorize_plan(const struct directive *directive, const struct target *plan) MUST_USE;

/*
 * The whole: directive (checked before) against the plan and the release as the product role lists it (a target found
 * through delegation p/<product>), hardware, counter and its step, the plan's stage of this device and its earliest
 * time against issued_unix (the verified x-issued), return window.
 */
enum verdict authorize_install(const struct crypto *crypto, const struct device_facts *device,
			       const struct directive *directive, const struct plan *plan,
			       const struct release *release, int64_t issued_unix,
			       struct authorized_install *out) MUST_USE;

#endif
