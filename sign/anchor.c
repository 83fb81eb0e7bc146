#include "anchor.h"

#include <stdio.h>

#include "file.h"
#include "json.h"

#define ANCHOR_BYTES_MAX 512

static int anchor_path(const char *journal, char out[FILE_PATH_MAX], struct error *e)
{
	int n = snprintf(out, FILE_PATH_MAX, "%s.head", journal);
	return n < 0 || n >= FILE_PATH_MAX ? error_set(e, "the path of the journal %s is too long", journal) : 0;
}

static enum fault anchor_decode(struct span text, struct anchor *out)
{
	uint8_t memory[4096];
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct json_reader r = { .fault = FAULT_NONE };
	struct json_node *body;
	enum fault fault = json_parse(text, &ws, &body);
	if (fault != FAULT_NONE || body->type != JSON_OBJECT)
		return fault != FAULT_NONE ? fault : FAULT_TYPE;
	out->count = json_uint(&r, body, "count", 0, JSON_INTEGER_MAX);
	json_hex(&r, body, "last", out->last.bytes, DIGEST_BYTES);
	json_expect(&r, body, "type", "sign-head");
	(void)json_uint(&r, body, "version", 1, 1);
	json_close(&r, body);
	return r.fault;
}

int anchor_load(const char *journal, struct anchor *out, struct error *e)
{
	uint8_t bytes[ANCHOR_BYTES_MAX];
	char path[FILE_PATH_MAX];
	size_t n = 0;
	*out = (struct anchor){ 0 };
	if (anchor_path(journal, path, e) != 0)
		return -1;
	int status = file_read(path, bytes, sizeof bytes, &n, e);
	if (status != 0 || n == 0)
		return status;
	enum fault fault = anchor_decode((struct span){ bytes, n }, out);
	return fault != FAULT_NONE ? error_set(e, "%s: %s; restore it from a copy", path, fault_text(fault)) : 0;
}

int anchor_save(const char *journal, const struct anchor *anchor, struct error *e)
{
	uint8_t bytes[ANCHOR_BYTES_MAX];
	char path[FILE_PATH_MAX];
	struct writer w = writer_over(bytes, sizeof bytes);
	struct json_writer j = json_writer_over(&w);
	json_write_object(&j);
	json_write_member_uint(&j, "count", anchor->count);
	json_write_member_hex(&j, "last", digest_span(&anchor->last));
	json_write_member_text(&j, "type", "sign-head");
	json_write_member_uint(&j, "version", 1);
	json_write_object_end(&j);
	if (writer_end(&w) != FAULT_NONE)
		return error_set(e, "the anchor of the journal %s: %s", journal, fault_text(w.fault));
	return anchor_path(journal, path, e) != 0 ? -1 : file_write(path, writer_span(&w), 0600, e);
}
