#include "device.h"

#include <string.h>

#include "device_state.h"
#include "journal.h"
#include "name.h"

#define CONFIG_NAME "device.json"
#define SCRATCH_BYTES (64u << 10)

struct device_config device_config_default(void)
{
	return (struct device_config){ .poll_s = 60, .tries = 2, .health_timeout_s = 60 };
}

static void write_servers(struct json_writer *w, const struct device_config *config)
{
	json_write_name(w, "servers");
	json_write_array(w);
	for (uint32_t i = 0; i < config->server_count; i++)
		json_write_text(w, config->servers[i]);
	json_write_array_end(w);
}

static bool is_in_bounds(const struct device_config *config)
{
	return config->poll_s >= 1 && config->poll_s <= DEVICE_POLL_MAX_S && config->tries >= 1 &&
	       config->tries <= DEVICE_TRIES_MAX && config->health_timeout_s >= 1 && config->health_timeout_s <= 3600 &&
	       config->server_count >= 1 && config->server_count <= DEVICE_SERVERS_MAX &&
	       config->attribute_count <= DEVICE_ATTRIBUTES_MAX && config->slot_bytes > SLOT_MANIFEST_ROOM;
}

enum fault device_config_encode(struct writer *out, const struct device_config *config)
{
	if (!is_in_bounds(config))
		return FAULT_RANGE;
	struct json_writer w = json_writer_over(out);
	json_write_object(&w);
	json_write_name(&w, "attributes");
	json_write_object(&w);
	for (uint32_t i = 0; i < config->attribute_count; i++)
		json_write_member_text(&w, config->attributes[i].name, config->attributes[i].value);
	json_write_object_end(&w);
	json_write_member_hex(&w, "class", SPAN_OF(config->compatible.class));
	json_write_member_text(&w, "health", config->health);
	json_write_member_uint(&w, "health_timeout_s", config->health_timeout_s);
	json_write_member_text(&w, "id", config->id);
	json_write_member_hex(&w, "log_key", SPAN_OF(config->log_key.xy));
	json_write_member_text(&w, "log_origin", config->log_origin);
	json_write_member_uint(&w, "poll_s", config->poll_s);
	json_write_member_text(&w, "product", config->product);
	write_servers(&w, config);
	json_write_member_uint(&w, "slot_bytes", config->slot_bytes);
	json_write_member_uint(&w, "tries", config->tries);
	json_write_member_text(&w, "type", "device");
	json_write_member_hex(&w, "vendor", SPAN_OF(config->compatible.vendor));
	json_write_member_uint(&w, "version", 1);
	json_write_object_end(&w);
	return writer_end(out);
}

static void put_text(struct json_reader *r, struct span text, char *out, size_t capacity)
{
	if (text.n >= capacity)
		json_fail(r, FAULT_TOO_LARGE, NULL);
	if (r->fault != FAULT_NONE)
		return;
	memcpy(out, text.at, text.n);
	out[text.n] = 0;
}

static void read_text(struct json_reader *r, struct json_node *object, const char *name, char *out, size_t capacity)
{
	put_text(r, json_string(r, object, name, capacity - 1), out, capacity);
}

static void read_word(struct json_reader *r, struct json_node *object, const char *name, char *out, size_t capacity)
{
	struct span text = json_string(r, object, name, capacity - 1);
	if (r->fault == FAULT_NONE && !name_is_word(text, capacity - 1))
		json_fail(r, FAULT_SYNTAX, name);
	put_text(r, text, out, capacity);
}

static void read_attributes(struct json_reader *r, struct json_node *top, struct device_config *out)
{
	struct json_node *object = json_object(r, top, "attributes");
	if (object == NULL)
		return;
	if (object->count > DEVICE_ATTRIBUTES_MAX) {
		json_fail(r, FAULT_TOO_LARGE, "attributes");
		return;
	}
	for (struct json_node *n = object->child; n != NULL; n = n->next) {
		struct device_attribute *a = &out->attributes[out->attribute_count++];
		n->taken = true;
		put_text(r, n->name, a->name, sizeof a->name);
		put_text(r, json_value_string(r, n, DEVICE_ATTRIBUTE_VALUE_MAX), a->value, sizeof a->value);
	}
}

static void read_servers(struct json_reader *r, struct json_node *top, struct device_config *out)
{
	struct json_node *list = json_array(r, top, "servers", DEVICE_SERVERS_MAX);
	for (struct json_node *n = list == NULL ? NULL : list->child; n != NULL; n = n->next) {
		struct span url = json_value_string(r, n, DEVICE_URL_MAX);
		if (r->fault == FAULT_NONE && !span_starts(url, SPAN_LIT("https://")))
			json_fail(r, FAULT_SYNTAX, "servers");
		put_text(r, url, out->servers[out->server_count++], sizeof out->servers[0]);
	}
	if (r->fault == FAULT_NONE && out->server_count == 0)
		json_fail(r, FAULT_MISSING, "servers");
}

