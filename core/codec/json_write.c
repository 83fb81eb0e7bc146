#include "json.h"

#include "hex.h"

struct json_writer json_writer_over(struct writer *out)
{
	return (struct json_writer){ .out = out };
}

static struct json_level *json_level(struct json_writer *w)
{
	return w->depth == 0 ? NULL : &w->levels[w->depth - 1];
}

/* The comma before an element; before a member it stands before the name. */
static void json_write_begin(struct json_writer *w)
{
	struct json_level *level = json_level(w);
	if (level == NULL)
		return;
	if (level->is_object && !w->named)
		writer_fail(w->out, FAULT_SYNTAX);
	if (!level->is_object && !level->is_empty)
		writer_u8(w->out, ',');
	level->is_empty = false;
	w->named = false;
}

static void json_write_open(struct json_writer *w, bool is_object)
{
	json_write_begin(w);
	if (w->depth == JSON_DEPTH_MAX) {
		writer_fail(w->out, FAULT_DEPTH);
		return;
	}
	w->levels[w->depth++] = (struct json_level){ .is_object = is_object, .is_empty = true };
	writer_u8(w->out, is_object ? '{' : '[');
}

static void json_write_close(struct json_writer *w, bool is_object)
{
	const struct json_level *level = json_level(w);
	if (level == NULL || level->is_object != is_object || w->named) {
		writer_fail(w->out, FAULT_SYNTAX);
		return;
	}
	w->depth--;
	writer_u8(w->out, is_object ? '}' : ']');
}

void json_write_object(struct json_writer *w)
{
	json_write_open(w, true);
}

void json_write_object_end(struct json_writer *w)
{
	json_write_close(w, true);
}

void json_write_array(struct json_writer *w)
{
	json_write_open(w, false);
}

void json_write_array_end(struct json_writer *w)
{
	json_write_close(w, false);
}

static void json_write_character(struct json_writer *w, uint8_t byte)
{
	if (byte == '\n' && !w->olpc) {
		writer_text(w->out, "\\n");
		return;
	}
	if (byte != '\n' && (byte < 0x20 || byte > 0x7e))
		writer_fail(w->out, FAULT_UTF8);
	if (byte == '"' || byte == '\\')
		writer_u8(w->out, '\\');
	writer_u8(w->out, byte);
}

static void json_write_quoted(struct json_writer *w, struct span text)
{
	writer_u8(w->out, '"');
	for (size_t i = 0; i < text.n; i++)
		json_write_character(w, text.at[i]);
	writer_u8(w->out, '"');
}

void json_write_name_span(struct json_writer *w, struct span name)
{
	struct json_level *level = json_level(w);
	if (level == NULL || !level->is_object || w->named) {
		writer_fail(w->out, FAULT_SYNTAX);
		return;
	}
	int order = level->is_empty ? -1 : span_compare(level->last_name, name);
	if (order >= 0)
		writer_fail(w->out, order == 0 ? FAULT_DUPLICATE : FAULT_NOT_CANONICAL);
	if (!level->is_empty)
		writer_u8(w->out, ',');
	json_write_quoted(w, name);
	writer_u8(w->out, ':');
	level->last_name = name;
	level->is_empty = false;
	w->named = true;
}

void json_write_name(struct json_writer *w, const char *name)
{
	json_write_name_span(w, span_of_text(name));
}

void json_write_string(struct json_writer *w, struct span text)
{
	json_write_begin(w);
	json_write_quoted(w, text);
}

void json_write_text(struct json_writer *w, const char *text)
{
	json_write_string(w, span_of_text(text));
}

void json_write_uint(struct json_writer *w, uint64_t value)
{
	json_write_begin(w);
	if (value > JSON_INTEGER_MAX)
		writer_fail(w->out, FAULT_RANGE);
	writer_decimal(w->out, value);
}

void json_write_raw(struct json_writer *w, struct span canonical)
{
	json_write_begin(w);
	writer_bytes(w->out, canonical);
}

void json_write_bool(struct json_writer *w, bool value)
{
	json_write_raw(w, value ? SPAN_LIT("true") : SPAN_LIT("false"));
}

void json_write_null(struct json_writer *w)
{
	json_write_raw(w, SPAN_LIT("null"));
}

void json_write_hex(struct json_writer *w, struct span bytes)
{
	json_write_begin(w);
	writer_u8(w->out, '"');
	hex_write(w->out, bytes);
	writer_u8(w->out, '"');
}

void json_write_member_string(struct json_writer *w, const char *name, struct span text)
{
	json_write_name(w, name);
	json_write_string(w, text);
}

void json_write_member_text(struct json_writer *w, const char *name, const char *text)
{
	json_write_name(w, name);
	json_write_text(w, text);
}

void json_write_member_uint(struct json_writer *w, const char *name, uint64_t value)
{
	json_write_name(w, name);
	json_write_uint(w, value);
}

void json_write_member_bool(struct json_writer *w, const char *name, bool value)
{
	json_write_name(w, name);
	json_write_bool(w, value);
}

void json_write_member_hex(struct json_writer *w, const char *name, struct span bytes)
{
	json_write_name(w, name);
	json_write_hex(w, bytes);
}
