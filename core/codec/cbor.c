#include "cbor.h"

#include "utf8.h"

enum { CBOR_FALSE = 20, CBOR_TRUE = 21, CBOR_NULL = 22, CBOR_INDEFINITE = 31 };

struct cbor_head {
	enum cbor_major major;
	uint64_t argument;
};

/* Of major type 7 we know three values, all in one byte; floats and undefined are another type than any schema's. */
static void cbor_check_simple(struct cursor *c, uint8_t info)
{
	if (info >= 28)
		cursor_fail(c, FAULT_SYNTAX);
	if (info < CBOR_FALSE || info > CBOR_NULL)
		cursor_fail(c, FAULT_TYPE);
}

static uint64_t cbor_argument(struct cursor *c, uint8_t info)
{
	uint64_t value = info;
	uint64_t least = 0;
	if (info < 24)
		return value;
	switch (info) {
	case 24:
		value = cursor_u8(c);
		least = 24;
		break;
	case 25:
		value = cursor_u16(c);
		least = UINT64_C(1) << 8;
		break;
	case 26:
		value = cursor_u32(c);
		least = UINT64_C(1) << 16;
		break;
	case 27:
		value = cursor_u64(c);
		least = UINT64_C(1) << 32;
		break;
	case CBOR_INDEFINITE:
		cursor_fail(c, FAULT_NOT_CANONICAL);
		break;
	default:
		cursor_fail(c, FAULT_SYNTAX);
	}
	if (value < least)
		cursor_fail(c, FAULT_NOT_CANONICAL);
	return value;
}

static struct cbor_head cbor_head(struct cursor *c)
{
	uint8_t first = cursor_u8(c);
	struct cbor_head head = { (enum cbor_major)(first >> 5), first & 31 };
	if (c->fault != FAULT_NONE)
		return (struct cbor_head){ CBOR_SIMPLE, 0 };
	/* Integers, tags and simple values have no indefinite form; there it is not CBOR at all. */
	if ((first & 31) == CBOR_INDEFINITE && (head.major < CBOR_BYTES || head.major > CBOR_MAP))
		cursor_fail(c, FAULT_SYNTAX);
	if (head.major == CBOR_SIMPLE)
		cbor_check_simple(c, first & 31);
	else
		head.argument = cbor_argument(c, first & 31);
	if (c->fault != FAULT_NONE)
		return (struct cbor_head){ CBOR_SIMPLE, 0 };
	return head;
}

/* The argument of an item that must have this major type; 0 when faulted. */
static uint64_t cbor_expect(struct cursor *c, enum cbor_major major)
{
	struct cbor_head head = cbor_head(c);
	if (head.major != major)
		cursor_fail(c, FAULT_TYPE);
	return c->fault == FAULT_NONE ? head.argument : 0;
}

enum cbor_major cbor_peek(const struct cursor *c)
{
	return cursor_left(c) == 0 ? CBOR_SIMPLE : (enum cbor_major)(cursor_peek(c) >> 5);
}

uint64_t cbor_uint(struct cursor *c)
{
	return cbor_expect(c, CBOR_UINT);
}

int64_t cbor_int(struct cursor *c)
{
	struct cbor_head head = cbor_head(c);
	if (head.major != CBOR_UINT && head.major != CBOR_NEGATIVE)
		cursor_fail(c, FAULT_TYPE);
	if (head.argument > INT64_MAX)
		cursor_fail(c, FAULT_RANGE);
	if (c->fault != FAULT_NONE)
		return 0;
	return head.major == CBOR_UINT ? (int64_t)head.argument : -1 - (int64_t)head.argument;
}

static struct span cbor_content(struct cursor *c, uint64_t length)
{
	if (length > cursor_left(c)) {
		cursor_fail(c, FAULT_TRUNCATED);
		return SPAN_NONE;
	}
	return cursor_bytes(c, (size_t)length);
}

static struct span cbor_utf8(struct cursor *c, uint64_t length)
{
	struct span text = cbor_content(c, length);
	if (utf8_is_valid(text))
		return text;
	cursor_fail(c, FAULT_UTF8);
	return SPAN_NONE;
}

