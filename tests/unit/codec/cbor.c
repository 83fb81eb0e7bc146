#include "cbor.h"
#include "check.h"
#include "hex.h"
#include "vectors.h"

/* The bytes of hexadecimal digits, in memory of exactly that size until the next call. */
static struct span bytes_of(struct span digits)
{
	static uint8_t *last;
	free(last);
	last = malloc(digits.n / 2 + 1);
	CHECK(last != NULL);
	uint8_t *end = last + 1;
	CHECK_EQ(hex_decode(digits, end, digits.n / 2), FAULT_NONE);
	return (struct span){ end, digits.n / 2 };
}

static struct span word_of(struct span line, size_t *at)
{
	size_t from = *at;
	while (*at < line.n && line.at[*at] != ' ' && line.at[*at] != '\n')
		(*at)++;
	return span_sub(line, from, (*at)++ - from);
}

static enum fault fault_of_word(struct span word)
{
	if (span_is(word, "type"))
		return FAULT_TYPE;
	if (span_is(word, "not-canonical"))
		return FAULT_NOT_CANONICAL;
	CHECK(span_is(word, "ok"));
	return FAULT_NONE;
}

static void cbor_appendix_a_gets_our_verdicts(void)
{
	struct span file = vectors_load("cbor/appendix_a.txt");
	size_t at = 0, count = 0;
	for (; at < file.n; count++) {
		struct span digits = word_of(file, &at);
		enum fault want = fault_of_word(word_of(file, &at));
		enum fault got = cbor_check(bytes_of(digits));
		if (got != want)
			printf("# %.*s\n", (int)digits.n, (const char *)digits.at);
		CHECK_EQ(got, want);
		while (at < file.n && file.at[at++] != '\n') {
		}
	}
	CHECK_EQ(count, 82);
}

static const struct {
	const char *hex;
	enum fault fault;
} refused[] = {
	{ "", FAULT_TRUNCATED },
	{ "0000", FAULT_TRAILING },
	{ "18", FAULT_TRUNCATED },
	{ "1817", FAULT_NOT_CANONICAL },
	{ "1900ff", FAULT_NOT_CANONICAL },
	{ "1a0000ffff", FAULT_NOT_CANONICAL },
	{ "1b00000000ffffffff", FAULT_NOT_CANONICAL },
	{ "3817", FAULT_NOT_CANONICAL },
	{ "5800", FAULT_NOT_CANONICAL },
	{ "7800", FAULT_NOT_CANONICAL },
	{ "9800", FAULT_NOT_CANONICAL },
	{ "b800", FAULT_NOT_CANONICAL },
	{ "d81700", FAULT_NOT_CANONICAL },
	{ "1c", FAULT_SYNTAX },
	{ "3d", FAULT_SYNTAX },
	{ "5e", FAULT_SYNTAX },
	{ "fc", FAULT_SYNTAX },
	{ "1f", FAULT_SYNTAX },
	{ "3f", FAULT_SYNTAX },
	{ "df", FAULT_SYNTAX },
	{ "ff", FAULT_SYNTAX },
	{ "5f", FAULT_NOT_CANONICAL },
	{ "bf", FAULT_NOT_CANONICAL },
	{ "41", FAULT_TRUNCATED },
	{ "5bffffffffffffffff", FAULT_TRUNCATED },
	{ "7bffffffffffffffff", FAULT_TRUNCATED },
	{ "9affffffff", FAULT_TRUNCATED },
	{ "9bffffffffffffffff00", FAULT_TOO_LARGE },
	{ "bb8000000000000000", FAULT_TOO_LARGE },
	{ "a101", FAULT_TRUNCATED },
	{ "c0", FAULT_TRUNCATED },
	{ "61ff", FAULT_UTF8 },
	{ "62c0af", FAULT_UTF8 },
	{ "63eda080", FAULT_UTF8 },
	{ "64f4908080", FAULT_UTF8 },
	{ "61c3", FAULT_UTF8 },
	{ "a201000100", FAULT_DUPLICATE },
	{ "a202000100", FAULT_NOT_CANONICAL },
	{ "a220000100", FAULT_NOT_CANONICAL }, /* -1 before 1 */
	{ "a26162000100", FAULT_NOT_CANONICAL },
	{ "a2616200616100", FAULT_NOT_CANONICAL },
	{ "a262616100616200", FAULT_NOT_CANONICAL }, /* longer first */
	{ "a2818000818000", FAULT_DUPLICATE },
	{ "81a201000100", FAULT_DUPLICATE },
	{ "a100a201000100", FAULT_DUPLICATE },
	{ "a1a20100010000", FAULT_DUPLICATE },
	{ "c1a201000100", FAULT_DUPLICATE },
	{ "f800", FAULT_TYPE },
	{ "e0", FAULT_TYPE },
	{ "81f90000", FAULT_TYPE },
};

