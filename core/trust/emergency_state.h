/*
 * What emergency statements have made of a device, and may this statement change it? Pure: facts in, verdict out; the
 * caller persists the state before it acts on it. protocol/emergency.md has the rules.
 *
 * Statements stand outside TUF: pinned keys, no expiry, no log. They cannot name a key to be trusted.
 */
#ifndef EMERGENCY_STATE_H
#define EMERGENCY_STATE_H

#include "bootcheck.h"
#include "emergency.h"
#include "threshold.h"

#define EMERGENCY_THRESHOLD 2 /* of the pinned keys, distinct by SPKI */
#define EMERGENCY_REVOKED_MAX 128
#define EMERGENCY_WAITING_MAX 4
#define EMERGENCY_PROTECTED_MAX 64
#define EMERGENCY_SEQUENCE_STEP_MAX 1024u
#define EMERGENCY_STATE_BYTES_MAX 16384

/* All that statements may have changed. All zero: none came yet. */
struct emergency_state {
	uint64_t sequence;                       /* of the highest statement taken note of */
	uint32_t waiting_count;                  /* verified, and to be applied once this device's images allow it */
	uint64_t waiting[EMERGENCY_WAITING_MAX]; /* their sequences, ascending */
	uint32_t epoch;                          /* nothing below is installed any more; 0: not raised */
	bool standby;                            /* new images need the boot key "next" */
	bool has_recovery;
	struct digest recovery; /* the one recovery image that was authorised */
	uint32_t revoked_count;
	struct digest revoked[EMERGENCY_REVOKED_MAX]; /* ascending */
};

/* An image that stands on the device: what it needs to boot. */
struct emergency_image {
	bool present;
	uint64_t counter;
	bool by_boot[BOOT_KEYS_MAX];           /* the boot keys whose signature its manifest bears */
	bool by_emergency[BOOT_EMERGENCY_MAX]; /* the same, of a recovery image alone: two of them boot it, too */
};

struct emergency_facts {
	struct span product;
	const struct boot_identity *boot; /* pinned at provisioning */
	uint32_t epoch;                   /* floor of the boot verifier's counter */
	struct emergency_image running, recovery;
	uint32_t protected_count; /* root's keys */
	const struct digest *protected_keys;
};

/*
 * VERDICT_OK: the state is the new one. VERDICT_EMERGENCY_LATER: so it is, but for the epoch, which the running or the
 * recovery image does not satisfy yet: the statement is noted as waiting, to be offered again. Anything else: the state
 * is unchanged.
 */
enum verdict emergency_apply(const struct crypto *crypto, const struct emergency_facts *facts,
			     const struct signed_json *envelope, const struct emergency *statement,
			     struct emergency_state *state) MUST_USE;

/* The statements that a device asks for: those that wait, then the next sequence. 0 where `after` was the last. */
uint64_t emergency_next(const struct emergency_state *state, uint64_t after);
bool emergency_revokes(const struct emergency_state *state, const struct digest *key);
/* May this recovery image be installed, its manifest aside? */
bool emergency_allows_recovery(const struct emergency_state *state, const struct digest *image);
/* The identity by which new images are judged: revoked keys marked, and the current one once the standby is active. */
void emergency_boot_identity(const struct crypto *crypto, const struct emergency_state *state,
			     const struct boot_identity *pinned, struct boot_identity *out);

/*
 * What the boot verifier's own table may become: a key keeps its place there as long as the running or the recovery
 * image boots by it alone, though nothing new is installed under it; so does an emergency key that recovery needs.
 */
void emergency_boot_table(const struct crypto *crypto, const struct emergency_facts *facts,
			  const struct emergency_state *state, struct boot_identity *out);

/* The state as a device keeps it: canonical JSON, its own, not signed. */
enum fault emergency_state_decode(struct span text, struct workspace *ws, struct emergency_state *out) MUST_USE;
void emergency_state_encode(struct writer *w, const struct emergency_state *state);

#endif
