/*
 * ECDSA verification on P-256 (FIPS 186-5 section 6.4.2; SP 800-186) for what has no OpenSSL: boot verifiers.
 * Verification only, and everything it reads is public, so it takes as long as its input happens to need; it must not
 * be given a secret, and nothing here can sign. About 1.5 KB of stack, no heap, no state.
 */
#ifndef P256_H
#define P256_H

#include "crypto.h"

/*
 * True where signature, r || s, is that of the key X || Y over the digest. False also where r or s is 0 or not below
 * the order, where a coordinate is not below the field's prime, and where the point is off the curve. Infinity has no
 * affine coordinates, and the cofactor is 1, so a point on the curve is a valid key.
 */
bool p256_verify(const uint8_t xy[64], const struct digest *digest, const uint8_t signature[64]);

#endif
