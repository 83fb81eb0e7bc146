/*
 * The boot verifier: one power cycle, from journal and manifests to the jump. Freestanding: core and the port below are
 * all that it needs; no heap, no clock, no state of its own.
 *
 * Order, each step on stable storage before the next: roll the epoch counter forward if the confirmed image is ahead of
 * it; a trial that is due (its decremented record is written first); the active slot; the other slot if it was
 * confirmed once; recovery; else refuse. An image is booted only when its manifest and the SHA-256 of its bytes were
 * verified in this cycle. A missing counter means recovery, never zero.
 */
#ifndef SLBOOT_H
#define SLBOOT_H

#include "bootcheck.h"
#include "journal.h"

enum slboot_image { SLBOOT_SLOT_A, SLBOOT_SLOT_B, SLBOOT_RECOVERY, SLBOOT_IMAGES, SLBOOT_NOTHING = SLBOOT_IMAGES };

/* Far apart (Hamming distance 16 and more), so that one flipped bit or skipped store never makes a yes of a no. */
enum slboot_decision {
	SLBOOT_REFUSED = 0x2c95a36a,
	SLBOOT_VERIFIED = 0x536a5b6a, /* never returned: a verified image is jumped to */
	SLBOOT_BOOTED =
		0x2c9a5c95, /* the port's boot() came back: the image ran and ended (host), or the jump failed */
};

enum slboot_event {
	SLBOOT_EVENT_JOURNAL_LOST,    /* unreadable: only recovery can boot */
	SLBOOT_EVENT_COUNTER_LOST,    /* missing or unreadable: only recovery can boot */
	SLBOOT_EVENT_COUNTER_FORWARD, /* detail: the new epoch */
	SLBOOT_EVENT_COUNTER_STUCK,   /* could not be advanced; detail: the epoch wanted */
	SLBOOT_EVENT_TRIAL,           /* detail: boots left after this one */
	SLBOOT_EVENT_REJECTED,        /* detail: enum slot_cause */
	SLBOOT_EVENT_REFUSED,         /* detail: enum verdict */
	SLBOOT_EVENT_MALFORMED,       /* detail: enum fault; follows REFUSED */
	SLBOOT_EVENT_RECORD_FAILED,   /* a journal record could not be written; detail: enum journal_result */
	SLBOOT_EVENT_MEASURE_FAILED,  /* booted all the same: evidence will lack it */
	SLBOOT_EVENT_WATCHDOG_FAILED, /* a trial is not booted then */
	SLBOOT_EVENT_BOOT,            /* the jump */
	SLBOOT_EVENT_NOTHING,         /* no image may boot */
};

/* What is about to run, and what the image may know of it. */
struct slboot_choice {
	enum slboot_image image;
	bool trial;
	uint8_t tries_left;
	uint64_t counter;
	uint64_t image_bytes;
	struct digest digest;
};

struct slboot_port {
	const struct crypto *crypto;
	const struct boot_identity *identity;
	const struct flash *journal;
	const struct flash *regions[SLBOOT_IMAGES];         /* only read() is used; recovery may be NULL */
	int (*counter_get)(void *self, uint32_t *epoch);    /* -1: missing or unreadable */
	int (*counter_advance)(void *self, uint32_t epoch); /* durable when it returns 0 */
	void (*counter_lock)(void *self);                   /* no advance any more until the next power cycle */
	int (*measure)(void *self, const struct slboot_choice *choice);
	int (*watchdog_arm)(void *self);
	void (*log)(void *self, enum slboot_event event, enum slboot_image image, uint32_t detail);
	void (*boot)(void *self, const struct slboot_choice *choice); /* boards: does not return */
	void *self;
};

struct slboot_outcome {
	enum slboot_decision decision;        /* SLBOOT_REFUSED or SLBOOT_BOOTED */
	struct slboot_choice choice;          /* image SLBOOT_NOTHING where refused */
	enum verdict refusals[SLBOOT_IMAGES]; /* why each image did not boot; VERDICT_OK: not tried, or booted */
	uint32_t epoch_floor;
	bool counter_lost, journal_lost;
};

/* One power cycle. Returns only where nothing may boot, or where the port's boot() does. */
void slboot_run(const struct slboot_port *port, struct slboot_outcome *out);

const char *slboot_image_name(enum slboot_image image); /* "a", "b", "recovery", "none" */
const char *slboot_event_text(enum slboot_event event);

#endif
