#include "product.h"

#include <stdlib.h>
#include <string.h>

static int product_order(const void *a, const void *b)
{
	const struct target *x = a, *y = b;
	return span_compare(x->path, y->path);
}

/* The custom member as a tree, as targets_encode() wants it. */
static int product_custom(struct repository *r, const struct release *release, struct target *out, struct error *e)
{
	uint8_t *bytes = workspace_take(r->ws, RELEASE_CUSTOM_MAX);
	if (bytes == NULL)
		return error_set(e, "out of memory");
	struct writer w = writer_over(bytes, RELEASE_CUSTOM_MAX);
	release_encode_custom(&w, release);
	if (writer_end(&w) != FAULT_NONE || json_parse(writer_span(&w), r->ws, &out->custom) != FAULT_NONE)
		return error_set(e, "the release %.*s cannot be described in %d bytes of printable ASCII",
				 (int)release->version.n, (const char *)release->version.at, RELEASE_CUSTOM_MAX);
	out->path = release->path;
	out->length = release->image_bytes;
	out->sha256 = release->image;
	return 0;
}

static int product_body(struct repository *r, const char *role, uint64_t version, int64_t expires_unix,
			const struct target *added, uint32_t count, struct writer *out, struct error *e)
{
	struct targets old = { 0 };
	if (repository_targets(r, role, &old, e) < 0)
		return -1;
	struct target *entries = workspace_array(r->ws, old.count + count, sizeof *entries);
	if (entries == NULL)
		return error_set(e, "role %s does not fit the memory that this command sets aside", role);
	if (old.count > 0)
		memcpy(entries, old.entries, old.count * sizeof *entries);
	for (uint32_t i = 0; i < count; i++) {
		if (targets_find(&old, added[i].path) != NULL)
			return error_set(e, "%.*s is listed already: a release never changes; give it a new version",
					 (int)added[i].path.n, (const char *)added[i].path.at);
		entries[old.count + i] = added[i];
	}
	qsort(entries, old.count + count, sizeof *entries, product_order);
	struct targets next = old;
	next.version = version;
	next.expires_unix = expires_unix;
	next.count = old.count + count;
	next.entries = entries;
	targets_encode(out, &next);
	return out->fault == FAULT_NONE ? 0 : error_set(e, "role %s would be too large", role);
}

int product_role_body(struct repository *r, const char *role, uint64_t version, int64_t expires_unix,
		      const struct release *releases, uint32_t count, struct writer *out, struct error *e)
{
	struct target *added = workspace_array(r->ws, count, sizeof *added);
	if (added == NULL)
		return error_set(e, "out of memory");
	for (uint32_t i = 0; i < count; i++)
		if (product_custom(r, &releases[i], &added[i], e) != 0)
			return -1;
	return product_body(r, role, version, expires_unix, added, count, out, e);
}

int plan_role_body(struct repository *r, const char *role, uint64_t version, int64_t expires_unix,
		   const struct target *plan, struct writer *out, struct error *e)
{
	return product_body(r, role, version, expires_unix, plan, 1, out, e);
}