static void cbor_refuses_with_the_fault(void)
{
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		enum fault fault = cbor_check(bytes_of(span_of_text(refused[i].hex)));
		if (fault != refused[i].fault)
			printf("# %s\n", refused[i].hex);
		CHECK_EQ(fault, refused[i].fault);
	}
}

static void cbor_depth_has_a_limit(void)
{
	static const uint8_t nests[] = { 0x81, 0xa1, 0xc1 };
	uint8_t bytes[2 * CBOR_DEPTH_MAX + 4];
	for (size_t kind = 0; kind < sizeof nests; kind++) {
		for (size_t depth = 1; depth <= CBOR_DEPTH_MAX + 1; depth++) {
			struct writer w = writer_over(bytes, sizeof bytes);
			for (size_t i = 0; i < depth; i++) {
				writer_u8(&w, nests[kind]);
				if (nests[kind] == 0xa1)
					writer_u8(&w, 0);
			}
			writer_u8(&w, 0);
			CHECK_EQ(cbor_check(writer_span(&w)), depth <= CBOR_DEPTH_MAX ? FAULT_NONE : FAULT_DEPTH);
		}
	}
	static uint8_t deep[1 << 16];
	memset(deep, 0x81, sizeof deep);
	CHECK_EQ(cbor_check(SPAN_OF(deep)), FAULT_DEPTH);
}

static void cbor_integers_come_back(void)
{
	static const int64_t values[] = {
		0,  1,   23,  24,   255,  256,    65535,  65536,       4294967295,  4294967296, INT64_MAX,
		-1, -24, -25, -256, -257, -65536, -65537, -4294967296, -4294967297, INT64_MIN
	};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		uint8_t bytes[9];
		struct writer w = writer_over(bytes, sizeof bytes);
		cbor_write_int(&w, values[i]);
		uint64_t argument = values[i] < 0 ? (uint64_t)(-1 - values[i]) : (uint64_t)values[i];
		CHECK_EQ(writer_span(&w).n, cbor_head_bytes(argument));
		struct cursor c = cursor_over(writer_span(&w));
		CHECK_EQ(cbor_int(&c), values[i]);
		CHECK_EQ(cursor_end(&c), FAULT_NONE);
		CHECK_EQ(cbor_check(writer_span(&w)), FAULT_NONE);
	}
	struct cursor c = cursor_over(bytes_of(SPAN_LIT("1bffffffffffffffff1b80000000000000003b8000000000000000")));
	CHECK(cbor_uint(&c) == UINT64_MAX);
	struct cursor positive = c;
	CHECK_EQ(cbor_int(&positive), 0);
	CHECK_EQ(positive.fault, FAULT_RANGE);
	(void)cbor_uint(&c);
	CHECK_EQ(cbor_int(&c), 0);
	CHECK_EQ(c.fault, FAULT_RANGE);
}

