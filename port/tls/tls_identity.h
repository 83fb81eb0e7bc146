/* Private to this folder: the identity that a client certificate gives. */
#ifndef TLS_IDENTITY_H
#define TLS_IDENTITY_H

#include <openssl/x509.h>
#include <stdbool.h>

#include "identity.h"

/*
 * The one URI among the alternative names, which must be a device's identity. Certificates with none, with two, or with
 * one that is too long or holds a NUL have no identity: who reads them otherwise must not come to another answer.
 */
bool tls_identity_uri(X509 *leaf, char out[IDENTITY_URI_MAX + 1]);

#endif
