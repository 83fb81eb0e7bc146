/*
 * A whole world for the installer's tests: a repository, a log, a director and a device, all in memory, and a switch
 * that makes the n-th effect fail or cuts the power there. What the server hears is kept.
 */
#ifndef YARD_H
#define YARD_H

#include "emergency.h"
#include "in_process.h"
#include "installer.h"
#include "world.h"

#define YARD_SLOT_BYTES (64u << 10)
#define YARD_SEGMENT 4096u
#define YARD_SEGMENTS 10u
#define YARD_IMAGE_BYTES (YARD_SEGMENT * YARD_SEGMENTS - 777)
#define YARD_REPORTS_MAX 64

#define YARD_PAGE 256u

/* As a file is: reads see the cache, and a failed sync loses what was written since the last, without a later word. */
struct yard_flash {
	uint8_t bytes[YARD_SLOT_BYTES];   /* as it is read */
	uint8_t durable[YARD_SLOT_BYTES]; /* as it will be */
	bool is_dirty[YARD_SLOT_BYTES / YARD_PAGE];
	struct yard *yard;
	uint32_t programs, erases;
};

struct yard_report {
	enum report_state state;
	uint64_t sequence;
	uint64_t running_counter;
	char target[METADATA_PATH_MAX + 1];
	char cause[REPORT_CAUSE_MAX + 1];
	struct digest running_image;
};

/* A release and its plan, as published; a test changes it before yard_publish(). */
struct yard_release {
	uint8_t image[YARD_IMAGE_BYTES];
	struct digest digest;
	uint64_t counter;
	struct release release;
	struct digest detail;
};

struct yard {
	struct yard *home; /* whose server this device talks to; NULL: its own */
	struct world *world;
	struct world_holder director, plans, boot, log, report;
	struct world_shelf site;       /* objects/.. targets/.. log/.. emergency/.. */
	struct world_holder emergency; /* three keys, pinned in the device */
	uint32_t trust_count;          /* what the top-level targets list themselves */
	struct target trust[2];
	void (*cosign)(struct yard *y, struct span note_text, struct writer *lines); /* of each proof; NULL: nobody */
	struct yard_release next;
	struct plan plan;
	struct stage stage;
	struct digest plan_digest;
	/* what is changed before publishing */
	enum log_policy log_policy;
	uint8_t manifest_class;    /* of the boot manifest; 0: the device's */
	uint64_t manifest_counter; /* 0: the release's */
	/* the director */
	bool offers, confirms;
	uint64_t directive_sequence;
	void (*twist)(struct directive *directive);
	bool wrong_director;                        /* signs with a key that nobody listed */
	const struct world_holder *stolen_director; /* signs in the director's place; NULL: nobody */
	bool replays;                               /* gives the last directive again */
	char last_directive[DIRECTIVE_BYTES_MAX];
	/* transport */
	const char *corrupt; /* a byte of the body of every path that begins so is flipped */
	size_t corrupt_at;
	const char *cut;       /* every path that begins so comes without its last byte */
	unsigned deny_status;  /* every answer of the server; 0: none */
	bool unreachable;      /* no request gets an answer */
	const char *deny_path; /* these two are for the GETs alone whose path begins so; NULL: for all */
	bool ignores_range;
	uint32_t gets, metadata_gets, posts;
	/* the device */
	const struct crypto *crypto; /* NULL: OpenSSL's */
	struct device_config config;
	struct boot_identity identity;
	struct world_shelf store;
	struct yard_flash slots[SLOT_COUNT], journal;
	enum slot running;
	uint32_t epoch_floor; /* of the boot verifier's counter */
	/* hears of new roots of TLS; NULL: nobody does */
	void (*roots_heard)(void *self, const struct trust_certificates *roots);
	void *roots_self;
	bool sick;
	bool has_table; /* the boot verifier was told of keys */
	struct boot_identity table;
	int64_t unix_s;
	uint64_t boot_ms;
	uint32_t step_ms; /* between two looks at the clock */
	/* faults: the n-th effect from now on fails; 0: none. cut_power: and every one after it */
	uint32_t effects, fail_at;
	bool cut_power;
	struct in_process decompressor;
	struct installer installer;
	uint32_t report_count;
	struct yard_report reports[YARD_REPORTS_MAX];
	char last_rule[64]; /* of the last "refused" event */
	char last_help[256];
	char last_text[ERROR_TEXT_MAX];
};

/* A device that runs the factory image under counter 10, and a release with counter 11, published and offered to it. */
struct yard *yard_new(uint32_t erase_bytes);
/* Another such device at the same server: what is published there, it is offered. home must outlive it. */
struct yard *yard_beside(struct yard *home, const char *id);
void yard_free(struct yard *y);
void yard_publish(struct yard *y);
/* Parts of it: the release with its plan, and the delegations; each under a new version, until the snapshot unseen. */
void yard_publish_release(struct yard *y);
void yard_publish_targets(struct yard *y);

/* Opens the installer anew, as after a start of the program. 0, or -1 when an effect failed. */
int yard_start(struct yard *y, enum installer_outcome *out);
enum installer_outcome yard_cycle(struct yard *y);
/* What the boot verifier does, by journal alone: boots the trial if one is due; `boots`: does that image come up? */
void yard_power_cycle(struct yard *y, bool boots);
/* Start, then cycles with reboots, until the device neither wants a reboot nor has anything to do; at most n cycles. */
void yard_run(struct yard *y, bool boots, uint32_t n);

/* Lists trust/<name> from the next yard_publish() on, in place of an earlier one. */
void yard_put_trust(struct yard *y, const char *path, struct span text);
/* Puts an emergency statement by the first `signers` of the three where a device asks for that number. */
void yard_state(struct yard *y, const struct emergency *statement, uint32_t signers, uint64_t as_number);

void yard_pin_emergency(struct yard *y); /* three new keys, in the device; yard_new() does it */

struct journal_state yard_journal(struct yard *y);
bool yard_reported(const struct yard *y, enum report_state state);

#endif
