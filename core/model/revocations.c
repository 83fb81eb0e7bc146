#include "revocations.h"

static void revocation_list_key(struct json_reader *r, const struct json_node *node, struct digest *keys,
				uint32_t index)
{
	json_value_hex(r, node, keys[index].bytes, DIGEST_BYTES);
	/* [REV-4]: ascending, so that none comes twice and a list has one spelling. */
	if (index > 0 && span_compare(digest_span(&keys[index - 1]), digest_span(&keys[index])) >= 0)
		json_fail(r, FAULT_NOT_CANONICAL, "keys");
}

static void revocation_list_keys(struct json_reader *r, struct json_node *body, uint32_t most, struct workspace *ws,
				 struct revocation_list *out)
{
	struct json_node *list = json_array(r, body, "keys", most);
	if (list == NULL)
		return;
	struct digest *keys = workspace_array(ws, list->count, sizeof *keys);
	if (keys == NULL)
		json_fail(r, FAULT_NO_SPACE, "keys");
	for (struct json_node *n = list->child; n != NULL && r->fault == FAULT_NONE; n = n->next)
		revocation_list_key(r, n, keys, out->count++);
	out->keys = keys;
}

/* [REV-1] [REV-2] [REV-3] */
static enum fault revocation_list_read(struct span text, uint32_t most, struct workspace *ws,
				       struct revocation_list *out)
{
	struct json_reader r = { 0 };
	struct json_node *body;
	*out = (struct revocation_list){ 0 };
	enum fault fault = json_parse_canonical(text, ws, &body);
	if (fault != FAULT_NONE)
		return fault;
	json_expect(&r, body, "type", "revocations");
	if (json_uint(&r, body, "version", 1, JSON_INTEGER_MAX) != 1)
		json_fail(&r, FAULT_VERSION, "version");
	out->epoch = json_uint(&r, body, "epoch", 1, JSON_INTEGER_MAX);
	revocation_list_keys(&r, body, most, ws, out);
	json_close(&r, body);
	return r.fault;
}

enum fault revocation_list_decode(struct span text, struct workspace *ws, struct revocation_list *out)
{
	*out = (struct revocation_list){ 0 };
	return text.n > REVOCATIONS_BYTES_MAX ? FAULT_TOO_LARGE
					      : revocation_list_read(text, REVOCATIONS_KEYS_MAX, ws, out);
}

enum fault revocation_kept_decode(struct span text, struct workspace *ws, struct revocation_list *out)
{
	*out = (struct revocation_list){ 0 };
	return text.n > REVOCATIONS_KEPT_BYTES_MAX ? FAULT_TOO_LARGE
						   : revocation_list_read(text, REVOCATIONS_KEPT_MAX, ws, out);
}

static void revocation_list_write(struct writer *w, const struct revocation_list *list, uint32_t most)
{
	struct json_writer j = json_writer_over(w);
	if (list->count > most) {
		writer_fail(w, FAULT_TOO_LARGE);
		return;
	}
	json_write_object(&j);
	json_write_member_uint(&j, "epoch", list->epoch);
	json_write_name(&j, "keys");
	json_write_array(&j);
	for (uint32_t i = 0; i < list->count; i++) {
		if (i > 0 && span_compare(digest_span(&list->keys[i - 1]), digest_span(&list->keys[i])) >= 0)
			writer_fail(w, FAULT_NOT_CANONICAL);
		json_write_hex(&j, digest_span(&list->keys[i]));
	}
	json_write_array_end(&j);
	json_write_member_text(&j, "type", "revocations");
	json_write_member_uint(&j, "version", 1);
	json_write_object_end(&j);
}

void revocation_list_encode(struct writer *w, const struct revocation_list *list)
{
	revocation_list_write(w, list, REVOCATIONS_KEYS_MAX);
}

void revocation_kept_encode(struct writer *w, const struct revocation_list *list)
{
	revocation_list_write(w, list, REVOCATIONS_KEPT_MAX);
}

bool revocation_list_has(const struct revocation_list *list, const struct digest *key)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (digest_equal(&list->keys[i], key))
			return true;
	return false;
}
