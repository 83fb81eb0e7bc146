/*
 * What core asks of a crypto provider, and no more. Functions of public data only, so none needs constant time.
 * Providers: port/openssl (hosted); slboot brings its own (boards).
 */
#ifndef CRYPTO_H
#define CRYPTO_H

#include "span.h"

#define DIGEST_BYTES 32

struct digest {
	uint8_t bytes[DIGEST_BYTES]; /* SHA-256 */
};

/* The provider's running state; copying it is allowed. */
struct sha256 {
	uint64_t state[14];
};

struct crypto {
	void (*sha256_init)(struct sha256 *h);
	void (*sha256_update)(struct sha256 *h, struct span data);
	void (*sha256_final)(struct sha256 *h, struct digest *out);
	/* ECDSA on P-256 (FIPS 186-5): key X || Y, signature r || s, any s. False also for a point off the curve. */
	bool (*p256_verify)(const uint8_t xy[64], const struct digest *digest, const uint8_t signature[64]);
};

struct digest sha256_of(const struct crypto *crypto, struct span data);
bool digest_equal(const struct digest *a, const struct digest *b);
struct span digest_span(const struct digest *d);

/* A writer's drain that feeds a hash: w.drain = crypto_drain, w.context = a struct crypto_stream. */
struct crypto_stream {
	const struct crypto *crypto;
	struct sha256 hash;
};
void crypto_drain(void *stream, struct span bytes);

#endif
