#include "tls_identity.h"

#include <openssl/x509v3.h>
#include <string.h>

static bool tls_identity_copy(const ASN1_STRING *uri, char out[IDENTITY_URI_MAX + 1])
{
	int n = ASN1_STRING_length(uri);
	const void *text = ASN1_STRING_get0_data(uri);
	if (n <= 0 || n > IDENTITY_URI_MAX || memchr(text, 0, (size_t)n) != NULL)
		return false;
	memcpy(out, text, (size_t)n);
	out[n] = '\0';
	return true;
}

bool tls_identity_uri(X509 *leaf, char out[IDENTITY_URI_MAX + 1])
{
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	unsigned uris = 0;
	bool good = true;
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && good; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		if (name->type == GEN_URI)
			good = ++uris == 1 && tls_identity_copy(name->d.uniformResourceIdentifier, out);
	}
	GENERAL_NAMES_free(names);
	struct identity identity;
	return good && uris == 1 && identity_decode(span_of_text(out), &identity) == FAULT_NONE;
}
