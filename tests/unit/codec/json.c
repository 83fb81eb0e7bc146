#include "json.h"
#include "check.h"

static _Alignas(max_align_t) uint8_t memory[1 << 20];

static enum fault parse(struct span text, struct json_node **out)
{
	struct workspace ws = workspace_over(memory, sizeof memory);
	return json_parse(text, &ws, out);
}

/* The canonical form of a text; NULL and the fault in *fault where it is refused. */
static const char *canonical(struct span text, enum fault *fault)
{
	static char out[4096];
	struct json_node *root;
	*fault = parse(text, &root);
	if (*fault != FAULT_NONE)
		return NULL;
	struct writer w = writer_over(out, sizeof out - 1);
	json_canonical(root, &w);
	*fault = writer_end(&w);
	out[writer_span(&w).n] = '\0';
	return out;
}

static const struct {
	const char *text, *canonical;
} accepted[] = {
	{ "null", "null" },
	{ " \t\r\ntrue\n", "true" },
	{ "0", "0" },
	{ "-1", "-1" },
	{ "9007199254740993", "9007199254740993" },
	{ "-123456789012345678901234567890", "-123456789012345678901234567890" },
	{ "\"\"", "\"\"" },
	{ "[]", "[]" },
	{ "{}", "{}" },
	{ "[ 1 , [ ] , { } ]", "[1,[],{}]" },
	{ "{\"b\":1,\"a\":2}", "{\"a\":2,\"b\":1}" },
	{ "{\"a\":1,\"B\":2,\"\":3,\"aa\":4}", "{\"\":3,\"B\":2,\"a\":1,\"aa\":4}" },
	/* Unescaped names are what sorts, and what must differ. */
	{ "{\"b\":1,\"\\u0061\":2}", "{\"a\":2,\"b\":1}" },
	/* By UTF-8 bytes, not by UTF-16 units: U+FF61 before U+10151. */
	{ "{\"\\ud800\\udd51\":1,\"\\uff61\":2}", "{\"\xef\xbd\xa1\":2,\"\xf0\x90\x85\x91\":1}" },
	{ "{\"z\":{\"b\":[{\"d\":1,\"c\":2}],\"a\":null}}", "{\"z\":{\"a\":null,\"b\":[{\"c\":2,\"d\":1}]}}" },
	/* Only the quote and the backslash are escaped; a line end comes out raw. */
	{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\b\f\n\r\t\"" },
	{ "\"\\u0001\\u00fC\\u20aC\\uD834\\uDD1E\"", "\"\x01\xc3\xbc\xe2\x82\xac\xf0\x9d\x84\x9e\"" },
	{ "\"\x7f\xc3\xbc\xf4\x8f\xbf\xbf\"", "\"\x7f\xc3\xbc\xf4\x8f\xbf\xbf\"" },
};

static void json_canonical_form_is_olpc(void)
{
	for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
		enum fault fault;
		const char *got = canonical(span_of_text(accepted[i].text), &fault);
		if (fault != FAULT_NONE || strcmp(got, accepted[i].canonical) != 0)
			printf("# %s: %s, %s\n", accepted[i].text, fault_text(fault), got);
		CHECK_EQ(fault, FAULT_NONE);
		CHECK(strcmp(got, accepted[i].canonical) == 0);
	}
}

