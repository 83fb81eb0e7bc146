/* All that must be right before the first byte of a slot changes. */
#ifndef PREPARE_H
#define PREPARE_H

#include "offer.h"

/* Made by prepare_install() alone: writing takes nothing else. */
struct prepared_install {
	const struct authorized_install *what;
	struct verified_manifest manifest;
	struct span envelope; /* of the manifest, as it goes into the slot */
	struct segments table;
	enum slot slot;
	const struct flash *region;
};

/*
 * Log proof as the release's policy asks, boot manifest as this device's boot verifier will judge it and equal to the
 * release, epoch within the counter's room, segment table of this very image, a slot that is not running.
 */
int prepare_install(struct installer *installer, const struct offer *offer, struct prepared_install *out,
		    struct setback *s) MUST_USE;

#endif
