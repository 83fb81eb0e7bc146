/*
 * Which slot holds what, through any power cut. Two sectors of 32-byte records; the newest whole record is the truth
 * (protocol/slots.md). Shared by the installer (begin_write, ready, confirm, reject) and the boot stage (trial,
 * reject).
 *
 *     EMPTY -> WRITING -> READY(tries) -> TRIAL(tries left) -> CONFIRMED
 *                  \____________\________________\_______________\__-> REJECTED -> WRITING
 *
 * The flash is a region of exactly two erase units (erase_bytes a multiple of 32, at least 64).
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include "slot.h"

#define JOURNAL_RECORD_BYTES 32u
#define JOURNAL_TRIES_MAX 15u

enum slot_state { SLOT_EMPTY, SLOT_WRITING, SLOT_READY, SLOT_TRIAL, SLOT_CONFIRMED, SLOT_REJECTED };

/* Why a slot was rejected; for reports. */
enum slot_cause {
	SLOT_CAUSE_NONE,
	SLOT_CAUSE_TRIES,  /* its last trial ended without a confirmation */
	SLOT_CAUSE_VERIFY, /* the boot stage found its manifest or image invalid */
	SLOT_CAUSE_HEALTH, /* it booted, and its own checks failed */
	SLOT_CAUSE_OWNER,  /* withdrawn: an abort, or an install given up */
};

struct slot_status {
	enum slot_state state;
	uint8_t tries; /* READY, TRIAL: boots left before it is rejected */
	enum slot_cause cause;
};

struct journal_state {
	uint32_t sequence; /* of the newest record; 0: there is none, all slots EMPTY, active SLOT_NONE */
	enum slot active;  /* confirmed last: what boots when no trial is due */
	struct slot_status slots[SLOT_COUNT];
};

enum journal_result {
	JOURNAL_OK = 0,
	JOURNAL_IO,       /* the flash failed; open again before the next step */
	JOURNAL_REFUSED,  /* no such transition from here; nothing was written */
	JOURNAL_GEOMETRY, /* not two sectors of whole records */
};

struct journal {
	const struct flash *flash;
	struct journal_state now;
	/* private */
	uint32_t sector; /* of the newest record */
	uint32_t next;   /* offset in that sector of the first unit behind everything that was ever programmed */
};

enum journal_result journal_open(struct journal *journal, const struct flash *flash) MUST_USE;
/* Provisioning: both sectors erased, one record: this slot CONFIRMED and active (SLOT_NONE: nothing installed). */
enum journal_result journal_format(struct journal *journal, const struct flash *flash, enum slot confirmed) MUST_USE;

struct journal_state journal_state(const struct journal *journal);
const char *journal_state_name(enum slot_state state); /* "EMPTY" ... */
const char *journal_cause_name(enum slot_cause cause); /* "tries" ... */

/* Each returns when its record is durable. Repeating the step that was made last is JOURNAL_OK and writes nothing. */

/* Before the first byte of the slot changes. Refused for the active slot and for one in trial: it may be running. */
enum journal_result journal_begin_write(struct journal *journal, enum slot slot) MUST_USE;
/* WRITING -> READY, once image and manifest are verified and durable. tries: 1..JOURNAL_TRIES_MAX. */
enum journal_result journal_ready(struct journal *journal, enum slot slot, uint8_t tries) MUST_USE;
/* By the boot stage, before the jump: READY(n) or TRIAL(n) -> TRIAL(n-1). Refused where n is 0. Never a repetition. */
enum journal_result journal_trial(struct journal *journal, enum slot slot) MUST_USE;
/* By the image itself, in trial, once its checks passed: it becomes active. */
enum journal_result journal_confirm(struct journal *journal, enum slot slot) MUST_USE;
/*
 * Any state but EMPTY. Where the slot was active, the other slot becomes so if it is CONFIRMED, else none. An installer
 * that runs from recovery rejects a broken active slot so that it may write there.
 */
enum journal_result journal_reject(struct journal *journal, enum slot slot, enum slot_cause cause) MUST_USE;

#endif
