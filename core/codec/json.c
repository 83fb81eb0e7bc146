#include "json.h"

#include "cursor.h"
#include "utf8.h"

#include <string.h>

struct json_parser {
	struct cursor in;
	struct workspace *ws;
	uint32_t depth;
};

static void json_value(struct json_parser *p, struct json_node *node);

static void json_space(struct json_parser *p)
{
	for (;;) {
		uint8_t byte = cursor_peek(&p->in);
		if (byte != ' ' && byte != '\n' && byte != '\r' && byte != '\t')
			return;
		p->in.at++;
	}
}

static void json_expect_byte(struct json_parser *p, uint8_t want)
{
	uint8_t byte = cursor_u8(&p->in);
	if (byte != want)
		cursor_fail(&p->in, FAULT_SYNTAX);
}

/* Takes the byte if it is the next one. */
static bool json_accept(struct json_parser *p, uint8_t want)
{
	if (cursor_left(&p->in) == 0 || cursor_peek(&p->in) != want)
		return false;
	p->in.at++;
	return true;
}

static struct span json_since(const struct json_parser *p, size_t from)
{
	return span_sub(p->in.input, from, p->in.at - from);
}

static struct json_node *json_node_new(struct json_parser *p)
{
	struct json_node *node = workspace_take(p->ws, sizeof *node);
	if (node == NULL)
		cursor_fail(&p->in, FAULT_NO_SPACE);
	return node;
}

/* --- strings --- */

static uint32_t json_hex4(struct cursor *c)
{
	uint32_t value = 0;
	for (int i = 0; i < 4; i++) {
		uint8_t byte = cursor_u8(c);
		uint8_t lower = byte | 0x20;
		if (byte >= '0' && byte <= '9')
			value = value << 4 | (uint32_t)(byte - '0');
		else if (lower >= 'a' && lower <= 'f')
			value = value << 4 | (uint32_t)(lower - 'a' + 10);
		else
			cursor_fail(c, FAULT_SYNTAX);
	}
	return value;
}

