#include "image_write.h"

#include <stdio.h>
#include <string.h>

#include "hex.h"
#include "progress.h"

#define ZERO_STEP_BYTES 4096u
#define PATH_BYTES (2 * DIGEST_BYTES + 32)

static const uint8_t zeros[ZERO_STEP_BYTES];

struct stream {
	struct installer *i;
	const struct prepared_install *install;
	struct segments walk;  /* the segments that are still to come */
	char path[PATH_BYTES]; /* of the payload */
	uint8_t *travel;       /* the decompressor's input buffer: bytes come to where they are needed */
	uint64_t held_from;    /* the payload bytes that are in it */
	size_t held;
	uint64_t spent_to; /* those before it have been overwritten */
	struct progress done;
	uint32_t saved;    /* progress as the store has it */
	uint64_t saved_ms; /* when */
};

/* --- travelling bytes --- */

/* From this segment on, joined with its neighbours as long as they fit: one request for many small segments. */
static size_t joined_bytes(const struct stream *t, const struct segment *first)
{
	struct segments ahead = t->walk;
	struct segment next;
	size_t n = first->travel_bytes;
	while (segments_next(&ahead, &next)) {
		if (next.op == SEGMENT_ZERO)
			continue;
		if (next.travel_offset != first->travel_offset + n || n + next.travel_bytes > INSTALLER_TRAVEL_BYTES)
			break;
		n += next.travel_bytes;
	}
	return n;
}

static int fetch_range(struct stream *t, const struct segment *first, struct setback *s)
{
	struct fetch_answer got = { 0 };
	const struct fetch *fetch = &t->i->ports.fetch;
	size_t n = joined_bytes(t, first);
	t->held = 0;
	if (fetch->get(fetch->self, t->path, first->travel_offset, n, t->travel, n, &got, &s->error) < 0)
		return -1;
	if (got.retry_after_s > t->i->retry_after_s)
		t->i->retry_after_s = got.retry_after_s;
	if (got.status != 206 && got.status != 200)
		return error_retry(&s->error, "GET %s: the server answered %u", t->path, got.status);
	if (got.too_big || got.n != n)
		return error_retry(&s->error, "GET %s: %zu of %zu bytes came", t->path, got.n, n);
	t->held_from = t->spent_to = first->travel_offset;
	t->held = n;
	return 0;
}

/* [SEG-8] */
static int travelling(struct stream *t, const struct segment *segment, struct span *out, struct setback *s)
{
	bool is_held = segment->travel_offset >= t->spent_to &&
		       segment->travel_offset + segment->travel_bytes <= t->held_from + t->held;
	if (!is_held && fetch_range(t, segment, s) < 0)
		return -1;
	*out = (struct span){ t->travel + (segment->travel_offset - t->held_from), segment->travel_bytes };
	struct digest got = sha256_of(t->i->config.crypto, *out);
	if (digest_equal(&got, &segment->travel))
		return 0;
	t->held = 0;
	return setback_refuse(s, VERDICT_SEGMENT, "segment %u as it travelled", segment->index);
}

/* --- results --- */

static int put(struct stream *t, const struct segment *segment, struct span bytes, struct setback *s)
{
	const struct flash *region = t->install->region;
	if (region->program(region->self, segment->image_offset, bytes.at, bytes.n) != 0)
		return error_retry(&s->error, "write segment %u to slot %s", segment->index,
				   slot_name(t->install->slot));
	return 0;
}

static int write_full(struct stream *t, const struct segment *segment, struct setback *s)
{
	const struct decompress *decompress = &t->i->ports.decompress;
	const uint8_t *out;
	struct span frame;
	if (travelling(t, segment, &frame, s) < 0)
		return -1;
	if (frame.at != t->travel) {
		memmove(t->travel, frame.at, frame.n); /* over the frames before it, which are done */
		t->spent_to = segment->travel_offset + segment->travel_bytes;
	}
	if (decompress->frame(decompress->self, frame.n, segment->bytes, &out, &s->error) < 0)
		return error_within(&s->error, "decompress segment %u", segment->index);
	struct span result = { out, segment->bytes };
	struct digest got = sha256_of(t->i->config.crypto, result);
	if (!digest_equal(&got, &segment->result))
		return setback_refuse(s, VERDICT_SEGMENT, "segment %u as it was decompressed", segment->index);
	return put(t, segment, result, s);
}