static struct span write_sample(struct writer *w)
{
	cbor_write_tag(w, 107);
	cbor_write_map(w, 5);
	cbor_write_uint(w, 1);
	cbor_write_bool(w, true);
	cbor_write_int(w, 2);
	cbor_write_text(w, SPAN_LIT("t\xc3\xbc"));
	cbor_write_int(w, 300);
	cbor_write_bytes(w, SPAN_LIT("\x82\x01\x20"));
	cbor_write_int(w, -1);
	cbor_write_null(w);
	cbor_write_int(w, -2);
	cbor_write_array(w, 2);
	cbor_write_uint(w, 70000);
	cbor_write_bool(w, false);
	CHECK_EQ(writer_end(w), FAULT_NONE);
	return writer_span(w);
}

static enum fault read_sample(struct span input)
{
	struct cursor c = cursor_over(input);
	struct cbor_keys keys = { 0 };
	cbor_tag(&c, 107);
	uint32_t pairs = cbor_map(&c, 5);
	for (uint32_t i = 0; i < pairs; i++) {
		int64_t key = cbor_key_int(&c, &keys);
		struct cursor inside;
		switch (key) {
		case 1:
			CHECK(cbor_bool(&c) || c.fault != FAULT_NONE);
			break;
		case 2:
			CHECK(span_is(cbor_text(&c), "t\xc3\xbc") || c.fault != FAULT_NONE);
			break;
		case 300:
			inside = cbor_inside(&c);
			CHECK_EQ(cbor_array(&inside, 2), c.fault == FAULT_NONE ? 2 : 0);
			cbor_expect_int(&inside, 1);
			cbor_expect_int(&inside, -1);
			if (cursor_end(&inside) != FAULT_NONE)
				cursor_fail(&c, inside.fault);
			break;
		case -1:
			cbor_null(&c);
			break;
		default:
			cbor_skip(&c);
		}
	}
	return cursor_end(&c);
}

static void cbor_reads_what_it_writes(void)
{
	uint8_t bytes[64];
	struct writer w = writer_over(bytes, sizeof bytes);
	struct span sample = write_sample(&w);
	CHECK_EQ(cbor_check(sample), FAULT_NONE);
	CHECK_EQ(read_sample(sample), FAULT_NONE);
}

static void cbor_refuses_every_truncation(void)
{
	uint8_t bytes[64];
	struct writer w = writer_over(bytes, sizeof bytes);
	struct span sample = write_sample(&w);
	for (size_t n = 0; n < sample.n; n++) {
		uint8_t *copy = malloc(n > 0 ? n : 1);
		memcpy(copy, bytes, n);
		enum fault skipped = cbor_check((struct span){ copy, n });
		enum fault read = read_sample((struct span){ copy, n });
		free(copy);
		CHECK_EQ(skipped, FAULT_TRUNCATED);
		CHECK_EQ(read, FAULT_TRUNCATED);
	}
}

enum getter { UINT, INT, BYTES, TEXT, ARRAY, MAP, TAG, NIL, BOOL, EXPECT, INSIDE, KEY };

static enum fault get(enum getter getter, struct span input)
{
	struct cursor c = cursor_over(input);
	struct cbor_keys keys = { 0 };
	switch (getter) {
	case UINT:
		CHECK(cbor_uint(&c) == 0);
		break;
	case INT:
		CHECK(cbor_int(&c) == 0);
		break;
	case BYTES:
		CHECK(cbor_bytes(&c).n == 0);
		break;
	case TEXT:
		CHECK(cbor_text(&c).n == 0);
		break;
	case ARRAY:
		CHECK(cbor_array(&c, 2) == 0);
		break;
	case MAP:
		CHECK(cbor_map(&c, 2) == 0);
		break;
	case TAG:
		cbor_tag(&c, 18);
		break;
	case NIL:
		cbor_null(&c);
		break;
	case BOOL:
		CHECK(!cbor_bool(&c));
		break;
	case EXPECT:
		cbor_expect_int(&c, 1);
		break;
	case INSIDE:
		CHECK_EQ(cbor_inside(&c).fault, c.fault);
		break;
	case KEY:
		CHECK(cbor_key_int(&c, &keys) == 0);
		break;
	}
	CHECK_EQ(cursor_left(&c), 0);
	CHECK(cbor_uint(&c) == 0 && cbor_array(&c, 9) == 0 && cbor_peek(&c) == CBOR_SIMPLE);
	return c.fault;
}

