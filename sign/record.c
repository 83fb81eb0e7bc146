#include "record.h"

#include "iso8601.h"

#define RECORD_TEXT_MAX 512

static void record_read_digests(struct json_reader *r, struct json_node *body, struct workspace *ws, struct record *out)
{
	struct json_node *array = json_array(r, body, "digests", RECORD_DIGESTS_MAX);
	if (array == NULL || r->fault != FAULT_NONE)
		return;
	struct digest *digests = workspace_array(ws, array->count + 1, sizeof *digests);
	if (digests == NULL) {
		json_fail(r, FAULT_NO_SPACE, "digests");
		return;
	}
	for (struct json_node *each = array->child; each != NULL; each = each->next)
		json_value_hex(r, each, digests[out->digest_count++].bytes, DIGEST_BYTES);
	out->digests = digests;
}

static void record_read_releases(struct json_reader *r, struct json_node *body, struct workspace *ws,
				 struct record *out)
{
	struct json_node *array = json_array(r, body, "releases", RECORD_RELEASES_MAX);
	if (array == NULL || r->fault != FAULT_NONE)
		return;
	struct record_release *releases = workspace_array(ws, array->count + 1, sizeof *releases);
	if (releases == NULL) {
		json_fail(r, FAULT_NO_SPACE, "releases");
		return;
	}
	for (struct json_node *each = array->child; each != NULL && r->fault == FAULT_NONE; each = each->next) {
		struct record_release *release = &releases[out->release_count++];
		release->counter = json_uint(r, each, "counter", 1, JSON_INTEGER_MAX);
		json_hex(r, each, "image", release->image.bytes, DIGEST_BYTES);
		json_close(r, each);
	}
	out->releases = releases;
}

static int64_t record_read_time(struct json_reader *r, struct json_node *body)
{
	int64_t unix_s = 0;
	enum fault fault = iso8601_decode(json_string(r, body, "time", ISO8601_BYTES), &unix_s);
	if (fault != FAULT_NONE)
		json_fail(r, fault, "time");
	return unix_s;
}

static void record_read(struct json_reader *r, struct json_node *body, struct workspace *ws, struct record *out)
{
	record_read_digests(r, body, ws, out);
	out->index = json_uint(r, body, "index", 1, JSON_INTEGER_MAX);
	out->key = json_string(r, body, "key", RECORD_TEXT_MAX);
	out->kind = json_string(r, body, "kind", RECORD_TEXT_MAX);
	json_hex(r, body, "prev", out->prev.bytes, DIGEST_BYTES);
	record_read_releases(r, body, ws, out);
	out->requester = json_string(r, body, "requester", RECORD_TEXT_MAX);
	out->role_version = json_uint(r, body, "role_version", 0, JSON_INTEGER_MAX);
	struct json_node *root = json_optional(r, body, "root");
	out->has_head = root != NULL;
	if (root != NULL) {
		json_value_hex(r, root, out->root.bytes, DIGEST_BYTES);
		out->size = json_uint(r, body, "size", 0, JSON_INTEGER_MAX);
	}
	out->scope = json_string(r, body, "scope", RECORD_TEXT_MAX);
	out->summary = json_string(r, body, "summary", RECORD_TEXT_MAX);
	out->time_unix = record_read_time(r, body);
	json_expect(r, body, "type", "sign-record");
	out->uid = json_uint(r, body, "uid", 0, JSON_INTEGER_MAX);
	(void)json_uint(r, body, "version", 1, 1);
	out->who = json_string(r, body, "who", RECORD_TEXT_MAX);
	out->why = json_string(r, body, "why", RECORD_TEXT_MAX);
	json_close(r, body);
}

enum fault record_decode(struct span line, struct workspace *ws, struct record *out)
{
	struct json_reader r = { .fault = FAULT_NONE };
	struct json_node *body;
	*out = (struct record){ 0 };
	if (line.n > RECORD_BYTES_MAX)
		return FAULT_TOO_LARGE;
	enum fault fault = json_parse(line, ws, &body);
	if (fault != FAULT_NONE)
		return fault;
	if (body->type != JSON_OBJECT)
		return FAULT_TYPE;
	record_read(&r, body, ws, out);
	return r.fault;
}

static void record_write_lists(struct json_writer *j, const struct record *record)
{
	json_write_name(j, "digests");
	json_write_array(j);
	for (uint32_t i = 0; i < record->digest_count; i++)
		json_write_hex(j, digest_span(&record->digests[i]));
	json_write_array_end(j);
	json_write_member_uint(j, "index", record->index);
	json_write_member_string(j, "key", record->key);
	json_write_member_string(j, "kind", record->kind);
	json_write_member_hex(j, "prev", digest_span(&record->prev));
	json_write_name(j, "releases");
	json_write_array(j);
	for (uint32_t i = 0; i < record->release_count; i++) {
		json_write_object(j);
		json_write_member_uint(j, "counter", record->releases[i].counter);
		json_write_member_hex(j, "image", digest_span(&record->releases[i].image));
		json_write_object_end(j);
	}
	json_write_array_end(j);
}

void record_encode(struct writer *w, const struct record *record)
{
	struct json_writer j = json_writer_over(w);
	char time[ISO8601_BYTES + 1] = "";
	enum fault fault = iso8601_encode(record->time_unix, time);
	if (fault != FAULT_NONE)
		writer_fail(w, fault);
	json_write_object(&j);
	record_write_lists(&j, record);
	json_write_member_string(&j, "requester", record->requester);
	json_write_member_uint(&j, "role_version", record->role_version);
	if (record->has_head)
		json_write_member_hex(&j, "root", digest_span(&record->root));
	json_write_member_string(&j, "scope", record->scope);
	if (record->has_head)
		json_write_member_uint(&j, "size", record->size);
	json_write_member_string(&j, "summary", record->summary);
	json_write_member_text(&j, "time", time);
	json_write_member_text(&j, "type", "sign-record");
	json_write_member_uint(&j, "uid", record->uid);
	json_write_member_uint(&j, "version", 1);
	json_write_member_string(&j, "who", record->who);
	json_write_member_string(&j, "why", record->why);
	json_write_object_end(&j);
}
