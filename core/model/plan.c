#include "plan.h"

#include "identity.h"
#include "iso8601.h"
#include "name.h"

#define PLAN_NAME_MAX 64
#define PLAN_STAGE_NAME_MAX 32
#define PLAN_PPM_MAX 500000u
#define PLAN_P0_PPM_MAX 250000u
#define PLAN_SECONDS_MAX (30u * 86400u)
#define PLAN_IN_FLIGHT_MAX 1000000u

static struct span plan_word(struct json_reader *r, struct json_node *object, const char *name, size_t max_bytes)
{
	struct span word = json_string(r, object, name, max_bytes);
	if (!name_is_word(word, max_bytes))
		json_fail(r, FAULT_RANGE, name);
	return word;
}

static int64_t plan_time(struct json_reader *r, struct json_node *object, const char *name)
{
	int64_t unix_s = 0;
	struct span text = json_string(r, object, name, ISO8601_BYTES);
	if (r->fault != FAULT_NONE)
		return 0;
	enum fault fault = iso8601_decode(text, &unix_s);
	if (fault != FAULT_NONE)
		json_fail(r, fault, name);
	return unix_s;
}

/* --- releases --- */

/* [PLAN-5] */
static void plan_release(struct json_reader *r, struct json_node *object, struct span product, const char *leaf,
			 struct plan_release *out)
{
	out->counter = json_uint(r, object, "counter", 1, JSON_INTEGER_MAX);
	json_hex(r, object, "image", out->image.bytes, DIGEST_BYTES);
	out->path = json_string(r, object, "path", METADATA_PATH_MAX);
	if (!name_is_release_path(out->path, product, leaf))
		json_fail(r, FAULT_RANGE, "path");
}

static void plan_releases(struct json_reader *r, struct json_node *body, struct plan *out)
{
	struct json_node *release = json_object(r, body, "release");
	plan_release(r, release, out->product, "image", &out->release);
	json_close(r, release);

	struct json_node *back = json_optional(r, body, "return");
	out->has_return = back != NULL;
	if (back == NULL)
		return;
	plan_release(r, back, out->product, "return", &out->return_release);
	out->return_until_unix = plan_time(r, back, "until");
	json_close(r, back);
	/* [PLAN-6]: a device that runs the release must find the return release newer. */
	if (out->return_release.counter <= out->release.counter)
		json_fail(r, FAULT_RANGE, "return");
}

/* --- stages --- */

/* [PLAN-9] */
static void plan_devices(struct json_reader *r, struct json_node *node, struct workspace *ws, struct stage *out)
{
	if (json_optional(r, node, "devices") == NULL)
		return;
	struct json_node *list = json_array(r, node, "devices", PLAN_DEVICES_MAX);
	if (list == NULL)
		return;
	struct span *devices = workspace_array(ws, list->count, sizeof *devices);
	if (list->count == 0 || devices == NULL) {
		json_fail(r, list->count == 0 ? FAULT_MISSING : FAULT_NO_SPACE, "devices");
		return;
	}
	for (struct json_node *n = list->child; n != NULL && r->fault == FAULT_NONE; n = n->next) {
		struct span id = json_value_string(r, n, IDENTITY_ID_MAX);
		if (!name_is_word(id, IDENTITY_ID_MAX))
			json_fail(r, FAULT_RANGE, "devices");
		/* Ascending, so that none comes twice. */
		if (out->device_count > 0 && span_compare(devices[out->device_count - 1], id) >= 0)
			json_fail(r, FAULT_NOT_CANONICAL, "devices");
		devices[out->device_count++] = id;
	}
	out->devices = devices;
}

/* [PLAN-10] */
static void plan_group(struct json_reader *r, struct json_node *node, struct stage *out)
{
	if (json_optional(r, node, "group") == NULL)
		return;
	struct json_node *group = json_object(r, node, "group");
	if (group == NULL)
		return;
	if (group->count == 0 || group->count > STAGE_GROUP_MAX) {
		json_fail(r, group->count == 0 ? FAULT_MISSING : FAULT_TOO_LARGE, "group");
		return;
	}
	for (struct json_node *n = group->child; n != NULL && r->fault == FAULT_NONE; n = n->next) {
		struct attribute a = { n->name, json_value_string(r, n, IDENTITY_VALUE_MAX) };
		if (!name_is_label(a.name, IDENTITY_NAME_MAX) || !name_is_word(a.value, IDENTITY_VALUE_MAX))
			json_fail(r, FAULT_RANGE, "group");
		out->group[out->group_count++] = a;
	}
}