static struct digest digest_of_zeros(const struct crypto *crypto, uint32_t n)
{
	struct sha256 hash;
	struct digest out;
	crypto->sha256_init(&hash);
	for (uint32_t at = 0; at < n; at += ZERO_STEP_BYTES)
		crypto->sha256_update(&hash, span_sub(SPAN_OF(zeros), 0, n - at));
	crypto->sha256_final(&hash, &out);
	return out;
}

static int write_zero(struct stream *t, const struct segment *segment, struct setback *s)
{
	struct digest got = digest_of_zeros(t->i->config.crypto, segment->bytes);
	if (!digest_equal(&got, &segment->result))
		return setback_refuse(s, VERDICT_SEGMENT, "segment %u, said to be zero", segment->index);
	struct segment part = *segment;
	for (uint32_t at = 0; at < segment->bytes; at += ZERO_STEP_BYTES) {
		part.image_offset = segment->image_offset + at;
		if (put(t, &part, span_sub(SPAN_OF(zeros), 0, segment->bytes - at), s) < 0)
			return -1;
	}
	return 0;
}

/* --- progress --- */

static uint64_t now_ms(const struct stream *t)
{
	const struct clock *clock = &t->i->ports.clock;
	return clock->boot_ms(clock->self);
}

/*
 * The order is what makes it true: the slot's bytes are durable before the record speaks of them. A sync that fails may
 * have lost what was written since the last one, and the next would not say so: all that is written again.
 */
static int save_progress(struct stream *t, struct setback *s)
{
	const struct flash *region = t->install->region;
	if (t->done.segments == t->saved)
		return 0;
	if (region->sync(region->self) != 0) {
		t->done.segments = t->saved;
		return error_retry(&s->error, "sync slot %s", slot_name(t->install->slot));
	}
	if (progress_save(&t->i->ports.store, &t->done, &s->error) < 0)
		return -1;
	t->saved = t->done.segments;
	t->saved_ms = now_ms(t);
	return 0;
}

/* Syncing costs more than writing where both are fast. */
static bool is_time_to_save(const struct stream *t)
{
	return t->done.segments - t->saved >= INSTALLER_PROGRESS_SEGMENTS &&
	       now_ms(t) - t->saved_ms >= INSTALLER_PROGRESS_MS;
}

static int write_segment(struct stream *t, const struct segment *segment, struct setback *s)
{
	if (t->i->ports.stopped != NULL && t->i->ports.stopped(t->i->ports.self))
		return error_retry(&s->error, "stopped at segment %u", segment->index);
	int result = segment->op == SEGMENT_ZERO ? write_zero(t, segment, s) : write_full(t, segment, s);
	if (result < 0)
		return -1;
	t->done.segments++;
	return is_time_to_save(t) ? save_progress(t, s) : 0;
}

static int hash_slot(struct stream *t, uint64_t at, uint64_t n, struct digest *out, struct setback *s)
{
	const struct flash *region = t->install->region;
	const struct crypto *crypto = t->i->config.crypto;
	struct sha256 hash;
	t->held = 0; /* its buffer is ours now */
	crypto->sha256_init(&hash);
	while (n > 0) {
		size_t step = n < INSTALLER_TRAVEL_BYTES ? (size_t)n : INSTALLER_TRAVEL_BYTES;
		if (region->read(region->self, at, t->travel, step) != 0)
			return error_retry(&s->error, "read slot %s back", slot_name(t->install->slot));
		crypto->sha256_update(&hash, (struct span){ t->travel, step });
		at += step;
		n -= step;
	}
	crypto->sha256_final(&hash, out);
	return 0;
}

