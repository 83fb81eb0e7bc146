/* A private P-256 key in a file: PEM, PKCS#8, mode 0600. Devices and the TLS server have such; authorities do not. */
#ifndef KEYFILE_H
#define KEYFILE_H

#include "crypto.h"
#include "error.h"
#include "key.h"

struct keyfile;

int keyfile_new(struct keyfile **out, struct error *e) MUST_USE; /* a new key, in memory */
int keyfile_load(const char *path, struct keyfile **out, struct error *e) MUST_USE;
/* Atomic and durable: after a cut the whole key is there, or no file. Refuses to replace. */
int keyfile_save(const struct keyfile *key, const char *path, struct error *e) MUST_USE;
void keyfile_free(struct keyfile *key); /* NULL is fine */

int keyfile_public(const struct keyfile *key, struct public_key *out, struct error *e) MUST_USE;
/* self is a struct keyfile: this is also the sign member of struct certificate_signer. */
int keyfile_sign(void *self, const struct digest *digest, uint8_t raw[64], struct error *e) MUST_USE;

#endif
