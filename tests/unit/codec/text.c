#include "base64.h"
#include "check.h"
#include "hex.h"
#include "iso8601.h"
#include "utf8.h"

static void hex_has_one_spelling(void)
{
	static const struct {
		const char *text;
		enum fault fault;
	} rows[] = { { "00ff7a", FAULT_NONE },          { "00ff7", FAULT_TRUNCATED },
		     { "00ff7a0", FAULT_TRAILING },     { "00ff7a00", FAULT_TRAILING },
		     { "00ff7A", FAULT_NOT_CANONICAL }, { "00gf7a", FAULT_SYNTAX },
		     { "0 ff7a", FAULT_SYNTAX },        { "", FAULT_TRUNCATED } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t out[3];
		CHECK_EQ(hex_decode(span_of_text(rows[i].text), out, sizeof out), rows[i].fault);
	}
	CHECK_EQ(hex_decode(SPAN_NONE, NULL, 0), FAULT_NONE);
}

static void hex_comes_back(void)
{
	uint8_t bytes[256], back[256], written[512];
	char text[513];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)i;
	struct writer w = writer_over(written, sizeof written);
	hex_write(&w, SPAN_OF(bytes));
	hex_text(SPAN_OF(bytes), text);
	CHECK(span_is(writer_span(&w), text));
	CHECK_EQ(hex_decode(writer_span(&w), back, sizeof back), FAULT_NONE);
	CHECK(memcmp(bytes, back, sizeof bytes) == 0);
}

static void base64_gives_the_rfc_vectors(void)
{
	static const char *const rows[][2] = { { "", "" },
					       { "f", "Zg==" },
					       { "fo", "Zm8=" },
					       { "foo", "Zm9v" },
					       { "foob", "Zm9vYg==" },
					       { "fooba", "Zm9vYmE=" },
					       { "foobar", "Zm9vYmFy" },
					       { "\xfb\xff\xfe", "+//+" } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t buffer[16];
		struct writer w = writer_over(buffer, sizeof buffer);
		base64_write(&w, span_of_text(rows[i][0]));
		CHECK(span_is(writer_span(&w), rows[i][1]));
		w = writer_over(buffer, sizeof buffer);
		CHECK_EQ(base64_decode(span_of_text(rows[i][1]), &w), FAULT_NONE);
		CHECK(span_is(writer_span(&w), rows[i][0]));
	}
}

static void base64_refuses_other_spellings(void)
{
	static const struct {
		const char *text;
		enum fault strict, lines;
	} rows[] = {
		{ "Z", FAULT_TRUNCATED, FAULT_TRUNCATED },
		{ "Zg", FAULT_TRUNCATED, FAULT_TRUNCATED },
		{ "Zg=", FAULT_TRUNCATED, FAULT_TRUNCATED },
		{ "Zh==", FAULT_NOT_CANONICAL, FAULT_NOT_CANONICAL },
		{ "Zm9=", FAULT_NOT_CANONICAL, FAULT_NOT_CANONICAL },
		{ "Zg==Zg==", FAULT_TRAILING, FAULT_TRAILING },
		{ "Zg===", FAULT_TRAILING, FAULT_TRAILING },
		{ "Z===", FAULT_SYNTAX, FAULT_SYNTAX },
		{ "====", FAULT_SYNTAX, FAULT_SYNTAX },
		{ "Zg=v", FAULT_SYNTAX, FAULT_SYNTAX },
		{ "-_-_", FAULT_SYNTAX, FAULT_SYNTAX },
		{ "Zm 9", FAULT_SYNTAX, FAULT_SYNTAX },
		{ "Zm9v\n", FAULT_SYNTAX, FAULT_NONE },
		{ "Zm\r\n9v", FAULT_SYNTAX, FAULT_NONE },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t buffer[16];
		struct writer w = writer_over(buffer, sizeof buffer);
		CHECK_EQ(base64_decode(span_of_text(rows[i].text), &w), rows[i].strict);
		w = writer_over(buffer, sizeof buffer);
		CHECK_EQ(base64_decode_lines(span_of_text(rows[i].text), &w), rows[i].lines);
	}
	uint8_t small[2];
	struct writer w = writer_over(small, sizeof small);
	CHECK_EQ(base64_decode(SPAN_LIT("Zm9v"), &w), FAULT_NO_SPACE);
}

static void base64_comes_back(void)
{
	uint8_t bytes[97], text[132], back[97];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 151 + 7);
	for (size_t n = 0; n <= sizeof bytes; n++) {
		struct writer w = writer_over(text, sizeof text), decoded = writer_over(back, n);
		base64_write(&w, (struct span){ bytes, n });
		CHECK_EQ(base64_decode(writer_span(&w), &decoded), FAULT_NONE);
		CHECK(span_equal(writer_span(&decoded), (struct span){ bytes, n }));
	}
}

