#include "segments.h"
#include "mangle.h"

/* Three segments of 4 KiB and a bit: FULL, ZERO, FULL. */
#define PAYLOAD 1000
static uint8_t bytes[512];

static struct digest digest(uint8_t seed)
{
	struct digest d;
	memset(d.bytes, seed, sizeof d.bytes);
	return d;
}

static struct segments header(void)
{
	return (struct segments){
		.segment_bytes = 4096, .image_bytes = 2 * 4096 + 100, .image = digest(1), .count = 3
	};
}

static void records(struct segment out[3])
{
	out[0] = (struct segment){ .op = SEGMENT_FULL, .result = digest(2), .travel_bytes = 400, .travel = digest(3) };
	out[1] = (struct segment){ .op = SEGMENT_ZERO, .result = digest(4) };
	out[2] = (struct segment){
		.op = SEGMENT_FULL, .result = digest(5), .travel_offset = 400, .travel_bytes = 600, .travel = digest(6)
	};
}

static struct span encode(const struct segments *table, const struct segment *segments, uint32_t n)
{
	struct writer w = writer_over(bytes, sizeof bytes);
	segments_encode_header(&w, table);
	for (uint32_t i = 0; i < n; i++)
		segments_encode_record(&w, &segments[i]);
	CHECK_EQ(writer_end(&w), FAULT_NONE);
	return writer_span(&w);
}

static struct span good(void)
{
	struct segments table = header();
	struct segment r[3];
	records(r);
	return encode(&table, r, 3);
}

static void segments_decode_gives_the_segments(void)
{
	struct segments table;
	struct segment s, want[3];
	records(want);
	CHECK_EQ(segments_decode(good(), PAYLOAD, &table), FAULT_NONE);
	CHECK_EQ(table.count, 3);
	for (uint32_t i = 0; i < 3; i++) {
		CHECK(segments_next(&table, &s));
		CHECK_EQ(s.index, i);
		CHECK_EQ(s.op, want[i].op);
		CHECK_EQ(s.image_offset, 4096 * i);
		CHECK_EQ(s.bytes, i == 2 ? 100 : 4096);
		CHECK(digest_equal(&s.result, &want[i].result));
		CHECK_EQ(s.travel_offset, want[i].travel_offset);
		CHECK_EQ(s.travel_bytes, want[i].travel_bytes);
		CHECK(i == 1 || digest_equal(&s.travel, &want[i].travel));
	}
	CHECK(!segments_next(&table, &s));
	CHECK(!segments_next(&table, &s));
}

static bool round_trip(struct span in, struct writer *out)
{
	struct segments table;
	struct segment s;
	if (segments_decode(in, PAYLOAD, &table) != FAULT_NONE)
		return false;
	segments_encode_header(out, &table);
	while (segments_next(&table, &s))
		segments_encode_record(out, &s);
	return true;
}

static void segments_have_one_spelling(void)
{
	static uint8_t copy[512];
	struct span table = good();
	memcpy(copy, table.at, table.n);
	mangle((struct span){ copy, table.n }, round_trip);
}

/* A byte at an offset of the good table, and the fault that it must give. */
struct row {
	size_t at;
	uint8_t value;
	enum fault fault;
};

static const struct row rows[] = {
	{ 0, 's', FAULT_SYNTAX },
	{ 4, 0, FAULT_VERSION },
	{ 4, 2, FAULT_VERSION },
	{ 5, 1, FAULT_NOT_CANONICAL },
	{ 7, 1, FAULT_NOT_CANONICAL },
	{ 8, 1, FAULT_RANGE },     /* segment_bytes over SEGMENT_BYTES_MAX */
	{ 11, 4, FAULT_RANGE },    /* 4100: no power of two, though the count is right */
	{ 10, 0x18, FAULT_RANGE }, /* no power of two */
	{ 10, 0x08, FAULT_RANGE }, /* under SEGMENT_BYTES_MIN */
	{ 10, 0x20, FAULT_RANGE }, /* 8 KiB: two segments, not three */
	{ 12, 1, FAULT_RANGE },    /* an image that asks for more segments */
	{ 55, 2, FAULT_RANGE },
	{ 55, 4, FAULT_RANGE },
	{ 56, SEGMENT_COPY, FAULT_VERSION },
	{ 56, SEGMENT_DELTA, FAULT_VERSION },
	{ 56, 4, FAULT_VERSION },
	{ 56, SEGMENT_ZERO, FAULT_VERSION }, /* a record cut short: what follows is no record */
	{ 89, 0xff, FAULT_RANGE },           /* offset near 2^64: no wrap */
	{ 95, 0x03, FAULT_RANGE },           /* 768 + 400 > 1000 */
	{ 97, 0x20, FAULT_RANGE },           /* travel_bytes over SEGMENT_TRAVEL_MAX */
};

