/*
 * A crypto provider whose signatures a test can make: SHA-256 is the real one, a "signature" is SHA-256(key || digest)
 * twice. Every bit of key, digest and signature matters, as with ECDSA.
 */
#ifndef FAKE_SIGNER_H
#define FAKE_SIGNER_H

#include "crypto_openssl.h"
#include "key.h"

#include <string.h>

static inline void fake_sign(const uint8_t xy[64], const struct digest *digest, uint8_t raw[64])
{
	struct sha256 hash;
	struct digest half;
	crypto_openssl.sha256_init(&hash);
	crypto_openssl.sha256_update(&hash, (struct span){ xy, 64 });
	crypto_openssl.sha256_update(&hash, digest_span(digest));
	crypto_openssl.sha256_final(&hash, &half);
	memcpy(raw, half.bytes, 32);
	memcpy(raw + 32, half.bytes, 32);
}

static inline bool fake_verify(const uint8_t xy[64], const struct digest *digest, const uint8_t signature[64])
{
	uint8_t raw[64];
	fake_sign(xy, digest, raw);
	return memcmp(raw, signature, sizeof raw) == 0;
}

static inline struct crypto fake_crypto(void)
{
	struct crypto crypto = crypto_openssl;
	crypto.p256_verify = fake_verify;
	return crypto;
}

static inline struct public_key fake_key(uint8_t seed)
{
	struct public_key key;
	memset(key.xy, seed, sizeof key.xy);
	return key;
}

#endif
