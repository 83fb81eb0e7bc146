#include "report.h"

#include "name.h"

#define REPORT_RULE_MAX 48

static const char *const report_states[] = {
	[REPORT_IDLE] = "idle",           [REPORT_INSTALLING] = "installing",   [REPORT_ACTIVATING] = "activating",
	[REPORT_CONFIRMED] = "confirmed", [REPORT_ROLLED_BACK] = "rolled-back", [REPORT_REFUSED] = "refused",
	[REPORT_FAILED] = "failed",
};
#define REPORT_STATES (sizeof(report_states) / sizeof(report_states[0]))

const char *report_state_text(enum report_state state)
{
	return (size_t)state < REPORT_STATES ? report_states[state] : "unknown";
}

/* [REP-3] */
static enum report_state report_state(struct json_reader *r, struct json_node *body)
{
	struct span word = json_string(r, body, "state", 16);
	for (size_t i = 0; i < REPORT_STATES; i++)
		if (span_is(word, report_states[i]))
			return (enum report_state)i;
	json_fail(r, FAULT_VERSION, "state");
	return REPORT_IDLE;
}

static struct span report_text(struct json_reader *r, struct json_node *object, const char *name, size_t max_bytes)
{
	struct span text = json_string(r, object, name, max_bytes);
	if (!name_is_printable(text, max_bytes))
		json_fail(r, FAULT_UTF8, name);
	return text;
}

/* A release's path, or nothing. */
static struct span report_path(struct json_reader *r, struct json_node *object, const char *name)
{
	struct span path = report_text(r, object, name, METADATA_PATH_MAX);
	if (path.n > 0 && !span_starts(path, SPAN_LIT("p/")))
		json_fail(r, FAULT_RANGE, name);
	return path;
}

/* [REP-5]: these four speak of a target; idle does not; a refusal or failure may come before there is one. */
static void report_check_target(struct json_reader *r, const struct report *report)
{
	bool needed = report->state == REPORT_INSTALLING || report->state == REPORT_ACTIVATING ||
		      report->state == REPORT_CONFIRMED || report->state == REPORT_ROLLED_BACK;
	if (needed && report->target_path.n == 0)
		json_fail(r, FAULT_MISSING, "target_path");
	if (report->state == REPORT_IDLE && report->target_path.n > 0)
		json_fail(r, FAULT_RANGE, "target_path");
}

static void report_running(struct json_reader *r, struct json_node *body, struct report *out)
{
	struct json_node *running = json_object(r, body, "running");
	out->running_counter = json_uint(r, running, "counter", 0, JSON_INTEGER_MAX);
	json_hex(r, running, "image", out->running_image.bytes, DIGEST_BYTES);
	out->running_path = report_path(r, running, "path");
	out->running_version = report_text(r, running, "version", RELEASE_VERSION_MAX);
	json_close(r, running);
}

static void report_refusal(struct json_reader *r, struct json_node *node, struct report *out)
{
	struct report_refusal refusal = {
		.count = json_uint(r, node, "count", 1, JSON_INTEGER_MAX),
		.rule = json_string(r, node, "rule", REPORT_RULE_MAX),
	};
	json_close(r, node);
	if (!name_is_label(refusal.rule, REPORT_RULE_MAX))
		json_fail(r, FAULT_RANGE, "rule");
	/* [REP-6] */
	for (uint32_t i = 0; i < out->refusal_count; i++)
		if (span_equal(out->refusals[i].rule, refusal.rule))
			json_fail(r, FAULT_DUPLICATE, "rule");
	out->refusals[out->refusal_count++] = refusal;
}

static void report_refusals(struct json_reader *r, struct json_node *body, struct report *out)
{
	struct json_node *list = json_array(r, body, "refusals", REPORT_REFUSALS_MAX);
	if (list == NULL)
		return;
	for (struct json_node *node = list->child; node != NULL && r->fault == FAULT_NONE; node = node->next)
		report_refusal(r, node, out);
}

/* [REP-2] */
enum fault report_decode(struct json_node *body, struct report *out)
{
	struct json_reader r = { 0 };
	*out = (struct report){ 0 };
	json_expect(&r, body, "type", "report");
	if (json_uint(&r, body, "version", 1, JSON_INTEGER_MAX) != 1)
		json_fail(&r, FAULT_VERSION, "version");
	out->device = json_string(&r, body, "device", DEVICE_ID_MAX);
	if (!name_is_word(out->device, DEVICE_ID_MAX))
		json_fail(&r, FAULT_RANGE, "device");
	out->sequence = json_uint(&r, body, "sequence", 1, JSON_INTEGER_MAX);
	out->boot_count = json_uint(&r, body, "boot_count", 0, JSON_INTEGER_MAX);
	out->state = report_state(&r, body);
	out->target_path = report_path(&r, body, "target_path");
	out->cause = report_text(&r, body, "cause", REPORT_CAUSE_MAX);
	out->proof = json_string(&r, body, "proof", 8);
	if (!span_is(out->proof, "file") && !span_is(out->proof, "tpm"))
		json_fail(&r, FAULT_VERSION, "proof");
	report_running(&r, body, out);
	report_refusals(&r, body, out);
	report_check_target(&r, out);
	json_close(&r, body);
	return r.fault;
}

static void report_encode_refusals(struct json_writer *j, const struct report *report)
{
	json_write_name(j, "refusals");
	json_write_array(j);
	for (uint32_t i = 0; i < report->refusal_count; i++) {
		json_write_object(j);
		json_write_member_uint(j, "count", report->refusals[i].count);
		json_write_member_string(j, "rule", report->refusals[i].rule);
		json_write_object_end(j);
	}
	json_write_array_end(j);
}

static void report_encode_running(struct json_writer *j, const struct report *report)
{
	json_write_name(j, "running");
	json_write_object(j);
	json_write_member_uint(j, "counter", report->running_counter);
	json_write_member_hex(j, "image", digest_span(&report->running_image));
	json_write_member_string(j, "path", report->running_path);
	json_write_member_string(j, "version", report->running_version);
	json_write_object_end(j);
}

void report_encode(struct writer *w, const struct report *report)
{
	struct json_writer j = json_writer_over(w);
	if ((size_t)report->state >= REPORT_STATES || report->refusal_count > REPORT_REFUSALS_MAX) {
		writer_fail(w, FAULT_RANGE);
		return;
	}
	json_write_object(&j);
	json_write_member_uint(&j, "boot_count", report->boot_count);
	json_write_member_string(&j, "cause", report->cause);
	json_write_member_string(&j, "device", report->device);
	json_write_member_string(&j, "proof", report->proof);
	report_encode_refusals(&j, report);
	report_encode_running(&j, report);
	json_write_member_uint(&j, "sequence", report->sequence);
	json_write_member_text(&j, "state", report_state_text(report->state));
	json_write_member_string(&j, "target_path", report->target_path);
	json_write_member_text(&j, "type", "report");
	json_write_member_uint(&j, "version", 1);
	json_write_object_end(&j);
}
