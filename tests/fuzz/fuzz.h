/* What a fuzz target needs. A property that does not hold ends the program, under libFuzzer as in our driver. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(expression)                                                                          \
	do {                                                                                            \
		if (!(expression)) {                                                                    \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #expression); \
			abort();                                                                        \
		}                                                                                       \
	} while (0)

#endif
