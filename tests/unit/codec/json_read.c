#include "check.h"
#include "json.h"

static _Alignas(max_align_t) uint8_t memory[1 << 16];

static struct json_node *parsed(const char *text)
{
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct json_node *root;
	CHECK_EQ(json_parse(span_of_text(text), &ws, &root), FAULT_NONE);
	return root;
}

static void json_read_takes_every_type(void)
{
	struct json_node *root =
		parsed("{\"a\":[1,2],\"b\":true,\"f\":false,\"h\":\"00ff\",\"n\":7,\"o\":{},\"s\":\"text\","
		       "\"v\":\"sealift-1\",\"z\":null}");
	struct json_reader r = { 0 };
	uint8_t hex[2];
	struct json_node *array = json_array(&r, root, "a", 2);
	CHECK(array != NULL && array->count == 2);
	CHECK_EQ(json_value_uint(&r, array->child, 1, 1), 1);
	CHECK_EQ(json_value_uint(&r, array->child->next, 0, JSON_INTEGER_MAX), 2);
	CHECK(json_bool(&r, root, "b"));
	CHECK(!json_bool(&r, root, "f"));
	json_hex(&r, root, "h", hex, 2);
	CHECK(hex[0] == 0 && hex[1] == 255);
	CHECK_EQ(json_uint(&r, root, "n", 7, 7), 7);
	CHECK(json_object(&r, root, "o") != NULL);
	CHECK(span_is(json_string(&r, root, "s", 4), "text"));
	json_expect(&r, root, "v", "sealift-1");
	CHECK(json_optional(&r, root, "absent") == NULL);
	CHECK_EQ(json_optional(&r, root, "z")->type, JSON_NULL);
	json_close(&r, root);
	CHECK_EQ(r.fault, FAULT_NONE);
	CHECK(r.where == NULL);
}

static const char sample[] = "{\"array\":[1,\"x\",\"0A\"],\"big\":9007199254740992,\"flag\":\"true\",\"hex\":\"0aFF\","
			     "\"huge\":99999999999999999999,\"minus\":-1,\"number\":5,\"object\":{},\"text\":\"abcd\"}";

static void read_object(struct json_reader *r, struct json_node *o)
{
	CHECK(json_object(r, o, "array") == NULL);
}
static void read_missing_object(struct json_reader *r, struct json_node *o)
{
	CHECK(json_object(r, o, "nothing") == NULL);
}
static void read_array(struct json_reader *r, struct json_node *o)
{
	CHECK(json_array(r, o, "object", 9) == NULL);
}
static void read_long_array(struct json_reader *r, struct json_node *o)
{
	CHECK(json_array(r, o, "array", 2) == NULL);
}
static void read_string(struct json_reader *r, struct json_node *o)
{
	CHECK_EQ(json_string(r, o, "number", 9).n, 0);
}
static void read_long_string(struct json_reader *r, struct json_node *o)
{
	CHECK_EQ(json_string(r, o, "text", 3).n, 0);
}
static void read_uint(struct json_reader *r, struct json_node *o)
{
	CHECK_EQ(json_uint(r, o, "text", 0, 9), 0);
}
static void read_negative(struct json_reader *r, struct json_node *o)
{
	CHECK_EQ(json_uint(r, o, "minus", 0, 9), 0);
}
static void read_below(struct json_reader *r, struct json_node *o)
{
	CHECK_EQ(json_uint(r, o, "number", 6, 9), 0);
}
static void read_above(struct json_reader *r, struct json_node *o)
{
	CHECK_EQ(json_uint(r, o, "big", 1, JSON_INTEGER_MAX), 0);
}
static void read_overflow(struct json_reader *r, struct json_node *o)
{
	CHECK_EQ(json_uint(r, o, "huge", 0, UINT64_MAX), 0);
}
static void read_bool(struct json_reader *r, struct json_node *o)
{
	CHECK(!json_bool(r, o, "flag"));
}
static void read_missing_bool(struct json_reader *r, struct json_node *o)
{
	CHECK(!json_bool(r, o, "nothing"));
}
static void read_hex(struct json_reader *r, struct json_node *o)
{
	uint8_t out[2];
	json_hex(r, o, "hex", out, 2);
}
static void read_long_hex(struct json_reader *r, struct json_node *o)
{
	uint8_t out[3];
	json_hex(r, o, "hex", out, 3);
}
static void read_version(struct json_reader *r, struct json_node *o)
{
	json_expect(r, o, "text", "abc");
}
static void read_elements(struct json_reader *r, struct json_node *o)
{
	CHECK_EQ(json_value_uint(r, json_array(r, o, "array", 3)->child->next, 0, 9), 0);
}
static void read_hex_element(struct json_reader *r, struct json_node *o)
{
	uint8_t out[1];
	json_value_hex(r, json_array(r, o, "array", 3)->child->next->next, out, 1);
}
static void read_no_element(struct json_reader *r, struct json_node *o)
{
	CHECK_EQ(json_value_string(r, json_optional(r, o, "nothing"), 9).n, 0);
}
static void read_in_a_string(struct json_reader *r, struct json_node *o)
{
	CHECK(json_optional(r, json_optional(r, o, "text"), "x") == NULL);
}
static void read_less_than_all(struct json_reader *r, struct json_node *o)
{
	(void)json_string(r, o, "text", 9);
	json_close(r, o);
}

