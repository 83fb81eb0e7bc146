/* A key that passes is one that OpenSSL reads, and writes again in the same bytes: it has no other spelling. */
#include "der_rsa.h"

#include "fuzz.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *again = NULL;
	const uint8_t *at = data;
	struct span spki = { data, size };
	if (der_rsa_check(spki) != FAULT_NONE)
		return 0;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)size);
	FUZZ_CHECK(key != NULL && at == data + size);
	FUZZ_CHECK(EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA);
	int n = i2d_PUBKEY(key, &again);
	FUZZ_CHECK(n > 0 && span_equal(spki, (struct span){ again, (size_t)n }));
	OPENSSL_free(again);
	EVP_PKEY_free(key);
	return 0;
}
