/*
 * Does the online signing authority answer? A thread of its own asks it for a public key every PROBE_S seconds, so that
 * nobody waits for it; a change is an event in the log.
 */
#ifndef PROBE_H
#define PROBE_H

#include "signer.h"

#define PROBE_S 10

struct probe;

/* signer: the probe's own, since calls wait for each other. */
int probe_new(struct probe **out, struct signer signer, const char *key, struct error *e) MUST_USE;
void probe_free(struct probe *probe);  /* ends the thread; NULL is fine */
bool probe_is_up(struct probe *probe); /* any thread; true until the first answer or failure */

#endif
