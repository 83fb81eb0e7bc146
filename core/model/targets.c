/* Targets and delegated roles, which are of one form. */
#include "hex.h"
#include "metadata.h"
#include "metadata_parts.h"

static void targets_read_entry(struct json_reader *r, struct json_node *node, struct target *out)
{
	out->path = node->name;
	out->length = json_uint(r, node, "length", 0, JSON_INTEGER_MAX);
	out->hashes = metadata_read_hashes(r, json_object(r, node, "hashes"), &out->sha256, &out->sha512);
	out->custom = json_optional(r, node, "custom");
	if (node->name.n == 0 || node->name.n > METADATA_PATH_MAX)
		json_fail(r, FAULT_RANGE, "targets");
}

static void targets_read_entries(struct json_reader *r, const struct json_node *list, struct workspace *ws,
				 struct targets *out)
{
	if (list == NULL || r->fault != FAULT_NONE)
		return;
	struct target *entries = workspace_array(ws, list->count, sizeof *entries);
	if (entries == NULL)
		json_fail(r, FAULT_NO_SPACE, "targets");
	for (struct json_node *node = list->child; node != NULL && r->fault == FAULT_NONE; node = node->next)
		targets_read_entry(r, node, &entries[out->count++]);
	out->entries = entries;
}

static const struct span *delegation_read_list(struct json_reader *r, struct json_node *node, const char *name,
					       uint32_t max_count, size_t max_bytes, struct workspace *ws,
					       uint32_t *count)
{
	const struct json_node *list = json_array(r, node, name, max_count);
	if (list == NULL)
		return NULL;
	struct span *texts = workspace_array(ws, list->count, sizeof *texts);
	if (texts == NULL)
		json_fail(r, FAULT_NO_SPACE, name);
	for (const struct json_node *text = list->child; text != NULL && r->fault == FAULT_NONE; text = text->next)
		texts[(*count)++] = json_value_string(r, text, max_bytes);
	return texts;
}

/* Patterns or hash prefixes, or neither, which covers nothing; both would be two answers to one question [META-14]. */
static void delegation_read_paths(struct json_reader *r, struct json_node *node, struct workspace *ws,
				  struct delegation *out)
{
	bool has_prefixes = json_optional(r, node, "path_hash_prefixes") != NULL;
	bool has_paths = json_optional(r, node, "paths") != NULL;
	if (has_prefixes && has_paths)
		json_fail(r, FAULT_DUPLICATE, "paths");
	if (has_paths)
		out->paths = delegation_read_list(r, node, "paths", METADATA_PATHS_MAX, METADATA_PATH_MAX, ws,
						  &out->path_count);
	if (has_prefixes)
		out->hash_prefixes = delegation_read_list(r, node, "path_hash_prefixes", METADATA_HASH_PREFIXES_MAX,
							  2 * DIGEST_BYTES, ws, &out->hash_prefix_count);
}

bool delegation_covers(const struct crypto *crypto, const struct delegation *delegation, struct span path)
{
	char hex[2 * DIGEST_BYTES + 1];
	for (uint32_t i = 0; i < delegation->path_count; i++)
		if (metadata_path_matches(delegation->paths[i], path))
			return true;
	if (delegation->hash_prefix_count == 0)
		return false;
	struct digest digest = sha256_of(crypto, path);
	hex_text(digest_span(&digest), hex);
	for (uint32_t i = 0; i < delegation->hash_prefix_count; i++)
		if (span_starts(span_of_text(hex), delegation->hash_prefixes[i]))
			return true;
	return false;
}

static void delegation_read(struct json_reader *r, struct json_node *node, struct workspace *ws,
			    const struct role_ring *ring, struct delegation *out)
{
	out->name = json_string(r, node, "name", METADATA_ROLE_NAME_MAX);
	if (r->fault == FAULT_NONE && !metadata_is_role_name(out->name))
		json_fail(r, FAULT_RANGE, "name");
	role_decode(r, node, ws, ring, &out->role);
	out->terminating = json_bool(r, node, "terminating");
	delegation_read_paths(r, node, ws, out);
}

/* [META-15] */
static void delegation_refuse_twice(struct json_reader *r, const struct delegation *list, uint32_t last)
{
	for (uint32_t i = 0; i < last; i++)
		if (span_equal(list[i].name, list[last].name))
			json_fail(r, FAULT_DUPLICATE, "name");
}

