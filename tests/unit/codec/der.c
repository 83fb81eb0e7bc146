#include "der.h"
#include "check.h"
#include "hex.h"

#define ONE "0000000000000000000000000000000000000000000000000000000000000001"
#define HIGH "ff00000000000000000000000000000000000000000000000000000000000001"
#define LOW "7f00000000000000000000000000000000000000000000000000000000000001"
#define HEAD "3059301306072a8648ce3d020106082a8648ce3d030107034200"

static struct span bytes_of(const char *digits, uint8_t *out)
{
	struct span text = span_of_text(digits);
	CHECK_EQ(hex_decode(text, out, text.n / 2), FAULT_NONE);
	return (struct span){ out, text.n / 2 };
}

static void der_signatures_come_back(void)
{
	static const char *const rows[][2] = {
		{ ONE ONE, "3006020101020101" },
		{ LOW ONE, "30250220" LOW "020101" },
		{ ONE HIGH, "3026020101022100" HIGH },
		{ HIGH HIGH, "3046022100" HIGH "022100" HIGH },
		{ "0000000000000000000000000000000000000000000000000000000000000080" ONE, "300702020080020101" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t raw[64], der[DER_SIGNATURE_MAX], written[DER_SIGNATURE_MAX], back[64];
		(void)bytes_of(rows[i][0], raw);
		struct span want = bytes_of(rows[i][1], der);
		struct writer w = writer_over(written, sizeof written);
		der_signature_write(&w, raw);
		CHECK(span_equal(writer_span(&w), want));
		CHECK_EQ(der_signature_decode(want, back), FAULT_NONE);
		CHECK(memcmp(raw, back, sizeof raw) == 0);
	}
}

static void der_refuses_other_signatures(void)
{
	static const struct {
		const char *hex;
		enum fault fault;
	} rows[] = {
		{ "", FAULT_TRUNCATED },
		{ "3106020101020101", FAULT_SYNTAX },
		{ "300602010102010100", FAULT_TRAILING },
		{ "300702010102010100", FAULT_TRAILING },
		{ "30050201010201", FAULT_TRUNCATED },
		{ "3003020101", FAULT_TRUNCATED },
		{ "30810602010102 0101", FAULT_NOT_CANONICAL },
		{ "3080020101020101", FAULT_NOT_CANONICAL },
		{ "300702810101020101", FAULT_NOT_CANONICAL },
		{ "30070202000102 0101", FAULT_NOT_CANONICAL },
		{ "3006030101020101", FAULT_SYNTAX },
		{ "30050200020101", FAULT_SYNTAX },
		{ "3006020100020101", FAULT_RANGE },
		{ "3006020101020100", FAULT_RANGE },
		{ "3006020181020101", FAULT_RANGE },
		{ "3026022101" ONE "020101", FAULT_RANGE },
		{ "302702220080" ONE "020101", FAULT_RANGE },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char digits[256];
		size_t n = 0;
		uint8_t der[128], raw[64];
		for (const char *p = rows[i].hex; *p != '\0'; p++)
			if (*p != ' ')
				digits[n++] = *p;
		digits[n] = '\0';
		enum fault fault = der_signature_decode(bytes_of(digits, der), raw);
		if (fault != rows[i].fault)
			printf("# %s\n", digits);
		CHECK_EQ(fault, rows[i].fault);
	}
}

/* A cut signature is never a shorter one. */
static void der_refuses_every_truncation(void)
{
	uint8_t der[DER_SPKI_BYTES], out[64];
	struct span signature = bytes_of("3046022100" HIGH "022100" HIGH, der);
	for (size_t n = 0; n < signature.n; n++)
		CHECK_EQ(der_signature_decode(span_sub(signature, 0, n), out), FAULT_TRUNCATED);
	struct span spki = bytes_of(HEAD "04" ONE HIGH, der);
	for (size_t n = 0; n < spki.n; n++)
		CHECK_EQ(der_spki_decode(span_sub(spki, 0, n), out), FAULT_TRUNCATED);
}

static void der_spki_is_p256_uncompressed(void)
{
	static const struct {
		const char *hex;
		enum fault fault;
	} rows[] = {
		{ HEAD "04" ONE HIGH, FAULT_NONE },
		{ HEAD "04" ONE HIGH "00", FAULT_TRAILING },
		{ HEAD "06" ONE HIGH, FAULT_VERSION }, /* hybrid */
		{ "3039301306072a8648ce3d020106082a8648ce3d03010703220002" ONE, FAULT_VERSION },
		{ "3056301006072a8648ce3d020106052b8104000a03420004" ONE HIGH, FAULT_VERSION }, /* secp256k1 */
		{ "302a300506032b6570032100" ONE, FAULT_VERSION },                              /* Ed25519 */
		{ "30820122300d06092a864886f70d01010105000382010f00", FAULT_VERSION },          /* RSA */
		{ "04" ONE HIGH, FAULT_SYNTAX },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t der[128], xy[64];
		CHECK_EQ(der_spki_decode(bytes_of(rows[i].hex, der), xy), rows[i].fault);
	}
}

static void der_spki_comes_back(void)
{
	uint8_t der[DER_SPKI_BYTES], written[DER_SPKI_BYTES], xy[64];
	struct span spki = bytes_of(HEAD "04" ONE HIGH, der);
	struct writer w = writer_over(written, sizeof written);
	CHECK_EQ(der_spki_decode(spki, xy), FAULT_NONE);
	der_spki_write(&w, xy);
	CHECK(span_equal(writer_span(&w), spki));
}

static const struct check_case cases[] = {
	CASE(der_signatures_come_back),      CASE(der_refuses_other_signatures), CASE(der_refuses_every_truncation),
	CASE(der_spki_is_p256_uncompressed), CASE(der_spki_comes_back),
};

CHECK_MAIN(cases)