/* The code point of a \u escape, whose "\u" has been read; two escapes where the first is a high surrogate. */
static uint32_t json_escape_unicode(struct cursor *c)
{
	uint32_t unit = json_hex4(c);
	if (unit == 0)
		cursor_fail(c, FAULT_UTF8);
	if (unit < 0xd800 || unit > 0xdbff)
		return unit;
	if (cursor_left(c) < 6 || cursor_u8(c) != '\\' || cursor_u8(c) != 'u')
		cursor_fail(c, FAULT_UTF8);
	uint32_t low = json_hex4(c);
	if (low < 0xdc00 || low > 0xdfff)
		cursor_fail(c, FAULT_UTF8);
	return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

static uint32_t json_escape(struct cursor *c)
{
	uint8_t byte = cursor_u8(c);
	switch (byte) {
	case '"':
	case '\\':
	case '/':
		return byte;
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'u':
		return json_escape_unicode(c);
	default:
		cursor_fail(c, FAULT_SYNTAX);
		return 0;
	}
}

/* No escape is shorter than what it stands for, so that the raw length is room enough. */
static struct span json_unescape(struct json_parser *p, struct span raw)
{
	struct cursor c = cursor_over(raw);
	uint8_t *out = workspace_take(p->ws, raw.n);
	size_t n = 0;
	if (out == NULL) {
		cursor_fail(&p->in, FAULT_NO_SPACE);
		return SPAN_NONE;
	}
	while (cursor_left(&c) > 0) {
		uint8_t byte = cursor_u8(&c);
		if (byte != '\\') {
			out[n++] = byte;
			continue;
		}
		uint8_t bytes[4];
		size_t length = utf8_encode(json_escape(&c), bytes);
		if (length == 0)
			cursor_fail(&c, FAULT_UTF8);
		if (c.fault != FAULT_NONE)
			break;
		memcpy(out + n, bytes, length);
		n += length;
	}
	/* The closing quote was found before, so an escape that ends early is wrong rather than cut off. */
	if (c.fault != FAULT_NONE)
		cursor_fail(&p->in, c.fault == FAULT_TRUNCATED ? FAULT_SYNTAX : c.fault);
	return (struct span){ out, n };
}

/*
 * How many bytes from here on stand for themselves inside a string: most of any document, so passed over in one loop.
 */
static size_t json_plain_bytes(const struct json_parser *p)
{
	struct span left = span_sub(p->in.input, p->in.at, cursor_left(&p->in));
	size_t n = 0;
	while (n < left.n && left.at[n] >= 0x20 && left.at[n] != '"' && left.at[n] != '\\')
		n++;
	return n;
}

static struct span json_string_text(struct json_parser *p)
{
	bool escaped = false;
	json_expect_byte(p, '"');
	size_t from = p->in.at;
	for (;;) {
		p->in.at += json_plain_bytes(p);
		uint8_t byte = cursor_u8(&p->in);
		if (p->in.fault != FAULT_NONE)
			return SPAN_NONE;
		if (byte == '"')
			break;
		if (byte < 0x20)
			cursor_fail(&p->in, FAULT_UTF8);
		if (byte == '\\') {
			escaped = true;
			(void)cursor_u8(&p->in);
		}
	}
	struct span raw = json_since(p, from);
	raw.n--; /* the quote */
	if (!utf8_is_valid(raw)) {
		cursor_fail(&p->in, FAULT_UTF8);
		return SPAN_NONE;
	}
	return escaped ? json_unescape(p, raw) : raw;
}

/* --- numbers and words --- */

static void json_integer(struct json_parser *p, struct json_node *node)
{
	size_t from = p->in.at;
	bool negative = json_accept(p, '-');
	uint8_t first = cursor_u8(&p->in);
	if (first < '0' || first > '9')
		cursor_fail(&p->in, FAULT_SYNTAX);
	if (first == '0' && negative)
		cursor_fail(&p->in, FAULT_NOT_CANONICAL);
	while (cursor_peek(&p->in) >= '0' && cursor_peek(&p->in) <= '9') {
		if (first == '0')
			cursor_fail(&p->in, FAULT_SYNTAX);
		p->in.at++;
	}
	uint8_t after = cursor_peek(&p->in);
	if (after == '.' || after == 'e' || after == 'E')
		cursor_fail(&p->in, FAULT_TYPE);
	node->type = JSON_INTEGER;
	node->text = json_since(p, from);
}

static void json_word(struct json_parser *p, struct json_node *node, const char *word, enum json_type type)
{
	size_t from = p->in.at;
	for (size_t i = 0; word[i] != '\0'; i++)
		json_expect_byte(p, (uint8_t)word[i]);
	node->type = type;
	node->text = json_since(p, from);
}

/* --- arrays and objects --- */

/* Merges two sorted lists; of equal names the first list's comes first. */
static struct json_node *json_merge(struct json_node *a, struct json_node *b)
{
	struct json_node *head = NULL, **tail = &head;
	while (a != NULL && b != NULL) {
		struct json_node **least = span_compare(a->name, b->name) <= 0 ? &a : &b;
		*tail = *least;
		tail = &(*least)->next;
		*least = *tail;
	}
	*tail = a != NULL ? a : b;
	return head;
}

/*
 * Merge sort without recursion: runs[i] holds a sorted run of 2^i members or nothing, like the bits of a counter, so
 * that hostile input costs n log n and a fixed stack.
 */
static struct json_node *json_sort(struct json_node *list)
{
	struct json_node *runs[32] = { NULL };
	while (list != NULL) {
		struct json_node *run = list;
		list = list->next;
		run->next = NULL;
		size_t i = 0;
		for (; i < 31 && runs[i] != NULL; i++) {
			run = json_merge(runs[i], run);
			runs[i] = NULL;
		}
		runs[i] = json_merge(runs[i], run);
	}
	for (size_t i = 0; i < 32; i++)
		list = json_merge(runs[i], list);
	return list;
}

static void json_order_members(struct json_parser *p, struct json_node *object)
{
	bool ascending = true;
	for (const struct json_node *m = object->child; ascending && m != NULL && m->next != NULL; m = m->next)
		ascending = span_compare(m->name, m->next->name) < 0;
	if (ascending)
		return;
	object->child = json_sort(object->child);
	for (const struct json_node *m = object->child; m->next != NULL; m = m->next)
		if (span_equal(m->name, m->next->name))
			cursor_fail(&p->in, FAULT_DUPLICATE);
}

static struct json_node *json_element(struct json_parser *p, bool named)
{
	struct json_node *node = json_node_new(p);
	if (node == NULL)
		return NULL;
	if (named) {
		json_space(p);
		node->name = json_string_text(p);
		json_space(p);
		json_expect_byte(p, ':');
	}
	json_value(p, node);
	json_space(p);
	return node;
}

static void json_children(struct json_parser *p, struct json_node *node, uint8_t close)
{
	struct json_node **tail = &node->child;
	size_t from = p->in.at++;
	if (++p->depth > JSON_DEPTH_MAX)
		cursor_fail(&p->in, FAULT_DEPTH);
	json_space(p);
	bool more = !json_accept(p, close);
	while (more && p->in.fault == FAULT_NONE) {
		*tail = json_element(p, node->type == JSON_OBJECT);
		if (p->in.fault != FAULT_NONE)
			return;
		tail = &(*tail)->next;
		node->count++;
		more = json_accept(p, ',');
		if (!more)
			json_expect_byte(p, close);
	}
	p->depth--;
	node->text = json_since(p, from);
}

static void json_value(struct json_parser *p, struct json_node *node)
{
	json_space(p);
	switch (cursor_peek(&p->in)) {
	case '{':
		node->type = JSON_OBJECT;
		json_children(p, node, '}');
		if (p->in.fault == FAULT_NONE)
			json_order_members(p, node);
		return;
	case '[':
		node->type = JSON_ARRAY;
		json_children(p, node, ']');
		return;
	case '"':
		node->type = JSON_STRING;
		node->text = json_string_text(p);
		return;
	case 't':
		json_word(p, node, "true", JSON_TRUE);
		return;
	case 'f':
		json_word(p, node, "false", JSON_FALSE);
		return;
	case 'n':
		json_word(p, node, "null", JSON_NULL);
		return;
	default:
		json_integer(p, node);
	}
}

enum fault json_parse(struct span text, struct workspace *ws, struct json_node **out)
{
	size_t at;
	return json_parse_at(text, ws, out, &at);
}

enum fault json_parse_at(struct span text, struct workspace *ws, struct json_node **out, size_t *at)
{
	struct json_parser p = { .in = cursor_over(text), .ws = ws };
	*out = NULL;
	*at = 0;
	/* Counts are 32 bits wide; no ceiling of ours comes near. */
	if (text.n > UINT32_MAX)
		return FAULT_TOO_LARGE;
	struct json_node *root = json_element(&p, false);
	enum fault fault = cursor_end(&p.in);
	*at = p.in.at;
	if (fault != FAULT_NONE)
		return fault;
	*out = root;
	return FAULT_NONE;
}

/* --- canonical form --- */

static void json_canonical_string(struct span text, struct writer *w)
{
	size_t from = 0;
	writer_u8(w, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.at[i] != '"' && text.at[i] != '\\')
			continue;
		writer_bytes(w, span_sub(text, from, i - from));
		writer_u8(w, '\\');
		from = i;
	}
	writer_bytes(w, span_sub(text, from, text.n - from));
	writer_u8(w, '"');
}

