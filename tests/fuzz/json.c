#include "json.h"

#include "fuzz.h"

#define INPUT_MAX (1 << 16)

static _Alignas(max_align_t) uint8_t memory[16 << 20];
static uint8_t first[INPUT_MAX], second[INPUT_MAX];

static struct span canonical(const struct json_node *root, uint8_t *out)
{
	/* Nothing has a longer canonical form than any of its other spellings. */
	struct writer w = writer_over(out, INPUT_MAX);
	json_canonical(root, &w);
	FUZZ_CHECK(writer_end(&w) == FAULT_NONE);
	return writer_span(&w);
}

static bool has_control(struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.at[i] < 0x20)
			return true;
	return false;
}

static void check_tree(const struct json_node *node, bool is_object)
{
	for (; node != NULL; node = node->next) {
		uint32_t count = 0;
		if (is_object && node->next != NULL)
			FUZZ_CHECK(span_compare(node->name, node->next->name) < 0);
		for (const struct json_node *child = node->child; child != NULL; child = child->next)
			count++;
		FUZZ_CHECK(count == node->count);
		check_tree(node->child, node->type == JSON_OBJECT);
	}
}

/* Whatever the tree, reading members by name neither crashes nor succeeds after a fault. */
static void check_reading(struct json_node *root)
{
	struct json_reader r = { 0 };
	uint8_t out[32];
	(void)json_uint(&r, root, "version", 1, JSON_INTEGER_MAX);
	(void)json_string(&r, root, "_type", 64);
	json_hex(&r, root, "sha256", out, sizeof out);
	(void)json_array(&r, json_object(&r, root, "signed"), "keys", 64);
	json_close(&r, root);
	if (r.fault != FAULT_NONE)
		FUZZ_CHECK(json_object(&r, root, "signed") == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct json_node *root;
	if (size > INPUT_MAX)
		return 0;
	enum fault fault = json_parse((struct span){ data, size }, &ws, &root);
	FUZZ_CHECK((fault == FAULT_NONE) == (root != NULL) && fault != FAULT_NO_SPACE);
	if (fault != FAULT_NONE)
		return 0;
	check_tree(root, false);
	struct span once = canonical(root, first);
	FUZZ_CHECK(once.n <= size);
	check_reading(root);
	/* Canonical bytes are JSON again, with the same canonical bytes, but for raw control characters. */
	ws = workspace_over(memory, sizeof memory);
	fault = json_parse(once, &ws, &root);
	FUZZ_CHECK(fault == (has_control(once) ? FAULT_UTF8 : FAULT_NONE));
	if (fault == FAULT_NONE)
		FUZZ_CHECK(span_equal(canonical(root, second), once));
	return 0;
}
