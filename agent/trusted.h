/*
 * What the installer goes by besides TUF's roles, as it stands in the store: what emergency statements did, the revoked
 * keys, and the trust bundle. Each only ever moves forward, unless root gave targets other keys: then list and bundle
 * may begin anew, and no revocation is forgotten. All is applied to every later check.
 */
#ifndef TRUSTED_H
#define TRUSTED_H

#include "emergency_state.h"
#include "revocations.h"
#include "setback.h"
#include "store.h"
#include "trust_bundle.h"

#define TRUSTED_BYTES (2u << 20) /* of the installer's block: the bundle, parsed */

struct trusted {
	struct workspace ws;
	struct emergency_state emergency;
	uint64_t epoch;         /* of the revocation list; 0: none came yet */
	struct digest list;     /* SHA-256 of its file */
	uint32_t kept_count;    /* ascending: keys of lists that other targets keys have signed */
	uint32_t listed_count;  /* behind them the keys of the list, and then the emergency's */
	struct revocations all; /* its keys are the array that follows */
	struct digest revoked[REVOCATIONS_KEPT_MAX + REVOCATIONS_KEYS_MAX + EMERGENCY_REVOKED_MAX];
	bool has_bundle;
	struct digest bundle_file; /* SHA-256 of it */
	struct trust_bundle bundle;
	struct boot_identity boot; /* by which new images are judged */
};

struct installer;

/* Reads the store. memory: TRUSTED_BYTES, aligned. */
int trusted_open(struct installer *installer, void *memory, struct error *e) MUST_USE;
/* Takes a state that a statement has changed: saved first, then applied. */
int trusted_keep_emergency(struct installer *installer, const struct emergency_state *state,
			   struct setback *s) MUST_USE;
/*
 * After a refresh: fetches trust/revocations.json and trust/bundle.json where the top-level targets list other ones
 * than the last. *changed: keys were revoked, so that what was verified before is to be verified again.
 */
int trusted_follow(struct installer *installer, bool *changed, struct setback *s) MUST_USE;

#endif
