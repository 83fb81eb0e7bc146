/* Which URI of a client certificate counts: the only one, or none. */
#include <openssl/x509v3.h>
#include <string.h>

#include "check.h"
#include "tls_identity.h"

#define GOOD "urn:sealift:device:edge:dev-1?region=eu"

/* An alternative name of this type; bytes may hold a NUL. */
static void add(GENERAL_NAMES *names, int type, const char *bytes, int n)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *value = ASN1_IA5STRING_new();
	CHECK(name != NULL && value != NULL && ASN1_STRING_set(value, bytes, n) == 1);
	GENERAL_NAME_set0_value(name, type, value);
	CHECK(sk_GENERAL_NAME_push(names, name) > 0);
}

/* Takes names over; true where the identity is GOOD. */
static bool is_known(GENERAL_NAMES *names)
{
	char uri[IDENTITY_URI_MAX + 1] = "";
	X509 *leaf = X509_new();
	CHECK(leaf != NULL && X509_add1_ext_i2d(leaf, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1);
	bool known = tls_identity_uri(leaf, uri);
	CHECK(!known || strcmp(uri, GOOD) == 0);
	GENERAL_NAMES_free(names);
	X509_free(leaf);
	return known;
}

static void takes_the_only_uri(void)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	add(names, GEN_DNS, "device.example", 14);
	add(names, GEN_URI, GOOD, sizeof GOOD - 1);
	CHECK(is_known(names));
}

static void refuses_none(void)
{
	char uri[IDENTITY_URI_MAX + 1];
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	add(names, GEN_DNS, GOOD, sizeof GOOD - 1);
	CHECK(!is_known(names));
	X509 *bare = X509_new();
	CHECK(!tls_identity_uri(bare, uri));
	X509_free(bare);
}

/* Beside a good one, before or after it: another reader may take the other. */
static void refuses_a_second_one(void)
{
	static char longer[IDENTITY_URI_MAX + 2];
	static const struct {
		const char *bytes;
		int n;
	} others[] = {
		{ GOOD, sizeof GOOD - 1 },
		{ "urn:sealift:device:edge:dev-2", 29 },
		{ "urn:sealift:device:edge:dev-2\0x", 31 },
		{ longer, IDENTITY_URI_MAX + 1 },
		{ "", 0 },
	};
	memset(longer, 'a', sizeof longer - 1);
	for (size_t i = 0; i < 2 * sizeof others / sizeof others[0]; i++) {
		GENERAL_NAMES *names = GENERAL_NAMES_new();
		if (i % 2 == 0)
			add(names, GEN_URI, others[i / 2].bytes, others[i / 2].n);
		add(names, GEN_URI, GOOD, sizeof GOOD - 1);
		if (i % 2 == 1)
			add(names, GEN_URI, others[i / 2].bytes, others[i / 2].n);
		CHECK(!is_known(names));
	}
}

static void refuses_a_bad_one(void)
{
	static const char nul[] = GOOD "\0";
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	add(names, GEN_URI, nul, sizeof nul - 1);
	CHECK(!is_known(names));
	names = GENERAL_NAMES_new();
	add(names, GEN_URI, "https://device.example", 22);
	CHECK(!is_known(names));
}

static const struct check_case cases[] = {
	CASE(takes_the_only_uri),
	CASE(refuses_none),
	CASE(refuses_a_second_one),
	CASE(refuses_a_bad_one),
};
CHECK_MAIN(cases)
