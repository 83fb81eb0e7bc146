#include "release.h"

#define RELEASE_FORMAT 1

static const char *const release_proofs[] = { "none", "signed", "attested" };
static const char *const release_logs[] = { "none", "log", "witnesses" };

/* --- names and paths --- */

static bool release_is_alnum(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
}

bool release_is_product(struct span product)
{
	for (size_t i = 0; i < product.n; i++)
		if (!release_is_alnum(product.at[i]) && product.at[i] != '-')
			return false;
	return product.n > 0 && product.n <= RELEASE_PRODUCT_MAX;
}

static bool release_is_version_byte(uint8_t byte)
{
	return release_is_alnum(byte) || (byte >= 'A' && byte <= 'Z') || byte == '.' || byte == '_' || byte == '+' ||
	       byte == '-';
}

bool release_is_version(struct span version)
{
	for (size_t i = 0; i < version.n; i++)
		if (!release_is_version_byte(version.at[i]))
			return false;
	/* It becomes a folder somewhere. */
	return version.n > 0 && version.n <= RELEASE_VERSION_MAX && !span_is(version, ".") && !span_is(version, "..");
}

/* Takes what stands before the next slash, and the slash. */
static struct span release_component(struct span *rest)
{
	size_t n = 0;
	while (n < rest->n && rest->at[n] != '/')
		n++;
	struct span component = span_sub(*rest, 0, n);
	*rest = span_sub(*rest, n + 1, rest->n);
	return component;
}

enum fault release_path_decode(struct span path, struct release_path *out)
{
	struct span rest = path;
	*out = (struct release_path){ 0 };
	if (!span_starts(rest, SPAN_LIT("p/")))
		return FAULT_SYNTAX;
	rest = span_sub(rest, 2, rest.n);
	struct span product = release_component(&rest);
	struct span version = release_component(&rest);
	bool is_return = span_is(rest, "return");
	if (!release_is_product(product) || !release_is_version(version))
		return FAULT_SYNTAX;
	if (!is_return && !span_is(rest, "image"))
		return FAULT_SYNTAX;
	*out = (struct release_path){ .product = product, .version = version, .is_return = is_return };
	return FAULT_NONE;
}

/* --- decoding --- */

static void release_check_format(struct json_reader *r, struct json_node *custom)
{
	json_expect(r, custom, "type", "release");
	/* Another format is not a number out of range but one that this code does not know [REL-2]. */
	if (json_uint(r, custom, "format", 1, JSON_INTEGER_MAX) != RELEASE_FORMAT)
		json_fail(r, FAULT_VERSION, "format");
}

void release_read_object(struct json_reader *r, struct json_node *parent, const char *name, struct object *out)
{
	struct json_node *node = json_object(r, parent, name);
	out->bytes = json_uint(r, node, "bytes", 1, JSON_INTEGER_MAX);
	json_hex(r, node, "sha256", out->sha256.bytes, sizeof out->sha256.bytes);
	json_close(r, node);
}

uint32_t release_read_compatible(struct json_reader *r, struct json_node *parent,
				 struct compatible out[RELEASE_COMPATIBLE_MAX])
{
	uint32_t count = 0;
	const struct json_node *list = json_array(r, parent, "compatible", RELEASE_COMPATIBLE_MAX);
	if (list == NULL)
		return 0;
	/* A release for no hardware could never be installed: an empty list is a mistake. */
	if (list->count == 0)
		json_fail(r, FAULT_RANGE, "compatible");
	for (struct json_node *node = list->child; node != NULL && r->fault == FAULT_NONE; node = node->next) {
		struct compatible *one = &out[count++];
		json_hex(r, node, "class", one->class, sizeof one->class);
		json_hex(r, node, "vendor", one->vendor, sizeof one->vendor);
		json_close(r, node);
	}
	return count;
}

static uint32_t release_read_word(struct json_reader *r, struct json_node *parent, const char *name,
				  const char *const words[3])
{
	struct span word = json_string(r, parent, name, 16);
	for (uint32_t i = 0; i < 3; i++)
		if (span_is(word, words[i]))
			return i;
	json_fail(r, FAULT_VERSION, name);
	return 0;
}

enum log_policy release_read_log(struct json_reader *r, struct json_node *parent)
{
	return (enum log_policy)release_read_word(r, parent, "log", release_logs);
}

enum proof_level release_read_proof(struct json_reader *r, struct json_node *parent)
{
	return (enum proof_level)release_read_word(r, parent, "proof", release_proofs);
}

static void release_read_build_id(struct json_reader *r, struct json_node *custom, struct release *out)
{
	out->build_id = json_string(r, custom, "build_id", RELEASE_BUILD_ID_MAX);
	for (size_t i = 0; i < out->build_id.n; i++)
		if (out->build_id.at[i] < 0x20 || out->build_id.at[i] > 0x7e)
			json_fail(r, FAULT_UTF8, "build_id");
}

