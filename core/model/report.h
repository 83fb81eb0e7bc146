/*
 * What a device says about itself (protocol/report.md): signed JSON, canonical, by the device's identity key.
 * The server counts a success only from a report whose running image is the release and whose state is confirmed.
 */
#ifndef REPORT_H
#define REPORT_H

#include "directive.h"

#define REPORT_BYTES_MAX 8192
#define REPORT_REFUSALS_MAX 16
#define REPORT_CAUSE_MAX 160

enum report_state {
	REPORT_IDLE,        /* nothing under way */
	REPORT_INSTALLING,  /* target is being written */
	REPORT_ACTIVATING,  /* written and verified; the reboot comes next */
	REPORT_CONFIRMED,   /* target booted, its checks passed, it is confirmed */
	REPORT_ROLLED_BACK, /* target was tried and did not come up; the old image runs */
	REPORT_REFUSED,     /* target was refused; cause names the rule */
	REPORT_FAILED,      /* target could not be installed; cause says why; will be tried again */
};

struct report_refusal {
	struct span rule; /* verdict_rule() */
	uint64_t count;
};

struct report {
	struct span device;
	uint64_t sequence; /* rises with every report of this device, over reboots too */
	uint64_t boot_count;
	struct span running_path; /* of the running release, empty where unknown (factory image) */
	struct span running_version;
	struct digest running_image;
	uint64_t running_counter;
	enum report_state state;
	struct span target_path; /* that state speaks of; empty when idle */
	struct span cause;       /* printable ASCII, empty where all is well */
	struct span proof;       /* identity: "file" or "tpm": where the key lives */
	uint32_t refusal_count;  /* since the last acknowledged report, by rule */
	struct report_refusal refusals[REPORT_REFUSALS_MAX];
};

enum fault report_decode(struct json_node *body, struct report *out) MUST_USE;
void report_encode(struct writer *w, const struct report *report);
const char *report_state_text(enum report_state state); /* "idle" "installing" ... "rolled-back" */

#endif