struct span cbor_bytes(struct cursor *c)
{
	return cbor_content(c, cbor_expect(c, CBOR_BYTES));
}

struct span cbor_text(struct cursor *c)
{
	return cbor_utf8(c, cbor_expect(c, CBOR_TEXT));
}

/* A count that the bytes left can hold, each item being one byte at least. */
static uint32_t cbor_count(struct cursor *c, uint64_t count, uint64_t max_count, size_t items_each)
{
	if (count > max_count)
		cursor_fail(c, FAULT_TOO_LARGE);
	if (count > cursor_left(c) / items_each)
		cursor_fail(c, FAULT_TRUNCATED);
	return c->fault == FAULT_NONE ? (uint32_t)count : 0;
}

uint32_t cbor_array(struct cursor *c, uint32_t max_count)
{
	return cbor_count(c, cbor_expect(c, CBOR_ARRAY), max_count, 1);
}

uint32_t cbor_map(struct cursor *c, uint32_t max_count)
{
	return cbor_count(c, cbor_expect(c, CBOR_MAP), max_count, 2);
}

void cbor_tag(struct cursor *c, uint64_t tag)
{
	if (cbor_expect(c, CBOR_TAG) != tag)
		cursor_fail(c, FAULT_TYPE);
}

void cbor_null(struct cursor *c)
{
	if (cbor_expect(c, CBOR_SIMPLE) != CBOR_NULL)
		cursor_fail(c, FAULT_TYPE);
}

bool cbor_bool(struct cursor *c)
{
	uint64_t value = cbor_expect(c, CBOR_SIMPLE);
	if (value != CBOR_FALSE && value != CBOR_TRUE)
		cursor_fail(c, FAULT_TYPE);
	return c->fault == FAULT_NONE && value == CBOR_TRUE;
}

void cbor_expect_int(struct cursor *c, int64_t value)
{
	enum cbor_major major = cbor_peek(c);
	if (cursor_left(c) > 0 && major != CBOR_UINT && major != CBOR_NEGATIVE)
		cursor_fail(c, FAULT_VERSION);
	if (cbor_int(c) != value)
		cursor_fail(c, FAULT_VERSION);
}

struct cursor cbor_inside(struct cursor *c)
{
	struct cursor inside = cursor_over(cbor_bytes(c));
	inside.fault = c->fault;
	return inside;
}

/* --- order of map keys, and skipping --- */

/* Deterministic encodings are prefix-free, so that the bytewise order of RFC 8949 section 4.2.1 is span_compare's. */
static void cbor_key_check(struct cursor *c, struct cbor_keys *keys, size_t from)
{
	if (c->fault != FAULT_NONE)
		return;
	struct span key = { c->input.at + from, c->at - from };
	int order = keys->last.n == 0 ? -1 : span_compare(keys->last, key);
	if (order >= 0)
		cursor_fail(c, order == 0 ? FAULT_DUPLICATE : FAULT_NOT_CANONICAL);
	keys->last = key;
}

int64_t cbor_key_int(struct cursor *c, struct cbor_keys *keys)
{
	size_t from = c->at;
	int64_t key = cbor_int(c);
	cbor_key_check(c, keys, from);
	return c->fault == FAULT_NONE ? key : 0;
}

static void cbor_skip_item(struct cursor *c, uint32_t depth);

static void cbor_skip_array(struct cursor *c, uint64_t count, uint32_t depth)
{
	uint32_t n = cbor_count(c, count, UINT32_MAX, 1);
	for (uint32_t i = 0; i < n && c->fault == FAULT_NONE; i++)
		cbor_skip_item(c, depth);
}

static void cbor_skip_map(struct cursor *c, uint64_t pairs, uint32_t depth)
{
	struct cbor_keys keys = { 0 };
	uint32_t n = cbor_count(c, pairs, UINT32_MAX, 2);
	for (uint32_t i = 0; i < n && c->fault == FAULT_NONE; i++) {
		size_t from = c->at;
		cbor_skip_item(c, depth);
		cbor_key_check(c, &keys, from);
		cbor_skip_item(c, depth);
	}
}

