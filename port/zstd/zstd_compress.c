#include "compress.h"

#include <zstd.h>

static void release_context(ZSTD_CCtx **context)
{
	ZSTD_freeCCtx(*context);
}

/* The defaults of a library may change; what decides the bytes is said here. */
static size_t set_parameters(ZSTD_CCtx *context, int level)
{
	size_t failed = ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
	if (!ZSTD_isError(failed))
		failed = ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 1);
	if (!ZSTD_isError(failed))
		failed = ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 0);
	return failed;
}

size_t zstd_compress_bound(size_t n)
{
	return ZSTD_compressBound(n);
}

int zstd_compress(struct span in, int level, uint8_t *out, size_t capacity, size_t *n, struct error *e)
{
	if (level < 1 || level > ZSTD_maxCLevel())
		return error_set(e, "compression level %d is not between 1 and %d", level, ZSTD_maxCLevel());
	__attribute__((cleanup(release_context))) ZSTD_CCtx *context = ZSTD_createCCtx();
	if (context == NULL)
		return error_retry(e, "compress %zu bytes: out of memory", in.n);
	size_t result = set_parameters(context, level);
	if (!ZSTD_isError(result))
		result = ZSTD_compress2(context, out, capacity, in.at, in.n);
	if (ZSTD_isError(result))
		return error_set(e, "compress %zu bytes: %s", in.n, ZSTD_getErrorName(result));
	*n = result;
	return 0;
}
