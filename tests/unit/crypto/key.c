#include "key.h"
#include "check.h"
#include "crypto_openssl.h"
#include "hex.h"

/* Made with openssl(1), as was the identity: its SubjectPublicKeyInfo in DER through sha256sum. */
#define LINE_1 "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEO7S5Y6UatqgQgb/NM+ELFD6vyTc7"
#define LINE_2 "sizR2Itp/VG9x8eAaZsqsZH1jsuGPcuCcDW1XEpIJ80xOtdu1GOZeCtRIw=="
#define BEGIN "-----BEGIN PUBLIC KEY-----"
#define END "-----END PUBLIC KEY-----"
#define PEM BEGIN "\n" LINE_1 "\n" LINE_2 "\n" END "\n"

static const char identity[] = "6c81706bae3d55cd74016b5c7347feb8ec1c8b30936f01f122f65bb525a568fd";
static const char point[] = "3bb4b963a51ab6a81081bfcd33e10b143eafc9373bb22cd1d88b69fd51bdc7c7"
			    "80699b2ab191f58ecb863dcb827035b55c4a4827cd313ad76ed46399782b5123";

static void key_reads_and_writes_pem(void)
{
	struct public_key key;
	char text[129];
	uint8_t buffer[256];
	struct writer w = writer_over(buffer, sizeof buffer);
	CHECK_EQ(key_from_pem(SPAN_LIT(PEM), &key), FAULT_NONE);
	hex_text(SPAN_OF(key.xy), text);
	CHECK(strcmp(text, point) == 0);
	key_write_pem(&w, &key);
	CHECK(span_is(writer_span(&w), PEM));
	CHECK_EQ(key_from_pem(SPAN_LIT(BEGIN "\n" LINE_1 "\n" LINE_2 "\n" END), &key), FAULT_NONE);
}

static void key_identity_is_of_the_spki(void)
{
	struct public_key key;
	char text[65];
	CHECK_EQ(key_from_pem(SPAN_LIT(PEM), &key), FAULT_NONE);
	struct digest digest = key_identity(&crypto_openssl, &key);
	hex_text(digest_span(&digest), text);
	CHECK(strcmp(text, identity) == 0);
	struct digest other = digest;
	CHECK(digest_equal(&digest, &other));
	other.bytes[31] ^= 1;
	CHECK(!digest_equal(&digest, &other));
}

static const struct {
	const char *pem;
	enum fault fault;
} refused[] = {
	{ "", FAULT_TRUNCATED },
	{ "\n", FAULT_TRUNCATED },
	{ PEM "\n", FAULT_SYNTAX },
	{ "\n" PEM, FAULT_SYNTAX },
	{ "x" PEM, FAULT_SYNTAX },
	{ PEM PEM, FAULT_TRAILING },
	{ PEM "x", FAULT_SYNTAX },
	{ BEGIN LINE_1 "\n" LINE_2 "\n" END "\n", FAULT_SYNTAX },
	{ BEGIN "\n" LINE_1 "\n" LINE_2 END "\n", FAULT_SYNTAX },
	{ BEGIN "\n" LINE_1 LINE_2 "\n" END "\n", FAULT_SYNTAX },
	{ BEGIN "\n" LINE_1 "\n\n" LINE_2 "\n" END "\n", FAULT_SYNTAX },
	{ BEGIN "\n" LINE_1 "\r\n" LINE_2 "\n" END "\n", FAULT_SYNTAX },
	{ BEGIN "\n" LINE_1 "\n" LINE_2 "\r\n" END "\n", FAULT_SYNTAX },
	{ BEGIN "\n" LINE_1 "\n " LINE_2 "\n" END "\n", FAULT_SYNTAX },
	{ BEGIN "\n" LINE_1 "\n" END "\n", FAULT_TRUNCATED },
	{ BEGIN "\n" END "\n", FAULT_TRUNCATED },
	{ BEGIN "\n" LINE_1 "\n" LINE_2 "\n" LINE_2 "\n" END "\n", FAULT_TRAILING },
	{ "-----BEGIN PRIVATE KEY-----\n" LINE_1 "\n" LINE_2 "\n-----END PRIVATE KEY-----\n", FAULT_SYNTAX },
	{ "-----BEGIN CERTIFICATE-----\n" LINE_1 "\n" LINE_2 "\n-----END CERTIFICATE-----\n", FAULT_SYNTAX },
	/* Ed25519, and P-384 */
	{ BEGIN "\nMCowBQYDK2VwAyEAiymCPxnZDJfxT9lJqr0NjGVO79Molm9vz4/SWvPoVQI=\n" END "\n", FAULT_VERSION },
	{ BEGIN
	  "\nMHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEJOZwE2xfhoQ7HGs5V+GmukXYSViNvV2J\n"
	  "DApYdGCTkxOV17TMpOo5+Ce5Y2Y+M4CecSJlgHSNZ0J+8IcylJeZEAbmOvKiy9yN\nz5ziCu81nTy3EDfqvVtBWcABhDuK4ELb\n" END
	  "\n",
	  FAULT_VERSION },
};

static void key_refuses_other_pem(void)
{
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		struct public_key key;
		enum fault fault = key_from_pem(span_of_text(refused[i].pem), &key);
		if (fault != refused[i].fault)
			printf("# row %zu\n", i);
		CHECK_EQ(fault, refused[i].fault);
	}
}

/* All but the one that lacks only the last line end. */
static void key_refuses_every_truncation(void)
{
	for (size_t n = 0; n < sizeof PEM - 2; n++) {
		struct public_key key;
		CHECK(key_from_pem((struct span){ (const uint8_t *)PEM, n }, &key) != FAULT_NONE);
	}
}

static void key_refuses_a_very_long_block(void)
{
	static uint8_t pem[4096];
	struct public_key key;
	struct writer w = writer_over(pem, sizeof pem);
	writer_text(&w, BEGIN "\n");
	for (int i = 0; i < 40; i++)
		writer_text(&w, LINE_1 "\n");
	writer_text(&w, END "\n");
	CHECK_EQ(key_from_pem(writer_span(&w), &key), FAULT_TOO_LARGE);
}

static const struct check_case cases[] = {
	CASE(key_reads_and_writes_pem),     CASE(key_identity_is_of_the_spki),   CASE(key_refuses_other_pem),
	CASE(key_refuses_every_truncation), CASE(key_refuses_a_very_long_block),
};

CHECK_MAIN(cases)
