/*
 * What the installer must not forget, in one blob of its store ("installer.state", canonical JSON), saved whole each
 * time. Everything that speaks of the future (nonce, directive) is left out on purpose.
 */
#ifndef DEVICE_STATE_H
#define DEVICE_STATE_H

#include "report.h"
#include "slot.h"
#include "store.h"
#include "verdict.h"

#define DEVICE_STATE_BYTES_MAX 16384
#define DEVICE_STATE_NAME "installer.state"

/* A release, as far as it must be remembered. */
struct device_release {
	char path[METADATA_PATH_MAX + 1]; /* empty: the factory's image, or none */
	char version[RELEASE_VERSION_MAX + 1];
	struct digest image;
	uint64_t image_bytes;
	uint64_t counter; /* 0: none */
};

struct device_state {
	uint64_t boot_count;
	uint64_t report_sequence;    /* of the last report made */
	uint64_t directive_sequence; /* of the last directive obeyed under the director's keys that follow */
	struct digest director_keys; /* of their identities: other keys start again at 0 */
	struct digest list_keys;     /* of the targets keys under which the revocation list was accepted */
	struct digest bundle_keys;   /* the same of the trust bundle */
	uint64_t counter_floor;      /* the highest counter that was confirmed */
	int64_t clock_floor_unix;    /* the highest verified x-issued under the timestamp keys that follow */
	struct digest clock_keys;    /* of their identities: other keys reset the floor */
	struct device_release running;
	struct device_release target;      /* being installed, or in trial; counter 0: none */
	enum slot target_slot;             /* where; means nothing without a target */
	struct device_release failed;      /* failed its trial here: not tried again; counter 0: none */
	bool attested;                     /* the server has the report key's certificate */
	uint64_t refusals[VERDICT_COUNT_]; /* since the last acknowledged report */
	bool report_pending;               /* the last report made is not acknowledged */
	enum report_state report_state;    /* of that report, and what it spoke of */
	char report_target[METADATA_PATH_MAX + 1];
	char report_cause[REPORT_CAUSE_MAX + 1];
};

void device_state_encode(struct writer *w, const struct device_state *state);
enum fault device_state_decode(struct span text, struct workspace *ws, struct device_state *out) MUST_USE;

/* ws is used and given back. A device without state is broken: load fails. */
int device_state_load(const struct store *store, struct workspace *ws, struct device_state *out,
		      struct error *e) MUST_USE;
int device_state_save(const struct store *store, const struct device_state *state, struct error *e) MUST_USE;

#endif
