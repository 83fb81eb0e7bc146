/*
 * A signature from whoever holds the key: sealift-signd behind its socket, or an offline token in a ceremony. A request
 * is structured: the object itself, who asks and why. What is signed is derived from the object by the signer.
 */
#ifndef SIGNER_H
#define SIGNER_H

#include "error.h"
#include "key.h"

enum sign_kind {
	SIGN_METADATA,  /* object: canonical "signed" body of a TUF role; signature over its SHA-256 */
	SIGN_MANIFEST,  /* object: inner boot manifest; signature over manifest_signed_digest() */
	SIGN_DIRECTIVE, /* object: canonical directive body */
	/* object: checkpoint text "\n" then consistency path as base64 lines; signature over the text */
	SIGN_CHECKPOINT,
	SIGN_EMERGENCY, /* object: canonical body of an emergency statement; signature over its SHA-256 */
};

/*
 * "root" "targets" "snapshot" "timestamp" "p/<product>" "plans/<product>" "boot" "director" "log" "device-ca"
 * "factory" ...
 */
#define SIGNER_KEY_MAX 128

struct sign_request {
	enum sign_kind kind;
	const char *key; /* the role's name, or one key of it: "root", "root/2" */
	struct span object;
	const char *who; /* printable, for the journal */
	const char *why;
};

struct signature {
	struct public_key key;
	uint8_t raw[64];
};

struct signer {
	int (*sign)(void *self, const struct sign_request *request, struct signature *out, struct error *e);
	/* n requests of one key in one durable journal record (directives) */
	int (*sign_batch)(void *self, const struct sign_request *requests, uint32_t n, struct signature *out,
			  struct error *e);
	/* a PKCS#10 request (DER) becomes an X.509 certificate (DER); key: "device-ca" or "factory" */
	int (*certify)(void *self, const char *key, struct span csr, const char *device_uri, uint32_t days,
		       const char *who, const char *why, uint8_t *der, size_t capacity, size_t *n, struct error *e);
	int (*public_key)(void *self, const char *key, struct public_key *out, struct error *e);
	void *self;
};

#endif