static const struct {
	void (*read)(struct json_reader *r, struct json_node *o);
	enum fault fault;
	const char *where;
} refusals[] = {
	{ read_object, FAULT_TYPE, "array" },
	{ read_missing_object, FAULT_MISSING, "nothing" },
	{ read_array, FAULT_TYPE, "object" },
	{ read_long_array, FAULT_TOO_LARGE, "array" },
	{ read_string, FAULT_TYPE, "number" },
	{ read_long_string, FAULT_TOO_LARGE, "text" },
	{ read_uint, FAULT_TYPE, "text" },
	{ read_negative, FAULT_RANGE, "minus" },
	{ read_below, FAULT_RANGE, "number" },
	{ read_above, FAULT_RANGE, "big" },
	{ read_overflow, FAULT_RANGE, "huge" },
	{ read_bool, FAULT_TYPE, "flag" },
	{ read_missing_bool, FAULT_MISSING, "nothing" },
	{ read_hex, FAULT_NOT_CANONICAL, "hex" },
	{ read_long_hex, FAULT_TRUNCATED, "hex" },
	{ read_version, FAULT_VERSION, "text" },
	{ read_elements, FAULT_TYPE, NULL },
	{ read_hex_element, FAULT_NOT_CANONICAL, NULL },
	{ read_no_element, FAULT_MISSING, NULL },
	{ read_in_a_string, FAULT_TYPE, "x" },
	{ read_less_than_all, FAULT_UNKNOWN, NULL },
};

/* After any refusal every later read gives nothing and keeps the first fault and its place. */
static void json_read_refuses_and_stays_refused(void)
{
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		struct json_node *root = parsed(sample);
		struct json_reader r = { 0 };
		refusals[i].read(&r, root);
		if (r.fault != refusals[i].fault)
			printf("# row %zu\n", i);
		CHECK_EQ(r.fault, refusals[i].fault);
		CHECK(r.where == refusals[i].where ||
		      (r.where != NULL && refusals[i].where != NULL && strcmp(r.where, refusals[i].where) == 0));
		CHECK(json_object(&r, root, "object") == NULL && json_array(&r, root, "array", 9) == NULL);
		CHECK(json_uint(&r, root, "number", 0, 9) == 0 && json_string(&r, root, "text", 9).n == 0);
		CHECK(!json_bool(&r, root, "nothing") && json_optional(&r, root, "text") == NULL);
		json_close(&r, root);
		CHECK_EQ(r.fault, refusals[i].fault);
	}
}

static void json_read_of_no_object_is_a_fault(void)
{
	struct json_reader r = { 0 };
	CHECK_EQ(json_uint(&r, NULL, "version", 1, 9), 0);
	CHECK_EQ(r.fault, FAULT_MISSING);
}

static const struct check_case cases[] = {
	CASE(json_read_takes_every_type),
	CASE(json_read_refuses_and_stays_refused),
	CASE(json_read_of_no_object_is_a_fault),
};

CHECK_MAIN(cases)
