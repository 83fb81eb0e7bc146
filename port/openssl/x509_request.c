/* PKCS#10 requests (RFC 2986): made by devices, checked by authorities. */
#include <openssl/err.h>
#include <string.h>

#include "keyfile_private.h"
#include "x509_private.h"

static void x509_request_drop_extensions(STACK_OF(X509_EXTENSION) * *extensions)
{
	sk_X509_EXTENSION_pop_free(*extensions, X509_EXTENSION_free);
}

static bool x509_request_add_uri(X509_REQ *request, const char *uri)
{
	X509_DROP(x509_drop_names) GENERAL_NAMES *names = GENERAL_NAMES_new();
	X509_DROP(x509_request_drop_extensions) STACK_OF(X509_EXTENSION) *extensions = NULL;
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *value = ASN1_IA5STRING_new();
	if (names == NULL || name == NULL || value == NULL || ASN1_STRING_set(value, uri, (int)strlen(uri)) != 1 ||
	    sk_GENERAL_NAME_push(names, name) <= 0) {
		GENERAL_NAME_free(name);
		ASN1_IA5STRING_free(value);
		return false;
	}
	GENERAL_NAME_set0_value(name, GEN_URI, value);
	return X509V3_add1_i2d(&extensions, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1 &&
	       X509_REQ_add_extensions(request, extensions) == 1;
}

int x509_request_make(const struct keyfile *key, const char *common_name, const char *uri, struct certificate *out,
		      struct error *e)
{
	X509_DROP(x509_drop_request) X509_REQ *request = X509_REQ_new();
	if (uri != NULL && strlen(uri) >= CERTIFICATE_URI_MAX)
		return error_set(e, "certificate request: the URI is longer than %d bytes", CERTIFICATE_URI_MAX - 1);
	if (request == NULL || X509_REQ_set_version(request, X509_REQ_VERSION_1) != 1 ||
	    !x509_set_common_name(X509_REQ_get_subject_name(request), common_name) ||
	    X509_REQ_set_pubkey(request, key->pkey) != 1 || (uri != NULL && !x509_request_add_uri(request, uri)) ||
	    X509_REQ_sign(request, key->pkey, EVP_sha256()) <= 0)
		return x509_error(e, "making a certificate request");
	int n = i2d_X509_REQ(request, NULL);
	uint8_t *at = out->der;
	if (n <= 0 || (size_t)n > sizeof out->der)
		return error_set(e, "the certificate request is larger than %d bytes", CERTIFICATE_BYTES_MAX);
	out->n = (size_t)i2d_X509_REQ(request, &at);
	return 0;
}

static int x509_request_names(X509_REQ *request, struct certificate_request *out, struct error *e)
{
	X509_DROP(x509_request_drop_extensions)
	STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
	X509_DROP(x509_drop_names)
	GENERAL_NAMES *names = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
	if (names != NULL && !x509_uri(names, out->uri))
		return error_set(e, "certificate request: more than one URI, or one that is not printable or too long");
	if (!x509_common_name(X509_REQ_get_subject_name(request), out->common_name))
		return error_set(e, "certificate request: the common name is not printable, or too long");
	return 0;
}

int x509_request_check(struct span der, struct certificate_request *out, struct error *e)
{
	const uint8_t *at = der.at;
	memset(out, 0, sizeof *out);
	if (der.n == 0 || der.n > CERTIFICATE_BYTES_MAX)
		return error_set(e, "certificate request: empty, or larger than %d bytes", CERTIFICATE_BYTES_MAX);
	X509_DROP(x509_drop_request) X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)der.n);
	ERR_clear_error();
	if (request == NULL || at != der.at + der.n)
		return error_set(e, "certificate request: not PKCS#10 in DER, or bytes after it");
	EVP_PKEY *pkey = X509_REQ_get0_pubkey(request);
	if (x509_public(pkey, &out->key) != FAULT_NONE)
		return error_set(e, "certificate request: its key is not a P-256 key");
	int verified = X509_REQ_verify(request, pkey);
	ERR_clear_error();
	if (verified != 1)
		return error_set(e, "certificate request: its signature is wrong, so nobody proved to hold the key");
	return x509_request_names(request, out, e);
}
