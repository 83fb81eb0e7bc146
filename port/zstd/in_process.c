#include "in_process.h"

#include <stdlib.h>
#include <zstd.h>

#define IN_MAX ((1u << 20) + (64u << 10))
#define OUT_MAX (1u << 20)

static uint8_t *input_buffer(void *self, size_t n)
{
	struct in_process *p = self;
	return n <= IN_MAX ? p->in : NULL;
}

static int frame(void *self, size_t frame_bytes, uint32_t n, const uint8_t **out, struct error *e)
{
	struct in_process *p = self;
	if (frame_bytes > IN_MAX || n > OUT_MAX)
		return error_set(e, "a frame of %zu bytes for %u is over the ceiling", frame_bytes, n);
	size_t got = ZSTD_decompressDCtx(p->context, p->out, n, p->in, frame_bytes);
	if (ZSTD_isError(got) || got != n)
		return error_set(e, "not a zstd frame of %u bytes", n);
	*out = p->out;
	return 0;
}

int in_process_open(struct in_process *p, struct error *e)
{
	*p = (struct in_process){ ZSTD_createDCtx(), malloc(IN_MAX), malloc(OUT_MAX) };
	if (p->context != NULL && p->in != NULL && p->out != NULL)
		return 0;
	in_process_close(p);
	return error_retry(e, "decompressor: out of memory");
}

void in_process_close(struct in_process *p)
{
	ZSTD_freeDCtx(p->context);
	free(p->in);
	free(p->out);
	*p = (struct in_process){ 0 };
}

struct decompress in_process_decompress(struct in_process *p)
{
	return (struct decompress){ .input_buffer = input_buffer, .frame = frame, .self = p };
}
