#include "check.h"
#include "json.h"

static uint8_t buffer[4096];

static void json_write_writes_every_type(void)
{
	struct writer out = writer_over(buffer, sizeof buffer);
	struct json_writer w = json_writer_over(&out);
	json_write_object(&w);
	json_write_name(&w, "array");
	json_write_array(&w);
	json_write_uint(&w, JSON_INTEGER_MAX);
	json_write_null(&w);
	json_write_object(&w);
	json_write_object_end(&w);
	json_write_raw(&w, SPAN_LIT("{\"x\":[]}"));
	json_write_bool(&w, false);
	json_write_array_end(&w);
	json_write_member_bool(&w, "bool", true);
	json_write_member_hex(&w, "hex", SPAN_LIT("\x01\xfe"));
	json_write_name_span(&w, SPAN_LIT("name\"\\"));
	json_write_text(&w, "a \"quoted\" \\ text");
	json_write_member_string(&w, "string", SPAN_LIT("s"));
	json_write_member_text(&w, "text", "");
	json_write_member_uint(&w, "uint", 0);
	json_write_object_end(&w);
	CHECK_EQ(writer_end(&out), FAULT_NONE);
	CHECK_EQ(w.depth, 0);
	CHECK(span_is(writer_span(&out), "{\"array\":[9007199254740991,null,{},{\"x\":[]},false],\"bool\":true,"
					 "\"hex\":\"01fe\",\"name\\\"\\\\\":\"a \\\"quoted\\\" \\\\ text\","
					 "\"string\":\"s\",\"text\":\"\",\"uint\":0}"));
}

static struct span write_key(struct writer *out, bool olpc)
{
	struct json_writer w = json_writer_over(out);
	w.olpc = olpc;
	json_write_object(&w);
	json_write_member_text(&w, "public", "-----BEGIN-----\nAA==\n");
	json_write_object_end(&w);
	CHECK_EQ(writer_end(out), FAULT_NONE);
	return writer_span(out);
}

/* The file is JSON with \n; what is signed has the line end raw, exactly as json_canonical() gives it back. */
static void json_write_has_two_forms_of_a_line_end(void)
{
	static _Alignas(max_align_t) uint8_t memory[4096];
	static uint8_t signed_bytes[256], canonical_bytes[256];
	struct writer file = writer_over(buffer, sizeof buffer);
	struct writer olpc = writer_over(signed_bytes, sizeof signed_bytes);
	struct writer canonical = writer_over(canonical_bytes, sizeof canonical_bytes);
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct json_node *root;
	struct span written = write_key(&file, false);
	CHECK(span_is(written, "{\"public\":\"-----BEGIN-----\\nAA==\\n\"}"));
	CHECK(span_is(write_key(&olpc, true), "{\"public\":\"-----BEGIN-----\nAA==\n\"}"));
	CHECK_EQ(json_parse(written, &ws, &root), FAULT_NONE);
	json_canonical(root, &canonical);
	CHECK(span_equal(writer_span(&canonical), writer_span(&olpc)));
}

static void write_out_of_order(struct json_writer *w)
{
	json_write_member_uint(w, "b", 1);
	json_write_member_uint(w, "a", 1);
}
static void write_twice(struct json_writer *w)
{
	json_write_member_uint(w, "b", 1);
	json_write_member_uint(w, "b", 1);
}
static void write_longer_first(struct json_writer *w)
{
	json_write_member_uint(w, "aa", 1);
	json_write_member_uint(w, "a", 1);
}
static void write_without_name(struct json_writer *w)
{
	json_write_uint(w, 1);
}
static void write_name_without_value(struct json_writer *w)
{
	json_write_name(w, "a");
	json_write_name(w, "b");
}
static void write_end_without_value(struct json_writer *w)
{
	json_write_name(w, "a");
	json_write_object_end(w);
}
static void write_name_in_array(struct json_writer *w)
{
	json_write_name(w, "a");
	json_write_array(w);
	json_write_name(w, "b");
}
static void write_wrong_end(struct json_writer *w)
{
	json_write_array_end(w);
}
static void write_one_end_too_many(struct json_writer *w)
{
	json_write_object_end(w);
	json_write_object_end(w);
}
static void write_too_big_a_number(struct json_writer *w)
{
	json_write_member_uint(w, "a", JSON_INTEGER_MAX + UINT64_C(1));
}
static void write_umlaut(struct json_writer *w)
{
	json_write_member_text(w, "a", "\xc3\xbc");
}
static void write_control(struct json_writer *w)
{
	json_write_member_text(w, "a", "\t");
}
static void write_delete(struct json_writer *w)
{
	json_write_member_text(w, "a", "\x7f");
}
static void write_nul(struct json_writer *w)
{
	json_write_member_string(w, "a", SPAN_LIT("\0"));
}
static void write_bad_name(struct json_writer *w)
{
	json_write_member_text(w, "\r", "");
}
static void write_too_deep(struct json_writer *w)
{
	json_write_name(w, "a");
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		json_write_array(w);
}

static const struct {
	void (*write)(struct json_writer *w);
	enum fault fault;
} refusals[] = {
	{ write_out_of_order, FAULT_NOT_CANONICAL },
	{ write_twice, FAULT_DUPLICATE },
	{ write_longer_first, FAULT_NOT_CANONICAL },
	{ write_without_name, FAULT_SYNTAX },
	{ write_name_without_value, FAULT_SYNTAX },
	{ write_end_without_value, FAULT_SYNTAX },
	{ write_name_in_array, FAULT_SYNTAX },
	{ write_wrong_end, FAULT_SYNTAX },
	{ write_one_end_too_many, FAULT_SYNTAX },
	{ write_too_big_a_number, FAULT_RANGE },
	{ write_umlaut, FAULT_UTF8 },
	{ write_control, FAULT_UTF8 },
	{ write_delete, FAULT_UTF8 },
	{ write_nul, FAULT_UTF8 },
	{ write_bad_name, FAULT_UTF8 },
	{ write_too_deep, FAULT_DEPTH },
};

static void json_write_refuses_a_wrong_encoder(void)
{
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		struct writer out = writer_over(buffer, sizeof buffer);
		struct json_writer w = json_writer_over(&out);
		json_write_object(&w);
		refusals[i].write(&w);
		if (out.fault != refusals[i].fault)
			printf("# row %zu\n", i);
		CHECK_EQ(writer_end(&out), refusals[i].fault);
	}
}

static const struct check_case cases[] = {
	CASE(json_write_writes_every_type),
	CASE(json_write_has_two_forms_of_a_line_end),
	CASE(json_write_refuses_a_wrong_encoder),
};

CHECK_MAIN(cases)