/* Believes no record: walks over those of the recorded segments that are really there, and stops at the first other. */
static int find_resume_point(struct stream *t, struct setback *s)
{
	uint32_t recorded = progress_load(&t->i->ports.store, &t->done);
	struct segment segment;
	struct digest got;
	for (;;) {
		struct segments before = t->walk;
		if (t->done.segments >= recorded || !segments_next(&t->walk, &segment))
			break;
		if (hash_slot(t, segment.image_offset, segment.bytes, &got, s) < 0)
			return -1;
		if (!digest_equal(&got, &segment.result)) {
			t->walk = before;
			break;
		}
		t->done.segments++;
	}
	t->saved = t->done.segments;
	return 0;
}

/* Flash that must be erased: behind the resume point, if that is a boundary of its units, else all of it. */
static int erase_rest(struct stream *t, struct setback *s)
{
	const struct flash *region = t->install->region;
	uint64_t from = (uint64_t)t->done.segments * t->walk.segment_bytes;
	if (region->erase_bytes <= 1)
		return 0;
	if (from % region->erase_bytes != 0) {
		from = 0;
		t->walk = t->install->table;
		t->done.segments = t->saved = 0;
	}
	if (region->erase(region->self, from, region->bytes - from) != 0)
		return error_retry(&s->error, "erase slot %s", slot_name(t->install->slot));
	return 0;
}

/* --- the whole --- */

static int finish(struct stream *t, struct setback *s)
{
	const struct prepared_install *install = t->install;
	struct digest got;
	if (install->region->sync(install->region->self) != 0)
		return error_retry(&s->error, "sync slot %s", slot_name(install->slot));
	if (hash_slot(t, 0, install->table.image_bytes, &got, s) < 0)
		return -1;
	if (!digest_equal(&got, &install->what->release.image)) {
		struct error ignored;
		(void)!progress_clear(&t->i->ports.store, &ignored);
		return error_set(&s->error, "slot %s does not hold what was written into it: is its storage failing?",
				 slot_name(install->slot));
	}
	if (slot_manifest_write(install->region, install->envelope) != 0 ||
	    install->region->sync(install->region->self) != 0)
		return error_retry(&s->error, "write the boot manifest to slot %s", slot_name(install->slot));
	return 0;
}

static int write_segments(struct stream *t, struct setback *s)
{
	struct segment segment;
	struct setback ignored = { 0 };
	while (segments_next(&t->walk, &segment)) {
		if (write_segment(t, &segment, s) == 0)
			continue;
		(void)!save_progress(t, &ignored); /* what stands is kept; if not, it is only done again */
		return -1;
	}
	return save_progress(t, s);
}

int image_write(struct installer *i, const struct prepared_install *install, struct setback *s)
{
	char hex[2 * DIGEST_BYTES + 1];
	struct stream t = {
		.i = i,
		.install = install,
		.walk = install->table,
		.done = { .image = install->table.image,
			  .table = install->what->release.table.sha256,
			  .slot = install->slot },
	};
	t.travel = i->ports.decompress.input_buffer(i->ports.decompress.self, INSTALLER_TRAVEL_BYTES);
	if (t.travel == NULL)
		return error_retry(&s->error, "write the image: the decompressor has no room for a segment");
	t.saved_ms = now_ms(&t);
	hex_text(digest_span(&install->what->release.payload.sha256), hex);
	snprintf(t.path, sizeof t.path, "objects/%s", hex);
	int result = find_resume_point(&t, s);
	if (result == 0)
		result = erase_rest(&t, s);
	if (result == 0)
		result = write_segments(&t, s);
	if (result == 0)
		result = finish(&t, s);
	if (i->ports.decompress.rest != NULL)
		i->ports.decompress.rest(i->ports.decompress.self);
	return result;
}
