/*
 * Offline keys (root, targets, emergency, boot-root, approvers, factory) used in process by a person at a command: the
 * same authority as sealift-signd, with its own journal, behind the same struct signer. In production each holder runs
 * it on a machine of their own; a demonstration has all tokens in one directory.
 */
#ifndef CEREMONY_H
#define CEREMONY_H

#include "certifier.h"
#include "clock.h"
#include "hsm.h"
#include "signer.h"

struct ceremony_setup {
	const struct crypto *crypto;
	const struct certifier *certifier;
	struct clock clock;
	struct hsm hsm;           /* whose keys may be used: a keyring over the offline tokens */
	const char *journal_path; /* begun before; locked while open */
	/* the factory CA's certificate, DER; empty: this ceremony issues none */
	struct span factory_ca;
};

struct ceremony;

/* The empty journal of a new authority, once. */
int ceremony_begin(const char *journal_path, struct error *e) MUST_USE;
int ceremony_open(const struct ceremony_setup *setup, struct ceremony **out, struct error *e) MUST_USE;
void ceremony_close(struct ceremony *ceremony);           /* NULL is fine */
struct signer ceremony_signer(struct ceremony *ceremony); /* as long as the ceremony stands */

#endif
