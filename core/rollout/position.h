/* Where a device stands in the line for a release: fixed by a public salt, so that anyone can check who came first. */
#ifndef POSITION_H
#define POSITION_H

#include "crypto.h"

#define POSITION_SALT_BYTES 32
#define POSITION_END 10000

/*
 * The first four bytes, big endian, of SHA-256(salt || device id), scaled to basis points: 0..POSITION_END - 1. The
 * salt is the release's own, so that no device is always first. POSITION_END, which no range takes in, if the salt does
 * not have POSITION_SALT_BYTES: with a salt of free length, salt and id could be cut elsewhere.
 */
uint32_t position_of(const struct crypto *crypto, struct span salt, struct span device_id);

#endif
