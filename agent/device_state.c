#include "device_state.h"

#include <string.h>

#define SCRATCH_BYTES (64u << 10) /* the parsed form of the largest state */
#define REFUSALS_MAX 256          /* that a later program may count */

static void write_release(struct json_writer *w, const char *name, const struct device_release *release)
{
	json_write_name(w, name);
	json_write_object(w);
	json_write_member_uint(w, "counter", release->counter);
	json_write_member_hex(w, "image", digest_span(&release->image));
	json_write_member_uint(w, "image_bytes", release->image_bytes);
	json_write_member_text(w, "path", release->path);
	json_write_member_text(w, "version", release->version);
	json_write_object_end(w);
}

static void write_report(struct json_writer *w, const struct device_state *state)
{
	json_write_name(w, "report");
	json_write_object(w);
	json_write_member_text(w, "cause", state->report_cause);
	json_write_member_bool(w, "pending", state->report_pending);
	json_write_member_uint(w, "sequence", state->report_sequence);
	json_write_member_uint(w, "state", (uint64_t)state->report_state);
	json_write_member_text(w, "target", state->report_target);
	json_write_object_end(w);
}

void device_state_encode(struct writer *out, const struct device_state *state)
{
	struct json_writer w = json_writer_over(out);
	json_write_object(&w);
	json_write_member_bool(&w, "attested", state->attested);
	json_write_member_uint(&w, "boot_count", state->boot_count);
	json_write_member_hex(&w, "bundle_keys", digest_span(&state->bundle_keys));
	json_write_member_uint(&w, "clock_floor", (uint64_t)state->clock_floor_unix);
	json_write_member_hex(&w, "clock_keys", digest_span(&state->clock_keys));
	json_write_member_uint(&w, "counter_floor", state->counter_floor);
	json_write_member_uint(&w, "directive_sequence", state->directive_sequence);
	json_write_member_hex(&w, "director_keys", digest_span(&state->director_keys));
	write_release(&w, "failed", &state->failed);
	json_write_member_hex(&w, "list_keys", digest_span(&state->list_keys));
	json_write_name(&w, "refusals");
	json_write_array(&w);
	for (uint32_t i = 0; i < VERDICT_COUNT_; i++)
		json_write_uint(&w, state->refusals[i]);
	json_write_array_end(&w);
	write_report(&w, state);
	write_release(&w, "running", &state->running);
	write_release(&w, "target", &state->target);
	json_write_member_uint(&w, "target_slot", (uint64_t)state->target_slot);
	json_write_member_text(&w, "type", "installer-state");
	json_write_member_uint(&w, "version", 1);
	json_write_object_end(&w);
}

static void copy_text(struct json_reader *r, struct json_node *object, const char *name, char *out, size_t capacity)
{
	struct span text = json_string(r, object, name, capacity - 1);
	if (r->fault != FAULT_NONE)
		return;
	memcpy(out, text.at, text.n);
	out[text.n] = 0;
}

static void read_release(struct json_reader *r, struct json_node *object, const char *name, struct device_release *out)
{
	struct json_node *node = json_object(r, object, name);
	if (node == NULL)
		return;
	out->counter = json_uint(r, node, "counter", 0, JSON_INTEGER_MAX);
	json_hex(r, node, "image", out->image.bytes, sizeof out->image.bytes);
	out->image_bytes = json_uint(r, node, "image_bytes", 0, JSON_INTEGER_MAX);
	copy_text(r, node, "path", out->path, sizeof out->path);
	copy_text(r, node, "version", out->version, sizeof out->version);
	json_close(r, node);
}

static void read_report(struct json_reader *r, struct json_node *object, struct device_state *out)
{
	struct json_node *node = json_object(r, object, "report");
	if (node == NULL)
		return;
	copy_text(r, node, "cause", out->report_cause, sizeof out->report_cause);
	out->report_pending = json_bool(r, node, "pending");
	out->report_sequence = json_uint(r, node, "sequence", 0, JSON_INTEGER_MAX);
	out->report_state = (enum report_state)json_uint(r, node, "state", REPORT_IDLE, REPORT_FAILED);
	copy_text(r, node, "target", out->report_target, sizeof out->report_target);
	json_close(r, node);
}

