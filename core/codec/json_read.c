#include "json.h"

#include "hex.h"

void json_fail(struct json_reader *r, enum fault fault, const char *where)
{
	if (r->fault != FAULT_NONE)
		return;
	r->fault = fault;
	r->where = where;
}

struct json_node *json_optional(struct json_reader *r, struct json_node *object, const char *name)
{
	struct span wanted = span_of_text(name);
	if (r->fault != FAULT_NONE || object == NULL)
		return NULL;
	if (object->type != JSON_OBJECT) {
		json_fail(r, FAULT_TYPE, name);
		return NULL;
	}
	for (struct json_node *member = object->child; member != NULL; member = member->next) {
		if (!span_equal(member->name, wanted))
			continue;
		member->taken = true;
		return member;
	}
	return NULL;
}

static struct json_node *json_required(struct json_reader *r, struct json_node *object, const char *name)
{
	struct json_node *member = json_optional(r, object, name);
	if (member == NULL)
		json_fail(r, FAULT_MISSING, name);
	return member;
}

/* The node if it has that type; a fault, once, if it has not or is NULL. */
static bool json_is(struct json_reader *r, const struct json_node *node, enum json_type type, const char *where)
{
	if (r->fault == FAULT_NONE && node == NULL)
		json_fail(r, FAULT_MISSING, where);
	if (r->fault == FAULT_NONE && node->type != type)
		json_fail(r, FAULT_TYPE, where);
	return r->fault == FAULT_NONE;
}

static struct span json_checked_string(struct json_reader *r, const struct json_node *node, size_t max_bytes,
				       const char *where)
{
	if (!json_is(r, node, JSON_STRING, where))
		return SPAN_NONE;
	if (node->text.n > max_bytes) {
		json_fail(r, FAULT_TOO_LARGE, where);
		return SPAN_NONE;
	}
	return node->text;
}

static uint64_t json_checked_uint(struct json_reader *r, const struct json_node *node, uint64_t min, uint64_t max,
				  const char *where)
{
	uint64_t value = 0;
	if (!json_is(r, node, JSON_INTEGER, where))
		return 0;
	for (size_t i = 0; i < node->text.n; i++) {
		uint64_t digit = (uint64_t)node->text.at[i] - '0';
		/* The sign, too, gives a "digit" over 9. */
		if (digit > 9 || value > (UINT64_MAX - digit) / 10) {
			json_fail(r, FAULT_RANGE, where);
			return 0;
		}
		value = value * 10 + digit;
	}
	if (value < min || value > max) {
		json_fail(r, FAULT_RANGE, where);
		return 0;
	}
	return value;
}

static void json_checked_hex(struct json_reader *r, const struct json_node *node, uint8_t *out, size_t n,
			     const char *where)
{
	if (!json_is(r, node, JSON_STRING, where))
		return;
	enum fault fault = hex_decode(node->text, out, n);
	if (fault != FAULT_NONE)
		json_fail(r, fault, where);
}

struct json_node *json_object(struct json_reader *r, struct json_node *object, const char *name)
{
	struct json_node *member = json_required(r, object, name);
	return json_is(r, member, JSON_OBJECT, name) ? member : NULL;
}

struct json_node *json_array(struct json_reader *r, struct json_node *object, const char *name, uint32_t max_count)
{
	struct json_node *member = json_required(r, object, name);
	if (!json_is(r, member, JSON_ARRAY, name))
		return NULL;
	if (member->count > max_count) {
		json_fail(r, FAULT_TOO_LARGE, name);
		return NULL;
	}
	return member;
}

struct span json_string(struct json_reader *r, struct json_node *object, const char *name, size_t max_bytes)
{
	return json_checked_string(r, json_required(r, object, name), max_bytes, name);
}

uint64_t json_uint(struct json_reader *r, struct json_node *object, const char *name, uint64_t min, uint64_t max)
{
	return json_checked_uint(r, json_required(r, object, name), min, max, name);
}

bool json_bool(struct json_reader *r, struct json_node *object, const char *name)
{
	struct json_node *member = json_required(r, object, name);
	if (member != NULL && member->type == JSON_FALSE)
		return false;
	return json_is(r, member, JSON_TRUE, name);
}

void json_hex(struct json_reader *r, struct json_node *object, const char *name, uint8_t *out, size_t n)
{
	json_checked_hex(r, json_required(r, object, name), out, n, name);
}

void json_expect(struct json_reader *r, struct json_node *object, const char *name, const char *text)
{
	struct json_node *member = json_required(r, object, name);
	if (json_is(r, member, JSON_STRING, name) && !span_is(member->text, text))
		json_fail(r, FAULT_VERSION, name);
}

void json_close(struct json_reader *r, const struct json_node *object)
{
	if (r->fault != FAULT_NONE || object == NULL)
		return;
	for (const struct json_node *member = object->child; member != NULL; member = member->next)
		if (!member->taken)
			json_fail(r, FAULT_UNKNOWN, NULL);
}

uint64_t json_value_uint(struct json_reader *r, const struct json_node *node, uint64_t min, uint64_t max)
{
	return json_checked_uint(r, node, min, max, NULL);
}

struct span json_value_string(struct json_reader *r, const struct json_node *node, size_t max_bytes)
{
	return json_checked_string(r, node, max_bytes, NULL);
}

void json_value_hex(struct json_reader *r, const struct json_node *node, uint8_t *out, size_t n)
{
	json_checked_hex(r, node, out, n, NULL);
}
