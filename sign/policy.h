/*
 * Which key signs what, for whom, and how long it may be good for: one table, by the names of port/signer.h. A key
 * signs one kind of object; those of emergency sign two.
 */
#ifndef POLICY_H
#define POLICY_H

#include "signd_message.h"

enum policy_role {
	POLICY_PUBLISHER = 1, /* releases, snapshot, timestamp, log */
	POLICY_SERVER = 2,    /* directives, timestamp, device certificates */
	POLICY_AUDITOR = 4,   /* public keys only, as every role may */
	POLICY_CEREMONY = 8,  /* everything, in process: never granted over a socket */
};

enum policy_body {
	POLICY_ROOT,
	POLICY_TARGETS, /* the top-level role */
	POLICY_PRODUCT, /* delegated: releases below the key's own name */
	POLICY_PLANS,   /* delegated: paths plans/<product>/ */
	POLICY_SNAPSHOT,
	POLICY_TIMESTAMP,
	POLICY_SLOT,      /* boot manifests of component "slot" */
	POLICY_RECOVERY,  /* of component "recovery" */
	POLICY_EMERGENCY, /* statements of protocol/emergency.md */
	POLICY_DIRECTIVE,
	POLICY_CHECKPOINT,
	POLICY_DEVICE,  /* LDevID certificates */
	POLICY_FACTORY, /* IDevID and report-key certificates */
	POLICY_NOTHING, /* a key that signs nothing yet */
};

struct policy {
	const char *name; /* of the key; one that ends in a slash is the beginning of several names */
	enum policy_body body;
	enum signd_kind kind;
	unsigned roles; /* enum policy_role, together */
};

/* Ceilings, in seconds. policy_limits_default() has those of ARCHITECTURE. */
struct policy_limits {
	int64_t root_s, targets_s, plans_s, product_s, snapshot_s, timestamp_s;
	int64_t clock_skew_s; /* x-issued against the signer's own clock */
	uint32_t directive_s; /* a directive's lifetime */
	uint32_t device_days; /* an LDevID's */
};

const struct policy *policy_find(struct span key); /* NULL: no such key */
/* Of the lines of a key the one for this kind; the first of them where it signs no such kind. */
const struct policy *policy_find_kind(struct span key, enum signd_kind kind);
struct policy_limits policy_limits_default(void);
unsigned policy_role_parse(struct span name); /* "publisher" "server" "auditor"; 0: unknown */

#endif
