/*
 * May this object be signed by this key? One examination for each kind of object; each derives from the object itself
 * what is signed, and what the trail must say about it. No effects: facts in, refusal or result out.
 */
#ifndef EXAMINE_H
#define EXAMINE_H

#include "certifier.h"
#include "metadata.h"
#include "policy.h"
#include "refusal.h"
#include "standing.h"

#define EXAMINE_SUMMARY_MAX 400

struct examine_facts {
	const struct crypto *crypto;
	const struct certifier *certifier;
	const struct policy *policy;
	const struct policy_limits *limits;
	const struct standing *standing;
	struct span log_origin; /* empty: any, in a ceremony */
	int64_t now_unix;
};

/* Spans and arrays live in the workspace. */
struct examined {
	struct digest digest; /* what the key signs; of a certificate request: its own */
	struct span scope;
	uint64_t role_version;
	uint32_t release_count;
	struct record_release *releases;
	bool has_head;
	uint64_t size;
	struct digest root;
	char summary[EXAMINE_SUMMARY_MAX]; /* printable */
	/* of a certificate request */
	struct certificate_request request;
	enum certificate_use use;
	int64_t not_after_unix;
};

/* One object of the request. -1: refused. */
int examine_object(const struct examine_facts *facts, const struct signd_request *request, struct span object,
		   struct workspace *ws, struct examined *out, struct refusal *why) MUST_USE;

/* Its parts, a file each. */
int examine_metadata(const struct examine_facts *facts, const struct signd_request *request, struct span object,
		     struct workspace *ws, struct examined *out, struct refusal *why) MUST_USE;
int examine_products(const struct examine_facts *facts, struct span role, const struct targets *targets,
		     struct workspace *ws, struct examined *out, struct refusal *why) MUST_USE;

#endif
