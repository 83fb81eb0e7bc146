/* Emergency statements: fetched, verified by the pinned keys and heeded before anything of TUF is asked for. */
#ifndef HEAR_H
#define HEAR_H

#include "installer.h"
#include "setback.h"

#define HEAR_STATEMENTS_MAX 32 /* of one cycle, which ends there; the next goes on */

/* Walks emergency/<product>/<sequence>.json to the first that is absent. Any other failure ends the cycle. */
int hear_emergency(struct installer *installer, struct setback *s) MUST_USE;

#endif
