/* Which slot does this program run from? A wrong guess would reject a healthy image, or write over the running one. */
#ifndef RUNNING_H
#define RUNNING_H

#include "error.h"
#include "journal.h"

/*
 * told: what the boot stage says ("a", "b", "recovery", which is SLOT_NONE), or NULL or "" where it says nothing. Then
 * it is the active slot, unless the journal leaves that open: -1, and e says what to do.
 */
int running_slot(const char *told, const struct journal_state *journal, enum slot *out, struct error *e) MUST_USE;

#endif