/* [PLAN-8] [PLAN-11] */
static void plan_stage(struct json_reader *r, struct json_node *node, struct workspace *ws, struct stage *out)
{
	out->name = plan_word(r, node, "name", PLAN_STAGE_NAME_MAX);
	plan_devices(r, node, ws, out);
	plan_group(r, node, out);
	out->range_from_bp = (uint32_t)json_uint(r, node, "from_bp", 0, STAGE_RANGE_ALL - 1);
	out->range_to_bp = (uint32_t)json_uint(r, node, "to_bp", 1, STAGE_RANGE_ALL);
	if (out->range_from_bp >= out->range_to_bp)
		json_fail(r, FAULT_RANGE, "to_bp");
	out->earliest_unix = plan_time(r, node, "earliest");
	json_close(r, node);
}

static void plan_stages(struct json_reader *r, struct json_node *body, struct workspace *ws, struct plan *out)
{
	struct json_node *list = json_array(r, body, "stages", PLAN_STAGES_MAX);
	if (list == NULL)
		return;
	struct stage *stages = workspace_array(ws, list->count, sizeof *stages);
	if (list->count == 0 || stages == NULL) {
		json_fail(r, list->count == 0 ? FAULT_MISSING : FAULT_NO_SPACE, "stages");
		return;
	}
	out->stages = stages;
	for (struct json_node *n = list->child; n != NULL && r->fault == FAULT_NONE; n = n->next) {
		struct stage *stage = &stages[out->stage_count];
		plan_stage(r, n, ws, stage);
		/* [PLAN-7] */
		for (uint32_t i = 0; i < out->stage_count; i++)
			if (span_equal(stages[i].name, stage->name))
				json_fail(r, FAULT_DUPLICATE, "name");
		out->stage_count++;
	}
}

/* --- the whole --- */

/* [PLAN-12] */
static void plan_gate(struct json_reader *r, struct json_node *body, struct plan *out)
{
	struct json_node *gate = json_object(r, body, "gate");
	out->alpha_ppm = (uint32_t)json_uint(r, gate, "alpha_ppm", 1, PLAN_PPM_MAX);
	out->beta_ppm = (uint32_t)json_uint(r, gate, "beta_ppm", 1, PLAN_PPM_MAX);
	out->coverage_percent = (uint32_t)json_uint(r, gate, "coverage_percent", 0, 100);
	out->in_flight = (uint32_t)json_uint(r, gate, "in_flight", 1, PLAN_IN_FLIGHT_MAX);
	out->p0_ppm = (uint32_t)json_uint(r, gate, "p0_ppm", 1, PLAN_P0_PPM_MAX);
	out->report_expected_s = (uint32_t)json_uint(r, gate, "report_expected_s", 1, PLAN_SECONDS_MAX);
	out->soak_s = (uint32_t)json_uint(r, gate, "soak_s", 0, PLAN_SECONDS_MAX);
	json_close(r, gate);
}

/* [PLAN-1] [PLAN-2] [PLAN-3] [PLAN-4] */
enum fault plan_decode(struct span text, struct workspace *ws, struct plan *out)
{
	struct json_reader r = { 0 };
	struct json_node *body;
	*out = (struct plan){ 0 };
	if (text.n > PLAN_BYTES_MAX)
		return FAULT_TOO_LARGE;
	enum fault fault = json_parse_canonical(text, ws, &body);
	if (fault != FAULT_NONE)
		return fault;
	json_expect(&r, body, "type", "plan");
	if (json_uint(&r, body, "version", 1, JSON_INTEGER_MAX) != 1)
		json_fail(&r, FAULT_VERSION, "version");
	out->product = plan_word(&r, body, "product", RELEASE_PRODUCT_MAX);
	out->name = plan_word(&r, body, "name", PLAN_NAME_MAX);
	json_hex(&r, body, "salt", out->salt, sizeof out->salt);
	plan_releases(&r, body, out);
	plan_stages(&r, body, ws, out);
	plan_gate(&r, body, out);
	json_close(&r, body);
	out->where = r.where;
	return r.fault;
}

