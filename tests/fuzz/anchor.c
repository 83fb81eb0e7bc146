/* The head file beside an authority's journal: any bytes are an anchor or an error that says so. */
#include "anchor.h"

#include "fuzz.h"
#include "json.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/fuzz-anchor.XXXXXX", journal[64], head[80];

static void clean(void)
{
	(void)unlink(head);
	(void)rmdir(folder);
}

static void set_up(void)
{
	if (journal[0] != '\0')
		return;
	FUZZ_CHECK(mkdtemp(folder) != NULL && atexit(clean) == 0);
	snprintf(journal, sizeof journal, "%s/journal", folder);
	snprintf(head, sizeof head, "%s.head", journal);
}

/* Not as file_write() does it, which waits for the disk. */
static void put(const uint8_t *data, size_t size)
{
	FILE *f = fopen(head, "wb");
	FUZZ_CHECK(f != NULL && (size == 0 || fwrite(data, 1, size, f) == size) && fclose(f) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct anchor anchor;
	struct error e = { 0 };
	set_up();
	if (size > 4096)
		return 0;
	put(data, size);
	int result = anchor_load(journal, &anchor, &e);
	FUZZ_CHECK(result == 0 || (result == -1 && e.text[0] != '\0'));
	FUZZ_CHECK(result != 0 || anchor.count <= JSON_INTEGER_MAX);
	return 0;
}
