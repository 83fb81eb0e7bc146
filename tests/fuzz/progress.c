/* The record of how far an image was written: anything but a whole record of this very install counts as nothing. */
#include "progress.h"

#include "fuzz.h"

#include <string.h>

static struct span stored;
static uint8_t saved[256];

static int load(void *self, const char *name, uint8_t *buffer, size_t capacity, size_t *n, struct error *e)
{
	if (stored.n > capacity)
		return -1;
	if (stored.n > 0)
		memcpy(buffer, stored.at, stored.n);
	*n = stored.n;
	return 0;
}

static int save(void *self, const char *name, struct span bytes, struct error *e)
{
	FUZZ_CHECK(bytes.n <= sizeof saved);
	memcpy(saved, bytes.at, bytes.n);
	stored = (struct span){ saved, bytes.n };
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct store store = { .load = load, .save = save };
	struct progress of = { .slot = SLOT_B };
	struct error e = { 0 };
	struct span in = { data, size };
	memset(of.image.bytes, 'i', sizeof of.image.bytes);
	memset(of.table.bytes, 't', sizeof of.table.bytes);
	stored = in;
	of.segments = progress_load(&store, &of);
	if (of.segments == 0)
		return 0;
	FUZZ_CHECK(progress_save(&store, &of, &e) == 0 && span_equal(stored, in));
	of.slot = SLOT_A;
	FUZZ_CHECK(progress_load(&store, &of) == 0);
	return 0;
}
