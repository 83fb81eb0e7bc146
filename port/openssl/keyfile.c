#include "keyfile.h"

#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "der.h"
#include "file.h"
#include "keyfile_private.h"

#define KEYFILE_BYTES_MAX 16384

static void keyfile_drop_bio(BIO **bio)
{
	BIO_free_all(*bio);
}

static int keyfile_wrap(EVP_PKEY *pkey, struct keyfile **out, struct error *e)
{
	struct keyfile *key = calloc(1, sizeof *key);
	if (key == NULL) {
		EVP_PKEY_free(pkey);
		return error_set(e, "private key: out of memory");
	}
	key->pkey = pkey;
	*out = key;
	return 0;
}

int keyfile_new(struct keyfile **out, struct error *e)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	if (pkey == NULL)
		return error_set(e, "making a P-256 key: OpenSSL failed");
	return keyfile_wrap(pkey, out, e);
}

void keyfile_free(struct keyfile *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

/* Never prompts: an encrypted file is an error. */
static int keyfile_no_password(char *buffer, int n, int writing, void *context)
{
	return -1;
}

static void keyfile_wipe(char (*text)[KEYFILE_BYTES_MAX])
{
	OPENSSL_cleanse(text, sizeof *text);
}

/* Not by stdio: its buffers would keep the key. */
int keyfile_load(const char *path, struct keyfile **out, struct error *e)
{
	struct public_key unused;
	size_t n;
	__attribute__((cleanup(keyfile_wipe))) char text[KEYFILE_BYTES_MAX];
	if (file_check_private(path, e) < 0)
		return error_within(e, "private key");
	int result = file_read(path, (uint8_t *)text, sizeof text, &n, e);
	if (result > 0)
		return error_set(e, "opening the private key %s: no such file", path);
	if (result < 0)
		return error_within(e, "private key");
	__attribute__((cleanup(keyfile_drop_bio))) BIO *bio = BIO_new_mem_buf(text, (int)n);
	EVP_PKEY *pkey = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, keyfile_no_password, NULL);
	ERR_clear_error();
	if (pkey == NULL)
		return error_set(e, "%s is no unencrypted private key in PEM", path);
	if (keyfile_wrap(pkey, out, e) != 0)
		return -1;
	if (keyfile_public(*out, &unused, e) == 0)
		return 0;
	keyfile_free(*out);
	*out = NULL;
	return error_within(e, "%s", path);
}

/* Whole under its name or not there at all: half a key would stand in the way of a new one. */
int keyfile_save(const struct keyfile *key, const char *path, struct error *e)
{
	char *text;
	__attribute__((cleanup(keyfile_drop_bio))) BIO *bio = BIO_new(BIO_s_mem());
	if (access(path, F_OK) == 0)
		return error_set(e, "making the private key %s: there is a file already", path);
	if (bio == NULL || PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) != 1)
		return error_set(e, "making the private key %s: OpenSSL failed", path);
	long n = BIO_get_mem_data(bio, &text);
	if (file_write(path, (struct span){ (const uint8_t *)text, (size_t)n }, 0600, e) < 0)
		return error_within(e, "private key");
	return 0;
}

int keyfile_public(const struct keyfile *key, struct public_key *out, struct error *e)
{
	uint8_t *der = NULL;
	int n = i2d_PUBKEY(key->pkey, &der);
	enum fault fault = n > 0 ? key_from_spki((struct span){ der, (size_t)n }, out) : FAULT_TYPE;
	OPENSSL_free(der);
	if (fault != FAULT_NONE)
		return error_set(e, "the private key is not a P-256 key");
	return 0;
}

int keyfile_sign(void *self, const struct digest *digest, uint8_t raw[64], struct error *e)
{
	const struct keyfile *key = self;
	uint8_t der[DER_SIGNATURE_MAX + 8];
	size_t n = sizeof der;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key->pkey, NULL);
	bool signed_ok = context != NULL && EVP_PKEY_sign_init(context) == 1 &&
			 EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 &&
			 EVP_PKEY_sign(context, der, &n, digest->bytes, DIGEST_BYTES) == 1;
	EVP_PKEY_CTX_free(context);
	if (!signed_ok || der_signature_decode((struct span){ der, n }, raw) != FAULT_NONE)
		return error_set(e, "signing with a key file: OpenSSL failed");
	return 0;
}
