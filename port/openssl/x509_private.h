/* What the files behind x509.h share: OpenSSL objects with a release, and the way in and out of DER. */
#ifndef X509_PRIVATE_H
#define X509_PRIVATE_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "x509.h"

#define X509_DROP(function) __attribute__((cleanup(function)))
void x509_drop_certificate(X509 **x);
void x509_drop_request(X509_REQ **request);
void x509_drop_pkey(EVP_PKEY **pkey);
void x509_drop_names(GENERAL_NAMES **names);

/* -1: "what: OpenSSL's own reason"; empties OpenSSL's queue */
int x509_error(struct error *e, const char *what);
/* NULL unless der is one certificate and nothing after it. */
X509 *x509_parse(struct span der);
int x509_put(X509 *x, struct certificate *out, struct error *e) MUST_USE;
EVP_PKEY *x509_pkey(const struct public_key *key);
/* FAULT_TYPE for anything but P-256. */
enum fault x509_public(EVP_PKEY *pkey, struct public_key *out) MUST_USE;
/* The one URI of the names; "" where there is none; false for two, or one that does not fit or has a NUL. */
bool x509_uri(const GENERAL_NAMES *names, char out[CERTIFICATE_URI_MAX]);
bool x509_common_name(const X509_NAME *name, char out[CERTIFICATE_NAME_MAX + 1]);
/* false: OpenSSL failed, or the text is too long */
bool x509_set_common_name(X509_NAME *name, const char *text);

#endif
