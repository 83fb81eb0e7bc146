#include "cbor.h"

#include "fuzz.h"

#include <stdlib.h>

/* Reads one item of input that cbor_check() accepted and writes it again. */
static void copy_item(struct cursor *c, struct writer *w);

static void copy_items(struct cursor *c, struct writer *w, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		copy_item(c, w);
}

static void copy_tag(struct cursor *c, struct writer *w)
{
	/* A tag's number is only ever compared, so read the head as that of an integer. */
	uint8_t head[9];
	size_t n = 0;
	struct cursor ahead = *c;
	head[n++] = cursor_u8(&ahead) & 0x1f;
	size_t more = head[0] < 24 ? 0 : (size_t)1 << (head[0] - 24);
	while (more-- > 0)
		head[n++] = cursor_u8(&ahead);
	struct cursor number = cursor_over((struct span){ head, n });
	uint64_t tag = cbor_uint(&number);
	FUZZ_CHECK(cursor_end(&number) == FAULT_NONE && n == cbor_head_bytes(tag));
	cbor_tag(c, tag);
	cbor_write_tag(w, tag);
	copy_item(c, w);
}

static void copy_negative(struct cursor *c, struct writer *w)
{
	struct cursor ahead = *c;
	int64_t value = cbor_int(&ahead);
	if (ahead.fault == FAULT_NONE) {
		*c = ahead;
		cbor_write_int(w, value);
		return;
	}
	/* Below INT64_MIN: nothing of ours reads it, skipping must. */
	size_t from = c->at;
	FUZZ_CHECK(ahead.fault == FAULT_RANGE);
	cbor_skip(c);
	writer_bytes(w, span_sub(c->input, from, c->at - from));
}

static void copy_simple(struct cursor *c, struct writer *w)
{
	struct cursor ahead = *c;
	cbor_null(&ahead);
	if (ahead.fault == FAULT_NONE) {
		*c = ahead;
		cbor_write_null(w);
		return;
	}
	cbor_write_bool(w, cbor_bool(c));
}

static void copy_map(struct cursor *c, struct writer *w)
{
	uint32_t pairs = cbor_map(c, UINT32_MAX);
	cbor_write_map(w, pairs);
	copy_items(c, w, 2 * (uint64_t)pairs);
}

static void copy_array(struct cursor *c, struct writer *w)
{
	uint32_t count = cbor_array(c, UINT32_MAX);
	cbor_write_array(w, count);
	copy_items(c, w, count);
}

static void copy_item(struct cursor *c, struct writer *w)
{
	switch (cbor_peek(c)) {
	case CBOR_UINT:
		cbor_write_uint(w, cbor_uint(c));
		return;
	case CBOR_NEGATIVE:
		copy_negative(c, w);
		return;
	case CBOR_BYTES:
		cbor_write_bytes(w, cbor_bytes(c));
		return;
	case CBOR_TEXT:
		cbor_write_text(w, cbor_text(c));
		return;
	case CBOR_ARRAY:
		copy_array(c, w);
		return;
	case CBOR_MAP:
		copy_map(c, w);
		return;
	case CBOR_TAG:
		copy_tag(c, w);
		return;
	case CBOR_SIMPLE:
		copy_simple(c, w);
		return;
	}
}

/* A schema's walk over any input: it ends, stays inside and keeps its first fault. */
static void walk(struct span input)
{
	struct cursor c = cursor_over(input);
	struct cbor_keys keys = { 0 };
	cbor_tag(&c, 107);
	uint32_t pairs = cbor_map(&c, 16);
	for (uint32_t i = 0; i < pairs; i++) {
		int64_t key = cbor_key_int(&c, &keys);
		if (key == 2) {
			struct cursor inside = cbor_inside(&c);
			(void)cbor_array(&inside, 4);
			FUZZ_CHECK(c.fault == FAULT_NONE || inside.fault == c.fault);
			continue;
		}
		cbor_skip(&c);
	}
	if (cursor_end(&c) == FAULT_NONE)
		FUZZ_CHECK(c.at == input.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = { data, size };
	walk(input);
	if (cbor_check(input) != FAULT_NONE)
		return 0;
	uint8_t *out = malloc(size);
	FUZZ_CHECK(out != NULL);
	struct writer w = writer_over(out, size);
	struct cursor c = cursor_over(input);
	copy_item(&c, &w);
	FUZZ_CHECK(cursor_end(&c) == FAULT_NONE && writer_end(&w) == FAULT_NONE);
	FUZZ_CHECK(span_equal(writer_span(&w), input));
	free(out);
	return 0;
}
