/* After a start: what became of the image that was to be tried? */
#ifndef SETTLE_H
#define SETTLE_H

#include "installer.h"
#include "setback.h"

/*
 * Running in trial: the health check, then confirm or reject. Trial lost: remember it, say so. Every path may be cut at
 * any point and is taken again at the next start. The report that is due stands in the saved state afterwards.
 */
int settle_trial(struct installer *installer, enum installer_outcome *out, struct setback *s) MUST_USE;

#endif
