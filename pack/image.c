#include "image.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct image_work {
	const struct pack_ports *ports;
	int image_fd, table_fd, payload_fd;
	uint32_t segment_bytes;
	uint64_t image_bytes, payload_bytes, table_bytes;
	struct sha256 image_hash, payload_hash;
	uint8_t *segment, *frame;
	struct writer records;
};

static void image_work_free(struct image_work *work)
{
	free(work->segment);
	free(work->frame);
	free(work->records.base);
}

static int image_write(int fd, struct span bytes, const char *what, struct error *e)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.at, bytes.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_errno(e, "cannot write the %s", what);
		bytes = span_sub(bytes, (size_t)n, bytes.n);
	}
	return 0;
}

static int image_read(struct image_work *work, uint64_t at, size_t n, struct error *e)
{
	size_t have = 0;
	while (have < n) {
		ssize_t got = pread(work->image_fd, work->segment + have, n - have, (off_t)(at + have));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(e, "cannot read the image");
		if (got == 0)
			return error_set(e,
					 "the image became shorter while it was read; pack a file that nobody writes");
		have += (size_t)got;
	}
	return 0;
}

static bool image_is_zero(const uint8_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (at[i] != 0)
			return false;
	return true;
}

static int image_pack_segment(struct image_work *work, uint32_t index, struct error *e)
{
	const struct crypto *crypto = work->ports->crypto;
	struct segment segment = { .index = index, .image_offset = (uint64_t)index * work->segment_bytes };
	uint64_t left = work->image_bytes - segment.image_offset;
	segment.bytes = left < work->segment_bytes ? (uint32_t)left : work->segment_bytes;
	if (image_read(work, segment.image_offset, segment.bytes, e) != 0)
		return -1;
	struct span bytes = { work->segment, segment.bytes };
	crypto->sha256_update(&work->image_hash, bytes);
	segment.result = sha256_of(crypto, bytes);
	segment.op = image_is_zero(bytes.at, bytes.n) ? SEGMENT_ZERO : SEGMENT_FULL;
	if (segment.op == SEGMENT_FULL) {
		size_t n;
		if (work->ports->compress(work->ports->self, bytes, work->frame, SEGMENT_TRAVEL_MAX, &n, e) != 0)
			return -1;
		struct span frame = { work->frame, n };
		segment.travel_offset = work->payload_bytes;
		segment.travel_bytes = (uint32_t)n;
		segment.travel = sha256_of(crypto, frame);
		crypto->sha256_update(&work->payload_hash, frame);
		work->payload_bytes += n;
		if (image_write(work->payload_fd, frame, "payload", e) != 0)
			return -1;
	}
	segments_encode_record(&work->records, &segment);
	if (work->ports->progress != NULL)
		work->ports->progress(work->ports->self, segment.image_offset + segment.bytes, work->image_bytes);
	return 0;
}

static int image_write_table(struct image_work *work, uint32_t count, struct packed_image *out, struct error *e)
{
	const struct crypto *crypto = work->ports->crypto;
	uint8_t head[128];
	struct writer w = writer_over(head, sizeof head);
	struct segments table = { .segment_bytes = work->segment_bytes,
				  .image_bytes = work->image_bytes,
				  .image = out->image,
				  .count = count };
	segments_encode_header(&w, &table);
	if (writer_end(&w) != FAULT_NONE || writer_end(&work->records) != FAULT_NONE)
		return error_set(e, "the segment table would be larger than %u bytes; use larger segments",
				 SEGMENTS_BYTES_MAX);
	struct sha256 hash;
	crypto->sha256_init(&hash);
	crypto->sha256_update(&hash, writer_span(&w));
	crypto->sha256_update(&hash, writer_span(&work->records));
	crypto->sha256_final(&hash, &out->table.sha256);
	out->table.bytes = w.used + work->records.used;
	if (image_write(work->table_fd, writer_span(&w), "segment table", e) != 0)
		return -1;
	return image_write(work->table_fd, writer_span(&work->records), "segment table", e);
}

static int image_work_open(struct image_work *work, struct error *e)
{
	struct stat stat;
	if (fstat(work->image_fd, &stat) != 0)
		return error_errno(e, "cannot read the image");
	if (!S_ISREG(stat.st_mode) || stat.st_size == 0)
		return error_set(e, "the image must be a file with at least one byte");
	work->image_bytes = (uint64_t)stat.st_size;
	work->segment = malloc(work->segment_bytes);
	work->frame = malloc(SEGMENT_TRAVEL_MAX);
	uint8_t *records = malloc(SEGMENTS_BYTES_MAX);
	work->records = writer_over(records, SEGMENTS_BYTES_MAX);
	if (work->segment == NULL || work->frame == NULL || records == NULL)
		return error_set(e, "out of memory");
	return 0;
}

int image_pack(const struct pack_ports *ports, int image_fd, int table_fd, int payload_fd, uint32_t segment_bytes,
	       struct packed_image *out, struct error *e)
{
	__attribute__((cleanup(image_work_free))) struct image_work work = {
		.ports = ports,
		.image_fd = image_fd,
		.table_fd = table_fd,
		.payload_fd = payload_fd,
		.segment_bytes = segment_bytes,
	};
	bool is_power = (segment_bytes & (segment_bytes - 1)) == 0;
	if (segment_bytes < SEGMENT_BYTES_MIN || segment_bytes > SEGMENT_BYTES_MAX || !is_power)
		return error_set(e, "segments of %u KiB: choose a power of two, %u to %u", segment_bytes >> 10,
				 SEGMENT_BYTES_MIN >> 10, SEGMENT_BYTES_MAX >> 10);
	if (image_work_open(&work, e) != 0)
		return -1;
	uint64_t count = (work.image_bytes + segment_bytes - 1) / segment_bytes;
	if (count > SEGMENTS_BYTES_MAX / 33)
		return error_set(e, "the image needs %llu segments, too many; use larger segments",
				 (unsigned long long)count);
	ports->crypto->sha256_init(&work.image_hash);
	ports->crypto->sha256_init(&work.payload_hash);
	for (uint32_t i = 0; i < count; i++)
		if (image_pack_segment(&work, i, e) != 0)
			return -1;
	out->image_bytes = work.image_bytes;
	out->payload.bytes = work.payload_bytes;
	ports->crypto->sha256_final(&work.image_hash, &out->image);
	ports->crypto->sha256_final(&work.payload_hash, &out->payload.sha256);
	return image_write_table(&work, (uint32_t)count, out, e);
}