/* --- encoding --- */

static void plan_write_time(struct json_writer *j, const char *name, int64_t unix_s)
{
	char text[ISO8601_BYTES + 1] = "";
	enum fault fault = iso8601_encode(unix_s, text);
	if (fault != FAULT_NONE)
		writer_fail(j->out, fault);
	json_write_member_text(j, name, text);
}

static void plan_write_gate(struct json_writer *j, const struct plan *plan)
{
	json_write_name(j, "gate");
	json_write_object(j);
	json_write_member_uint(j, "alpha_ppm", plan->alpha_ppm);
	json_write_member_uint(j, "beta_ppm", plan->beta_ppm);
	json_write_member_uint(j, "coverage_percent", plan->coverage_percent);
	json_write_member_uint(j, "in_flight", plan->in_flight);
	json_write_member_uint(j, "p0_ppm", plan->p0_ppm);
	json_write_member_uint(j, "report_expected_s", plan->report_expected_s);
	json_write_member_uint(j, "soak_s", plan->soak_s);
	json_write_object_end(j);
}

static void plan_write_release(struct json_writer *j, const struct plan_release *release)
{
	json_write_member_uint(j, "counter", release->counter);
	json_write_member_hex(j, "image", digest_span(&release->image));
	json_write_member_string(j, "path", release->path);
}

static void plan_write_releases(struct json_writer *j, const struct plan *plan)
{
	json_write_name(j, "release");
	json_write_object(j);
	plan_write_release(j, &plan->release);
	json_write_object_end(j);
	if (!plan->has_return)
		return;
	json_write_name(j, "return");
	json_write_object(j);
	plan_write_release(j, &plan->return_release);
	plan_write_time(j, "until", plan->return_until_unix);
	json_write_object_end(j);
}

static void plan_write_group(struct json_writer *j, const struct stage *stage)
{
	if (stage->group_count == 0)
		return;
	json_write_name(j, "group");
	json_write_object(j);
	for (uint32_t i = 0; i < stage->group_count; i++) {
		json_write_name_span(j, stage->group[i].name);
		json_write_string(j, stage->group[i].value);
	}
	json_write_object_end(j);
}

static void plan_write_devices(struct json_writer *j, const struct stage *stage)
{
	if (stage->device_count == 0)
		return;
	json_write_name(j, "devices");
	json_write_array(j);
	for (uint32_t i = 0; i < stage->device_count; i++) {
		if (i > 0 && span_compare(stage->devices[i - 1], stage->devices[i]) >= 0)
			writer_fail(j->out, FAULT_NOT_CANONICAL);
		json_write_string(j, stage->devices[i]);
	}
	json_write_array_end(j);
}

static void plan_write_stage(struct json_writer *j, const struct stage *stage)
{
	json_write_object(j);
	plan_write_devices(j, stage);
	plan_write_time(j, "earliest", stage->earliest_unix);
	json_write_member_uint(j, "from_bp", stage->range_from_bp);
	plan_write_group(j, stage);
	json_write_member_string(j, "name", stage->name);
	json_write_member_uint(j, "to_bp", stage->range_to_bp);
	json_write_object_end(j);
}

void plan_encode(struct writer *w, const struct plan *plan)
{
	struct json_writer j = json_writer_over(w);
	json_write_object(&j);
	plan_write_gate(&j, plan);
	json_write_member_string(&j, "name", plan->name);
	json_write_member_string(&j, "product", plan->product);
	plan_write_releases(&j, plan);
	json_write_member_hex(&j, "salt", SPAN_OF(plan->salt));
	json_write_name(&j, "stages");
	json_write_array(&j);
	for (uint32_t i = 0; i < plan->stage_count; i++)
		plan_write_stage(&j, &plan->stages[i]);
	json_write_array_end(&j);
	json_write_member_text(&j, "type", "plan");
	json_write_member_uint(&j, "version", 1);
	json_write_object_end(&j);
}
