/*
 * The installer: all verification, all state, the slots. It decides what runs on this device and takes nobody's word
 * for it: not the server's, not the fetcher's. One poll cycle is one call; the caller waits between calls.
 *
 *   installer_open(&installer, &config, &ports, block, INSTALLER_BLOCK_BYTES, &e)   reads the state
 *   installer_start(&installer, &out, &e)   once after each start: settles a trial (confirm, or note that it was lost)
 *   installer_cycle(&installer, &wait_ms)   refresh, poll, and install what is authorised
 *
 * All that a power cut may interrupt is either repeated or found done: the order of effects is told in installer.c.
 */
#ifndef INSTALLER_H
#define INSTALLER_H

#include "bootcheck.h"
#include "client.h"
#include "clock.h"
#include "decompress.h"
#include "device.h"
#include "device_state.h"
#include "fetch.h"
#include "journal.h"
#include "segments.h"
#include "trusted.h"

/* Address space, not memory: pages are taken as metadata needs them. The ceilings of each part: */
#define INSTALLER_METADATA_BYTES (40u << 20)        /* the TUF client: snapshot 2 MiB, roles 5 MiB each, parsed */
#define INSTALLER_TASK_BYTES (24u << 20)            /* one directive, plan, manifest, proof and the segment table */
#define INSTALLER_TRAVEL_BYTES (SEGMENT_TRAVEL_MAX) /* one request for payload bytes; in the decompressor */
#define INSTALLER_BLOCK_BYTES (INSTALLER_METADATA_BYTES + INSTALLER_TASK_BYTES + TRUSTED_BYTES + 4096u)

/* Between two durable progress records: both, so that neither a slow line nor a fast one loses more than a moment. */
#define INSTALLER_PROGRESS_SEGMENTS 8u
#define INSTALLER_PROGRESS_MS 500u
#define INSTALLER_BACKOFF_MAX_S 3600u

struct installer_event {
	/*
	 * "poll" "refused" "installing" "ready" "confirmed" "rolled-back" "failed" "report" "emergency" "revocations"
	 * "trust-bundle"
	 */
	const char *name;
	const char *target;         /* path of the release that it speaks of, or "" */
	const char *version;        /* or "" */
	const struct digest *image; /* NULL where it has none */
	const char *rule;           /* verdict_rule() of a refusal, or "" */
	const char *text;           /* for people */
	const char *help;           /* verdict_help() of a refusal: what a person can do about it, or "" */
};

struct installer_ports {
	struct fetch fetch;
	struct store store;
	struct clock clock;
	struct decompress decompress;
	struct flash slots[SLOT_COUNT], journal;
	const struct flash *recovery; /* NULL: no recovery image stands here */
	/* raw r || s over SHA-256 of a report's canonical body */
	int (*sign)(void *self, const struct digest *digest, uint8_t raw[64], struct error *e);
	int (*random)(void *self, uint8_t *out, size_t n, struct error *e);
	int (*healthy)(void *self, struct error *e); /* NULL: nothing to ask; -1: not healthy, e says why */
	/* the fetcher gets these roots of TLS instead of what it has; NULL: it is not told */
	int (*server_roots)(void *self, const struct trust_certificates *roots, struct error *e);
	/*
	 * the boot verifier's own keys, as far as statements have revoked them; kept by it, for good. NULL: it is not
	 * told
	 */
	int (*boot_keys)(void *self, const struct boot_identity *table, struct error *e);
	void (*event)(void *self, const struct installer_event *event); /* NULL: nobody listens */
	/*
	 * asked between two segments and while waiting; true: stop now, the work is resumed at the next start. May be
	 * NULL
	 */
	bool (*stopped)(void *self);
	void *self;
};

struct installer_config {
	const struct device_config *device;
	const struct crypto *crypto;
	const struct boot_identity *boot; /* as the boot verifier has it */
	uint32_t epoch_floor;             /* of the boot verifier's counter, at the start */
	uint32_t epoch_max;               /* the highest that its counter can still hold */
	enum slot running;                /* the slot that the boot verifier started; SLOT_NONE: recovery, or unknown */
	struct public_key report_key;
	struct span attestation_der; /* the report key's certificate, given to the server once; may be empty */
	const char *key_place;       /* "file" or "tpm": said in reports */
	int64_t built_unix;          /* time cannot be before that */
};

enum installer_outcome {
	INSTALLER_WAIT,   /* call again after the time given */
	INSTALLER_REBOOT, /* a verified image is READY: reboot into it */
};

struct installer {
	struct installer_config config;
	struct installer_ports ports;
	struct device_state state; /* as it stands in the store */
	struct workspace metadata, task;
	bool boot_keys_told;    /* since the last statement, and the last start */
	struct trusted trusted; /* beside TUF's roles, as it stands in the store */
	struct client client;
	struct attribute attributes[DEVICE_ATTRIBUTES_MAX];
	struct device_facts facts;
	struct directive_question question; /* nonce: in memory only, so that a reboot voids it */
	uint64_t asked_ms;
	struct journal journal;
	uint32_t poll_s, failures;
	uint32_t retry_after_s; /* asked for by the server in this cycle; 0: not */
};

/* The installer, config's and ports' pointers must outlive it. block: at least INSTALLER_BLOCK_BYTES. */
int installer_open(struct installer *installer, const struct installer_config *config,
		   const struct installer_ports *ports, void *block, size_t n, struct error *e) MUST_USE;
/* REBOOT: an image is READY but did not get its turn, or the trial was found unhealthy: boot again before all else. */
int installer_start(struct installer *installer, enum installer_outcome *out, struct error *e) MUST_USE;
/*
 * Never fails for good: what went wrong was reported as an event and, where the server should know, as a report.
 * *wait_ms is the time to the next cycle, jitter included.
 */
enum installer_outcome installer_cycle(struct installer *installer, uint64_t *wait_ms) MUST_USE;

#endif
