#include "workspace.h"

#include <string.h>

struct workspace workspace_over(void *base, size_t capacity)
{
	return (struct workspace){ .base = base, .capacity = capacity };
}

void *workspace_take(struct workspace *ws, size_t n)
{
	size_t align = _Alignof(max_align_t);
	size_t skew = ((uintptr_t)ws->base + ws->used) % align;
	size_t pad = skew == 0 ? 0 : align - skew;
	size_t left = ws->capacity - ws->used;
	if (pad > left || n > left - pad)
		return NULL;
	void *taken = ws->base + ws->used + pad;
	ws->used += pad + n;
	memset(taken, 0, n);
	return taken;
}

void *workspace_array(struct workspace *ws, size_t n, size_t each)
{
	if (each != 0 && n > SIZE_MAX / each)
		return NULL;
	return workspace_take(ws, n * each);
}
