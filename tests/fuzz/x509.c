/* What certificates, requests and EST's answers come to after OpenSSL: sane text, and themselves again. */
#include "x509.h"
#include "fuzz.h"

#include <string.h>

static void check_text(const char *text, size_t capacity)
{
	const char *end = memchr(text, 0, capacity);
	FUZZ_CHECK(end != NULL);
	for (; text < end; text++)
		FUZZ_CHECK(*text >= 0x20 && *text <= 0x7e);
}

static void check_certificate(struct span der)
{
	struct x509_facts facts;
	struct certificate root;
	struct error e = { 0 };
	if (x509_read(der, &facts, &e) != 0) {
		FUZZ_CHECK(e.text[0] != '\0');
		return;
	}
	check_text(facts.uri, sizeof facts.uri);
	check_text(facts.common_name, sizeof facts.common_name);
	check_text(facts.serial_hex, sizeof facts.serial_hex);
	FUZZ_CHECK(der.n <= sizeof root.der);
	memcpy(root.der, der.at, der.n);
	root.n = der.n;
	if (x509_check_chain(der, &root, 1, &root, 1, X509_ANY_TIME, &e) != 0)
		FUZZ_CHECK(e.text[0] != '\0');
}

static void check_request(struct span der)
{
	struct certificate_request request;
	struct error e = { 0 };
	if (x509_request_check(der, &request, &e) != 0) {
		FUZZ_CHECK(e.text[0] != '\0');
		return;
	}
	check_text(request.uri, sizeof request.uri);
	check_text(request.common_name, sizeof request.common_name);
}

static void check_pkcs7(struct span der)
{
	static struct certificate first[4], again[4];
	static uint8_t bytes[8 * CERTIFICATE_BYTES_MAX];
	uint32_t count = 0, count_again = 0;
	struct error e = { 0 };
	size_t n;
	if (x509_pkcs7_read(der, first, 4, &count, &e) != 0)
		return;
	FUZZ_CHECK(count >= 1 && count <= 4);
	FUZZ_CHECK(x509_pkcs7_write(first, count, bytes, sizeof bytes, &n, &e) == 0);
	FUZZ_CHECK(x509_pkcs7_read((struct span){ bytes, n }, again, 4, &count_again, &e) == 0);
	FUZZ_CHECK(count_again == count);
	for (uint32_t i = 0; i < count; i++)
		FUZZ_CHECK(span_equal((struct span){ first[i].der, first[i].n },
				      (struct span){ again[i].der, again[i].n }));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span der = { data, size };
	check_certificate(der);
	check_request(der);
	check_pkcs7(der);
	return 0;
}
