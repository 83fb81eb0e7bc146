/* Certificates built around a signature that comes from elsewhere. */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <string.h>

#include "crypto_openssl.h"
#include "der.h"
#include "x509_private.h"

static bool x509_issue_serial(X509 *x)
{
	uint8_t bytes[16];
	if (RAND_bytes(bytes, sizeof bytes) != 1)
		return false;
	bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40); /* positive, and always 16 bytes */
	BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
	bool ok = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x)) != NULL;
	BN_free(number);
	return ok;
}

static bool x509_issue_time(ASN1_TIME *out, int64_t unix_s)
{
	return ASN1_TIME_set(out, (time_t)unix_s) != NULL;
}

static bool x509_issue_extension(X509 *x, X509V3_CTX *context, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, context, nid, value);
	bool ok = extension != NULL && X509_add_ext(x, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return ok;
}

/* Names are added as values, never through OpenSSL's configuration syntax, where a comma would be a second name. */
static bool x509_issue_name(GENERAL_NAMES *names, int type, const void *bytes, size_t n)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_STRING *value = type == GEN_IPADD ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
	if (name == NULL || value == NULL || ASN1_STRING_set(value, bytes, (int)n) != 1) {
		GENERAL_NAME_free(name);
		ASN1_STRING_free(value);
		return false;
	}
	GENERAL_NAME_set0_value(name, type, value);
	if (sk_GENERAL_NAME_push(names, name) > 0)
		return true;
	GENERAL_NAME_free(name);
	return false;
}

static bool x509_issue_host(GENERAL_NAMES *names, const char *host)
{
	uint8_t address[16];
	if (inet_pton(AF_INET, host, address) == 1)
		return x509_issue_name(names, GEN_IPADD, address, 4);
	if (inet_pton(AF_INET6, host, address) == 1)
		return x509_issue_name(names, GEN_IPADD, address, 16);
	return x509_issue_name(names, GEN_DNS, host, strlen(host));
}

static bool x509_issue_names(X509 *x, const struct certificate_terms *terms)
{
	X509_DROP(x509_drop_names) GENERAL_NAMES *names = GENERAL_NAMES_new();
	if (names == NULL)
		return false;
	if (terms->uri != NULL && !x509_issue_name(names, GEN_URI, terms->uri, strlen(terms->uri)))
		return false;
	for (uint32_t i = 0; i < terms->host_count; i++)
		if (!x509_issue_host(names, terms->hosts[i]))
			return false;
	if (sk_GENERAL_NAME_num(names) == 0)
		return true;
	return X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
}

