/*
 * What two of three emergency key holders say to every device of a product, outside TUF (protocol/emergency.md). Signed
 * JSON, canonical. It never expires, and it can do exactly four things. No member of it could hold a key to be trusted.
 */
#ifndef EMERGENCY_H
#define EMERGENCY_H

#include "release.h"
#include "signed.h"

#define EMERGENCY_BYTES_MAX 16384
#define EMERGENCY_REVOKE_MAX 32
#define EMERGENCY_WHY_MAX 200

/* In the order in which a statement lists them, each at most once. */
enum emergency_action {
	EMERGENCY_ACTIVATE_STANDBY,   /* new images must be signed by the boot key "next" */
	EMERGENCY_AUTHORISE_RECOVERY, /* one recovery image, by digest */
	EMERGENCY_RAISE_EPOCH,        /* the security epoch, to this one: one above the device's */
	EMERGENCY_REVOKE,             /* keys, by SHA-256 of their SPKI */
	EMERGENCY_ACTIONS
};

struct emergency {
	struct span product;
	uint64_t sequence;            /* rises with every statement to this product */
	struct span why;              /* for people and the log */
	bool does[EMERGENCY_ACTIONS]; /* at least one */
	struct digest recovery;       /* SHA-256 of the raw image */
	uint32_t epoch;
	uint32_t revoke_count;
	struct digest revoke[EMERGENCY_REVOKE_MAX]; /* ascending */
};

enum fault emergency_decode(struct json_node *body, struct emergency *out) MUST_USE;
void emergency_encode(struct writer *w, const struct emergency *statement); /* the canonical body */
const char *emergency_action_text(enum emergency_action action);            /* "revoke" */

#endif
