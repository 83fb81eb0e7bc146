/*
 * X.509 certificates (RFC 5280) and PKCS#10 requests (RFC 2986), P-256 with SHA-256 only, always as DER in the caller's
 * memory. Certificates are built without the issuer's private key: the TBS part is hashed, a callback signs, the result
 * is verified. Serial numbers are random, 128 bits. Implemented in port/openssl; the header stands here because a file
 * openssl/x509.h would hide OpenSSL's own of that name.
 */
#ifndef X509_H
#define X509_H

#include "certifier.h"
#include "keyfile.h"

#define X509_CHAIN_MAX 8
#define X509_ANY_TIME INT64_MIN /* for identities that must not die by the clock (IDevID) */

extern const struct certifier x509_certifier; /* the two functions below it, as a port */

/* --- making --- */

/* A certificate that signs itself; terms->use is CERTIFICATE_CA. */
int x509_self_sign(const struct certificate_terms *terms, const struct certificate_signer *signer,
		   struct certificate *out, struct error *e) MUST_USE;
int x509_issue(const struct certificate_terms *terms, const struct public_key *subject, struct span issuer,
	       const struct certificate_signer *signer, struct certificate *out, struct error *e) MUST_USE;
/* A request of a key for a URI (NULL: none); out holds DER. */
int x509_request_make(const struct keyfile *key, const char *common_name, const char *uri, struct certificate *out,
		      struct error *e) MUST_USE;
int x509_request_check(struct span der, struct certificate_request *out, struct error *e) MUST_USE;

/* --- reading --- */

struct x509_facts {
	struct public_key key;
	char uri[CERTIFICATE_URI_MAX]; /* the first URI of the subject alternative name; empty: none */
	char common_name[CERTIFICATE_NAME_MAX + 1];
	char serial_hex[41];
	int64_t not_before_unix, not_after_unix;
	bool is_ca;
	bool is_client, is_server; /* by extended key usage */
};
int x509_read(struct span der, struct x509_facts *out, struct error *e) MUST_USE;

/*
 * Does leaf chain to one of the roots, by way of the intermediates? Basic constraints, key usage and signatures are
 * checked; validity at unix_s, or not at all for X509_ANY_TIME. 0: yes; -1: no, and why.
 */
int x509_check_chain(struct span leaf, const struct certificate *intermediates, uint32_t intermediate_count,
		     const struct certificate *roots, uint32_t root_count, int64_t unix_s, struct error *e) MUST_USE;

/*
 * The same at a time that has surely passed, of a device that may be behind but is never ahead: what had expired by
 * then is refused, what begins later is taken.
 */
int x509_check_chain_passed(struct span leaf, const struct certificate *intermediates, uint32_t intermediate_count,
			    const struct certificate *roots, uint32_t root_count, int64_t passed_unix,
			    struct error *e) MUST_USE;

/* --- files and messages --- */

int x509_pem_load(const char *path, struct certificate *out, uint32_t max_count, uint32_t *count,
		  struct error *e) MUST_USE;
/* Replaces path, durably, by these certificates, in order. */
int x509_pem_save(const char *path, const struct certificate *certificates, uint32_t count, struct error *e) MUST_USE;
/* The certificates alone in PKCS#7, DER, as EST answers (RFC 7030 section 4.1.3; the base64 is the caller's). */
int x509_pkcs7_write(const struct certificate *certificates, uint32_t count, uint8_t *der, size_t capacity, size_t *n,
		     struct error *e) MUST_USE;
int x509_pkcs7_read(struct span der, struct certificate *out, uint32_t max_count, uint32_t *count,
		    struct error *e) MUST_USE;

#endif
