#include "segments.h"

#define SEGMENTS_MAGIC "SLST"
#define SEGMENTS_VERSION 1

static struct digest segments_digest(struct cursor *c)
{
	struct digest digest = { { 0 } };
	struct span bytes = cursor_bytes(c, DIGEST_BYTES);
	for (size_t i = 0; i < bytes.n; i++)
		digest.bytes[i] = bytes.at[i];
	return digest;
}

/* [SEG-1] [SEG-2] */
static void segments_prologue(struct cursor *c)
{
	struct span magic = cursor_bytes(c, 4);
	if (!span_is(magic, SEGMENTS_MAGIC))
		cursor_fail(c, FAULT_SYNTAX);
	if (cursor_u8(c) != SEGMENTS_VERSION)
		cursor_fail(c, FAULT_VERSION);
	struct span zero = cursor_bytes(c, 3);
	for (size_t i = 0; i < zero.n; i++)
		if (zero.at[i] != 0)
			cursor_fail(c, FAULT_NOT_CANONICAL);
}

static bool segments_is_size(uint32_t bytes)
{
	return bytes >= SEGMENT_BYTES_MIN && bytes <= SEGMENT_BYTES_MAX && (bytes & (bytes - 1)) == 0;
}

static void segments_header(struct cursor *c, struct segments *out)
{
	segments_prologue(c);
	out->segment_bytes = cursor_u32(c);
	out->image_bytes = cursor_u64(c);
	out->image = segments_digest(c);
	out->count = cursor_u32(c);
	if (c->fault != FAULT_NONE)
		return;
	/* [SEG-3] [SEG-4]: the division below needs both checks. */
	if (!segments_is_size(out->segment_bytes) || out->image_bytes == 0)
		cursor_fail(c, FAULT_RANGE);
	else if ((out->image_bytes - 1) / out->segment_bytes + 1 != out->count)
		cursor_fail(c, FAULT_RANGE);
}

static void segments_record(struct cursor *c, struct segment *out)
{
	uint8_t op = cursor_u8(c);
	/* [SEG-5] */
	if (op != SEGMENT_ZERO && op != SEGMENT_FULL)
		cursor_fail(c, FAULT_VERSION);
	out->op = (enum segment_op)op;
	out->result = segments_digest(c);
	if (op != SEGMENT_FULL)
		return;
	out->travel_offset = cursor_u64(c);
	out->travel_bytes = cursor_u32(c);
	out->travel = segments_digest(c);
	/* [SEG-6] */
	if (out->travel_bytes == 0 || out->travel_bytes > SEGMENT_TRAVEL_MAX)
		cursor_fail(c, FAULT_RANGE);
}

bool segments_next(struct segments *walk, struct segment *out)
{
	*out = (struct segment){ .index = walk->next };
	if (walk->next == walk->count || walk->records.fault != FAULT_NONE)
		return false;
	uint64_t offset = (uint64_t)walk->next * walk->segment_bytes;
	uint64_t left = walk->image_bytes - offset;
	out->image_offset = offset;
	out->bytes = left < walk->segment_bytes ? (uint32_t)left : walk->segment_bytes;
	segments_record(&walk->records, out);
	walk->next++;
	return walk->records.fault == FAULT_NONE;
}

enum fault segments_decode(struct span text, uint64_t payload_bytes, struct segments *out)
{
	*out = (struct segments){ 0 };
	if (text.n > SEGMENTS_BYTES_MAX)
		return FAULT_TOO_LARGE;
	struct cursor c = cursor_over(text);
	segments_header(&c, out);
	if (c.fault != FAULT_NONE)
		return c.fault;
	out->records = c;
	struct segments walk = *out;
	struct segment segment;
	while (segments_next(&walk, &segment)) {
		/* [SEG-7], in the form that cannot overflow */
		if (segment.op == SEGMENT_FULL && (segment.travel_offset > payload_bytes ||
						   segment.travel_bytes > payload_bytes - segment.travel_offset))
			return FAULT_RANGE;
	}
	return cursor_end(&walk.records);
}

void segments_encode_header(struct writer *w, const struct segments *table)
{
	writer_text(w, SEGMENTS_MAGIC);
	writer_u8(w, SEGMENTS_VERSION);
	writer_bytes(w, SPAN_LIT("\0\0\0"));
	writer_u32(w, table->segment_bytes);
	writer_u64(w, table->image_bytes);
	writer_bytes(w, digest_span(&table->image));
	writer_u32(w, table->count);
}

void segments_encode_record(struct writer *w, const struct segment *segment)
{
	if (segment->op != SEGMENT_ZERO && segment->op != SEGMENT_FULL)
		writer_fail(w, FAULT_VERSION);
	writer_u8(w, (uint8_t)segment->op);
	writer_bytes(w, digest_span(&segment->result));
	if (segment->op != SEGMENT_FULL)
		return;
	writer_u64(w, segment->travel_offset);
	writer_u32(w, segment->travel_bytes);
	writer_bytes(w, digest_span(&segment->travel));
}