static const struct {
	struct span text;
	enum fault fault;
} refused[] = {
	{ SPAN_INIT(""), FAULT_TRUNCATED },
	{ SPAN_INIT("  "), FAULT_TRUNCATED },
	{ SPAN_INIT("tru"), FAULT_TRUNCATED },
	{ SPAN_INIT("-"), FAULT_TRUNCATED },
	{ SPAN_INIT("{} {}"), FAULT_TRAILING },
	{ SPAN_INIT("1 2"), FAULT_TRAILING },
	{ SPAN_INIT("{}\0"), FAULT_TRAILING },
	{ SPAN_INIT("\0"), FAULT_SYNTAX },
	{ SPAN_INIT("\xef\xbb\xbf{}"), FAULT_SYNTAX },
	{ SPAN_INIT("\xff\xfe{\0}\0"), FAULT_SYNTAX },
	{ SPAN_INIT("nul!"), FAULT_SYNTAX },
	{ SPAN_INIT("True"), FAULT_SYNTAX },
	{ SPAN_INIT("NaN"), FAULT_SYNTAX },
	{ SPAN_INIT("Infinity"), FAULT_SYNTAX },
	{ SPAN_INIT("+1"), FAULT_SYNTAX },
	{ SPAN_INIT(".5"), FAULT_SYNTAX },
	{ SPAN_INIT("01"), FAULT_SYNTAX },
	{ SPAN_INIT("00"), FAULT_SYNTAX },
	{ SPAN_INIT("0x1"), FAULT_TRAILING },
	{ SPAN_INIT("--1"), FAULT_SYNTAX },
	{ SPAN_INIT("-0"), FAULT_NOT_CANONICAL },
	{ SPAN_INIT("1.0"), FAULT_TYPE },
	{ SPAN_INIT("1."), FAULT_TYPE },
	{ SPAN_INIT("[1e5]"), FAULT_TYPE },
	{ SPAN_INIT("[0E0]"), FAULT_TYPE },
	{ SPAN_INIT("[1,]"), FAULT_SYNTAX },
	{ SPAN_INIT("[,1]"), FAULT_SYNTAX },
	{ SPAN_INIT("[1 2]"), FAULT_SYNTAX },
	{ SPAN_INIT("[1}"), FAULT_SYNTAX },
	{ SPAN_INIT("{\"a\":1]"), FAULT_SYNTAX },
	{ SPAN_INIT("{\"a\":1,}"), FAULT_SYNTAX },
	{ SPAN_INIT("{\"a\" 1}"), FAULT_SYNTAX },
	{ SPAN_INIT("{\"a\":}"), FAULT_SYNTAX },
	{ SPAN_INIT("{a:1}"), FAULT_SYNTAX },
	{ SPAN_INIT("{'a':1}"), FAULT_SYNTAX },
	{ SPAN_INIT("{1:1}"), FAULT_SYNTAX },
	{ SPAN_INIT("[1]//"), FAULT_TRAILING },
	{ SPAN_INIT("/**/1"), FAULT_SYNTAX },
	{ SPAN_INIT("[\v1]"), FAULT_SYNTAX },
	{ SPAN_INIT("{\"a\":1,\"a\":2}"), FAULT_DUPLICATE },
	{ SPAN_INIT("{\"a\":1,\"b\":2,\"\\u0061\":3}"), FAULT_DUPLICATE },
	{ SPAN_INIT("{\"c\":1,\"b\":1,\"a\":1,\"b\":1}"), FAULT_DUPLICATE },
	{ SPAN_INIT("[{\"\":1,\"\":1}]"), FAULT_DUPLICATE },
	{ SPAN_INIT("\"a\nb\""), FAULT_UTF8 },
	{ SPAN_INIT("\"\t\""), FAULT_UTF8 },
	{ SPAN_INIT("\"\0\""), FAULT_UTF8 },
	{ SPAN_INIT("\"\\u0000\""), FAULT_UTF8 },
	{ SPAN_INIT("\"\\ud800\""), FAULT_UTF8 },
	{ SPAN_INIT("\"\\ud800x\""), FAULT_UTF8 },
	{ SPAN_INIT("\"\\ud800\\n12345\""), FAULT_UTF8 },
	{ SPAN_INIT("\"\\ud800\\ud800\""), FAULT_UTF8 },
	{ SPAN_INIT("\"\\ud800\\ue000\""), FAULT_UTF8 },
	{ SPAN_INIT("\"\\ud800u123456\""), FAULT_UTF8 },
	{ SPAN_INIT("\"\\udc00\""), FAULT_UTF8 },
	{ SPAN_INIT("\"\\udc00\\ud800\""), FAULT_UTF8 },
	{ SPAN_INIT("\"\x80\""), FAULT_UTF8 },
	{ SPAN_INIT("\"\xc3\""), FAULT_UTF8 },
	{ SPAN_INIT("\"\xc0\xaf\""), FAULT_UTF8 },
	{ SPAN_INIT("\"\xe0\x9f\xbf\""), FAULT_UTF8 },
	{ SPAN_INIT("\"\xed\xa0\x80\""), FAULT_UTF8 },
	{ SPAN_INIT("\"\xf0\x8f\xbf\xbf\""), FAULT_UTF8 },
	{ SPAN_INIT("\"\xf4\x90\x80\x80\""), FAULT_UTF8 },
	{ SPAN_INIT("\"\xf5\x80\x80\x80\""), FAULT_UTF8 },
	{ SPAN_INIT("\"\xff\""), FAULT_UTF8 },
	{ SPAN_INIT("\"\\x41\""), FAULT_SYNTAX },
	{ SPAN_INIT("\"\\u12g4\""), FAULT_SYNTAX },
	{ SPAN_INIT("\"\\u12\""), FAULT_SYNTAX },
	{ SPAN_INIT("\"\\\n\""), FAULT_SYNTAX },
	{ SPAN_INIT("\"\\\""), FAULT_TRUNCATED },
	{ SPAN_INIT("\"abc"), FAULT_TRUNCATED },
};

static void json_refuses_with_the_fault(void)
{
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		struct json_node *root = (struct json_node *)memory;
		enum fault fault = parse(refused[i].text, &root);
		if (fault != refused[i].fault)
			printf("# row %zu: %.*s\n", i, (int)refused[i].text.n, (const char *)refused[i].text.at);
		CHECK_EQ(fault, refused[i].fault);
		CHECK(root == NULL);
	}
}