static void targets_read_delegations(struct json_reader *r, struct json_node *body, struct workspace *ws,
				     const struct crypto *crypto, enum role_keyids keyids, struct targets *out)
{
	struct role_ring ring;
	struct json_node *node = json_optional(r, body, "delegations");
	if (node == NULL)
		return;
	role_decode_ring_by(r, json_object(r, node, "keys"), ws, crypto, keyids, &ring);
	const struct json_node *roles = json_array(r, node, "roles", METADATA_DELEGATIONS_MAX);
	if (r->fault != FAULT_NONE)
		return;
	struct delegation *list = workspace_array(ws, roles->count, sizeof *list);
	if (list == NULL)
		json_fail(r, FAULT_NO_SPACE, "delegations");
	for (struct json_node *role = roles->child; role != NULL && r->fault == FAULT_NONE; role = role->next) {
		delegation_read(r, role, ws, &ring, &list[out->delegation_count]);
		delegation_refuse_twice(r, list, out->delegation_count++);
	}
	out->delegations = list;
}

enum fault targets_decode(struct json_node *body, struct workspace *ws, const struct crypto *crypto,
			  struct targets *out)
{
	return targets_decode_by(body, ws, crypto, ROLE_KEYIDS_STRICT, out);
}

enum fault targets_decode_by(struct json_node *body, struct workspace *ws, const struct crypto *crypto,
			     enum role_keyids keyids, struct targets *out)
{
	struct json_reader r = { .fault = FAULT_NONE };
	*out = (struct targets){ 0 };
	metadata_read_head(&r, body, "targets", &out->version, &out->expires_unix);
	targets_read_delegations(&r, body, ws, crypto, keyids, out);
	targets_read_entries(&r, json_object(&r, body, "targets"), ws, out);
	out->where = r.where;
	return r.fault;
}

static void delegations_write_keys(struct json_writer *w, const struct targets *targets)
{
	struct span last = SPAN_NONE;
	json_write_name(w, "keys");
	json_write_object(w);
	for (;;) {
		const struct role_key *next = NULL;
		for (uint32_t i = 0; i < targets->delegation_count; i++)
			role_next_key(&targets->delegations[i].role, last, &next);
		if (next == NULL)
			break;
		role_write_ring_key(w, next);
		last = next->keyid;
	}
	json_write_object_end(w);
}

static void delegation_write(struct json_writer *w, const struct delegation *delegation)
{
	json_write_object(w);
	role_write_keyids(w, &delegation->role);
	json_write_member_string(w, "name", delegation->name);
	bool hashed = delegation->hash_prefix_count > 0;
	uint32_t count = hashed ? delegation->hash_prefix_count : delegation->path_count;
	json_write_name(w, hashed ? "path_hash_prefixes" : "paths");
	json_write_array(w);
	for (uint32_t i = 0; i < count; i++)
		json_write_string(w, hashed ? delegation->hash_prefixes[i] : delegation->paths[i]);
	json_write_array_end(w);
	json_write_member_bool(w, "terminating", delegation->terminating);
	json_write_member_uint(w, "threshold", delegation->role.threshold);
	json_write_object_end(w);
}

static void targets_write_delegations(struct json_writer *w, const struct targets *targets)
{
	json_write_name(w, "delegations");
	json_write_object(w);
	delegations_write_keys(w, targets);
	json_write_name(w, "roles");
	json_write_array(w);
	for (uint32_t i = 0; i < targets->delegation_count; i++)
		delegation_write(w, &targets->delegations[i]);
	json_write_array_end(w);
	json_write_object_end(w);
}

static void target_write(struct json_writer *w, const struct target *target)
{
	json_write_name_span(w, target->path);
	json_write_object(w);
	if (target->custom != NULL) {
		json_write_name(w, "custom");
		json_write_raw(w, SPAN_NONE); /* begins the value, which follows */
		json_canonical(target->custom, w->out);
	}
	metadata_write_hashes(w, target->hashes, &target->sha256, &target->sha512);
	json_write_member_uint(w, "length", target->length);
	json_write_object_end(w);
}

void targets_encode(struct writer *w, const struct targets *targets)
{
	struct json_writer j = metadata_begin(w, "targets");
	if (targets->delegation_count > 0)
		targets_write_delegations(&j, targets);
	metadata_write_time(&j, "expires", targets->expires_unix);
	json_write_member_text(&j, "spec_version", METADATA_SPEC_VERSION);
	json_write_name(&j, "targets");
	json_write_object(&j);
	for (uint32_t i = 0; i < targets->count; i++)
		target_write(&j, &targets->entries[i]);
	json_write_object_end(&j);
	json_write_member_uint(&j, "version", targets->version);
	json_write_object_end(&j);
}

const struct target *targets_find(const struct targets *targets, struct span path)
{
	uint32_t low = 0, high = targets->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = span_compare(targets->entries[middle].path, path);
		if (order == 0)
			return &targets->entries[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
