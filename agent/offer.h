/* What the server wants of this device, and whether signed metadata, plan and directive allow it. */
#ifndef OFFER_H
#define OFFER_H

#include "installer.h"
#include "setback.h"

#define OFFER_ANSWER_MAX 16384 /* a directive and two numbers */

struct offer {
	bool is_there;                       /* false: nothing to do */
	char claimed[METADATA_PATH_MAX + 1]; /* the target that the directive names, believed or not; for reports */
	struct authorized_install install;   /* only after offer_get() returned 0 */
	const struct target *target;         /* the release, as the product role lists it */
};

/*
 * Refreshes metadata, then polls under a new nonce: want "directive", or "confirm" for the target that was installed.
 * 0 with is_there: authorised now, and the directive's sequence is spent (saved). Everything in `out` lives in the
 * installer's workspaces until the next call.
 */
int offer_get(struct installer *installer, const char *want, const char *target, struct offer *out,
	      struct setback *s) MUST_USE;

#endif
