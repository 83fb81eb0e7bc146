/*
 * Strict JSON (RFC 8259) and its OLPC canonical form, as TUF 1.0.34 uses it. The parser refuses duplicate members,
 * floats and exponents, leading zeros, NUL, control bytes inside strings, bad UTF-8, lone surrogates, a byte order
 * mark, depth over JSON_DEPTH_MAX and trailing bytes. Members are kept sorted by the bytes of their unescaped names,
 * which is their canonical order.
 *
 * Reading consumes: a decoder takes each member that it knows, then json_close() refuses what is left. The reader's
 * fault is sticky, as a cursor's.
 */
#ifndef JSON_H
#define JSON_H

#include "fault.h"
#include "span.h"
#include "workspace.h"
#include "writer.h"

#define JSON_DEPTH_MAX 32
#define JSON_INTEGER_MAX 9007199254740991u /* 2^53 - 1 */

enum json_type { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_INTEGER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_node {
	enum json_type type;
	bool taken;
	struct span name;        /* of a member, unescaped */
	struct span text;        /* string: unescaped; integer: its digits with sign; else its raw bytes in the input */
	struct json_node *child; /* first element, or first member in canonical order */
	struct json_node *next;
	uint32_t count; /* of children */
};

/* One JSON value and nothing else. Nodes and unescaped strings live in ws; other spans point into text. */
enum fault json_parse(struct span text, struct workspace *ws, struct json_node **out) MUST_USE;
/* The same; *at is the offset at which a fault was met, for messages. */
enum fault json_parse_at(struct span text, struct workspace *ws, struct json_node **out, size_t *at) MUST_USE;

/* The OLPC canonical bytes of a tree. */
void json_canonical(const struct json_node *node, struct writer *w);
/* Is the text, of which this is the tree, its own canonical form? */
bool json_is_canonical(const struct json_node *node, struct span text);
/* json_parse(), and FAULT_NOT_CANONICAL unless the text is its own canonical form: our own objects, unsigned ones. */
enum fault json_parse_canonical(struct span text, struct workspace *ws, struct json_node **out) MUST_USE;

/* --- reading --- */

struct json_reader {
	enum fault fault;
	const char *where; /* the member at which the first fault was met, for messages; NULL: the document */
};

void json_fail(struct json_reader *r, enum fault fault, const char *where);

/* Each takes the named member of an object. A missing one, or one of another type, is a fault. */
struct json_node *json_object(struct json_reader *r, struct json_node *object, const char *name);
struct json_node *json_array(struct json_reader *r, struct json_node *object, const char *name, uint32_t max_count);
struct span json_string(struct json_reader *r, struct json_node *object, const char *name, size_t max_bytes);
uint64_t json_uint(struct json_reader *r, struct json_node *object, const char *name, uint64_t min, uint64_t max);
bool json_bool(struct json_reader *r, struct json_node *object, const char *name);
/* Exactly n bytes in lower-case hexadecimal. */
void json_hex(struct json_reader *r, struct json_node *object, const char *name, uint8_t *out, size_t n);
/* FAULT_VERSION unless the string member is exactly this text. */
void json_expect(struct json_reader *r, struct json_node *object, const char *name, const char *text);
/* NULL where the member is absent; any type. For optional members. */
struct json_node *json_optional(struct json_reader *r, struct json_node *object, const char *name);
/* FAULT_UNKNOWN where a member was not taken. TUF objects, whose unknown members are legal, are not closed. */
void json_close(struct json_reader *r, const struct json_node *object);

/* The value of an element (of an array) or of an optional member. */
uint64_t json_value_uint(struct json_reader *r, const struct json_node *node, uint64_t min, uint64_t max);
struct span json_value_string(struct json_reader *r, const struct json_node *node, size_t max_bytes);
void json_value_hex(struct json_reader *r, const struct json_node *node, uint8_t *out, size_t n);

/* --- writing --- */

/*
 * Canonical but for one character: without white space, members in ascending order of their names (another order is
 * FAULT_NOT_CANONICAL or FAULT_DUPLICATE, so that a wrong encoder fails its first test), strings of printable ASCII
 * (else FAULT_UTF8). The exception is the line end, which TUF has inside PEM keys: JSON must write it as \n, the OLPC
 * form keeps the raw byte. So an encoder runs twice over the same object: once with olpc set for the bytes to be
 * signed, once without for the file. An object without line ends has one form.
 *
 * A value without a name in an object, a name in an array and an end that does not match are FAULT_SYNTAX.
 */
struct json_level {
	bool is_object;
	bool is_empty;
	struct span last_name;
};

struct json_writer {
	struct writer *out; /* takes the faults */
	bool olpc;          /* line ends raw: the form that is signed, which is not JSON */
	bool named;         /* a name was written, its value comes next */
	uint32_t depth;
	struct json_level levels[JSON_DEPTH_MAX];
};

struct json_writer json_writer_over(struct writer *out);
void json_write_object(struct json_writer *w);     /* { */
void json_write_object_end(struct json_writer *w); /* } */
void json_write_array(struct json_writer *w);
void json_write_array_end(struct json_writer *w);
void json_write_name(struct json_writer *w, const char *name);
void json_write_name_span(struct json_writer *w, struct span name); /* must outlive the object */
void json_write_string(struct json_writer *w, struct span text);
void json_write_text(struct json_writer *w, const char *text);
void json_write_uint(struct json_writer *w, uint64_t value); /* FAULT_RANGE above JSON_INTEGER_MAX */
void json_write_bool(struct json_writer *w, bool value);
void json_write_null(struct json_writer *w);
void json_write_hex(struct json_writer *w, struct span bytes);
void json_write_raw(struct json_writer *w, struct span canonical); /* a value that is canonical JSON already */
/* name and value at once */
void json_write_member_string(struct json_writer *w, const char *name, struct span text);
void json_write_member_text(struct json_writer *w, const char *name, const char *text);
void json_write_member_uint(struct json_writer *w, const char *name, uint64_t value);
void json_write_member_bool(struct json_writer *w, const char *name, bool value);
void json_write_member_hex(struct json_writer *w, const char *name, struct span bytes);

#endif
