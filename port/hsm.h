/*
 * Keys that somebody else keeps: a PKCS#11 token, or a test's. Keys have the names of port/signer.h. The caller decides
 * what may be signed (sign/authority.h); a holder only signs.
 */
#ifndef HSM_H
#define HSM_H

#include "crypto.h"
#include "error.h"
#include "key.h"

struct hsm {
	int (*public_key)(void *self, const char *key, struct public_key *out, struct error *e);
	/* ECDSA P-256 over exactly this digest; raw is r || s, verified before it is handed out */
	int (*sign)(void *self, const char *key, const struct digest *digest, uint8_t raw[64], struct error *e);
	void *self;
};

#endif