static bool x509_issue_usage(X509 *x, X509V3_CTX *context, enum certificate_use use)
{
	static const char *const extended[] = {
		[CERTIFICATE_DEVICE] = "clientAuth", [CERTIFICATE_SERVER] = "serverAuth"
	};
	bool is_ca = use == CERTIFICATE_CA;
	if (!x509_issue_extension(x, context, NID_basic_constraints,
				  is_ca ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE"))
		return false;
	if (!x509_issue_extension(x, context, NID_key_usage,
				  is_ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature"))
		return false;
	if (use != CERTIFICATE_DEVICE && use != CERTIFICATE_SERVER)
		return true;
	return x509_issue_extension(x, context, NID_ext_key_usage, extended[use]);
}

static bool x509_issue_extensions(X509 *x, X509 *issuer, const struct certificate_terms *terms)
{
	X509V3_CTX context;
	X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&context);
	return x509_issue_usage(x, &context, terms->use) &&
	       x509_issue_extension(x, &context, NID_subject_key_identifier, "hash") &&
	       (issuer == x || x509_issue_extension(x, &context, NID_authority_key_identifier, "keyid:always")) &&
	       x509_issue_names(x, terms);
}

/* All but the signature. issuer: NULL for one that signs itself. */
static bool x509_issue_body(X509 *x, const struct certificate_terms *terms, const struct public_key *subject,
			    X509 *issuer)
{
	X509_DROP(x509_drop_pkey) EVP_PKEY *pkey = x509_pkey(subject);
	X509_NAME *name = X509_get_subject_name(x);
	if (pkey == NULL || X509_set_version(x, X509_VERSION_3) != 1 || !x509_issue_serial(x))
		return false;
	if (!x509_issue_time(X509_getm_notBefore(x), terms->not_before_unix) ||
	    !x509_issue_time(X509_getm_notAfter(x), terms->not_after_unix))
		return false;
	if (!x509_set_common_name(name, terms->common_name) || X509_set_pubkey(x, pkey) != 1)
		return false;
	if (X509_set_issuer_name(x, issuer != NULL ? X509_get_subject_name(issuer) : name) != 1)
		return false;
	return x509_issue_extensions(x, issuer != NULL ? issuer : x, terms);
}

static bool x509_issue_algorithm(X509 *x)
{
	/* The same identifier stands in the TBS part and outside; OpenSSL 3.0 hands both out as const only. */
	const X509_ALGOR *inside = X509_get0_tbs_sigalg(x), *outside;
	const ASN1_BIT_STRING *unused;
	X509_get0_signature(&unused, &outside, x);
	ASN1_OBJECT *sha256 = OBJ_nid2obj(NID_ecdsa_with_SHA256);
	X509_ALGOR *both[2];
	memcpy(&both[0], &inside, sizeof inside);
	memcpy(&both[1], &outside, sizeof outside);
	return X509_ALGOR_set0(both[0], sha256, V_ASN1_UNDEF, NULL) == 1 &&
	       X509_ALGOR_set0(both[1], sha256, V_ASN1_UNDEF, NULL) == 1;
}

static bool x509_issue_insert(X509 *x, const uint8_t raw[64])
{
	uint8_t der[DER_SIGNATURE_MAX];
	struct writer w = writer_over(der, sizeof der);
	const ASN1_BIT_STRING *bits;
	const X509_ALGOR *unused;
	ASN1_BIT_STRING *writable;
	der_signature_write(&w, raw);
	X509_get0_signature(&bits, &unused, x);
	memcpy(&writable, &bits, sizeof bits);
	struct span signature = writer_span(&w);
	if (ASN1_STRING_set(writable, signature.at, (int)signature.n) != 1)
		return false;
	writable->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07);
	writable->flags |= ASN1_STRING_FLAG_BITS_LEFT;
	return true;
}

/* TBS bytes -> SHA-256 -> the signer -> into the certificate, which must then verify. */
static int x509_issue_sign(X509 *x, const struct certificate_signer *signer, struct certificate *out, struct error *e)
{
	uint8_t *tbs = NULL, raw[64];
	X509_DROP(x509_drop_pkey) EVP_PKEY *pkey = x509_pkey(&signer->key);
	if (pkey == NULL || !x509_issue_algorithm(x))
		return x509_error(e, "building a certificate");
	int n = i2d_re_X509_tbs(x, &tbs);
	if (n <= 0)
		return x509_error(e, "building a certificate");
	struct digest digest = sha256_of(&crypto_openssl, (struct span){ tbs, (size_t)n });
	OPENSSL_free(tbs);
	if (signer->sign(signer->self, &digest, raw, e) != 0)
		return -1;
	if (!x509_issue_insert(x, raw) || X509_verify(x, pkey) != 1)
		return x509_error(e, "the new certificate does not verify; not released");
	return x509_put(x, out, e);
}

int x509_self_sign(const struct certificate_terms *terms, const struct certificate_signer *signer,
		   struct certificate *out, struct error *e)
{
	X509_DROP(x509_drop_certificate) X509 *x = X509_new();
	if (terms->use != CERTIFICATE_CA)
		return error_set(e, "only a CA certificate signs itself");
	if (x == NULL || !x509_issue_body(x, terms, &signer->key, NULL))
		return x509_error(e, "building a certificate");
	return x509_issue_sign(x, signer, out, e);
}

int x509_issue(const struct certificate_terms *terms, const struct public_key *subject, struct span issuer,
	       const struct certificate_signer *signer, struct certificate *out, struct error *e)
{
	struct public_key issuer_key;
	X509_DROP(x509_drop_certificate) X509 *ca = x509_parse(issuer);
	X509_DROP(x509_drop_certificate) X509 *x = X509_new();
	if (ca == NULL || X509_check_ca(ca) != 1)
		return error_set(e, "the issuer's certificate is not a CA's");
	if (x509_public(X509_get0_pubkey(ca), &issuer_key) != FAULT_NONE ||
	    memcmp(issuer_key.xy, signer->key.xy, sizeof issuer_key.xy) != 0)
		return error_set(e, "the issuer's certificate is for another key than the one that signs");
	if (x == NULL || !x509_issue_body(x, terms, subject, ca))
		return x509_error(e, "building a certificate");
	return x509_issue_sign(x, signer, out, e);
}
