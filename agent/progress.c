#include "progress.h"

#define PROGRESS_BYTES (4 + DIGEST_BYTES + DIGEST_BYTES + 1 + 4)
#define PROGRESS_MAGIC 0x534c5031u /* "SLP1" */

uint32_t progress_load(const struct store *store, const struct progress *of)
{
	uint8_t bytes[PROGRESS_BYTES];
	size_t n;
	if (store->load(store->self, PROGRESS_NAME, bytes, sizeof bytes, &n, NULL) != 0)
		return 0;
	struct cursor c = cursor_over((struct span){ bytes, n });
	bool same = cursor_u32(&c) == PROGRESS_MAGIC;
	same = span_equal(cursor_bytes(&c, DIGEST_BYTES), digest_span(&of->image)) && same;
	same = span_equal(cursor_bytes(&c, DIGEST_BYTES), digest_span(&of->table)) && same;
	same = cursor_u8(&c) == (uint8_t)of->slot && same;
	uint32_t segments = cursor_u32(&c);
	return cursor_end(&c) == FAULT_NONE && same ? segments : 0;
}

int progress_save(const struct store *store, const struct progress *progress, struct error *e)
{
	uint8_t bytes[PROGRESS_BYTES];
	struct writer w = writer_over(bytes, sizeof bytes);
	writer_u32(&w, PROGRESS_MAGIC);
	writer_bytes(&w, digest_span(&progress->image));
	writer_bytes(&w, digest_span(&progress->table));
	writer_u8(&w, (uint8_t)progress->slot);
	writer_u32(&w, progress->segments);
	return store->save(store->self, PROGRESS_NAME, writer_span(&w), e);
}

int progress_clear(const struct store *store, struct error *e)
{
	return store->remove(store->self, PROGRESS_NAME, e);
}