static void json_canonical_children(const struct json_node *node, struct writer *w)
{
	bool is_object = node->type == JSON_OBJECT;
	writer_u8(w, is_object ? '{' : '[');
	for (const struct json_node *child = node->child; child != NULL; child = child->next) {
		if (child != node->child)
			writer_u8(w, ',');
		if (is_object) {
			json_canonical_string(child->name, w);
			writer_u8(w, ':');
		}
		json_canonical(child, w);
	}
	writer_u8(w, is_object ? '}' : ']');
}

void json_canonical(const struct json_node *node, struct writer *w)
{
	switch (node->type) {
	case JSON_OBJECT:
	case JSON_ARRAY:
		json_canonical_children(node, w);
		return;
	case JSON_STRING:
		json_canonical_string(node->text, w);
		return;
	case JSON_NULL:
	case JSON_FALSE:
	case JSON_TRUE:
	case JSON_INTEGER:
		writer_bytes(w, node->text);
		return;
	}
}

/* A drain that compares what is written with what was read. */
struct json_echo {
	struct span left;
	bool differs;
};

static void json_echo(void *context, struct span bytes)
{
	struct json_echo *echo = context;
	echo->differs = echo->differs || !span_starts(echo->left, bytes);
	echo->left = span_sub(echo->left, bytes.n, echo->left.n);
}

bool json_is_canonical(const struct json_node *node, struct span text)
{
	uint8_t chunk[256];
	struct json_echo echo = { .left = text };
	struct writer w = writer_over(chunk, sizeof chunk);
	w.drain = json_echo;
	w.context = &echo;
	json_canonical(node, &w);
	return writer_end(&w) == FAULT_NONE && !echo.differs && echo.left.n == 0;
}

enum fault json_parse_canonical(struct span text, struct workspace *ws, struct json_node **out)
{
	enum fault fault = json_parse(text, ws, out);
	if (fault != FAULT_NONE)
		return fault;
	return json_is_canonical(*out, text) ? FAULT_NONE : FAULT_NOT_CANONICAL;
}
