#include "identity_file.h"

#include <string.h>

#include "file.h"
#include "json.h"

static void identity_file_read_keys(struct json_reader *r, struct json_node *root, const char *name,
				    struct boot_key *out, uint32_t max)
{
	struct json_node *array = json_array(r, root, name, max);
	if (array == NULL || r->fault != FAULT_NONE)
		return;
	struct json_node *element = array->child;
	for (uint32_t i = 0; i < max && element != NULL; i++, element = element->next) {
		if (element->type != JSON_OBJECT) {
			json_fail(r, FAULT_TYPE, name);
			return;
		}
		out[i].present = true;
		json_hex(r, element, "key", out[i].key.xy, sizeof out[i].key.xy);
		out[i].revoked = json_bool(r, element, "revoked");
		json_close(r, element);
	}
}

enum fault identity_file_decode(struct span text, struct workspace *ws, struct boot_identity *out)
{
	struct json_node *root;
	struct json_reader r = { FAULT_NONE };
	memset(out, 0, sizeof *out);
	if (text.n > IDENTITY_FILE_BYTES_MAX)
		return FAULT_TOO_LARGE;
	enum fault fault = json_parse(text, ws, &root);
	if (fault != FAULT_NONE)
		return fault;
	if (root->type != JSON_OBJECT)
		return FAULT_TYPE;
	json_expect(&r, root, "type", "boot-identity");
	if (json_uint(&r, root, "version", 0, JSON_INTEGER_MAX) != 1)
		json_fail(&r, FAULT_VERSION, "version");
	json_hex(&r, root, "vendor", out->vendor, sizeof out->vendor);
	json_hex(&r, root, "class", out->class, sizeof out->class);
	identity_file_read_keys(&r, root, "keys", out->keys, BOOT_KEYS_MAX);
	identity_file_read_keys(&r, root, "emergency", out->emergency, BOOT_EMERGENCY_MAX);
	json_close(&r, root);
	return r.fault;
}

/* The first absent key ends the list. */
static void identity_file_write_keys(struct json_writer *w, const char *name, const struct boot_key *keys, uint32_t max)
{
	json_write_name(w, name);
	json_write_array(w);
	for (uint32_t i = 0; i < max && keys[i].present; i++) {
		json_write_object(w);
		json_write_member_hex(w, "key", SPAN_OF(keys[i].key.xy));
		json_write_member_bool(w, "revoked", keys[i].revoked);
		json_write_object_end(w);
	}
	json_write_array_end(w);
}

void identity_file_encode(struct writer *out, const struct boot_identity *identity)
{
	struct json_writer w = json_writer_over(out);
	json_write_object(&w);
	json_write_member_hex(&w, "class", SPAN_OF(identity->class));
	identity_file_write_keys(&w, "emergency", identity->emergency, BOOT_EMERGENCY_MAX);
	identity_file_write_keys(&w, "keys", identity->keys, BOOT_KEYS_MAX);
	json_write_member_text(&w, "type", "boot-identity");
	json_write_member_hex(&w, "vendor", SPAN_OF(identity->vendor));
	json_write_member_uint(&w, "version", 1);
	json_write_object_end(&w);
}

int identity_file_load(const char *path, struct boot_identity *out, struct error *e)
{
	uint8_t text[IDENTITY_FILE_BYTES_MAX], block[8192];
	struct workspace ws = workspace_over(block, sizeof block);
	size_t n;
	int result = file_read(path, text, sizeof text, &n, e);
	if (result == 1)
		return error_set(e, "%s is missing: is this a device directory? sealift provision makes one", path);
	if (result != 0)
		return -1;
	enum fault fault = identity_file_decode((struct span){ text, n }, &ws, out);
	if (fault != FAULT_NONE)
		return error_set(e, "%s cannot be read: %s; provision the device again", path, fault_text(fault));
	return 0;
}

int identity_file_save(const char *path, const struct boot_identity *identity, struct error *e)
{
	uint8_t text[IDENTITY_FILE_BYTES_MAX];
	struct writer w = writer_over(text, sizeof text);
	identity_file_encode(&w, identity);
	enum fault fault = writer_end(&w);
	if (fault != FAULT_NONE)
		return error_set(e, "cannot write %s: %s", path, fault_text(fault));
	return file_write(path, writer_span(&w), 0644, e);
}
