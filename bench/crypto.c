/*
 * bench-crypto: the mathematics that a full handshake with a client certificate costs a server, and nothing else: one
 * P-256 signature, two verifications (certificate, handshake), an X25519 key and its agreement. CPU seconds as JSON.
 */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>

#include "meter.h"

#define ROUNDS 2000

struct crypto_floor {
	EVP_PKEY *p256, *x25519;
	EVP_PKEY_CTX *sign, *verify;
	uint8_t digest[32], signature[80];
	size_t signature_bytes;
};

static void must(int ok)
{
	if (ok != 1)
		meter_die("an OpenSSL call failed");
}

static void sign(struct crypto_floor *f)
{
	f->signature_bytes = sizeof f->signature;
	must(EVP_PKEY_sign(f->sign, f->signature, &f->signature_bytes, f->digest, sizeof f->digest));
}

static void verify(struct crypto_floor *f)
{
	must(EVP_PKEY_verify(f->verify, f->signature, f->signature_bytes, f->digest, sizeof f->digest));
}

static void agree(struct crypto_floor *f)
{
	uint8_t secret[32];
	size_t n = sizeof secret;
	EVP_PKEY *mine = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(mine, NULL);
	must(context != NULL);
	must(EVP_PKEY_derive_init(context));
	must(EVP_PKEY_derive_set_peer(context, f->x25519));
	must(EVP_PKEY_derive(context, secret, &n));
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(mine);
}

static void prepare(struct crypto_floor *f)
{
	f->p256 = EVP_EC_gen("P-256");
	f->x25519 = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	f->sign = EVP_PKEY_CTX_new(f->p256, NULL);
	f->verify = EVP_PKEY_CTX_new(f->p256, NULL);
	must(f->sign != NULL && f->verify != NULL && f->x25519 != NULL);
	must(EVP_PKEY_sign_init(f->sign));
	must(EVP_PKEY_verify_init(f->verify));
}

int main(void)
{
	struct crypto_floor f = { .digest = { 1 } };
	prepare(&f);
	sign(&f);
	struct meter begin = meter_now();
	for (int i = 0; i < ROUNDS; i++) {
		sign(&f);
		verify(&f);
		verify(&f);
		agree(&f);
	}
	struct meter took = meter_since(begin);
	printf("{\"rounds\":%d,\"us\":%.2f}\n", ROUNDS, took.cpu_s / ROUNDS * 1e6);
	EVP_PKEY_CTX_free(f.sign);
	EVP_PKEY_CTX_free(f.verify);
	EVP_PKEY_free(f.p256);
	EVP_PKEY_free(f.x25519);
	return 0;
}
