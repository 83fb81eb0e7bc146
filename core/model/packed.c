#include "packed.h"

static const char *const packed_proofs[] = { "none", "signed", "attested" };
static const char *const packed_logs[] = { "none", "log", "witnesses" };

static uint32_t packed_word(struct json_reader *r, struct json_node *object, const char *name,
			    const char *const words[], uint32_t count)
{
	struct span word = json_string(r, object, name, 16);
	for (uint32_t i = 0; i < count; i++)
		if (span_is(word, words[i]))
			return i;
	json_fail(r, FAULT_VERSION, name);
	return 0;
}

static struct object packed_object(struct json_reader *r, struct json_node *parent, const char *name)
{
	struct object object = { 0 };
	struct json_node *node = json_object(r, parent, name);
	object.bytes = json_uint(r, node, "bytes", 0, JSON_INTEGER_MAX);
	json_hex(r, node, "sha256", object.sha256.bytes, DIGEST_BYTES);
	json_close(r, node);
	return object;
}

static void packed_image_decode(struct json_reader *r, struct json_node *parent, const char *name,
				struct packed_image *out)
{
	struct json_node *node = json_object(r, parent, name);
	struct object image = packed_object(r, node, "image");
	out->image = image.sha256;
	out->image_bytes = image.bytes;
	out->table = packed_object(r, node, "table");
	out->payload = packed_object(r, node, "payload");
	out->counter = json_uint(r, node, "counter", 1, JSON_INTEGER_MAX);
	out->version = json_string(r, node, "version", RELEASE_VERSION_MAX);
	json_close(r, node);
}

static void packed_compatible_decode(struct json_reader *r, struct json_node *body, struct packed *out)
{
	struct json_node *list = json_array(r, body, "compatible", RELEASE_COMPATIBLE_MAX);
	for (struct json_node *node = list != NULL ? list->child : NULL; node != NULL; node = node->next) {
		struct compatible *c = &out->compatible[out->compatible_count++];
		json_hex(r, node, "class", c->class, sizeof c->class);
		json_hex(r, node, "vendor", c->vendor, sizeof c->vendor);
		json_close(r, node);
	}
	if (out->compatible_count == 0)
		json_fail(r, FAULT_MISSING, "compatible");
}

enum fault packed_decode(struct span text, struct workspace *ws, struct packed *out)
{
	struct json_node *body;
	struct json_reader r = { 0 };
	*out = (struct packed){ 0 };
	if (text.n > PACKED_BYTES_MAX)
		return FAULT_TOO_LARGE;
	enum fault fault = json_parse(text, ws, &body);
	if (fault != FAULT_NONE)
		return fault;
	json_expect(&r, body, "type", "packed");
	(void)json_uint(&r, body, "format", 1, 1);
	out->product = json_string(&r, body, "product", RELEASE_PRODUCT_MAX);
	out->build_id = json_string(&r, body, "build_id", 128);
	out->proof = (enum proof_level)packed_word(&r, body, "proof", packed_proofs, 3);
	out->log = (enum log_policy)packed_word(&r, body, "log", packed_logs, 3);
	packed_compatible_decode(&r, body, out);
	packed_image_decode(&r, body, "release", &out->release);
	struct json_node *back = json_optional(&r, body, "return");
	out->has_return = back != NULL;
	if (back != NULL) {
		back->taken = false;
		packed_image_decode(&r, body, "return", &out->return_release);
	}
	json_close(&r, body);
	return r.fault;
}

static void packed_write_object(struct json_writer *w, const char *name, uint64_t bytes, const struct digest *sha256)
{
	json_write_name(w, name);
	json_write_object(w);
	json_write_member_uint(w, "bytes", bytes);
	json_write_member_hex(w, "sha256", digest_span(sha256));
	json_write_object_end(w);
}

static void packed_write_image(struct json_writer *w, const char *name, const struct packed_image *image)
{
	json_write_name(w, name);
	json_write_object(w);
	json_write_member_uint(w, "counter", image->counter);
	packed_write_object(w, "image", image->image_bytes, &image->image);
	packed_write_object(w, "payload", image->payload.bytes, &image->payload.sha256);
	packed_write_object(w, "table", image->table.bytes, &image->table.sha256);
	json_write_member_string(w, "version", image->version);
	json_write_object_end(w);
}

void packed_encode(struct writer *out, const struct packed *packed)
{
	struct json_writer w = json_writer_over(out);
	json_write_object(&w);
	json_write_member_string(&w, "build_id", packed->build_id);
	json_write_name(&w, "compatible");
	json_write_array(&w);
	for (uint32_t i = 0; i < packed->compatible_count; i++) {
		json_write_object(&w);
		json_write_member_hex(&w, "class", SPAN_OF(packed->compatible[i].class));
		json_write_member_hex(&w, "vendor", SPAN_OF(packed->compatible[i].vendor));
		json_write_object_end(&w);
	}
	json_write_array_end(&w);
	json_write_member_uint(&w, "format", 1);
	json_write_member_text(&w, "log", packed_logs[packed->log]);
	json_write_member_string(&w, "product", packed->product);
	json_write_member_text(&w, "proof", packed_proofs[packed->proof]);
	packed_write_image(&w, "release", &packed->release);
	if (packed->has_return)
		packed_write_image(&w, "return", &packed->return_release);
	json_write_member_text(&w, "type", "packed");
	json_write_object_end(&w);
}

void packed_release(const struct packed *packed, bool is_return, struct span path, struct object manifest,
		    struct span return_path, struct release *out)
{
	const struct packed_image *image = is_return ? &packed->return_release : &packed->release;
	*out = (struct release){
		.path = path,
		.image_bytes = image->image_bytes,
		.image = image->image,
		.product = packed->product,
		.version = image->version,
		.build_id = packed->build_id,
		.counter = image->counter,
		.compatible_count = packed->compatible_count,
		.manifest = manifest,
		.table = image->table,
		.payload = image->payload,
		.return_path = return_path,
		.proof = packed->proof,
		.log = packed->log,
	};
	for (uint32_t i = 0; i < packed->compatible_count; i++)
		out->compatible[i] = packed->compatible[i];
}