/* depth: how many arrays, maps and tags stand around the item. */
static void cbor_skip_item(struct cursor *c, uint32_t depth)
{
	struct cbor_head head = cbor_head(c);
	if (c->fault != FAULT_NONE)
		return;
	bool nests = head.major == CBOR_ARRAY || head.major == CBOR_MAP || head.major == CBOR_TAG;
	if (nests && depth == CBOR_DEPTH_MAX) {
		cursor_fail(c, FAULT_DEPTH);
		return;
	}
	switch (head.major) {
	case CBOR_UINT:
	case CBOR_NEGATIVE:
	case CBOR_SIMPLE:
		return;
	case CBOR_BYTES:
		(void)cbor_content(c, head.argument);
		return;
	case CBOR_TEXT:
		(void)cbor_utf8(c, head.argument);
		return;
	case CBOR_ARRAY:
		cbor_skip_array(c, head.argument, depth + 1);
		return;
	case CBOR_MAP:
		cbor_skip_map(c, head.argument, depth + 1);
		return;
	case CBOR_TAG:
		cbor_skip_item(c, depth + 1);
		return;
	}
}

void cbor_skip(struct cursor *c)
{
	cbor_skip_item(c, 0);
}

enum fault cbor_check(struct span input)
{
	struct cursor c = cursor_over(input);
	cbor_skip(&c);
	return cursor_end(&c);
}

/* --- writing --- */

size_t cbor_head_bytes(uint64_t argument)
{
	if (argument < 24)
		return 1;
	if (argument <= UINT8_MAX)
		return 2;
	if (argument <= UINT16_MAX)
		return 3;
	return argument <= UINT32_MAX ? 5 : 9;
}

static void cbor_write_head(struct writer *w, enum cbor_major major, uint64_t argument)
{
	uint8_t type = (uint8_t)((unsigned)major << 5);
	switch (cbor_head_bytes(argument)) {
	case 1:
		writer_u8(w, (uint8_t)(type | argument));
		return;
	case 2:
		writer_u8(w, type | 24);
		writer_u8(w, (uint8_t)argument);
		return;
	case 3:
		writer_u8(w, type | 25);
		writer_u16(w, (uint16_t)argument);
		return;
	case 5:
		writer_u8(w, type | 26);
		writer_u32(w, (uint32_t)argument);
		return;
	default:
		writer_u8(w, type | 27);
		writer_u64(w, argument);
	}
}

void cbor_write_uint(struct writer *w, uint64_t value)
{
	cbor_write_head(w, CBOR_UINT, value);
}

void cbor_write_int(struct writer *w, int64_t value)
{
	if (value < 0)
		cbor_write_head(w, CBOR_NEGATIVE, (uint64_t)(-1 - value));
	else
		cbor_write_head(w, CBOR_UINT, (uint64_t)value);
}

void cbor_write_bytes(struct writer *w, struct span bytes)
{
	cbor_write_head(w, CBOR_BYTES, bytes.n);
	writer_bytes(w, bytes);
}

void cbor_write_text(struct writer *w, struct span text)
{
	if (!utf8_is_valid(text))
		writer_fail(w, FAULT_UTF8);
	cbor_write_head(w, CBOR_TEXT, text.n);
	writer_bytes(w, text);
}

void cbor_write_array(struct writer *w, uint64_t count)
{
	cbor_write_head(w, CBOR_ARRAY, count);
}

void cbor_write_map(struct writer *w, uint64_t pairs)
{
	cbor_write_head(w, CBOR_MAP, pairs);
}

void cbor_write_tag(struct writer *w, uint64_t tag)
{
	cbor_write_head(w, CBOR_TAG, tag);
}

void cbor_write_null(struct writer *w)
{
	cbor_write_head(w, CBOR_SIMPLE, CBOR_NULL);
}

void cbor_write_bool(struct writer *w, bool value)
{
	cbor_write_head(w, CBOR_SIMPLE, value ? CBOR_TRUE : CBOR_FALSE);
}
