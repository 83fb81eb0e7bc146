/*
 * Would devices take an emergency statement? One that they refuse stops all of them at it until its file is replaced,
 * so it is found out before it is published.
 */
#ifndef STATEMENT_CHECK_H
#define STATEMENT_CHECK_H

#include "emergency_state.h"
#include "publishing.h"

/* text: the signed statement of this sequence, behind those that the repository has. 0, or -1 and the device's rule. */
int statement_check(const struct site *site, struct publishing *publishing, const struct site_product *product,
		    uint64_t sequence, struct span text, struct error *e) MUST_USE;
/* What the statements of the repository have come to on a device whose images have every epoch. */
int statement_state(const struct site *site, struct publishing *publishing, const struct site_product *product,
		    struct emergency_state *out, struct error *e) MUST_USE;

#endif
