#include "merkle.h"
#include "check.h"
#include "crypto_openssl.h"

#define LEAVES 70

static const struct crypto *crypto = &crypto_openssl;
static struct digest leaves[LEAVES];

static void plant(void)
{
	for (unsigned i = 0; i < LEAVES; i++) {
		uint8_t data[3] = { 'l', (uint8_t)i, (uint8_t)(i * 7) };
		leaves[i] = merkle_leaf(crypto, SPAN_OF(data));
	}
}

/* The definitions of RFC 9162 sections 2.1.1, 2.1.3.1 and 2.1.4.1, word by word: our reference. */
static uint64_t split(uint64_t n)
{
	uint64_t k = 1;
	while (2 * k < n)
		k *= 2;
	return k;
}

static struct digest mth(uint64_t from, uint64_t to)
{
	if (from == to)
		return merkle_empty(crypto);
	if (to - from == 1)
		return leaves[from];
	uint64_t k = split(to - from);
	struct digest left = mth(from, from + k), right = mth(from + k, to);
	return merkle_node(crypto, &left, &right);
}

static uint32_t reference_path(uint64_t m, uint64_t from, uint64_t to, struct digest *path)
{
	if (to - from == 1)
		return 0;
	uint64_t k = split(to - from);
	uint32_t n = m < k ? reference_path(m, from, from + k, path) : reference_path(m - k, from + k, to, path);
	path[n] = m < k ? mth(from + k, to) : mth(from, from + k);
	return n + 1;
}

static uint32_t reference_subproof(uint64_t m, uint64_t from, uint64_t to, bool known, struct digest *path)
{
	if (m == to - from) {
		if (known)
			return 0;
		path[0] = mth(from, to);
		return 1;
	}
	uint64_t k = split(to - from);
	uint32_t n = m <= k ? reference_subproof(m, from, from + k, known, path)
			    : reference_subproof(m - k, from + k, to, false, path);
	path[n] = m <= k ? mth(from + k, to) : mth(from, from + k);
	return n + 1;
}

/* Only complete subtrees may be asked for. */
static bool subtree(void *self, uint32_t level, uint64_t index, struct digest *out)
{
	uint64_t size = *(uint64_t *)self, from = index << level, to = (index + 1) << level;
	if (to > size)
		return false;
	*out = mth(from, to);
	return true;
}

static bool same_path(const struct digest *a, const struct digest *b, uint32_t n)
{
	return n == 0 || memcmp(a, b, n * sizeof *a) == 0;
}

static void merkle_root_is_that_of_the_definition(void)
{
	plant();
	for (uint64_t size = 0; size <= LEAVES; size++) {
		struct merkle_source source = { subtree, &size };
		struct digest got, want = mth(0, size);
		CHECK(merkle_root(crypto, source, size, &got));
		CHECK(digest_equal(&got, &want));
	}
}

static void merkle_inclusion_holds_for_all_pairs(void)
{
	plant();
	for (uint64_t size = 1; size <= LEAVES; size++) {
		struct merkle_source source = { subtree, &size };
		struct digest root = mth(0, size);
		for (uint64_t index = 0; index < size; index++) {
			struct digest path[MERKLE_PATH_MAX], want[MERKLE_PATH_MAX];
			uint32_t count, want_count = reference_path(index, 0, size, want);
			CHECK(merkle_inclusion(crypto, source, size, index, path, &count));
			CHECK_EQ(count, want_count);
			CHECK(same_path(path, want, count));
			CHECK(merkle_included(crypto, size, &root, index, &leaves[index], path, count));
			/* one short, one long, another index, another leaf, a changed hash */
			path[count] = root;
			CHECK(!merkle_included(crypto, size, &root, index, &leaves[index], path, count + 1));
			if (count > 0)
				CHECK(!merkle_included(crypto, size, &root, index, &leaves[index], path, count - 1));
			if (size > 1)
				CHECK(!merkle_included(crypto, size, &root, (index + 1) % size, &leaves[index], path,
						       count));
			struct digest other = leaves[index];
			other.bytes[31] ^= 1;
			CHECK(!merkle_included(crypto, size, &root, index, &other, path, count));
			for (uint32_t i = 0; i < count; i++) {
				path[i].bytes[i % 32] ^= 0x80;
				CHECK(!merkle_included(crypto, size, &root, index, &leaves[index], path, count));
				path[i].bytes[i % 32] ^= 0x80;
			}
		}
	}
}