/* Every beginning of a document that ends with a brace is cut off, wherever the cut falls. */
static void json_refuses_every_truncation(void)
{
	static const char text[] = "{\"signed\":{\"version\":12,\"\\u00fc\\ud834\\udd1e\xc3\xbc\":[true,false,null,-5],"
				   "\"b\":\"x\\ny\\\\\",\"a\":{}},\"signatures\":[ ] }";
	struct json_node *root;
	CHECK_EQ(parse(SPAN_LIT(text), &root), FAULT_NONE);
	for (size_t n = 0; n < sizeof text - 1; n++) {
		uint8_t *copy = malloc(n > 0 ? n : 1);
		memcpy(copy, text, n);
		enum fault fault = parse((struct span){ copy, n }, &root);
		free(copy);
		CHECK_EQ(fault, FAULT_TRUNCATED);
	}
}

static void json_depth_has_a_limit(void)
{
	char text[4 * JSON_DEPTH_MAX];
	struct json_node *root;
	for (size_t depth = 1; depth <= JSON_DEPTH_MAX + 1; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		CHECK_EQ(parse((struct span){ (uint8_t *)text, 2 * depth }, &root),
			 depth <= JSON_DEPTH_MAX ? FAULT_NONE : FAULT_DEPTH);
	}
	/* Siblings do not add up. */
	CHECK_EQ(
		parse(SPAN_LIT(
			      "[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],"
			      "[],[],[],[],[],[]]"),
		      &root),
		FAULT_NONE);
	static char deep[1 << 17];
	memset(deep, '[', sizeof deep);
	CHECK_EQ(parse(SPAN_OF(deep), &root), FAULT_DEPTH);
}

static void json_tree_points_into_the_text(void)
{
	static const char text[] = "{\"s\":\"plain\",\"e\":\"\\n\",\"a\":[1,\"x\"],\"n\":-42}";
	struct json_node *root;
	CHECK_EQ(parse(SPAN_LIT(text), &root), FAULT_NONE);
	CHECK(root->type == JSON_OBJECT && root->count == 4 && span_is(root->text, text));
	struct json_node *a = root->child, *e = a->next, *n = e->next, *s = n->next;
	CHECK(span_is(a->name, "a") && a->count == 2 && span_is(a->text, "[1,\"x\"]"));
	CHECK(span_is(a->child->text, "1") && span_is(a->child->next->text, "x"));
	CHECK(span_is(e->name, "e") && span_is(e->text, "\n"));
	CHECK(span_is(n->name, "n") && n->type == JSON_INTEGER && span_is(n->text, "-42"));
	CHECK(span_is(s->name, "s") && s->text.at == (const uint8_t *)text + 6 && s->next == NULL);
}

/* A list length that is no power of two, in an order that is neither way. */
static void json_sorts_many_members(void)
{
	enum { MEMBERS = 5003 };
	static char text[MEMBERS * 16];
	struct writer w = writer_over(text, sizeof text);
	for (uint32_t i = 0; i < MEMBERS; i++) {
		writer_text(&w, i == 0 ? "{\"k" : ",\"k");
		writer_decimal(&w, 10000 + i * 2741 % MEMBERS);
		writer_text(&w, "\":0");
	}
	writer_text(&w, "}");
	struct json_node *root;
	CHECK_EQ(parse(writer_span(&w), &root), FAULT_NONE);
	uint32_t count = 0;
	for (const struct json_node *m = root->child; m != NULL; m = m->next, count++)
		CHECK(m->next == NULL || span_compare(m->name, m->next->name) < 0);
	CHECK_EQ(count, MEMBERS);
	CHECK_EQ(root->count, MEMBERS);
	/* The same with the last name twice. */
	w.used--;
	writer_text(&w, ",\"k10000\":0}");
	CHECK_EQ(parse(writer_span(&w), &root), FAULT_DUPLICATE);
}

/* Each workspace that is too small gives the fault and nothing else; the first that is big enough gives the tree. */
static void json_needs_its_workspace(void)
{
	size_t capacity = 0;
	struct json_node *root;
	enum fault fault;
	do {
		struct workspace ws = workspace_over(memory, capacity);
		fault = json_parse(SPAN_LIT("{\"a\":[1,\"\\u00fc\"],\"\\n\":{}}"), &ws, &root);
		CHECK(fault == FAULT_NONE || fault == FAULT_NO_SPACE);
		CHECK((root == NULL) == (fault != FAULT_NONE));
		capacity++;
	} while (fault == FAULT_NO_SPACE && capacity < 4096);
	CHECK_EQ(fault, FAULT_NONE);
	CHECK(capacity > 5 * sizeof(struct json_node));
}

/* Its length alone is looked at. */
static void json_refuses_four_gigabytes(void)
{
	struct json_node *root;
	CHECK_EQ(parse((struct span){ memory, (size_t)UINT32_MAX + 1 }, &root), FAULT_TOO_LARGE);
	CHECK(root == NULL);
}

static const struct check_case cases[] = {
	CASE(json_canonical_form_is_olpc), CASE(json_refuses_with_the_fault),    CASE(json_refuses_every_truncation),
	CASE(json_depth_has_a_limit),      CASE(json_tree_points_into_the_text), CASE(json_sorts_many_members),
	CASE(json_needs_its_workspace),    CASE(json_refuses_four_gigabytes),
};

CHECK_MAIN(cases)
