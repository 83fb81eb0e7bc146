/*
 * Why trust says no. Every refusal that a user sees names its rule; docs/threat-model.md lists them with their tests.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include "fault.h"

enum verdict {
	VERDICT_OK = 0,
	VERDICT_MALFORMED, /* the fault says how */
	VERDICT_SIGNATURE, /* fewer distinct valid keys than the threshold */
	VERDICT_ROLE_TYPE, /* another role's metadata under this name */
	VERDICT_VERSION,   /* not the version that was asked for */
	VERDICT_ROLLBACK,  /* metadata older than what this device has seen */
	VERDICT_EXPIRED,
	VERDICT_LENGTH,             /* longer than signed metadata says, or than its ceiling */
	VERDICT_DIGEST,             /* other bytes than signed metadata says */
	VERDICT_NOT_LISTED,         /* no trusted role lists this target */
	VERDICT_HARDWARE,           /* not for this vendor and class, or product */
	VERDICT_COUNTER,            /* release counter not higher than what runs or has run */
	VERDICT_COUNTER_JUMP,       /* epoch raised by more than one, or a build number that jumps */
	VERDICT_PLAN,               /* the plan does not name this release */
	VERDICT_PLAN_STAGE,         /* the directive claims another stage than the plan gives this device */
	VERDICT_PLAN_TIME,          /* ahead of the plan's earliest time */
	VERDICT_RETURN_WINDOW,      /* return release outside the plan's return window */
	VERDICT_DIRECTIVE_DEVICE,   /* for another device */
	VERDICT_DIRECTIVE_NONCE,    /* not an answer to this device's question: replayed, or void after a reboot */
	VERDICT_DIRECTIVE_SEQUENCE, /* not newer than the last one obeyed */
	VERDICT_DIRECTIVE_LIFETIME, /* too old on the monotonic clock, or longer than allowed */
	VERDICT_DIRECTIVE_TARGET,   /* names another target than the signed release and plan do */
	VERDICT_UNLOGGED,           /* not proven to be in the log */
	VERDICT_MANIFEST,           /* boot manifest disagrees with the release */
	VERDICT_KEY_REVOKED,
	VERDICT_EPOCH,              /* security epoch below this processor's floor */
	VERDICT_SIZE,               /* does not fit the slot */
	VERDICT_SEGMENT,            /* a segment's bytes are not those that the table names */
	VERDICT_UNWITNESSED,        /* logged, but too few witnesses have cosigned */
	VERDICT_EMERGENCY_SEQUENCE, /* an emergency statement not newer than what this device has heard, or far ahead */
	VERDICT_EMERGENCY_FORBIDDEN, /* an emergency statement that would do what none can */
	VERDICT_EMERGENCY_LATER,     /* raises an epoch that the running or the recovery image does not satisfy yet */
	VERDICT_COUNT_,              /* not a verdict: their number */
};

const char *verdict_rule(enum verdict verdict); /* the rule's name: "directive-nonce"; never NULL */
const char *verdict_text(enum verdict verdict); /* one sentence: what was refused */
const char *verdict_help(enum verdict verdict); /* what a person can do about it */

#endif