static void segments_decode_follows_the_table(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct segments table;
		struct span text = good();
		bytes[rows[i].at] = rows[i].value;
		enum fault fault = segments_decode(text, PAYLOAD, &table);
		if (fault != rows[i].fault)
			printf("# row %zu\n", i);
		CHECK_EQ(fault, rows[i].fault);
	}
}

static void segments_decode_refuses_nothing_and_no_travel(void)
{
	struct segments table = header(), out;
	struct segment r[3];
	records(r);
	table.image_bytes = 0;
	table.count = 0;
	CHECK_EQ(segments_decode(encode(&table, r, 0), PAYLOAD, &out), FAULT_RANGE);
	table = header();
	r[0].travel_bytes = 0;
	CHECK_EQ(segments_decode(encode(&table, r, 3), PAYLOAD, &out), FAULT_RANGE);
	/* the whole number of segments that 64 bits of image would need does not fit the count */
	table.image_bytes = UINT64_MAX;
	table.count = 0;
	CHECK_EQ(segments_decode(encode(&table, r, 0), PAYLOAD, &out), FAULT_RANGE);
	CHECK_EQ(segments_decode(good(), PAYLOAD - 1, &out), FAULT_RANGE);
	/* offset and length together wrap around */
	table = header();
	records(r);
	r[2].travel_offset = UINT64_MAX - 10;
	CHECK_EQ(segments_decode(encode(&table, r, 3), UINT64_MAX, &out), FAULT_RANGE);
}

/* A table of another length is not looked into. */
static void segments_have_a_ceiling(void)
{
	struct segments out;
	struct span text = good();
	text.n = SEGMENTS_BYTES_MAX + 1;
	CHECK_EQ(segments_decode(text, PAYLOAD, &out), FAULT_TOO_LARGE);
}

static void segments_encode_refuses_reserved_operations(void)
{
	struct segment s = { .op = SEGMENT_COPY };
	struct writer w = writer_over(bytes, sizeof bytes);
	segments_encode_record(&w, &s);
	CHECK_EQ(w.fault, FAULT_VERSION);
}

/* A table of one segment of each size, with as much travel as may be and one byte more. */
static void segments_have_bounds(void)
{
	for (uint32_t size = 2048; size <= 2 * SEGMENT_BYTES_MAX; size *= 2) {
		struct segments table = { .segment_bytes = size, .image_bytes = size, .count = 1 }, out;
		struct segment one = { .op = SEGMENT_FULL, .travel_bytes = SEGMENT_TRAVEL_MAX };
		bool is_size = size >= SEGMENT_BYTES_MIN && size <= SEGMENT_BYTES_MAX;
		CHECK_EQ(segments_decode(encode(&table, &one, 1), SEGMENT_TRAVEL_MAX, &out),
			 is_size ? FAULT_NONE : FAULT_RANGE);
		one.travel_bytes++;
		CHECK_EQ(segments_decode(encode(&table, &one, 1), UINT64_MAX, &out), FAULT_RANGE);
	}
	struct segments table = { .segment_bytes = SEGMENT_BYTES_MIN + 1, .image_bytes = 1, .count = 1 }, out;
	struct segment one = { .op = SEGMENT_FULL, .travel_offset = 9, .travel_bytes = 1 }, got;
	CHECK_EQ(segments_decode(encode(&table, &one, 1), 10, &out), FAULT_RANGE);
	table.segment_bytes = SEGMENT_BYTES_MIN;
	CHECK_EQ(segments_decode(encode(&table, &one, 1), 10, &out), FAULT_NONE);
	CHECK(segments_next(&out, &got));
	CHECK_EQ(got.bytes, 1);
	CHECK_EQ(segments_decode(encode(&table, &one, 1), 9, &out), FAULT_RANGE);
	table.image_bytes = 0;
	table.count = 0;
	CHECK_EQ(segments_decode(encode(&table, &one, 0), 9, &out), FAULT_RANGE);
	table.image_bytes = SEGMENT_BYTES_MIN + 1;
	table.count = 1;
	CHECK_EQ(segments_decode(encode(&table, &one, 1), 10, &out), FAULT_RANGE);
	/* Of a segment where nothing travels, what stands behind it is not looked at. */
	table = header();
	struct segment r[3];
	records(r);
	r[1].travel_offset = UINT64_MAX;
	CHECK_EQ(segments_decode(encode(&table, r, 3), PAYLOAD, &out), FAULT_NONE);
}

static const struct check_case cases[] = {
	CASE(segments_decode_gives_the_segments),
	CASE(segments_have_one_spelling),
	CASE(segments_decode_follows_the_table),
	CASE(segments_decode_refuses_nothing_and_no_travel),
	CASE(segments_encode_refuses_reserved_operations),
	CASE(segments_have_a_ceiling),
	CASE(segments_have_bounds),
};

CHECK_MAIN(cases)
