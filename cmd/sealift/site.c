#include "site.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

int site_path(const struct site *site, const char *name, char out[FILE_PATH_MAX], struct error *e)
{
	if (name == NULL)
		name = ".";
	return file_join(out, site->path, name, e);
}

int site_make(const struct site *site, const char *name, mode_t mode, struct error *e)
{
	char path[FILE_PATH_MAX], part[FILE_PATH_MAX];
	for (const char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof part, "%.*s", (int)(slash - name), name);
		if (site_path(site, part, path, e) != 0 || file_make_directory(path, mode, e) != 0)
			return -1;
	}
	return site_path(site, name, path, e) != 0 ? -1 : file_make_directory(path, mode, e);
}

static void site_copy(char *out, size_t capacity, struct span text)
{
	snprintf(out, capacity, "%.*s", (int)text.n, (const char *)text.at);
}

static void site_keys_decode(struct json_reader *r, struct json_node *body, const char *name, struct public_key *keys,
			     uint32_t count)
{
	struct json_node *list = json_array(r, body, name, count);
	uint32_t i = 0;
	for (struct json_node *node = list != NULL ? list->child : NULL; node != NULL; node = node->next)
		json_value_hex(r, node, keys[i++].xy, sizeof keys->xy);
	if (i != count)
		json_fail(r, FAULT_MISSING, name);
}

static void site_products_decode(struct json_reader *r, struct json_node *body, struct site *site)
{
	struct json_node *list = json_array(r, body, "products", SITE_PRODUCTS_MAX);
	for (struct json_node *node = list != NULL ? list->child : NULL; node != NULL; node = node->next) {
		struct site_product *product = &site->products[site->product_count++];
		site_copy(product->class_name, sizeof product->class_name, json_string(r, node, "class", 63));
		json_hex(r, node, "class_id", product->compatible.class, 16);
		site_copy(product->name, sizeof product->name, json_string(r, node, "name", RELEASE_PRODUCT_MAX));
		json_hex(r, node, "vendor_id", product->compatible.vendor, 16);
		json_close(r, node);
	}
}

static enum fault site_decode(struct site *site, struct span text, struct workspace *ws)
{
	struct json_node *body;
	struct json_reader r = { 0 };
	enum fault fault = json_parse(text, ws, &body);
	if (fault != FAULT_NONE)
		return fault;
	json_expect(&r, body, "type", "site");
	(void)json_uint(&r, body, "format", 1, 1);
	site_copy(site->vendor, sizeof site->vendor, json_string(&r, body, "vendor", SITE_VENDOR_MAX));
	site_copy(site->log_origin, sizeof site->log_origin, json_string(&r, body, "log_origin", 127));
	json_hex(&r, body, "log_key", site->log_key.xy, sizeof site->log_key.xy);
	site_keys_decode(&r, body, "boot_keys", site->boot_keys, 2);
	site_keys_decode(&r, body, "emergency", site->emergency, SITE_EMERGENCY_KEYS);
	site_products_decode(&r, body, site);
	json_close(&r, body);
	return r.fault;
}

int site_load(struct site *site, const char *path, struct error *e)
{
	static uint8_t memory[8 * SITE_BYTES_MAX];
	struct workspace ws = workspace_over(memory, sizeof memory);
	char name[FILE_PATH_MAX], absolute[PATH_MAX];
	size_t n = 0;
	*site = (struct site){ 0 };
	if (realpath(path, absolute) == NULL || strlen(absolute) >= sizeof site->path)
		return error_set(e, "there is no site at %s; make one with 'sealift init %s'", path, path);
	memcpy(site->path, absolute, strlen(absolute) + 1);
	if (site_path(site, "site.json", name, e) != 0)
		return -1;
	int got = file_read(name, site->text, sizeof site->text, &n, e);
	if (got > 0)
		return error_set(e,
				 "%s is not a site (it has no site.json); make one with 'sealift init DIR', or name "
				 "one with --site",
				 path);
	if (got < 0)
		return -1;
	enum fault fault = site_decode(site, (struct span){ site->text, n }, &ws);
	return fault == FAULT_NONE ? 0 : error_set(e, "%s: %s", name, fault_text(fault));
}

static void site_keys_encode(struct json_writer *w, const char *name, const struct public_key *keys, uint32_t count)
{
	json_write_name(w, name);
	json_write_array(w);
	for (uint32_t i = 0; i < count; i++)
		json_write_hex(w, SPAN_OF(keys[i].xy));
	json_write_array_end(w);
}

static void site_encode(struct writer *out, const struct site *site)
{
	struct json_writer w = json_writer_over(out);
	json_write_object(&w);
	site_keys_encode(&w, "boot_keys", site->boot_keys, 2);
	site_keys_encode(&w, "emergency", site->emergency, SITE_EMERGENCY_KEYS);
	json_write_member_uint(&w, "format", 1);
	json_write_member_hex(&w, "log_key", SPAN_OF(site->log_key.xy));
	json_write_member_text(&w, "log_origin", site->log_origin);
	json_write_name(&w, "products");
	json_write_array(&w);
	for (uint32_t i = 0; i < site->product_count; i++) {
		const struct site_product *product = &site->products[i];
		json_write_object(&w);
		json_write_member_text(&w, "class", product->class_name);
		json_write_member_hex(&w, "class_id", SPAN_OF(product->compatible.class));
		json_write_member_text(&w, "name", product->name);
		json_write_member_hex(&w, "vendor_id", SPAN_OF(product->compatible.vendor));
		json_write_object_end(&w);
	}
	json_write_array_end(&w);
	json_write_member_text(&w, "type", "site");
	json_write_member_text(&w, "vendor", site->vendor);
	json_write_object_end(&w);
}

int site_save(const struct site *site, struct error *e)
{
	uint8_t bytes[SITE_BYTES_MAX];
	char name[FILE_PATH_MAX];
	struct writer w = writer_over(bytes, sizeof bytes);
	site_encode(&w, site);
	if (writer_end(&w) != FAULT_NONE)
		return error_set(e, "site.json would hold %s", fault_text(w.fault));
	return site_path(site, "site.json", name, e) != 0 ? -1 : file_write(name, writer_span(&w), 0644, e);
}

const struct site_product *site_product(const struct site *site, const char *name, struct error *e)
{
	for (uint32_t i = 0; i < site->product_count; i++)
		if (strcmp(site->products[i].name, name) == 0)
			return &site->products[i];
	error_set(e, "this site has no product '%s'; 'sealift status' lists its products", name);
	return NULL;
}
