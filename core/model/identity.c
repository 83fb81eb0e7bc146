#include "identity.h"

#include "cursor.h"
#include "name.h"

#define IDENTITY_PREFIX "urn:sealift:device:"

/* Up to the separator, or to the end: *ended says which. */
static struct span identity_until(struct cursor *c, uint8_t separator, bool *ended)
{
	size_t from = c->at;
	while (cursor_left(c) > 0 && cursor_peek(c) != separator)
		c->at++;
	struct span part = span_sub(c->input, from, c->at - from);
	*ended = cursor_left(c) == 0;
	if (!*ended)
		c->at++;
	return part;
}

static enum fault identity_check_attributes(const struct identity *identity)
{
	if (identity->attribute_count > IDENTITY_ATTRIBUTES_MAX)
		return FAULT_TOO_LARGE;
	for (uint32_t i = 0; i < identity->attribute_count; i++) {
		const struct attribute *a = &identity->attributes[i];
		if (!name_is_label(a->name, IDENTITY_NAME_MAX) || !name_is_word(a->value, IDENTITY_VALUE_MAX))
			return FAULT_SYNTAX;
		int order = i == 0 ? -1 : span_compare(a[-1].name, a->name);
		if (order >= 0)
			return order == 0 ? FAULT_DUPLICATE : FAULT_NOT_CANONICAL;
	}
	return FAULT_NONE;
}

static enum fault identity_check(const struct identity *identity)
{
	if (!name_is_word(identity->product, IDENTITY_PRODUCT_MAX) || !name_is_word(identity->id, IDENTITY_ID_MAX))
		return FAULT_SYNTAX;
	return identity_check_attributes(identity);
}

static enum fault identity_attributes(struct cursor *c, struct identity *out)
{
	bool last = false;
	while (!last) {
		bool ended;
		if (out->attribute_count == IDENTITY_ATTRIBUTES_MAX)
			return FAULT_TOO_LARGE;
		struct cursor pair = cursor_over(identity_until(c, '&', &last));
		struct attribute *a = &out->attributes[out->attribute_count++];
		a->name = identity_until(&pair, '=', &ended);
		if (ended)
			return FAULT_SYNTAX;
		a->value = span_sub(pair.input, pair.at, pair.input.n - pair.at);
	}
	return FAULT_NONE;
}

/* [ID-1] [ID-2] [ID-3] */
enum fault identity_decode(struct span uri, struct identity *out)
{
	*out = (struct identity){ 0 };
	if (uri.n > IDENTITY_URI_MAX)
		return FAULT_TOO_LARGE;
	if (!span_starts(uri, SPAN_LIT(IDENTITY_PREFIX)))
		return FAULT_SYNTAX;
	bool ended;
	struct cursor c = cursor_over(uri);
	(void)cursor_bytes(&c, sizeof(IDENTITY_PREFIX) - 1);
	out->product = identity_until(&c, ':', &ended);
	if (ended)
		return FAULT_TRUNCATED;
	out->id = identity_until(&c, '?', &ended);
	enum fault fault = ended ? FAULT_NONE : identity_attributes(&c, out);
	return fault != FAULT_NONE ? fault : identity_check(out);
}

void identity_encode(struct writer *w, const struct identity *identity)
{
	enum fault fault = identity_check(identity);
	if (fault != FAULT_NONE) {
		writer_fail(w, fault);
		return;
	}
	writer_text(w, IDENTITY_PREFIX);
	writer_bytes(w, identity->product);
	writer_text(w, ":");
	writer_bytes(w, identity->id);
	for (uint32_t i = 0; i < identity->attribute_count; i++) {
		writer_text(w, i == 0 ? "?" : "&");
		writer_bytes(w, identity->attributes[i].name);
		writer_text(w, "=");
		writer_bytes(w, identity->attributes[i].value);
	}
}