/* One program may know more rules than another: the missing ones start at zero, the unknown ones are dropped. */
static void read_refusals(struct json_reader *r, struct json_node *object, struct device_state *out)
{
	struct json_node *list = json_array(r, object, "refusals", REFUSALS_MAX);
	uint32_t i = 0;
	for (struct json_node *n = list == NULL ? NULL : list->child; n != NULL && i < VERDICT_COUNT_; n = n->next)
		out->refusals[i++] = json_value_uint(r, n, 0, JSON_INTEGER_MAX);
}

/* An earlier program wrote none: as if the keys were new. */
static void read_keys(struct json_reader *r, struct json_node *object, const char *name, struct digest *out)
{
	struct json_node *node = json_optional(r, object, name);
	if (node != NULL)
		json_value_hex(r, node, out->bytes, sizeof out->bytes);
}

enum fault device_state_decode(struct span text, struct workspace *ws, struct device_state *out)
{
	struct json_node *top;
	struct json_reader r = { 0 };
	*out = (struct device_state){ 0 };
	enum fault fault = json_parse(text, ws, &top);
	if (fault != FAULT_NONE)
		return fault;
	json_expect(&r, top, "type", "installer-state");
	json_uint(&r, top, "version", 1, 1);
	out->attested = json_bool(&r, top, "attested");
	out->boot_count = json_uint(&r, top, "boot_count", 0, JSON_INTEGER_MAX);
	out->clock_floor_unix = (int64_t)json_uint(&r, top, "clock_floor", 0, JSON_INTEGER_MAX);
	json_hex(&r, top, "clock_keys", out->clock_keys.bytes, sizeof out->clock_keys.bytes);
	out->counter_floor = json_uint(&r, top, "counter_floor", 0, JSON_INTEGER_MAX);
	out->directive_sequence = json_uint(&r, top, "directive_sequence", 0, JSON_INTEGER_MAX);
	read_keys(&r, top, "director_keys", &out->director_keys);
	read_keys(&r, top, "list_keys", &out->list_keys);
	read_keys(&r, top, "bundle_keys", &out->bundle_keys);
	read_release(&r, top, "failed", &out->failed);
	read_refusals(&r, top, out);
	read_report(&r, top, out);
	read_release(&r, top, "running", &out->running);
	read_release(&r, top, "target", &out->target);
	out->target_slot = (enum slot)json_uint(&r, top, "target_slot", SLOT_A, SLOT_NONE);
	/* no json_close(): a newer image's agent, whose trial failed, may have written more */
	return r.fault;
}

int device_state_load(const struct store *store, struct workspace *ws, struct device_state *out, struct error *e)
{
	struct workspace mine = *ws; /* a copy: what is taken from it is given back by forgetting it */
	size_t n;
	uint8_t *text = workspace_take(&mine, DEVICE_STATE_BYTES_MAX);
	void *scratch = workspace_take(&mine, SCRATCH_BYTES);
	if (text == NULL || scratch == NULL)
		return error_set(e, "load the installer's state: workspace too small");
	int result = store->load(store->self, DEVICE_STATE_NAME, text, DEVICE_STATE_BYTES_MAX, &n, e);
	if (result < 0)
		return -1;
	if (result > 0)
		return error_set(e, "this device has no %s: provision it", DEVICE_STATE_NAME);
	struct workspace parse = workspace_over(scratch, SCRATCH_BYTES);
	enum fault fault = device_state_decode((struct span){ text, n }, &parse, out);
	if (fault != FAULT_NONE)
		return error_set(e, "%s is damaged (%s): provision the device again", DEVICE_STATE_NAME,
				 fault_text(fault));
	return 0;
}

int device_state_save(const struct store *store, const struct device_state *state, struct error *e)
{
	uint8_t text[DEVICE_STATE_BYTES_MAX];
	struct writer w = writer_over(text, sizeof text);
	device_state_encode(&w, state);
	enum fault fault = writer_end(&w);
	if (fault != FAULT_NONE)
		return error_set(e, "write the installer's state: %s", fault_text(fault));
	return store->save(store->self, DEVICE_STATE_NAME, writer_span(&w), e);
}