static void release_read_return(struct json_reader *r, struct json_node *custom, struct release *out)
{
	const struct json_node *node = json_optional(r, custom, "return");
	if (node == NULL)
		return;
	out->return_path = json_value_string(r, node, METADATA_PATH_MAX);
	if (r->fault == FAULT_NONE && out->return_path.n == 0)
		json_fail(r, FAULT_SYNTAX, "return");
}

/* What the path says and what "custom" says must be one thing [REL-4], [REL-5]. */
static void release_check_path(struct json_reader *r, const struct release *release)
{
	struct release_path path, back;
	enum fault fault = release_path_decode(release->path, &path);
	if (fault == FAULT_NONE && release->return_path.n > 0)
		fault = release_path_decode(release->return_path, &back);
	if (fault != FAULT_NONE) {
		json_fail(r, fault, "path");
		return;
	}
	bool agrees = span_equal(path.product, release->product) && release_is_version(release->version) &&
		      (path.is_return || span_equal(path.version, release->version));
	if (agrees && release->return_path.n > 0)
		agrees = !path.is_return && back.is_return && span_equal(back.product, path.product) &&
			 span_equal(back.version, path.version);
	if (!agrees)
		json_fail(r, FAULT_RANGE, "path");
}

/* [REL-1] [REL-3] */
enum fault release_decode(const struct target *target, struct release *out)
{
	struct json_reader r = { .fault = FAULT_NONE };
	struct json_node *custom = target->custom;
	*out = (struct release){ .path = target->path, .image_bytes = target->length, .image = target->sha256 };
	if (custom == NULL || target->hashes == METADATA_SHA512)
		return FAULT_MISSING;
	if (custom->type == JSON_OBJECT && custom->text.n > RELEASE_CUSTOM_MAX)
		return FAULT_TOO_LARGE;
	if (target->length == 0)
		return FAULT_RANGE;
	release_check_format(&r, custom);
	release_read_build_id(&r, custom, out);
	out->compatible_count = release_read_compatible(&r, custom, out->compatible);
	out->counter = json_uint(&r, custom, "counter", 1, JSON_INTEGER_MAX);
	out->log = release_read_log(&r, custom);
	release_read_object(&r, custom, "manifest", &out->manifest);
	release_read_object(&r, custom, "payload", &out->payload);
	out->product = json_string(&r, custom, "product", RELEASE_PRODUCT_MAX);
	out->proof = release_read_proof(&r, custom);
	release_read_return(&r, custom, out);
	release_read_object(&r, custom, "table", &out->table);
	out->version = json_string(&r, custom, "version", RELEASE_VERSION_MAX);
	json_close(&r, custom);
	if (r.fault == FAULT_NONE)
		release_check_path(&r, out);
	out->where = r.where;
	return r.fault;
}

/* --- encoding --- */

void release_write_object(struct json_writer *w, const char *name, const struct object *object)
{
	json_write_name(w, name);
	json_write_object(w);
	json_write_member_uint(w, "bytes", object->bytes);
	json_write_member_hex(w, "sha256", digest_span(&object->sha256));
	json_write_object_end(w);
}

void release_write_compatible(struct json_writer *w, const struct compatible *compatible, uint32_t count)
{
	json_write_name(w, "compatible");
	json_write_array(w);
	for (uint32_t i = 0; i < count; i++) {
		json_write_object(w);
		json_write_member_hex(w, "class", SPAN_OF(compatible[i].class));
		json_write_member_hex(w, "vendor", SPAN_OF(compatible[i].vendor));
		json_write_object_end(w);
	}
	json_write_array_end(w);
}

void release_write_log(struct json_writer *w, enum log_policy log)
{
	json_write_member_text(w, "log", release_logs[log]);
}

void release_write_proof(struct json_writer *w, enum proof_level proof)
{
	json_write_member_text(w, "proof", release_proofs[proof]);
}

void release_encode_custom(struct writer *w, const struct release *release)
{
	struct json_writer j = json_writer_over(w);
	json_write_object(&j);
	json_write_member_string(&j, "build_id", release->build_id);
	release_write_compatible(&j, release->compatible, release->compatible_count);
	json_write_member_uint(&j, "counter", release->counter);
	json_write_member_uint(&j, "format", RELEASE_FORMAT);
	release_write_log(&j, release->log);
	release_write_object(&j, "manifest", &release->manifest);
	release_write_object(&j, "payload", &release->payload);
	json_write_member_string(&j, "product", release->product);
	release_write_proof(&j, release->proof);
	if (release->return_path.n > 0)
		json_write_member_string(&j, "return", release->return_path);
	release_write_object(&j, "table", &release->table);
	json_write_member_text(&j, "type", "release");
	json_write_member_string(&j, "version", release->version);
	json_write_object_end(&j);
}
