/*
 * SHA-256 (FIPS 180-4) for what has no OpenSSL: boot verifiers. Small before fast; a board with a hash engine gives its
 * own functions in struct crypto instead.
 */
#ifndef SHA256_H
#define SHA256_H

#include "crypto.h"

void sha256_init(struct sha256 *h);
void sha256_update(struct sha256 *h, struct span data);
void sha256_final(struct sha256 *h, struct digest *out); /* h is spent */

#endif
