#include "check.h"
#include "cursor.h"
#include "secret.h"
#include "workspace.h"
#include "writer.h"

static void span_order_is_bytewise_and_shorter_first(void)
{
	static const char *const ascending[] = { "", "A", "AA", "B", "a", "\x7f", "\xc3\xbc", "\xf0\x90\x85\x91" };
	for (size_t i = 0; i < sizeof ascending / sizeof *ascending; i++) {
		for (size_t j = 0; j < sizeof ascending / sizeof *ascending; j++) {
			int order = span_compare(span_of_text(ascending[i]), span_of_text(ascending[j]));
			CHECK_EQ((order > 0) - (order < 0), (i > j) - (i < j));
		}
	}
}

static void span_sub_stays_inside(void)
{
	struct span s = SPAN_LIT("abcdef");
	CHECK(span_is(span_sub(s, 2, 3), "cde"));
	CHECK(span_is(span_sub(s, 4, SIZE_MAX), "ef"));
	CHECK_EQ(span_sub(s, 6, 1).n, 0);
	CHECK_EQ(span_sub(s, SIZE_MAX, SIZE_MAX).n, 0);
	CHECK_EQ(span_sub(SPAN_NONE, 0, 1).n, 0);
}

static void span_tells_equality_and_prefix(void)
{
	CHECK(span_equal(SPAN_NONE, span_of_text("")));
	CHECK(!span_is(SPAN_LIT("ab"), "abc"));
	CHECK(!span_is(SPAN_LIT("abc"), "abd"));
	CHECK(span_starts(SPAN_LIT("abc"), SPAN_LIT("ab")));
	CHECK(span_starts(SPAN_LIT("abc"), SPAN_NONE));
	CHECK(!span_starts(SPAN_LIT("ab"), SPAN_LIT("abc")));
	CHECK_EQ(span_of_text(NULL).n, 0);
}

static void cursor_reads_big_endian(void)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
	struct cursor c = cursor_over(SPAN_OF(bytes));
	CHECK_EQ(cursor_peek(&c), 1);
	CHECK_EQ(cursor_u8(&c), 1);
	CHECK_EQ(cursor_u16(&c), 0x0203);
	CHECK_EQ(cursor_u32(&c), 0x04050607);
	CHECK_EQ(cursor_u64(&c), 0x08090a0b0c0d0e0f);
	CHECK_EQ(cursor_left(&c), 1);
	CHECK_EQ(cursor_end(&c), FAULT_TRAILING);
}

static void cursor_keeps_its_first_fault(void)
{
	static const uint8_t bytes[] = { 1, 2, 3 };
	struct cursor c = cursor_over(SPAN_OF(bytes));
	CHECK_EQ(cursor_u32(&c), 0);
	cursor_fail(&c, FAULT_TYPE);
	CHECK_EQ(c.fault, FAULT_TRUNCATED);
	CHECK_EQ(cursor_left(&c), 0);
	CHECK_EQ(cursor_peek(&c), 0);
	CHECK_EQ(cursor_u8(&c), 0);
	CHECK_EQ(cursor_bytes(&c, 1).n, 0);
	CHECK_EQ(cursor_end(&c), FAULT_TRUNCATED);
}

static void cursor_refuses_a_length_near_the_top(void)
{
	struct cursor c = cursor_over(SPAN_LIT("abc"));
	(void)cursor_u8(&c);
	CHECK_EQ(cursor_bytes(&c, SIZE_MAX).n, 0);
	CHECK_EQ(c.fault, FAULT_TRUNCATED);
	struct cursor none = cursor_over(SPAN_NONE);
	CHECK_EQ(cursor_bytes(&none, 0).n, 0);
	CHECK_EQ(cursor_end(&none), FAULT_NONE);
}

static void writer_writes_what_cursor_reads(void)
{
	uint8_t buffer[64];
	struct writer w = writer_over(buffer, sizeof buffer);
	writer_u8(&w, 0x12);
	writer_u16(&w, 0x3456);
	writer_u32(&w, 0x789abcde);
	writer_u64(&w, 0xf00ddeadbeef1234);
	writer_text(&w, "text");
	writer_decimal(&w, UINT64_MAX);
	writer_decimal(&w, 0);
	CHECK_EQ(writer_end(&w), FAULT_NONE);
	struct cursor c = cursor_over(writer_span(&w));
	CHECK_EQ(cursor_u8(&c), 0x12);
	CHECK_EQ(cursor_u16(&c), 0x3456);
	CHECK_EQ(cursor_u32(&c), 0x789abcde);
	CHECK(cursor_u64(&c) == 0xf00ddeadbeef1234);
	CHECK(span_is(cursor_bytes(&c, 25), "text184467440737095516150"));
	CHECK_EQ(cursor_end(&c), FAULT_NONE);
}

static void writer_stops_at_its_capacity(void)
{
	uint8_t buffer[5] = { 0, 0, 0, 0, 0x5a };
	struct writer w = writer_over(buffer, 4);
	writer_text(&w, "abcd");
	CHECK_EQ(w.fault, FAULT_NONE);
	CHECK(span_is(writer_span(&w), "abcd"));
	writer_u8(&w, 'e');
	writer_fail(&w, FAULT_UTF8);
	CHECK_EQ(writer_end(&w), FAULT_NO_SPACE);
	CHECK_EQ(writer_span(&w).n, 0);
	CHECK_EQ(buffer[4], 0x5a);
}