static const struct {
	const char *text;
	int64_t unix_s;
} times[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "1970-01-01T00:00:01Z", 1 },
	{ "1972-02-29T12:00:00Z", 68212800 },
	{ "1999-12-31T23:59:59Z", 946684799 },
	{ "2000-02-29T00:00:00Z", 951782400 },
	{ "2000-03-01T00:00:00Z", 951868800 },
	{ "2026-11-22T18:15:18Z", 1795371318 },
	{ "2038-01-19T03:14:08Z", 2147483648 },
	{ "2100-02-28T23:59:59Z", 4107542399 },
	{ "2100-03-01T00:00:00Z", 4107542400 },
	{ "9999-12-31T23:59:59Z", 253402300799 },
};

static void iso8601_reads_and_writes(void)
{
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		int64_t unix_s;
		char text[ISO8601_BYTES + 1];
		CHECK_EQ(iso8601_decode(span_of_text(times[i].text), &unix_s), FAULT_NONE);
		CHECK_EQ(unix_s, times[i].unix_s);
		CHECK_EQ(iso8601_encode(unix_s, text), FAULT_NONE);
		CHECK(strcmp(text, times[i].text) == 0);
	}
}

/* Each midnight of a whole Gregorian cycle and the second before; the order of the texts is the order of time. */
static void iso8601_counts_every_day(void)
{
	char before[ISO8601_BYTES + 1] = "", text[ISO8601_BYTES + 1];
	for (int64_t unix_s = 86399; unix_s < INT64_C(435) * 365 * 86400; unix_s += unix_s % 86400 == 0 ? 86399 : 1) {
		int64_t back;
		if (iso8601_encode(unix_s, text) != FAULT_NONE || strcmp(before, text) >= 0)
			CHECK_EQ(unix_s, -1);
		if (iso8601_decode(span_of_text(text), &back) != FAULT_NONE || back != unix_s)
			CHECK_EQ(back, unix_s);
		memcpy(before, text, sizeof before);
	}
}

static void iso8601_refuses_other_spellings(void)
{
	static const struct {
		const char *text;
		enum fault fault;
	} rows[] = {
		{ "", FAULT_TRUNCATED },
		{ "2026-11-22T18:15:18", FAULT_TRUNCATED },
		{ "2026-11-22T18:15:18Zx", FAULT_TRAILING },
		{ "2026-11-22T18:15:18.5Z", FAULT_SYNTAX },
		{ "2026-11-22T18:15:18+00:00", FAULT_SYNTAX },
		{ "2026-11-22 18:15:18Z", FAULT_SYNTAX },
		{ "2026-11-22t18:15:18z", FAULT_SYNTAX },
		{ "2026-1-22T18:15:18Z", FAULT_SYNTAX },
		{ "-026-11-22T18:15:18Z", FAULT_SYNTAX },
		{ "2026-00-22T18:15:18Z", FAULT_RANGE },
		{ "2026-13-22T18:15:18Z", FAULT_RANGE },
		{ "2026-11-00T18:15:18Z", FAULT_RANGE },
		{ "2026-11-31T18:15:18Z", FAULT_RANGE },
		{ "2026-02-29T18:15:18Z", FAULT_RANGE },
		{ "2100-02-29T18:15:18Z", FAULT_RANGE },
		{ "2026-11-22T24:00:00Z", FAULT_RANGE },
		{ "2026-11-22T18:60:18Z", FAULT_RANGE },
		{ "2016-12-31T23:59:60Z", FAULT_RANGE },
		{ "1969-12-31T23:59:59Z", FAULT_RANGE },
		{ "0000-01-01T00:00:00Z", FAULT_RANGE },
	};
	int64_t unix_s;
	char text[ISO8601_BYTES + 1];
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		CHECK_EQ(iso8601_decode(span_of_text(rows[i].text), &unix_s), rows[i].fault);
	CHECK_EQ(iso8601_encode(-1, text), FAULT_RANGE);
	CHECK_EQ(iso8601_encode(253402300800, text), FAULT_RANGE);
	CHECK_EQ(iso8601_encode(INT64_MAX, text), FAULT_RANGE);
	CHECK_EQ(iso8601_encode(INT64_MIN, text), FAULT_RANGE);
}

/* All numbers of 21 bits: exactly the scalar values have an encoding, and it is valid; adding a byte is not. */
static void utf8_encodes_every_scalar_value(void)
{
	for (uint32_t code_point = 0; code_point < 0x200000; code_point++) {
		uint8_t bytes[4];
		bool is_scalar = code_point <= 0x10ffff && (code_point < 0xd800 || code_point > 0xdfff);
		size_t n = utf8_encode(code_point, bytes);
		if ((n > 0) != is_scalar || (n > 0 && !utf8_is_valid((struct span){ bytes, n })))
			CHECK_EQ(code_point, -1);
		if (n > 1 && utf8_is_valid((struct span){ bytes, n - 1 }))
			CHECK_EQ(code_point, -1);
	}
}

static const struct check_case cases[] = {
	CASE(hex_has_one_spelling),
	CASE(hex_comes_back),
	CASE(base64_gives_the_rfc_vectors),
	CASE(base64_refuses_other_spellings),
	CASE(base64_comes_back),
	CASE(iso8601_reads_and_writes),
	CASE(iso8601_counts_every_day),
	CASE(iso8601_refuses_other_spellings),
	CASE(utf8_encodes_every_scalar_value),
};

CHECK_MAIN(cases)