static void merkle_consistency_holds_for_all_pairs(void)
{
	plant();
	for (uint64_t size = 0; size <= LEAVES; size++) {
		struct merkle_source source = { subtree, &size };
		struct digest root = mth(0, size);
		for (uint64_t old = 0; old <= size; old++) {
			struct digest path[MERKLE_PATH_MAX + 1], want[MERKLE_PATH_MAX], old_root = mth(0, old);
			uint32_t count, want_count = old == 0 ? 0 : reference_subproof(old, 0, size, true, want);
			CHECK(merkle_consistency(crypto, source, old, size, path, &count));
			CHECK_EQ(count, want_count);
			CHECK(same_path(path, want, count));
			CHECK(merkle_consistent(crypto, old, &old_root, size, &root, path, count));
			path[count] = root;
			CHECK(!merkle_consistent(crypto, old, &old_root, size, &root, path, count + 1));
			if (count > 0)
				CHECK(!merkle_consistent(crypto, old, &old_root, size, &root, path, count - 1));
			struct digest other = old_root;
			other.bytes[0] ^= 1;
			CHECK(!merkle_consistent(crypto, old, &other, size, &root, path, count));
			for (uint32_t i = 0; i < count; i++) {
				path[i].bytes[i % 32] ^= 1;
				CHECK(!merkle_consistent(crypto, old, &old_root, size, &root, path, count));
				path[i].bytes[i % 32] ^= 1;
			}
		}
	}
}

static void merkle_refuses_what_is_out_of_range(void)
{
	uint64_t size = 5;
	struct merkle_source source = { subtree, &size };
	struct digest path[MERKLE_PATH_MAX], root = mth(0, 5);
	uint32_t count;
	plant();
	CHECK(!merkle_inclusion(crypto, source, 5, 5, path, &count));
	CHECK(!merkle_inclusion(crypto, source, 0, 0, path, &count));
	CHECK(!merkle_inclusion(crypto, source, 9, 8, path, &count)); /* the source has no leaf 8 */
	CHECK(!merkle_inclusion(crypto, source, UINT64_MAX, 0, path, &count));
	CHECK(!merkle_consistency(crypto, source, 6, 5, path, &count));
	CHECK(!merkle_consistency(crypto, source, 3, 9, path, &count));
	CHECK(!merkle_root(crypto, source, 9, &root));
	CHECK(!merkle_included(crypto, 5, &root, 5, &leaves[0], path, 0));
	CHECK(!merkle_included(crypto, 0, &root, 0, &leaves[0], path, 0));
	CHECK(!merkle_consistent(crypto, 6, &root, 5, &root, path, 0));
}

/* Each by a path that would lead to the roots, were it followed. */
static void merkle_refuses_a_tree_that_shrank(void)
{
	plant();
	struct digest root = merkle_node(crypto, &leaves[1], &leaves[0]);
	CHECK(!merkle_consistent(crypto, 6, &root, 5, &root, leaves, 2));
	CHECK(!merkle_consistent(crypto, 3, &root, 5, &root, NULL, 0));
}

/* A log that nobody can write out: any subtree is to be had, until the countdown ends. */
static bool any_subtree(void *self, uint32_t level, uint64_t index, struct digest *out)
{
	uint32_t *countdown = self;
	memset(out, (int)(level + index), sizeof *out);
	return (*countdown)-- > 0;
}

static void merkle_goes_as_far_as_a_path(void)
{
	uint32_t left = 1000;
	struct merkle_source source = { any_subtree, &left };
	struct digest path[MERKLE_PATH_MAX], root, want;
	uint32_t count, asked = 0;
	uint64_t most = UINT64_C(1) << 63;
	CHECK(merkle_root(crypto, source, most, &root));
	CHECK_EQ(left, 999);
	CHECK(any_subtree(&asked, 63, 0, &want) == false && digest_equal(&root, &want));
	CHECK(!merkle_root(crypto, source, most + 1, &root));
	CHECK(merkle_inclusion(crypto, source, most, most - 1, path, &count));
	CHECK_EQ(count, MERKLE_PATH_MAX);
	CHECK(!merkle_inclusion(crypto, source, most + 1, 0, path, &count));
	CHECK(merkle_consistency(crypto, source, most / 2, most, path, &count));
	CHECK_EQ(count, 1);
	CHECK(!merkle_consistency(crypto, source, most / 2, most + 1, path, &count));
	/* One node more than a path holds. */
	CHECK(!merkle_consistency(crypto, source, most / 2 + 1, most, path, &count));
	CHECK(merkle_consistency(crypto, source, most / 2 + 2, most, path, &count));
	CHECK_EQ(count, MERKLE_PATH_MAX);
}

