/*
 * What a certification authority asks of an X.509 library: to check a PKCS#10 request and to build a certificate whose
 * signature comes from elsewhere. Provider: port/openssl (x509_certifier).
 */
#ifndef CERTIFIER_H
#define CERTIFIER_H

#include "crypto.h"
#include "error.h"
#include "key.h"

#define CERTIFICATE_BYTES_MAX 4096 /* DER */
#define CERTIFICATE_URI_MAX 512
#define CERTIFICATE_NAME_MAX 64 /* common name */

enum certificate_use {
	CERTIFICATE_CA,     /* signs certificates, path length 0 */
	CERTIFICATE_DEVICE, /* TLS client */
	CERTIFICATE_REPORT, /* signs reports; no extended key usage, so no TLS library takes it */
	CERTIFICATE_SERVER, /* TLS server */
};

struct certificate {
	uint8_t der[CERTIFICATE_BYTES_MAX];
	size_t n;
};

/* Who signs: the issuer's key, which may be in an HSM. */
struct certificate_signer {
	int (*sign)(void *self, const struct digest *digest, uint8_t raw[64], struct error *e);
	void *self;
	struct public_key key;
};

struct certificate_terms {
	enum certificate_use use;
	const char *common_name;
	const char *uri;          /* of the subject alternative name; NULL: none */
	const char *const *hosts; /* DNS names or IP addresses of a server */
	uint32_t host_count;
	int64_t not_before_unix;
	int64_t not_after_unix; /* CERTIFICATE_NO_EXPIRY: 99991231235959Z (IEEE 802.1AR) */
};
#define CERTIFICATE_NO_EXPIRY 253402300799

/* A PKCS#10 request whose own signature is right. */
struct certificate_request {
	struct public_key key;
	char uri[CERTIFICATE_URI_MAX]; /* the one URI it asks for; empty: none */
	char common_name[CERTIFICATE_NAME_MAX + 1];
};

struct certifier {
	/* -1 also for a request that has trailing bytes, another key type than P-256, or a wrong signature */
	int (*check_request)(struct span der, struct certificate_request *out, struct error *e);
	/* issuer: the CA's certificate in DER; its key must be signer->key */
	int (*issue)(const struct certificate_terms *terms, const struct public_key *subject, struct span issuer,
		     const struct certificate_signer *signer, struct certificate *out, struct error *e);
};

#endif
