/*
 * SoftHSM2, the embedded default. It rewrites its token file in place at every login, without fsync: a crash there
 * loses the token and its keys. So the directory that holds the keys for good, the master, is never logged in to:
 *
 *     making keys    softhsm_create(dir) or softhsm_revise(dir) prepares dir.new; module_open, softhsm_init_token,
 *                    token_open, token_generate_*, module_close; softhsm_seal(dir) checksums, syncs, and renames
 *     using keys     softhsm_work(dir, run) verifies the checksums and copies the tokens to run; module_open,
 *                    token_open
 *
 * A master holds tokens/, softhsm2.conf, pin (random 128 bits in hexadecimal, mode 0600) and tokens.sha256.
 */
#ifndef SOFTHSM_H
#define SOFTHSM_H

#include "module.h"

#define SOFTHSM_PIN_TEXT 33 /* 32 digits and a NUL */

/* dir.new with an empty tokens/ and a new PIN, and SOFTHSM2_CONF set to it. Refused where dir is there already. */
int softhsm_create(const char *dir, struct error *e) MUST_USE;
/* dir.new as a verified copy of dir, and SOFTHSM2_CONF set to it, to add keys. */
int softhsm_revise(const char *dir, struct error *e) MUST_USE;
/* dir.new becomes dir, whole or not at all. Close the module first. After a revision the old one is removed. */
int softhsm_seal(const char *dir, struct error *e) MUST_USE;

/* Verifies the master dir, makes run afresh (mode 0700) with a copy of its tokens, sets SOFTHSM2_CONF to it. */
int softhsm_work(const char *dir, const char *run, struct error *e) MUST_USE;
/* Removes a working copy. */
int softhsm_drop(const char *run, struct error *e) MUST_USE;

/* Reads dir/pin (after softhsm_create: dir.new/pin is softhsm_pin of "DIR.new"). */
int softhsm_pin(const char *dir, char pin[SOFTHSM_PIN_TEXT], struct error *e) MUST_USE;
/* A new token with this label and user PIN on a free slot. Its security officer's PIN is random and forgotten. */
int softhsm_init_token(struct module *module, const char *label, const char *pin, struct error *e) MUST_USE;

#endif