static void merkle_stops_where_a_subtree_is_missing(void)
{
	for (uint32_t enough = 0;; enough++) {
		uint32_t left = enough, count;
		struct merkle_source source = { any_subtree, &left };
		struct digest path[MERKLE_PATH_MAX];
		bool made = merkle_consistency(crypto, source, 6, 8, path, &count);
		CHECK_EQ(made, enough >= 3); /* 6..8, 0..4 and 4..6 */
		if (made)
			break;
	}
}

/* A path that ends too early, at a hash that somebody passes off as the root. */
static void merkle_refuses_a_subtree_as_the_tree(void)
{
	plant();
	struct digest subtree_root = mth(0, 2), leaf_root = leaves[0];
	CHECK(merkle_included(crypto, 2, &subtree_root, 0, &leaves[0], &leaves[1], 1));
	CHECK(!merkle_included(crypto, 4, &subtree_root, 0, &leaves[0], &leaves[1], 1));
	CHECK(merkle_included(crypto, 1, &leaf_root, 0, &leaves[0], NULL, 0));
	CHECK(!merkle_included(crypto, 2, &leaf_root, 0, &leaves[0], NULL, 0));
	/* old tree of 2, new of 4, and a proof that stops at 3 */
	struct digest three = mth(0, 3);
	CHECK(merkle_consistent(crypto, 2, &subtree_root, 3, &three, &leaves[2], 1));
	CHECK(!merkle_consistent(crypto, 2, &subtree_root, 6, &three, &leaves[2], 1));
}

/* RFC 9162 fixes the prefixes: the hash of the empty leaf and of the empty tree, by sha256sum. */
static void merkle_hashes_are_separated(void)
{
	static const uint8_t empty[] = { 0xe3, 0xb0, 0xc4, 0x42 }, leaf[] = { 0x6e, 0x34, 0x0b, 0x9c };
	struct digest tree = merkle_empty(crypto), none = merkle_leaf(crypto, SPAN_NONE);
	CHECK(memcmp(tree.bytes, empty, sizeof empty) == 0);
	CHECK(memcmp(none.bytes, leaf, sizeof leaf) == 0);
}

struct tile {
	uint32_t level;
	uint64_t index;
	uint32_t width;
	const char *path;
};

static const struct tile tiles[] = {
	{ 0, 0, 256, "tile/0/000" },
	{ 0, 0, 1, "tile/0/000.p/1" },
	{ 1, 7, 255, "tile/1/007.p/255" },
	{ 0, 999, 256, "tile/0/999" },
	{ 0, 1000, 256, "tile/0/x001/000" },
	{ 0, 1234, 17, "tile/0/x001/234.p/17" },
	{ 3, 1234067, 256, "tile/3/x001/x234/067" },
	{ 63, UINT64_MAX, 256, "tile/63/x018/x446/x744/x073/x709/x551/615" },
};

static void merkle_tile_path_follows_the_table(void)
{
	char path[64];
	for (size_t i = 0; i < sizeof(tiles) / sizeof(tiles[0]); i++) {
		const struct tile *t = &tiles[i];
		CHECK_EQ(merkle_tile_path(t->level, t->index, t->width, path, sizeof path), FAULT_NONE);
		CHECK(strcmp(path, t->path) == 0);
		CHECK_EQ(merkle_tile_path(t->level, t->index, t->width, path, strlen(t->path)), FAULT_NO_SPACE);
	}
	CHECK_EQ(merkle_tile_path(64, 0, 256, path, sizeof path), FAULT_RANGE);
	CHECK_EQ(merkle_tile_path(0, 0, 0, path, sizeof path), FAULT_RANGE);
	CHECK_EQ(merkle_tile_path(0, 0, 257, path, sizeof path), FAULT_RANGE);
}

static const struct check_case cases[] = {
	CASE(merkle_root_is_that_of_the_definition),   CASE(merkle_inclusion_holds_for_all_pairs),
	CASE(merkle_consistency_holds_for_all_pairs),  CASE(merkle_refuses_what_is_out_of_range),
	CASE(merkle_refuses_a_tree_that_shrank),       CASE(merkle_goes_as_far_as_a_path),
	CASE(merkle_stops_where_a_subtree_is_missing), CASE(merkle_hashes_are_separated),
	CASE(merkle_refuses_a_subtree_as_the_tree),    CASE(merkle_tile_path_follows_the_table),
};

CHECK_MAIN(cases)
