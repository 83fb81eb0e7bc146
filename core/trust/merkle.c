#include "merkle.h"

#include "writer.h"

#define MERKLE_SIZE_MAX (UINT64_C(1) << MERKLE_PATH_MAX)
#define MERKLE_TILE_LEVEL_MAX 63

struct digest merkle_leaf(const struct crypto *crypto, struct span data)
{
	static const uint8_t prefix[] = { 0 };
	struct sha256 hash;
	struct digest digest;
	crypto->sha256_init(&hash);
	crypto->sha256_update(&hash, SPAN_OF(prefix));
	crypto->sha256_update(&hash, data);
	crypto->sha256_final(&hash, &digest);
	return digest;
}

struct digest merkle_node(const struct crypto *crypto, const struct digest *left, const struct digest *right)
{
	static const uint8_t prefix[] = { 1 };
	struct sha256 hash;
	struct digest digest;
	crypto->sha256_init(&hash);
	crypto->sha256_update(&hash, SPAN_OF(prefix));
	crypto->sha256_update(&hash, digest_span(left));
	crypto->sha256_update(&hash, digest_span(right));
	crypto->sha256_final(&hash, &digest);
	return digest;
}

struct digest merkle_empty(const struct crypto *crypto)
{
	return sha256_of(crypto, SPAN_NONE);
}

/* --- verification --- */

