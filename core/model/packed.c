#include "packed.h"

static void packed_image_decode(struct json_reader *r, struct json_node *parent, const char *name,
				struct packed_image *out)
{
	struct json_node *node = json_object(r, parent, name);
	struct object image = { 0 };
	release_read_object(r, node, "image", &image);
	out->image = image.sha256;
	out->image_bytes = image.bytes;
	release_read_object(r, node, "table", &out->table);
	release_read_object(r, node, "payload", &out->payload);
	out->counter = json_uint(r, node, "counter", 1, JSON_INTEGER_MAX);
	out->version = json_string(r, node, "version", RELEASE_VERSION_MAX);
	json_close(r, node);
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
	out->proof = release_read_proof(&r, body);
	out->log = release_read_log(&r, body);
	out->compatible_count = release_read_compatible(&r, body, out->compatible);
	packed_image_decode(&r, body, "release", &out->release);
	struct json_node *back = json_optional(&r, body, "return");
	out->has_return = back != NULL;
	if (back != NULL)
		packed_image_decode(&r, body, "return", &out->return_release);
	json_close(&r, body);
	return r.fault;
}

static void packed_write_image(struct json_writer *w, const char *name, const struct packed_image *image)
{
	json_write_name(w, name);
	json_write_object(w);
	json_write_member_uint(w, "counter", image->counter);
	release_write_object(w, "image", &(struct object){ image->image, image->image_bytes });
	release_write_object(w, "payload", &image->payload);
	release_write_object(w, "table", &image->table);
	json_write_member_string(w, "version", image->version);
	json_write_object_end(w);
}

void packed_encode(struct writer *out, const struct packed *packed)
{
	struct json_writer w = json_writer_over(out);
	json_write_object(&w);
	json_write_member_string(&w, "build_id", packed->build_id);
	release_write_compatible(&w, packed->compatible, packed->compatible_count);
	json_write_member_uint(&w, "format", 1);
	release_write_log(&w, packed->log);
	json_write_member_string(&w, "product", packed->product);
	release_write_proof(&w, packed->proof);
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