enum fault device_config_decode(struct span text, struct workspace *ws, struct device_config *out)
{
	struct json_node *top;
	struct json_reader r = { 0 };
	*out = (struct device_config){ 0 };
	enum fault fault = json_parse(text, ws, &top);
	if (fault != FAULT_NONE)
		return fault;
	json_expect(&r, top, "type", "device");
	json_uint(&r, top, "version", 1, 1);
	read_word(&r, top, "id", out->id, sizeof out->id);
	read_word(&r, top, "product", out->product, sizeof out->product);
	json_hex(&r, top, "vendor", out->compatible.vendor, sizeof out->compatible.vendor);
	json_hex(&r, top, "class", out->compatible.class, sizeof out->compatible.class);
	read_attributes(&r, top, out);
	read_servers(&r, top, out);
	out->slot_bytes = json_uint(&r, top, "slot_bytes", SLOT_MANIFEST_ROOM + 1, JSON_INTEGER_MAX);
	read_text(&r, top, "log_origin", out->log_origin, sizeof out->log_origin);
	json_hex(&r, top, "log_key", out->log_key.xy, sizeof out->log_key.xy);
	out->poll_s = (uint32_t)json_uint(&r, top, "poll_s", 1, DEVICE_POLL_MAX_S);
	out->tries = (uint32_t)json_uint(&r, top, "tries", 1, DEVICE_TRIES_MAX);
	out->health_timeout_s = (uint32_t)json_uint(&r, top, "health_timeout_s", 1, 3600);
	read_text(&r, top, "health", out->health, sizeof out->health);
	json_close(&r, top);
	return r.fault;
}

int device_config_load(const struct store *top, struct device_config *out, struct error *e)
{
	uint8_t text[DEVICE_CONFIG_BYTES_MAX];
	_Alignas(16) uint8_t scratch[SCRATCH_BYTES];
	size_t n;
	int result = top->load(top->self, CONFIG_NAME, text, sizeof text, &n, e);
	if (result < 0)
		return -1;
	if (result > 0)
		return error_set(e, "no %s here: is this a device directory?", CONFIG_NAME);
	struct workspace ws = workspace_over(scratch, sizeof scratch);
	enum fault fault = device_config_decode((struct span){ text, n }, &ws, out);
	return fault == FAULT_NONE ? 0 : error_set(e, "%s is wrong: %s", CONFIG_NAME, fault_text(fault));
}

static int save_config(const struct store *top, const struct device_config *config, struct error *e)
{
	uint8_t text[DEVICE_CONFIG_BYTES_MAX];
	struct writer w = writer_over(text, sizeof text);
	enum fault fault = device_config_encode(&w, config);
	if (fault != FAULT_NONE)
		return error_set(e, "the new device's configuration is wrong: %s", fault_text(fault));
	return top->save(top->self, CONFIG_NAME, writer_span(&w), e);
}

static int save(const struct store *store, const char *name, struct span bytes, struct error *e)
{
	if (bytes.n == 0)
		return error_set(e, "nothing given for %s", name);
	return store->save(store->self, name, bytes, e);
}

static int save_files(const struct device_places *places, const struct device_new *given, struct error *e)
{
	if (save(&places->fetcher, "idevid.key", given->idevid_key_pem, e) < 0 ||
	    save(&places->fetcher, "idevid.pem", given->idevid_pem, e) < 0 ||
	    save(&places->fetcher, "server-roots.pem", given->server_roots_pem, e) < 0 ||
	    save(&places->installer, "report.key", given->report_key_pem, e) < 0 ||
	    save(&places->installer, "report.pem", given->report_pem, e) < 0)
		return -1;
	return save(&places->state, "root.json", given->root_json, e);
}

static int write_factory_image(const struct flash *slot, const struct device_new *given, struct error *e)
{
	if (given->factory_image.n > slot_room(slot))
		return error_set(e, "the factory image (%zu bytes) does not fit the slot (%llu)",
				 given->factory_image.n, (unsigned long long)slot_room(slot));
	if (slot->erase_bytes > 1 && slot->erase(slot->self, 0, slot->bytes) != 0)
		return error_retry(e, "erase slot a");
	if (slot->program(slot->self, 0, given->factory_image.at, given->factory_image.n) != 0)
		return error_retry(e, "write the factory image");
	if (slot_manifest_write(slot, given->factory_manifest) != 0)
		return error_retry(e, "write the factory image's boot manifest");
	return slot->sync(slot->self) == 0 ? 0 : error_retry(e, "sync slot a");
}

static int save_first_state(const struct crypto *crypto, const struct device_places *places,
			    const struct device_new *given, struct error *e)
{
	struct device_state state = { .counter_floor = given->factory_counter };
	struct device_release *running = &state.running;
	if (given->factory_version.n > RELEASE_VERSION_MAX)
		return error_set(e, "the factory version is longer than %d", RELEASE_VERSION_MAX);
	memcpy(running->version, given->factory_version.at, given->factory_version.n);
	running->image = sha256_of(crypto, given->factory_image);
	running->image_bytes = given->factory_image.n;
	running->counter = given->factory_counter;
	return device_state_save(&places->state, &state, e);
}

int device_create(const struct crypto *crypto, const struct device_places *places, const struct device_new *given,
		  struct error *e)
{
	struct journal journal;
	if (save_files(places, given, e) < 0 || write_factory_image(&places->slots[SLOT_A], given, e) < 0)
		return -1;
	if (journal_format(&journal, &places->journal, SLOT_A) != JOURNAL_OK)
		return error_retry(e, "write the first record of the slot journal");
	if (save_first_state(crypto, places, given, e) < 0)
		return -1;
	return save_config(&places->top, given->config, e);
}

void device_facts_of(const struct device_config *config, struct attribute store[DEVICE_ATTRIBUTES_MAX],
		     struct device_facts *out)
{
	*out = (struct device_facts){
		.id = span_of_text(config->id),
		.product = span_of_text(config->product),
		.compatible = config->compatible,
		.attribute_count = config->attribute_count,
		.attributes = store,
	};
	for (uint32_t i = 0; i < config->attribute_count; i++) {
		store[i].name = span_of_text(config->attributes[i].name);
		store[i].value = span_of_text(config->attributes[i].value);
	}
}
