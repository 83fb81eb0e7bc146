/*
 * What core asks of a crypto provider, and no more. Functions of public data only, so none needs constant time.
 * Providers: port/openssl (hosted); slboot brings its own (boards). What only a hosted TUF client needs may be NULL:
 * a key, signature or hash of that kind then counts as one of an unknown algorithm.
 */
#ifndef CRYPTO_H
#define CRYPTO_H

#include "span.h"

#define DIGEST_BYTES 32
#define DIGEST512_BYTES 64

struct digest {
	uint8_t bytes[DIGEST_BYTES]; /* SHA-256 */
};

struct digest512 {
	uint8_t bytes[DIGEST512_BYTES]; /* SHA-512 */
};

/* The provider's running state; copying it is allowed. */
struct sha256 {
	uint64_t state[14];
};
struct sha512 {
	uint64_t state[27];
};

struct crypto {
	void (*sha256_init)(struct sha256 *h);
	void (*sha256_update)(struct sha256 *h, struct span data);
	void (*sha256_final)(struct sha256 *h, struct digest *out);
	/* ECDSA on P-256 (FIPS 186-5): key X || Y, signature r || s, any s. False also for a point off the curve. */
	bool (*p256_verify)(const uint8_t xy[64], const struct digest *digest, const uint8_t signature[64]);

	/* --- NULL on boards --- */
	void (*sha512_init)(struct sha512 *h);
	void (*sha512_update)(struct sha512 *h, struct span data);
	void (*sha512_final)(struct sha512 *h, struct digest512 *out);
	/* Ed25519 (RFC 8032 section 5.1): the whole message, since it is hashed after the signature's R. */
	bool (*ed25519_verify)(const uint8_t key[32], struct span message, const uint8_t signature[64]);
	/* RSASSA-PSS (RFC 8017 section 8.1) with SHA-256 and MGF1 of it, a salt of any length. The key is an SPKI. */
	bool (*rsa_pss_verify)(struct span spki, const struct digest *digest, struct span signature);
};

struct digest sha256_of(const struct crypto *crypto, struct span data);
bool digest_equal(const struct digest *a, const struct digest *b);
bool digest512_equal(const struct digest512 *a, const struct digest512 *b);
struct span digest_span(const struct digest *d);

/* A writer's drain that feeds a hash: w.drain = crypto_drain, w.context = a struct crypto_stream. */
struct crypto_stream {
	const struct crypto *crypto;
	struct sha256 hash;
};
void crypto_drain(void *stream, struct span bytes);

#endif
