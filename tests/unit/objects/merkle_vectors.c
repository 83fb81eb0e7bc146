/* The cases of tests/vectors/merkle: what others say a verifier must accept and refuse. */
#include "base64.h"
#include "crypto_openssl.h"
#include "json.h"
#include "merkle.h"
#include "vectors.h"

static uint8_t memory[4 << 20];

/* Base64 of a hash; false when it is none, which a verifier of ours cannot even be asked. */
static bool read_hash(struct span text, struct digest *out)
{
	uint8_t bytes[128];
	struct writer w = writer_over(bytes, sizeof bytes);
	CHECK_EQ(base64_decode(text, &w), FAULT_NONE);
	if (w.used != DIGEST_BYTES)
		return false;
	memcpy(out->bytes, bytes, DIGEST_BYTES);
	return true;
}

static bool read_path(struct json_reader *r, struct json_node *row, struct digest *path, uint32_t *count)
{
	struct json_node *list = json_array(r, row, "proof", MERKLE_PATH_MAX);
	CHECK(list != NULL);
	for (struct json_node *n = list->child; n != NULL; n = n->next)
		if (!read_hash(json_value_string(r, n, 128), &path[(*count)++]))
			return false;
	return true;
}

static bool accepts_inclusion(struct json_reader *r, struct json_node *row)
{
	struct digest root, leaf, path[MERKLE_PATH_MAX];
	uint32_t count = 0;
	uint64_t index = json_uint(r, row, "leafIdx", 0, UINT64_MAX);
	uint64_t size = json_uint(r, row, "treeSize", 0, UINT64_MAX);
	return read_hash(json_string(r, row, "root", 128), &root) &&
	       read_hash(json_string(r, row, "leafHash", 128), &leaf) && read_path(r, row, path, &count) &&
	       merkle_included(&crypto_openssl, size, &root, index, &leaf, path, count);
}

static bool accepts_consistency(struct json_reader *r, struct json_node *row)
{
	struct digest root1, root2, path[MERKLE_PATH_MAX];
	uint32_t count = 0;
	uint64_t size1 = json_uint(r, row, "size1", 0, UINT64_MAX);
	uint64_t size2 = json_uint(r, row, "size2", 0, UINT64_MAX);
	return read_hash(json_string(r, row, "root1", 128), &root1) &&
	       read_hash(json_string(r, row, "root2", 128), &root2) && read_path(r, row, path, &count) &&
	       merkle_consistent(&crypto_openssl, size1, &root1, size2, &root2, path, count);
}

/* The one case that is to pass with roots that are no hashes at all ("don't care"): not for us. */
static bool is_without_hashes(struct span name)
{
	return span_is(name, "additional/sizes-are-equal-one-and-proof-is-empty");
}

static void run(const char *file, bool (*accepts)(struct json_reader *, struct json_node *), uint32_t want_rows)
{
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct json_node *rows;
	CHECK_EQ(json_parse(vectors_load(file), &ws, &rows), FAULT_NONE);
	CHECK_EQ(rows->count, want_rows);
	for (struct json_node *row = rows->child; row != NULL; row = row->next) {
		struct json_reader r = { 0 };
		struct span name = json_string(&r, row, "name", 200);
		bool want = !json_bool(&r, row, "wantErr") && !is_without_hashes(name);
		bool got = accepts(&r, row);
		if (got != want)
			printf("# %s: %.*s\n", file, (int)name.n, (const char *)name.at);
		CHECK_EQ(r.fault, FAULT_NONE);
		CHECK_EQ(got, want);
	}
}

static void merkle_inclusion_vectors(void)
{
	run("merkle/inclusion.json", accepts_inclusion, 98);
}

static void merkle_consistency_vectors(void)
{
	run("merkle/consistency.json", accepts_consistency, 98);
}

static const struct check_case cases[] = { CASE(merkle_inclusion_vectors), CASE(merkle_consistency_vectors) };

CHECK_MAIN(cases)
