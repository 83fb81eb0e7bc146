#include "image.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "compress.h"
#include "crypto_openssl.h"
#include "in_process.h"

#define SEGMENT 4096u

struct image_test {
	int image, table, payload;
	int shrink_at; /* when so many segments are compressed, the image loses its end; 0: never */
	int frames;
	uint64_t progress;
};

static int image_test_compress(void *self, struct span in, uint8_t *out, size_t capacity, size_t *n, struct error *e)
{
	struct image_test *t = self;
	if (++t->frames == t->shrink_at && ftruncate(t->image, SEGMENT) != 0)
		return error_errno(e, "the test cannot cut its file");
	return zstd_compress(in, 3, out, capacity, n, e);
}

static void image_test_progress(void *self, uint64_t done, uint64_t total)
{
	struct image_test *t = self;
	CHECK(done > t->progress && done <= total);
	t->progress = done;
}

static int image_test_file(struct span bytes)
{
	int fd = memfd_create("image-test", MFD_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_EQ(write(fd, bytes.at, bytes.n), bytes.n);
	return fd;
}

static struct image_test image_test_of(struct span image)
{
	return (struct image_test){ .image = image_test_file(image),
				    .table = image_test_file(SPAN_NONE),
				    .payload = image_test_file(SPAN_NONE) };
}

static void image_test_end(struct image_test *t)
{
	close(t->image);
	close(t->table);
	close(t->payload);
}

static int image_test_pack(struct image_test *t, uint32_t segment_bytes, struct packed_image *out, struct error *e)
{
	struct pack_ports ports = { &crypto_openssl, image_test_compress, image_test_progress, t };
	return image_pack(&ports, t->image, t->table, t->payload, segment_bytes, out, e);
}

static struct span image_test_read(int fd)
{
	struct stat stat;
	CHECK_EQ(fstat(fd, &stat), 0);
	uint8_t *bytes = malloc((size_t)stat.st_size + 1);
	CHECK(bytes != NULL);
	CHECK_EQ(pread(fd, bytes, (size_t)stat.st_size, 0), stat.st_size);
	return (struct span){ bytes, (size_t)stat.st_size };
}

static void image_test_free(struct span bytes)
{
	free((void *)(uintptr_t)bytes.at);
}

/* Text, zeros, text, zeros, and a short end: as firmware is. */
static struct span image_test_sample(void)
{
	static uint8_t sample[4 * SEGMENT + 1234];
	memset(sample, 0, sizeof sample);
	for (size_t i = 0; i < SEGMENT; i++) {
		sample[i] = (uint8_t)(i * 31 >> 3);
		sample[2 * SEGMENT + i] = (uint8_t)(i * i >> 5);
	}
	memset(sample + 4 * SEGMENT, 0x5a, 1234);
	return SPAN_OF(sample);
}

/* As a device does it: every digest, every frame. */
static void image_test_reassemble(struct span table_bytes, struct span payload, uint8_t *out, size_t capacity)
{
	struct in_process process;
	struct segments table;
	struct segment s;
	struct error e;
	CHECK_EQ(in_process_open(&process, &e), 0);
	struct decompress decompress = in_process_decompress(&process);
	CHECK_EQ(segments_decode(table_bytes, payload.n, &table), FAULT_NONE);
	CHECK_EQ(table.image_bytes, capacity);
	while (segments_next(&table, &s)) {
		const uint8_t *bytes = NULL;
		memset(out + s.image_offset, 0, s.bytes);
		if (s.op == SEGMENT_FULL) {
			struct span frame = span_sub(payload, (size_t)s.travel_offset, s.travel_bytes);
			struct digest travel = sha256_of(&crypto_openssl, frame);
			CHECK(digest_equal(&travel, &s.travel));
			memcpy(decompress.input_buffer(decompress.self, frame.n), frame.at, frame.n);
			CHECK_EQ(decompress.frame(decompress.self, frame.n, s.bytes, &bytes, &e), 0);
			memcpy(out + s.image_offset, bytes, s.bytes);
		}
		struct digest result = sha256_of(&crypto_openssl, (struct span){ out + s.image_offset, s.bytes });
		CHECK(digest_equal(&result, &s.result));
	}
	in_process_close(&process);
}

static void image_comes_back_from_its_segments(void)
{
	struct span sample = image_test_sample();
	struct image_test t = image_test_of(sample);
	struct packed_image packed;
	struct error e;
	static uint8_t again[4 * SEGMENT + 1234];
	CHECK_EQ(image_test_pack(&t, SEGMENT, &packed, &e), 0);
	struct span table = image_test_read(t.table), payload = image_test_read(t.payload);
	image_test_reassemble(table, payload, again, sizeof again);
	CHECK(span_equal(SPAN_OF(again), sample));
	struct digest image = sha256_of(&crypto_openssl, sample);
	struct digest table_digest = sha256_of(&crypto_openssl, table);
	struct digest payload_digest = sha256_of(&crypto_openssl, payload);
	CHECK(digest_equal(&packed.image, &image) && packed.image_bytes == sample.n);
	CHECK(digest_equal(&packed.table.sha256, &table_digest) && packed.table.bytes == table.n);
	CHECK(digest_equal(&packed.payload.sha256, &payload_digest) && packed.payload.bytes == payload.n);
	CHECK_EQ(t.progress, sample.n);
	image_test_free(table);
	image_test_free(payload);
	image_test_end(&t);
}

static void image_segments_are_zero_or_full(void)
{
	static const enum segment_op want[] = { SEGMENT_FULL, SEGMENT_ZERO, SEGMENT_FULL, SEGMENT_ZERO, SEGMENT_FULL };
	struct image_test t = image_test_of(image_test_sample());
	struct packed_image packed;
	struct segments table;
	struct segment s;
	struct error e;
	CHECK_EQ(image_test_pack(&t, SEGMENT, &packed, &e), 0);
	CHECK_EQ(t.frames, 3);
	struct span bytes = image_test_read(t.table);
	CHECK_EQ(segments_decode(bytes, packed.payload.bytes, &table), FAULT_NONE);
	CHECK_EQ(table.count, 5);
	for (size_t i = 0; i < 5; i++) {
		CHECK(segments_next(&table, &s));
		CHECK_EQ(s.op, want[i]);
		CHECK_EQ(s.bytes, i == 4 ? 1234 : SEGMENT);
	}
	image_test_free(bytes);
	image_test_end(&t);
}

static void image_of_zeros_has_no_payload(void)
{
	static const uint8_t zeros[3 * SEGMENT];
	struct image_test t = image_test_of(SPAN_OF(zeros));
	struct packed_image packed;
	struct error e;
	CHECK_EQ(image_test_pack(&t, SEGMENT, &packed, &e), 0);
	CHECK_EQ(packed.payload.bytes, 0);
	CHECK_EQ(t.frames, 0);
	image_test_end(&t);
}

static void image_gives_the_same_bytes_again(void)
{
	struct image_test a = image_test_of(image_test_sample()), b = image_test_of(image_test_sample());
	struct packed_image first, second;
	struct error e;
	CHECK_EQ(image_test_pack(&a, SEGMENT, &first, &e), 0);
	CHECK_EQ(image_test_pack(&b, SEGMENT, &second, &e), 0);
	struct span table_a = image_test_read(a.table), table_b = image_test_read(b.table);
	struct span payload_a = image_test_read(a.payload), payload_b = image_test_read(b.payload);
	CHECK(span_equal(table_a, table_b) && span_equal(payload_a, payload_b));
	image_test_free(table_a);
	image_test_free(table_b);
	image_test_free(payload_a);
	image_test_free(payload_b);
	image_test_end(&a);
	image_test_end(&b);
}

static void image_that_shrinks_is_refused(void)
{
	struct image_test t = image_test_of(image_test_sample());
	struct packed_image packed;
	struct error e;
	t.shrink_at = 1;
	CHECK_EQ(image_test_pack(&t, SEGMENT, &packed, &e), -1);
	CHECK(strstr(e.text, "shorter") != NULL);
	image_test_end(&t);
}

static void image_with_too_many_segments_is_refused(void)
{
	struct image_test t = image_test_of(SPAN_NONE);
	struct packed_image packed;
	struct error e;
	/* A file with a hole: nothing of it is read before its segments are counted. */
	CHECK_EQ(ftruncate(t.image, (off_t)(SEGMENTS_BYTES_MAX / 33 + 1) * SEGMENT), 0);
	CHECK_EQ(image_test_pack(&t, SEGMENT, &packed, &e), -1);
	CHECK(strstr(e.text, "larger segments") != NULL);
	CHECK_EQ(t.progress, 0);
	image_test_end(&t);
}

static void image_needs_bytes_and_sound_segments(void)
{
	static const uint32_t sizes[] = { 0, SEGMENT_BYTES_MIN / 2, SEGMENT_BYTES_MAX * 2, SEGMENT + 1, 3 * SEGMENT };
	struct image_test empty = image_test_of(SPAN_NONE), t = image_test_of(image_test_sample());
	struct packed_image packed;
	struct error e;
	CHECK_EQ(image_test_pack(&empty, SEGMENT, &packed, &e), -1);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		CHECK_EQ(image_test_pack(&t, sizes[i], &packed, &e), -1);
	image_test_end(&empty);
	image_test_end(&t);
}

static const struct check_case cases[] = {
	CASE(image_comes_back_from_its_segments),   CASE(image_segments_are_zero_or_full),
	CASE(image_of_zeros_has_no_payload),        CASE(image_gives_the_same_bytes_again),
	CASE(image_that_shrinks_is_refused),        CASE(image_with_too_many_segments_is_refused),
	CASE(image_needs_bytes_and_sound_segments),
};
CHECK_MAIN(cases)