static const struct {
	enum getter getter;
	const char *hex;
	enum fault fault;
} mistyped[] = {
	{ UINT, "20", FAULT_TYPE },
	{ UINT, "4100", FAULT_TYPE },
	{ INT, "40", FAULT_TYPE },
	{ INT, "f6", FAULT_TYPE },
	{ BYTES, "6161", FAULT_TYPE },
	{ TEXT, "4161", FAULT_TYPE },
	{ TEXT, "6180", FAULT_UTF8 },
	{ ARRAY, "a0", FAULT_TYPE },
	{ ARRAY, "83000000", FAULT_TOO_LARGE },
	{ ARRAY, "8200", FAULT_TRUNCATED },
	{ MAP, "80", FAULT_TYPE },
	{ MAP, "a3000000000000", FAULT_TOO_LARGE },
	{ MAP, "a20000", FAULT_TRUNCATED },
	{ TAG, "1200", FAULT_TYPE },
	{ TAG, "d100", FAULT_TYPE },
	{ NIL, "f5", FAULT_TYPE },
	{ NIL, "f7", FAULT_TYPE },
	{ NIL, "00", FAULT_TYPE },
	{ BOOL, "f6", FAULT_TYPE },
	{ BOOL, "01", FAULT_TYPE },
	{ EXPECT, "02", FAULT_VERSION },
	{ EXPECT, "20", FAULT_VERSION },
	{ EXPECT, "6131", FAULT_VERSION },
	{ EXPECT, "", FAULT_TRUNCATED },
	{ EXPECT, "1801", FAULT_NOT_CANONICAL },
	{ INSIDE, "8100", FAULT_TYPE },
	{ KEY, "6161", FAULT_TYPE },
};

static void cbor_getters_refuse_other_types(void)
{
	for (size_t i = 0; i < sizeof mistyped / sizeof *mistyped; i++) {
		enum fault fault = get(mistyped[i].getter, bytes_of(span_of_text(mistyped[i].hex)));
		if (fault != mistyped[i].fault)
			printf("# row %zu: %s\n", i, mistyped[i].hex);
		CHECK_EQ(fault, mistyped[i].fault);
	}
}

static void cbor_keys_must_ascend(void)
{
	static const struct {
		const char *hex;
		enum fault fault;
	} rows[] = {
		{ "0120", FAULT_NONE },          { "171818", FAULT_NONE },        { "0101", FAULT_DUPLICATE },
		{ "0201", FAULT_NOT_CANONICAL }, { "2001", FAULT_NOT_CANONICAL }, { "2120", FAULT_NOT_CANONICAL }
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct cursor c = cursor_over(bytes_of(span_of_text(rows[i].hex)));
		struct cbor_keys keys = { 0 };
		(void)cbor_key_int(&c, &keys);
		(void)cbor_key_int(&c, &keys);
		CHECK_EQ(cursor_end(&c), rows[i].fault);
	}
}

static void cbor_writer_refuses_bad_text(void)
{
	uint8_t bytes[8];
	struct writer w = writer_over(bytes, sizeof bytes);
	cbor_write_text(&w, SPAN_LIT("\xff"));
	CHECK_EQ(writer_end(&w), FAULT_UTF8);
}

static const struct check_case cases[] = {
	CASE(cbor_appendix_a_gets_our_verdicts), CASE(cbor_refuses_with_the_fault), CASE(cbor_depth_has_a_limit),
	CASE(cbor_integers_come_back),           CASE(cbor_reads_what_it_writes),   CASE(cbor_refuses_every_truncation),
	CASE(cbor_getters_refuse_other_types),   CASE(cbor_keys_must_ascend),       CASE(cbor_writer_refuses_bad_text),
};

CHECK_MAIN(cases)
