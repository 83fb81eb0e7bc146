/*
 * The segment table (protocol/segments.md): how an image is made from bytes that travel. Binary, big endian:
 *
 *   header  "SLST" | version u8 = 1 | zero u8[3] | segment_bytes u32 | image_bytes u64 | image SHA-256 [32] | count u32
 *   record  op u8 | result SHA-256 [32] | FULL: offset u64, travel_bytes u32, travel SHA-256 [32]
 *
 * FULL: the travelling bytes, at offset in the payload, are one zstd frame of the segment. ZERO: nothing travels.
 * COPY and DELTA are reserved and refused by this version. Every segment but the last is segment_bytes long, a power
 * of two; count is what image_bytes asks for.
 */
#ifndef SEGMENTS_H
#define SEGMENTS_H

#include "crypto.h"
#include "cursor.h"
#include "writer.h"

#define SEGMENTS_BYTES_MAX (16u << 20)
#define SEGMENT_BYTES_DEFAULT (1u << 20)
#define SEGMENT_BYTES_MIN (4u << 10)
#define SEGMENT_BYTES_MAX (1u << 20)
#define SEGMENT_TRAVEL_MAX (SEGMENT_BYTES_MAX + (64u << 10)) /* an incompressible segment grows a little */

enum segment_op { SEGMENT_ZERO = 0, SEGMENT_FULL = 1, SEGMENT_COPY = 2, SEGMENT_DELTA = 3 };

struct segments {
	uint32_t segment_bytes;
	uint64_t image_bytes;
	struct digest image;
	uint32_t count;
	struct cursor records; /* at the next record: the first one, after segments_decode() */
	uint32_t next;         /* its index */
};

struct segment {
	uint32_t index;
	enum segment_op op;
	uint64_t image_offset;
	uint32_t bytes; /* of the result */
	struct digest result;
	uint64_t travel_offset;
	uint32_t travel_bytes;
	struct digest travel;
};

/* Checks the whole table: header, every record, count, ceilings, offsets within payload_bytes, no trailing bytes. */
enum fault segments_decode(struct span text, uint64_t payload_bytes, struct segments *out) MUST_USE;
/* The next record; false after the last. Start from a copy of the decoded struct to walk again. */
bool segments_next(struct segments *walk, struct segment *out);

void segments_encode_header(struct writer *w, const struct segments *table);
void segments_encode_record(struct writer *w, const struct segment *segment);

#endif
