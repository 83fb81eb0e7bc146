/*
 * Reports: one outstanding report, its facts kept in the installer's state, signed when sent. A new report takes the
 * place of one that nobody acknowledged: it tells all that is true now.
 */
#ifndef REPORTER_H
#define REPORTER_H

#include "installer.h"
#include "setback.h"

/* Puts a report into the state, under the next sequence; the caller saves the state. target "" where there is none. */
void reporter_note(struct installer *installer, enum report_state state, const char *target, const char *cause);
/* The same, saved. */
int reporter_note_saved(struct installer *installer, enum report_state state, const char *target, const char *cause,
			struct setback *s) MUST_USE;
/* Sends the report key's certificate if the server has not seen it, then the outstanding report if there is one. */
int reporter_deliver(struct installer *installer, struct setback *s) MUST_USE;

#endif
