#include "signd_message.h"

#include "base64.h"
#include "frame.h"
#include "json.h"
#include "name.h"

static const char *const signd_kinds[SIGND_KINDS] = {
	[SIGND_METADATA] = "metadata",     [SIGND_MANIFEST] = "manifest",     [SIGND_DIRECTIVE] = "directive",
	[SIGND_EMERGENCY] = "emergency",   [SIGND_CHECKPOINT] = "checkpoint", [SIGND_CERTIFICATE] = "certificate",
	[SIGND_PUBLIC_KEY] = "public-key",
};

const char *signd_kind_text(enum signd_kind kind)
{
	return kind < SIGND_KINDS ? signd_kinds[kind] : "unknown";
}

/* --- reading --- */

/* Printable ASCII: it goes into the journal and onto terminals. */
static struct span signd_text(struct json_reader *r, struct json_node *object, const char *name, size_t max_bytes)
{
	struct span text = json_string(r, object, name, max_bytes);
	for (size_t i = 0; i < text.n; i++)
		if (text.at[i] < 0x20 || text.at[i] > 0x7e)
			json_fail(r, FAULT_UTF8, name);
	if (text.n == 0)
		json_fail(r, FAULT_RANGE, name);
	return r->fault == FAULT_NONE ? text : SPAN_NONE;
}

static struct span signd_base64(struct json_reader *r, struct span text, struct workspace *ws)
{
	size_t capacity = text.n / 4 * 3 + 3;
	uint8_t *bytes = workspace_take(ws, capacity);
	struct writer w = writer_over(bytes, bytes != NULL ? capacity : 0);
	if (bytes == NULL) {
		json_fail(r, FAULT_NO_SPACE, "base64");
		return SPAN_NONE;
	}
	enum fault fault = base64_decode(text, &w);
	if (fault != FAULT_NONE)
		json_fail(r, fault, "base64");
	return fault == FAULT_NONE ? writer_span(&w) : SPAN_NONE;
}

static enum signd_kind signd_read_kind(struct json_reader *r, struct json_node *body)
{
	struct span text = json_string(r, body, "kind", 16);
	for (unsigned i = 0; i < SIGND_KINDS; i++)
		if (span_is(text, signd_kinds[i]))
			return (enum signd_kind)i;
	json_fail(r, FAULT_UNKNOWN, "kind");
	return SIGND_KINDS;
}

static void signd_read_objects(struct json_reader *r, struct json_node *body, struct workspace *ws,
			       struct signd_request *out)
{
	struct json_node *array = json_array(r, body, "objects", SIGND_OBJECTS_MAX);
	if (array == NULL || r->fault != FAULT_NONE)
		return;
	struct span *objects = workspace_array(ws, array->count + 1, sizeof *objects);
	if (objects == NULL) {
		json_fail(r, FAULT_NO_SPACE, "objects");
		return;
	}
	for (struct json_node *each = array->child; each != NULL && r->fault == FAULT_NONE; each = each->next) {
		objects[out->count] = signd_base64(r, json_value_string(r, each, FRAME_BYTES_MAX), ws);
		if (objects[out->count++].n == 0)
			json_fail(r, FAULT_RANGE, "objects");
	}
	out->objects = objects;
}

static void signd_check_shape(struct json_reader *r, const struct signd_request *request)
{
	uint32_t least = request->kind == SIGND_PUBLIC_KEY ? 0 : 1;
	uint32_t most = request->kind == SIGND_DIRECTIVE ? SIGND_OBJECTS_MAX : least;
	if (request->count < least || request->count > most)
		json_fail(r, FAULT_RANGE, "objects");
}

/* The canonical spelling only: a request has one meaning and one form. */
static bool signd_is_canonical(const struct json_node *node, struct span text, struct workspace *ws)
{
	size_t used = ws->used;
	uint8_t *bytes = workspace_take(ws, text.n);
	struct writer w = writer_over(bytes, bytes != NULL ? text.n : 0);
	json_canonical(node, &w);
	bool same = writer_end(&w) == FAULT_NONE && span_equal(writer_span(&w), text);
	ws->used = used;
	return same;
}

static enum fault signd_parse(struct span text, struct workspace *ws, const char *type, struct json_node **out)
{
	struct json_reader r = { .fault = FAULT_NONE };
	if (text.n > FRAME_BYTES_MAX)
		return FAULT_TOO_LARGE;
	enum fault fault = json_parse(text, ws, out);
	if (fault != FAULT_NONE)
		return fault;
	if ((*out)->type != JSON_OBJECT)
		return FAULT_TYPE;
	if (!signd_is_canonical(*out, text, ws))
		return FAULT_NOT_CANONICAL;
	json_expect(&r, *out, "type", type);
	(void)json_uint(&r, *out, "version", 1, 1);
	return r.fault == FAULT_RANGE ? FAULT_VERSION : r.fault;
}

enum fault signd_request_decode(struct span text, struct workspace *ws, struct signd_request *out)
{
	struct json_reader r = { .fault = FAULT_NONE };
	struct json_node *body;
	*out = (struct signd_request){ 0 };
	enum fault fault = signd_parse(text, ws, "sign-request", &body);
	if (fault != FAULT_NONE)
		return fault;
	out->kind = signd_read_kind(&r, body);
	if (out->kind == SIGND_CERTIFICATE) {
		out->days = (uint32_t)json_uint(&r, body, "days", 0, SIGND_DAYS_MAX);
		out->device_uri = signd_text(&r, body, "device_uri", SIGND_TEXT_MAX);
	}
	out->key = signd_text(&r, body, "key", SIGNER_KEY_MAX);
	signd_read_objects(&r, body, ws, out);
	out->requester = signd_text(&r, body, "requester", 64);
	out->who = signd_text(&r, body, "who", SIGND_TEXT_MAX);
	out->why = signd_text(&r, body, "why", SIGND_TEXT_MAX);
	json_close(&r, body);
	if (r.fault == FAULT_NONE)
		signd_check_shape(&r, out);
	return r.fault;
}