struct collected {
	char text[64];
	size_t n;
	size_t calls;
};

static void collect(void *context, struct span bytes)
{
	struct collected *all = context;
	CHECK(bytes.n > 0 && all->n + bytes.n <= sizeof all->text);
	memcpy(all->text + all->n, bytes.at, bytes.n);
	all->n += bytes.n;
	all->calls++;
}

static void writer_drains_in_order_for_every_capacity(void)
{
	static const char text[] = "The quick brown fox jumps over the lazy dog";
	uint8_t buffer[64];
	for (size_t capacity = 1; capacity <= sizeof buffer; capacity++) {
		struct collected all = { .n = 0 };
		struct writer w = writer_over(buffer, capacity);
		w.drain = collect;
		w.context = &all;
		writer_bytes(&w, span_sub(SPAN_LIT(text), 0, 7));
		writer_bytes(&w, span_sub(SPAN_LIT(text), 7, 64));
		CHECK_EQ(writer_end(&w), FAULT_NONE);
		CHECK(span_is((struct span){ (uint8_t *)all.text, all.n }, text));
		CHECK_EQ(all.calls, (sizeof text - 1 + capacity - 1) / capacity);
		CHECK_EQ(writer_span(&w).n, 0);
	}
}

static void writer_drains_nothing_after_a_fault(void)
{
	uint8_t buffer[8];
	struct collected all = { .n = 0 };
	struct writer w = writer_over(buffer, sizeof buffer);
	w.drain = collect;
	w.context = &all;
	writer_text(&w, "ab");
	writer_fail(&w, FAULT_RANGE);
	writer_text(&w, "0123456789");
	CHECK_EQ(writer_end(&w), FAULT_RANGE);
	CHECK_EQ(all.calls, 0);
}

static void workspace_gives_aligned_zeroed_memory(void)
{
	_Alignas(max_align_t) uint8_t block[256];
	memset(block, 0xff, sizeof block);
	for (size_t skew = 0; skew < _Alignof(max_align_t); skew++) {
		struct workspace ws = workspace_over(block + skew, sizeof block - skew);
		for (size_t n = 1; n < 8; n++) {
			uint8_t *taken = workspace_take(&ws, n);
			CHECK(taken != NULL && (uintptr_t)taken % _Alignof(max_align_t) == 0);
			for (size_t i = 0; i < n; i++)
				CHECK_EQ(taken[i], 0);
		}
		memset(block, 0xff, sizeof block);
	}
}

static void workspace_refuses_what_does_not_fit(void)
{
	_Alignas(max_align_t) uint8_t block[64];
	struct workspace ws = workspace_over(block, sizeof block);
	CHECK(workspace_take(&ws, SIZE_MAX) == NULL);
	CHECK(workspace_take(&ws, sizeof block + 1) == NULL);
	CHECK(workspace_array(&ws, SIZE_MAX / 2, 3) == NULL);
	CHECK(workspace_array(&ws, 3, SIZE_MAX / 2) == NULL);
	CHECK_EQ(ws.used, 0);
	CHECK(workspace_array(&ws, 8, 8) == block);
	CHECK(workspace_take(&ws, 1) == NULL);
	/* One byte left, which the alignment eats. */
	ws = workspace_over(block, sizeof block);
	CHECK(workspace_take(&ws, sizeof block - 1) != NULL);
	CHECK(workspace_take(&ws, 1) == NULL);
	ws = workspace_over(block, sizeof block);
	CHECK(workspace_array(&ws, SIZE_MAX, 0) == block && ws.used == 0);
}

static void secret_wipes(void)
{
	uint8_t secret[33];
	memset(secret, 0x77, sizeof secret);
	secret_wipe(secret, 32);
	for (size_t i = 0; i < 32; i++)
		CHECK_EQ(secret[i], 0);
	CHECK_EQ(secret[32], 0x77);
}

static void fault_has_a_phrase_for_each(void)
{
	for (int i = FAULT_NONE; i <= FAULT_NO_SPACE; i++) {
		CHECK(strcmp(fault_text((enum fault)i), "unknown fault") != 0);
		for (int j = FAULT_NONE; j < i; j++)
			CHECK(strcmp(fault_text((enum fault)i), fault_text((enum fault)j)) != 0);
	}
	CHECK(strcmp(fault_text((enum fault)(FAULT_NO_SPACE + 1)), "unknown fault") == 0);
}

static const struct check_case cases[] = {
	CASE(span_order_is_bytewise_and_shorter_first),
	CASE(span_sub_stays_inside),
	CASE(span_tells_equality_and_prefix),
	CASE(cursor_reads_big_endian),
	CASE(cursor_keeps_its_first_fault),
	CASE(cursor_refuses_a_length_near_the_top),
	CASE(writer_writes_what_cursor_reads),
	CASE(writer_stops_at_its_capacity),
	CASE(writer_drains_in_order_for_every_capacity),
	CASE(writer_drains_nothing_after_a_fault),
	CASE(workspace_gives_aligned_zeroed_memory),
	CASE(workspace_refuses_what_does_not_fit),
	CASE(secret_wipes),
	CASE(fault_has_a_phrase_for_each),
};

CHECK_MAIN(cases)
