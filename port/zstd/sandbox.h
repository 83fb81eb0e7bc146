/*
 * Decompression in a child process that can do nothing else (seccomp strict: read, write, exit). Frames and results
 * pass through shared memory, a number each way through pipes. A child that dies or does not answer in time costs the
 * segment that it worked on; the next frame gets a new child.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <sys/types.h>

#include "decompress.h"

#define SANDBOX_IN_MAX ((1u << 20) + (64u << 10))
#define SANDBOX_OUT_MAX (1u << 20)
#define SANDBOX_TIMEOUT_MS 10000

struct sandbox {
	uint8_t *in, *out; /* shared with the child */
	uint8_t *result;   /* ours alone: what was checked cannot change any more */
	pid_t child;       /* 0: none */
	int to_child, from_child;
};

/* Takes memory; the child is started by the first frame. */
int sandbox_open(struct sandbox *s, struct error *e) MUST_USE;
void sandbox_close(struct sandbox *s);
/* s must outlive it. One frame at a time; a result stands until the next frame. */
struct decompress sandbox_decompress(struct sandbox *s);

#endif
