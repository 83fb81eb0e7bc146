/*
 * What `trust publish` is asked to change in the bundle of witnesses and log policy that stands. All else carries on:
 * devices would take a bundle that forgot a witness as readily as one that dropped it on purpose.
 */
#ifndef TRUST_CHANGE_H
#define TRUST_CHANGE_H

#include "error.h"
#include "trust_bundle.h"

struct trust_change {
	bool has_policy;
	bool lower; /* --lower: less may be demanded than now */
	enum log_policy policy;
	uint32_t quorum; /* 0: as it stands */
	uint32_t added_count, dropped_count;
	struct trust_witness added[TRUST_BUNDLE_WITNESSES_MAX];
	const char *dropped[TRUST_BUNDLE_WITNESSES_MAX]; /* names */
};

const char *trust_change_policy_text(enum log_policy policy);
/* Values of options; the text of a witness, NAME=KEY, is kept and cut. */
int trust_change_policy(struct trust_change *change, const char *value, struct error *e) MUST_USE;
int trust_change_witness(struct trust_change *change, char *value, struct error *e) MUST_USE;
int trust_change_drop(struct trust_change *change, const char *name, struct error *e) MUST_USE;
/*
 * Policy, witnesses and quorum of *bundle from those of *last, which has the sequence 0 where none was published. Spans
 * point into either. -1 with *is_usage: options that make no bundle; without it: less than now, and no --lower.
 */
int trust_change_apply(const struct trust_change *change, const struct trust_bundle *last, struct trust_bundle *bundle,
		       bool *is_usage, struct error *e) MUST_USE;

#endif
