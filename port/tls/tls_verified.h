/*
 * Private to this folder: certificates that verified once, by SHA-256 of the whole leaf. A fixed table; old make
 * room.
 */
#ifndef TLS_VERIFIED_H
#define TLS_VERIFIED_H

#include "crypto.h"

#define TLS_VERIFIED_SLOTS 16384u
#define TLS_VERIFIED_FOREVER INT64_MAX

struct tls_verified {
	struct tls_verified_slot {
		struct digest leaf;
		int64_t until_unix; /* 0: empty */
	} slots[TLS_VERIFIED_SLOTS];
};

bool tls_verified_has(const struct tls_verified *cache, const struct digest *leaf, int64_t now_unix);
void tls_verified_put(struct tls_verified *cache, const struct digest *leaf, int64_t until_unix);

#endif
