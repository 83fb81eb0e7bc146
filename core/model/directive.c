#include "directive.h"

#include "name.h"

static const char *const directive_actions[] = { "install", "return" };

/* [DIR-3] */
static enum directive_action directive_action(struct json_reader *r, struct json_node *body)
{
	struct span word = json_string(r, body, "action", 16);
	if (span_is(word, directive_actions[DIRECTIVE_RETURN]))
		return DIRECTIVE_RETURN;
	if (!span_is(word, directive_actions[DIRECTIVE_INSTALL]))
		json_fail(r, FAULT_VERSION, "action");
	return DIRECTIVE_INSTALL;
}

static struct span directive_path(struct json_reader *r, struct json_node *body, const char *name, struct span prefix)
{
	struct span path = json_string(r, body, name, METADATA_PATH_MAX);
	if (!span_starts(path, prefix) || !name_is_printable(path, METADATA_PATH_MAX))
		json_fail(r, FAULT_RANGE, name);
	return path;
}

/* [DIR-2] [DIR-4]: no number is refused here for being unwise; that is the rules' part (trust/authorize.h). */
enum fault directive_decode(struct json_node *body, struct directive *out)
{
	struct json_reader r = { 0 };
	*out = (struct directive){ 0 };
	json_expect(&r, body, "type", "directive");
	if (json_uint(&r, body, "version", 1, JSON_INTEGER_MAX) != 1)
		json_fail(&r, FAULT_VERSION, "version");
	out->device = json_string(&r, body, "device", DEVICE_ID_MAX);
	if (!name_is_word(out->device, DEVICE_ID_MAX))
		json_fail(&r, FAULT_RANGE, "device");
	out->sequence = json_uint(&r, body, "sequence", 1, JSON_INTEGER_MAX);
	out->action = directive_action(&r, body);
	out->target_path = directive_path(&r, body, "target_path", SPAN_LIT("p/"));
	json_hex(&r, body, "image", out->image.bytes, DIGEST_BYTES);
	out->image_bytes = json_uint(&r, body, "image_bytes", 1, JSON_INTEGER_MAX);
	out->counter = json_uint(&r, body, "counter", 1, JSON_INTEGER_MAX);
	out->plan_path = directive_path(&r, body, "plan_path", SPAN_LIT("plans/"));
	json_hex(&r, body, "plan", out->plan.bytes, DIGEST_BYTES);
	out->stage = (uint32_t)json_uint(&r, body, "stage", 0, UINT32_MAX);
	json_hex(&r, body, "nonce", out->nonce, DIRECTIVE_NONCE_BYTES);
	out->lifetime_s = (uint32_t)json_uint(&r, body, "lifetime_s", 1, UINT32_MAX);
	json_close(&r, body);
	out->where = r.where;
	return r.fault;
}

void directive_encode(struct writer *w, const struct directive *directive)
{
	struct json_writer j = json_writer_over(w);
	if (directive->action != DIRECTIVE_INSTALL && directive->action != DIRECTIVE_RETURN) {
		writer_fail(w, FAULT_RANGE);
		return;
	}
	json_write_object(&j);
	json_write_member_text(&j, "action", directive_actions[directive->action]);
	json_write_member_uint(&j, "counter", directive->counter);
	json_write_member_string(&j, "device", directive->device);
	json_write_member_hex(&j, "image", digest_span(&directive->image));
	json_write_member_uint(&j, "image_bytes", directive->image_bytes);
	json_write_member_uint(&j, "lifetime_s", directive->lifetime_s);
	json_write_member_hex(&j, "nonce", SPAN_OF(directive->nonce));
	json_write_member_hex(&j, "plan", digest_span(&directive->plan));
	json_write_member_string(&j, "plan_path", directive->plan_path);
	json_write_member_uint(&j, "sequence", directive->sequence);
	json_write_member_uint(&j, "stage", directive->stage);
	json_write_member_string(&j, "target_path", directive->target_path);
	json_write_member_text(&j, "type", "directive");
	json_write_member_uint(&j, "version", 1);
	json_write_object_end(&j);
}
