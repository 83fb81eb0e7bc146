#include "keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "der.h"
#include "keyfile_private.h"

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

int keyfile_load(const char *path, struct keyfile **out, struct error *e)
{
	struct public_key unused;
	__attribute__((cleanup(keyfile_drop_bio))) BIO *bio = BIO_new_file(path, "r");
	if (bio == NULL)
		return error_errno(e, "opening the private key %s", path);
	EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, keyfile_no_password, NULL);
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

static int keyfile_write(const struct keyfile *key, int fd)
{
	__attribute__((cleanup(keyfile_drop_bio))) BIO *bio = BIO_new_fd(fd, BIO_NOCLOSE);
	if (bio == NULL || PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) != 1)
		return -1;
	return fsync(fd);
}

int keyfile_save(const struct keyfile *key, const char *path, struct error *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(e, "making the private key %s", path);
	int failed = keyfile_write(key, fd);
	if (failed != 0)
		(void)error_errno(e, "writing the private key %s", path);
	close(fd);
	if (failed != 0)
		(void)unlink(path);
	return failed;
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
