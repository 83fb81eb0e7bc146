/*
 * The low-level interface of 1.1: it needs no heap for SHA-256 and no provider look-up, which costs more than a hash.
 */
#define OPENSSL_API_COMPAT 10100

#include "crypto_openssl.h"

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <string.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct sha256), "struct sha256 must hold OpenSSL's state");
_Static_assert(_Alignof(SHA256_CTX) <= _Alignof(struct sha256), "struct sha256 must be aligned for OpenSSL's state");

_Static_assert(sizeof(SHA512_CTX) <= sizeof(struct sha512), "struct sha512 must hold OpenSSL's state");
_Static_assert(_Alignof(SHA512_CTX) <= _Alignof(struct sha512), "struct sha512 must be aligned for OpenSSL's state");

/* SHA256_Init and its like can fail only on a NULL argument. */
static void openssl_sha256_init(struct sha256 *h)
{
	(void)SHA256_Init((SHA256_CTX *)h->state);
}

static void openssl_sha256_update(struct sha256 *h, struct span data)
{
	(void)SHA256_Update((SHA256_CTX *)h->state, data.at, data.n);
}

static void openssl_sha256_final(struct sha256 *h, struct digest *out)
{
	(void)SHA256_Final(out->bytes, (SHA256_CTX *)h->state);
}

/* The curve is made once and only read afterwards. */
static EC_GROUP *openssl_p256;
static CRYPTO_ONCE openssl_p256_once = CRYPTO_ONCE_STATIC_INIT;

static void openssl_p256_make(void)
{
	openssl_p256 = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
}

static void openssl_key_drop(EC_KEY **key)
{
	EC_KEY_free(*key);
}

static void openssl_point_drop(EC_POINT **point)
{
	EC_POINT_free(*point);
}

static void openssl_signature_drop(ECDSA_SIG **signature)
{
	ECDSA_SIG_free(*signature);
}

static bool openssl_key_set(EC_KEY *key, const uint8_t xy[64])
{
	uint8_t octets[65] = { POINT_CONVERSION_UNCOMPRESSED };
	memcpy(octets + 1, xy, 64);
	__attribute__((cleanup(openssl_point_drop))) EC_POINT *point = EC_POINT_new(openssl_p256);
	if (key == NULL || point == NULL || EC_KEY_set_group(key, openssl_p256) != 1)
		return false;
	/* Refuses coordinates not below p and a point off the curve. The cofactor is 1, so no other check is needed. */
	if (EC_POINT_oct2point(openssl_p256, point, octets, sizeof octets, NULL) != 1)
		return false;
	return EC_KEY_set_public_key(key, point) == 1;
}

static ECDSA_SIG *openssl_signature(const uint8_t raw[64])
{
	ECDSA_SIG *signature = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw, 32, NULL), *s = BN_bin2bn(raw + 32, 32, NULL);
	if (signature != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(signature, r, s) == 1)
		return signature;
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(signature);
	return NULL;
}

static bool openssl_p256_verify(const uint8_t xy[64], const struct digest *digest, const uint8_t raw[64])
{
	if (CRYPTO_THREAD_run_once(&openssl_p256_once, openssl_p256_make) != 1 || openssl_p256 == NULL)
		return false;
	__attribute__((cleanup(openssl_key_drop))) EC_KEY *key = EC_KEY_new();
	__attribute__((cleanup(openssl_signature_drop))) ECDSA_SIG *signature = openssl_signature(raw);
	if (!openssl_key_set(key, xy) || signature == NULL)
		return false;
	/* 1: valid; 0: not valid; -1: an error, such as r or s out of range. */
	return ECDSA_do_verify(digest->bytes, DIGEST_BYTES, signature, key) == 1;
}

/* --- what a TUF client needs besides --- */

static void openssl_sha512_init(struct sha512 *h)
{
	(void)SHA512_Init((SHA512_CTX *)h->state);
}

static void openssl_sha512_update(struct sha512 *h, struct span data)
{
	(void)SHA512_Update((SHA512_CTX *)h->state, data.at, data.n);
}

static void openssl_sha512_final(struct sha512 *h, struct digest512 *out)
{
	(void)SHA512_Final(out->bytes, (SHA512_CTX *)h->state);
}

static void openssl_pkey_drop(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void openssl_md_drop(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

static void openssl_verifier_drop(EVP_PKEY_CTX **context)
{
	EVP_PKEY_CTX_free(*context);
}

static bool openssl_ed25519_verify(const uint8_t key[32], struct span message, const uint8_t signature[64])
{
	__attribute__((cleanup(openssl_pkey_drop))) EVP_PKEY *pkey =
		EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, 32);
	__attribute__((cleanup(openssl_md_drop))) EVP_MD_CTX *context = EVP_MD_CTX_new();
	if (pkey == NULL || context == NULL || EVP_DigestVerifyInit(context, NULL, NULL, NULL, pkey) != 1)
		return false;
	return EVP_DigestVerify(context, signature, 64, message.at, message.n) == 1;
}

static bool openssl_set_pss(EVP_PKEY_CTX *context)
{
	return context != NULL && EVP_PKEY_verify_init(context) == 1 &&
	       EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_AUTO) == 1;
}

static bool openssl_rsa_pss_verify(struct span spki, const struct digest *digest, struct span signature)
{
	const uint8_t *at = spki.at;
	__attribute__((cleanup(openssl_pkey_drop))) EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)spki.n);
	if (pkey == NULL || at != spki.at + spki.n || EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA)
		return false;
	__attribute__((cleanup(openssl_verifier_drop))) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pkey, NULL);
	if (!openssl_set_pss(context))
		return false;
	return EVP_PKEY_verify(context, signature.at, signature.n, digest->bytes, DIGEST_BYTES) == 1;
}

const struct crypto crypto_openssl = {
	.sha256_init = openssl_sha256_init,
	.sha256_update = openssl_sha256_update,
	.sha256_final = openssl_sha256_final,
	.p256_verify = openssl_p256_verify,
	.sha512_init = openssl_sha512_init,
	.sha512_update = openssl_sha512_update,
	.sha512_final = openssl_sha512_final,
	.ed25519_verify = openssl_ed25519_verify,
	.rsa_pss_verify = openssl_rsa_pss_verify,
};