/* RFC 9162 section 2.1.3.2 */
bool merkle_included(const struct crypto *crypto, uint64_t size, const struct digest *root, uint64_t index,
		     const struct digest *leaf, const struct digest *path, uint32_t count)
{
	if (index >= size)
		return false;
	uint64_t fn = index, sn = size - 1;
	struct digest r = *leaf;
	for (uint32_t i = 0; i < count; i++) {
		if (sn == 0)
			return false;
		bool is_right = (fn & 1) != 0;
		if (!is_right && fn != sn) {
			r = merkle_node(crypto, &r, &path[i]);
		} else {
			r = merkle_node(crypto, &path[i], &r);
			/* The last node of a level, which has no sibling, rises until it is one of two; sn > 0, so it
			 * will be. */
			while ((fn & 1) == 0) {
				fn >>= 1;
				sn >>= 1;
			}
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && digest_equal(&r, root);
}

/* RFC 9162 section 2.1.4.2, from step 3 on. */
static bool merkle_consistent_path(const struct crypto *crypto, uint64_t old_size, const struct digest *old_root,
				   uint64_t new_size, const struct digest *new_root, const struct digest *first,
				   const struct digest *path, uint32_t count)
{
	uint64_t fn = old_size - 1, sn = new_size - 1;
	while ((fn & 1) != 0) {
		fn >>= 1;
		sn >>= 1;
	}
	struct digest fr = *first, sr = *first;
	for (uint32_t i = 0; i < count; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			fr = merkle_node(crypto, &path[i], &fr);
			sr = merkle_node(crypto, &path[i], &sr);
			while ((fn & 1) == 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			sr = merkle_node(crypto, &sr, &path[i]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && digest_equal(&fr, old_root) && digest_equal(&sr, new_root);
}

bool merkle_consistent(const struct crypto *crypto, uint64_t old_size, const struct digest *old_root, uint64_t new_size,
		       const struct digest *new_root, const struct digest *path, uint32_t count)
{
	if (old_size > new_size)
		return false;
	if (old_size == new_size)
		return count == 0 && digest_equal(old_root, new_root);
	if (old_size == 0) {
		/* Every tree grew from the empty one; RFC 9162 has no proof for it. */
		struct digest empty = merkle_empty(crypto);
		return count == 0 && digest_equal(old_root, &empty);
	}
	if (count == 0)
		return false;
	/* A complete old tree is itself the first node of the path, and left out of it. */
	if ((old_size & (old_size - 1)) == 0)
		return merkle_consistent_path(crypto, old_size, old_root, new_size, new_root, old_root, path, count);
	return merkle_consistent_path(crypto, old_size, old_root, new_size, new_root, path, path + 1, count - 1);
}

/* --- building --- */

/*
 * The hash of the leaves from..to-1, where from is a multiple of the least power of two that is not below their number:
 * every range that a proof names is so. Complete subtrees from the right, smallest first.
 */
static bool merkle_range(const struct crypto *crypto, struct merkle_source source, uint64_t from, uint64_t to,
			 struct digest *out)
{
	uint64_t n = to - from;
	bool first = true;
	for (uint32_t level = 0; level < 64 && n >> level != 0; level++) {
		if ((n >> level & 1) == 0)
			continue;
		struct digest subtree;
		if (!source.hash(source.self, level, (from >> level) + (n >> level) - 1, &subtree))
			return false;
		*out = first ? subtree : merkle_node(crypto, &subtree, out);
		first = false;
	}
	return !first;
}

bool merkle_root(const struct crypto *crypto, struct merkle_source source, uint64_t size, struct digest *out)
{
	if (size == 0) {
		*out = merkle_empty(crypto);
		return true;
	}
	return size <= MERKLE_SIZE_MAX && merkle_range(crypto, source, 0, size, out);
}

/* The largest power of two below n, for n of 2 or more. */
static uint64_t merkle_split(uint64_t n)
{
	uint64_t k = 1;
	while (k < n - k)
		k <<= 1;
	return k;
}

/* A path is found from the root down and written from the leaf up. */
static void merkle_reverse(struct digest *path, uint32_t count)
{
	for (uint32_t i = 0; i < count / 2; i++) {
		struct digest swap = path[i];
		path[i] = path[count - 1 - i];
		path[count - 1 - i] = swap;
	}
}

/* RFC 9162 section 2.1.3.1 */
bool merkle_inclusion(const struct crypto *crypto, struct merkle_source source, uint64_t size, uint64_t index,
		      struct digest path[MERKLE_PATH_MAX], uint32_t *count)
{
	uint64_t from = 0, to = size;
	*count = 0;
	if (index >= size || size > MERKLE_SIZE_MAX)
		return false;
	while (to - from > 1) {
		uint64_t middle = from + merkle_split(to - from);
		bool is_left = index < middle;
		if (!merkle_range(crypto, source, is_left ? middle : from, is_left ? to : middle, &path[*count]))
			return false;
		++*count;
		if (is_left)
			to = middle;
		else
			from = middle;
	}
	merkle_reverse(path, *count);
	return true;
}

/* RFC 9162 section 2.1.4.1 */
bool merkle_consistency(const struct crypto *crypto, struct merkle_source source, uint64_t old_size, uint64_t new_size,
			struct digest path[MERKLE_PATH_MAX], uint32_t *count)
{
	uint64_t from = 0, to = new_size;
	*count = 0;
	if (old_size > new_size || new_size > MERKLE_SIZE_MAX)
		return false;
	if (old_size == 0 || old_size == new_size)
		return true;
	while (to != old_size) {
		uint64_t middle = from + merkle_split(to - from);
		bool is_left = old_size <= middle;
		if (!merkle_range(crypto, source, is_left ? middle : from, is_left ? to : middle, &path[*count]))
			return false;
		++*count;
		if (is_left)
			to = middle;
		else
			from = middle;
	}
	/* What is left is the old tree's last part; when that is the whole old tree, the verifier has it. */
	if (from != 0) {
		if (*count == MERKLE_PATH_MAX || !merkle_range(crypto, source, from, to, &path[*count]))
			return false;
		++*count;
	}
	merkle_reverse(path, *count);
	return true;
}

/* --- tiles --- */

/* Groups of three digits, all but the last after an x. */
static void merkle_tile_index(struct writer *w, uint64_t index)
{
	uint64_t scale = 1;
	while (index / scale >= 1000)
		scale *= 1000;
	for (; scale > 0; scale /= 1000) {
		uint64_t group = index / scale % 1000;
		writer_text(w, scale > 1 ? "/x" : "/");
		writer_u8(w, (uint8_t)('0' + group / 100));
		writer_u8(w, (uint8_t)('0' + group / 10 % 10));
		writer_u8(w, (uint8_t)('0' + group % 10));
	}
}

/* [LOG-12] */
enum fault merkle_tile_path(uint32_t level, uint64_t index, uint32_t width, char *out, size_t capacity)
{
	struct writer w = writer_over(out, capacity);
	if (level > MERKLE_TILE_LEVEL_MAX || width == 0 || width > MERKLE_TILE_WIDTH)
		return FAULT_RANGE;
	writer_text(&w, "tile/");
	writer_decimal(&w, level);
	merkle_tile_index(&w, index);
	if (width < MERKLE_TILE_WIDTH) {
		writer_text(&w, ".p/");
		writer_decimal(&w, width);
	}
	writer_u8(&w, '\0');
	return writer_end(&w);
}
