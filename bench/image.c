/*
 * bench-image MIB SEED: an image on standard output, the same for the same arguments. Its first half does not compress;
 * the second is text of few words, which does (about 4 : 1). No segment is zero.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "meter.h"

#define MIB (1u << 20)

static uint64_t state;

/* splitmix64 */
static uint64_t next(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static void fill_random(uint8_t *at)
{
	for (size_t i = 0; i < MIB; i += 8) {
		uint64_t r = next();
		memcpy(at + i, &r, 8);
	}
}

static void fill_text(uint8_t *at)
{
	static const char words[] = "boot slot image counter digest segment device server rollout plan key root   ";
	for (size_t i = 0; i < MIB; i += 8) {
		uint64_t r = next();
		memcpy(at + i, words + r % (sizeof words - 9), 8);
	}
}

int main(int argc, char **argv)
{
	static uint8_t block[MIB];
	if (argc != 3)
		meter_die("usage: bench-image MIB SEED");
	long mib = strtol(argv[1], NULL, 10);
	state = strtoull(argv[2], NULL, 10);
	for (long m = 0; m < mib; m++) {
		if (m < mib / 2)
			fill_random(block);
		else
			fill_text(block);
		if (fwrite(block, sizeof block, 1, stdout) != 1)
			meter_die("the image cannot be written");
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