static void signd_read_signatures(struct json_reader *r, struct json_node *body, struct workspace *ws,
				  struct signd_answer *out)
{
	struct json_node *array = json_array(r, body, "signatures", SIGND_OBJECTS_MAX);
	if (array == NULL || r->fault != FAULT_NONE)
		return;
	out->signatures = workspace_array(ws, array->count + 1, sizeof *out->signatures);
	if (out->signatures == NULL)
		json_fail(r, FAULT_NO_SPACE, "signatures");
	for (struct json_node *each = array->child; each != NULL && r->fault == FAULT_NONE; each = each->next)
		json_value_hex(r, each, out->signatures[out->count++], 64);
}

enum fault signd_answer_decode(struct span text, struct workspace *ws, struct signd_answer *out)
{
	struct json_reader r = { .fault = FAULT_NONE };
	struct json_node *body;
	*out = (struct signd_answer){ 0 };
	enum fault fault = signd_parse(text, ws, "sign-answer", &body);
	if (fault != FAULT_NONE)
		return fault;
	struct json_node *error = json_optional(&r, body, "error");
	out->refused = error != NULL;
	if (error != NULL) {
		out->error = json_value_string(&r, error, ERROR_TEXT_MAX);
		out->help = json_string(&r, body, "help", ERROR_TEXT_MAX);
		out->retry = json_bool(&r, body, "retry");
		out->rule = json_string(&r, body, "rule", 64);
		/* shown to people: no control or foreign bytes */
		if (!name_is_printable(out->error, ERROR_TEXT_MAX) || !name_is_printable(out->help, ERROR_TEXT_MAX) ||
		    !name_is_printable(out->rule, 64))
			json_fail(&r, FAULT_UTF8, "error");
		json_close(&r, body);
		return r.fault;
	}
	struct json_node *certificate = json_optional(&r, body, "certificate");
	if (certificate != NULL)
		out->certificate = signd_base64(&r, json_value_string(&r, certificate, FRAME_BYTES_MAX), ws);
	json_hex(&r, body, "key", out->key.xy, sizeof out->key.xy);
	signd_read_signatures(&r, body, ws, out);
	json_close(&r, body);
	return r.fault;
}

/* --- writing --- */

static void signd_write_base64(struct json_writer *j, struct span bytes, struct workspace *ws)
{
	size_t used = ws->used, capacity = (bytes.n + 2) / 3 * 4;
	uint8_t *text = workspace_take(ws, capacity);
	struct writer w = writer_over(text, text != NULL ? capacity : 0);
	base64_write(&w, bytes);
	if (writer_end(&w) != FAULT_NONE)
		writer_fail(j->out, FAULT_NO_SPACE);
	json_write_string(j, writer_span(&w));
	ws->used = used;
}

void signd_request_encode(struct writer *w, const struct signd_request *request, struct workspace *ws)
{
	struct json_writer j = json_writer_over(w);
	json_write_object(&j);
	if (request->kind == SIGND_CERTIFICATE) {
		json_write_member_uint(&j, "days", request->days);
		json_write_member_string(&j, "device_uri", request->device_uri);
	}
	json_write_member_string(&j, "key", request->key);
	json_write_member_text(&j, "kind", signd_kind_text(request->kind));
	json_write_name(&j, "objects");
	json_write_array(&j);
	for (uint32_t i = 0; i < request->count; i++)
		signd_write_base64(&j, request->objects[i], ws);
	json_write_array_end(&j);
	json_write_member_string(&j, "requester", request->requester);
	json_write_member_text(&j, "type", "sign-request");
	json_write_member_uint(&j, "version", 1);
	json_write_member_string(&j, "who", request->who);
	json_write_member_string(&j, "why", request->why);
	json_write_object_end(&j);
}

static void signd_write_signatures(struct json_writer *j, const struct signd_answer *answer)
{
	json_write_name(j, "signatures");
	json_write_array(j);
	for (uint32_t i = 0; i < answer->count; i++)
		json_write_hex(j, (struct span){ answer->signatures[i], 64 });
	json_write_array_end(j);
}

void signd_answer_encode(struct writer *w, const struct signd_answer *answer, struct workspace *ws)
{
	struct json_writer j = json_writer_over(w);
	json_write_object(&j);
	if (answer->refused) {
		json_write_member_string(&j, "error", answer->error);
		json_write_member_string(&j, "help", answer->help);
		json_write_member_bool(&j, "retry", answer->retry);
		json_write_member_string(&j, "rule", answer->rule);
	} else {
		if (answer->certificate.n > 0) {
			json_write_name(&j, "certificate");
			signd_write_base64(&j, answer->certificate, ws);
		}
		json_write_member_hex(&j, "key", SPAN_OF(answer->key.xy));
		signd_write_signatures(&j, answer);
	}
	json_write_member_text(&j, "type", "sign-answer");
	json_write_member_uint(&j, "version", 1);
	json_write_object_end(&j);
}
