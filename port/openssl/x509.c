#include "x509.h"

#include <openssl/err.h>
#include <string.h>

#include "der.h"
#include "hex.h"
#include "x509_private.h"

const struct certifier x509_certifier = { .check_request = x509_request_check, .issue = x509_issue };

void x509_drop_certificate(X509 **x)
{
	X509_free(*x);
}

void x509_drop_request(X509_REQ **request)
{
	X509_REQ_free(*request);
}

void x509_drop_pkey(EVP_PKEY **pkey)
{
	EVP_PKEY_free(*pkey);
}

void x509_drop_names(GENERAL_NAMES **names)
{
	GENERAL_NAMES_free(*names);
}

int x509_error(struct error *e, const char *what)
{
	char reason[160] = "OpenSSL gave no reason";
	unsigned long code = ERR_peek_last_error();
	if (code != 0)
		ERR_error_string_n(code, reason, sizeof reason);
	ERR_clear_error();
	return error_set(e, "%s: %s", what, reason);
}

X509 *x509_parse(struct span der)
{
	const uint8_t *at = der.at;
	if (der.n == 0 || der.n > CERTIFICATE_BYTES_MAX)
		return NULL;
	X509 *x = d2i_X509(NULL, &at, (long)der.n);
	if (x != NULL && at == der.at + der.n)
		return x;
	X509_free(x);
	ERR_clear_error();
	return NULL;
}

int x509_put(X509 *x, struct certificate *out, struct error *e)
{
	int n = i2d_X509(x, NULL);
	uint8_t *at = out->der;
	if (n <= 0 || (size_t)n > sizeof out->der)
		return error_set(e, "the certificate is larger than %d bytes", CERTIFICATE_BYTES_MAX);
	out->n = (size_t)i2d_X509(x, &at);
	return 0;
}

EVP_PKEY *x509_pkey(const struct public_key *key)
{
	uint8_t der[DER_SPKI_BYTES];
	struct writer w = writer_over(der, sizeof der);
	der_spki_write(&w, key->xy);
	const uint8_t *at = der;
	return d2i_PUBKEY(NULL, &at, sizeof der);
}

enum fault x509_public(EVP_PKEY *pkey, struct public_key *out)
{
	uint8_t *der = NULL;
	int n = pkey != NULL ? i2d_PUBKEY(pkey, &der) : 0;
	enum fault fault = n > 0 ? key_from_spki((struct span){ der, (size_t)n }, out) : FAULT_TYPE;
	OPENSSL_free(der);
	return fault;
}

/* Printable ASCII without a NUL inside, so that the text is what was signed. */
static bool x509_text(const ASN1_STRING *string, char *out, size_t capacity)
{
	int n = ASN1_STRING_length(string);
	const uint8_t *at = ASN1_STRING_get0_data(string);
	if (n < 0 || (size_t)n >= capacity)
		return false;
	for (int i = 0; i < n; i++)
		if (at[i] < 0x20 || at[i] > 0x7e)
			return false;
	memcpy(out, at, (size_t)n);
	out[n] = '\0';
	return true;
}

bool x509_uri(const GENERAL_NAMES *names, char out[CERTIFICATE_URI_MAX])
{
	unsigned count = 0;
	out[0] = '\0';
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		if (name->type != GEN_URI)
			continue;
		if (count++ > 0 || !x509_text(name->d.uniformResourceIdentifier, out, CERTIFICATE_URI_MAX))
			return false;
	}
	return true;
}

bool x509_common_name(const X509_NAME *name, char out[CERTIFICATE_NAME_MAX + 1])
{
	out[0] = '\0';
	int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	if (at < 0)
		return true;
	return x509_text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)), out, CERTIFICATE_NAME_MAX + 1);
}

bool x509_set_common_name(X509_NAME *name, const char *text)
{
	uint8_t bytes[CERTIFICATE_NAME_MAX];
	size_t n = strlen(text);
	if (n == 0 || n > sizeof bytes)
		return false;
	memcpy(bytes, text, n);
	return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC, bytes, (int)n, -1, 0) == 1;
}

/* --- reading --- */

static int64_t x509_time(const ASN1_TIME *time)
{
	struct tm tm = { 0 };
	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return INT64_MIN;
	return timegm(&tm);
}

static void x509_serial(const X509 *x, char out[41])
{
	uint8_t bytes[20];
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
	size_t n = (size_t)ASN1_STRING_length((const ASN1_STRING *)serial);
	n = n > sizeof bytes ? sizeof bytes : n;
	memcpy(bytes, ASN1_STRING_get0_data((const ASN1_STRING *)serial), n);
	hex_text((struct span){ bytes, n }, out);
}

int x509_read(struct span der, struct x509_facts *out, struct error *e)
{
	memset(out, 0, sizeof *out);
	X509_DROP(x509_drop_certificate) X509 *x = x509_parse(der);
	if (x == NULL)
		return error_set(e, "not a certificate in DER, or larger than %d bytes", CERTIFICATE_BYTES_MAX);
	if (x509_public(X509_get0_pubkey(x), &out->key) != FAULT_NONE)
		return error_set(e, "the certificate's key is not a P-256 key");
	X509_DROP(x509_drop_names) GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	if (names != NULL && !x509_uri(names, out->uri))
		return error_set(e, "the certificate has more than one URI, or one that is not printable or too long");
	if (!x509_common_name(X509_get_subject_name(x), out->common_name))
		return error_set(e, "the certificate's common name is not printable, or too long");
	out->not_before_unix = x509_time(X509_get0_notBefore(x));
	out->not_after_unix = x509_time(X509_get0_notAfter(x));
	x509_serial(x, out->serial_hex);
	uint32_t flags = X509_get_extension_flags(x);
	uint32_t uses = (flags & EXFLAG_XKUSAGE) != 0 ? X509_get_extended_key_usage(x) : 0;
	out->is_ca = (flags & EXFLAG_CA) != 0;
	out->is_client = (uses & XKU_SSL_CLIENT) != 0;
	out->is_server = (uses & XKU_SSL_SERVER) != 0;
	ERR_clear_error();
	return (flags & EXFLAG_INVALID) != 0 ? error_set(e, "the certificate's extensions are malformed") : 0;
}
