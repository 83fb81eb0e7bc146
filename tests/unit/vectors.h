/* Test files that come with the source, read whole. VECTORS is their folder, given by the build. */
#ifndef VECTORS_H
#define VECTORS_H

#include "check.h"
#include "span.h"

/* Valid until the next load. */
static inline struct span vectors_load(const char *name)
{
	static uint8_t *bytes;
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", VECTORS, name);
	FILE *f = fopen(path, "rb");
	CHECK(f != NULL);
	CHECK(fseek(f, 0, SEEK_END) == 0);
	long n = ftell(f);
	CHECK(n >= 0 && fseek(f, 0, SEEK_SET) == 0);
	/* Exactly as long as the file, so that a sanitizer sees a read past the end. */
	free(bytes);
	bytes = malloc(n > 0 ? (size_t)n : 1);
	CHECK(bytes != NULL && fread(bytes, 1, (size_t)n, f) == (size_t)n);
	fclose(f);
	return (struct span){ bytes, (size_t)n };
}

#endif
