/*
 * Runs a fuzz target on each file of a corpus folder and on each beginning of it, as TAP. Input lies at the end of a
 * block of exactly its size, so that a sanitizer or valgrind sees any read past it.
 */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>

/* Of a larger file only so many beginnings are tried, evenly spread. */
#ifndef DRIVER_CUTS
#define DRIVER_CUTS 2048
#endif
#define DRIVER_FILE_MAX (1 << 20)

static void driver_run(const uint8_t *bytes, size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);
	FUZZ_CHECK(copy != NULL);
	memcpy(copy, bytes, n);
	(void)LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static size_t driver_load(const char *path, uint8_t *bytes)
{
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		return SIZE_MAX;
	size_t n = fread(bytes, 1, DRIVER_FILE_MAX, f);
	fclose(f);
	return n;
}

static int driver_run_file(const char *path)
{
	static uint8_t bytes[DRIVER_FILE_MAX];
	size_t n = driver_load(path, bytes);
	if (n == SIZE_MAX)
		return 1;
	size_t step = n / DRIVER_CUTS + 1;
	for (size_t cut = 0; cut < n; cut += step)
		driver_run(bytes, cut);
	driver_run(bytes, n);
	return 0;
}

static int driver_is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int driver_run_folder(const char *folder, struct dirent **entries, int count)
{
	int failed = 0;
	printf("1..%d\n", count);
	for (int i = 0; i < count; i++) {
		char path[4096];
		snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
		/* Said before, because a property that does not hold ends the program. */
		printf("# %s\n", entries[i]->d_name);
		fflush(stdout);
		int bad = driver_run_file(path);
		failed += bad;
		printf("%sok %d - %s\n", bad ? "not " : "", i + 1, entries[i]->d_name);
		free(entries[i]);
	}
	return failed == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct dirent **entries = NULL;
	int count = argc == 2 ? scandir(argv[1], &entries, driver_is_file, alphasort) : -1;
	/* An empty corpus would be a test that cannot fail. */
	if (count <= 0) {
		printf("Bail out! usage: %s CORPUS, a folder with at least one file\n", argv[0]);
		return 1;
	}
	int status = driver_run_folder(argv[1], entries, count);
	free(entries);
	return status;
}
