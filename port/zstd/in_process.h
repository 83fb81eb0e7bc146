/*
 * Decompression in this process: for simulated devices and tests, where a child for each would be too many. A device's
 * own installer uses the sandbox.
 */
#ifndef IN_PROCESS_H
#define IN_PROCESS_H

#include "decompress.h"

struct in_process {
	void *context;
	uint8_t *in, *out;
};

int in_process_open(struct in_process *p, struct error *e) MUST_USE;
void in_process_close(struct in_process *p);
struct decompress in_process_decompress(struct in_process *p);

#endif
