#include "manifest.h"

#include <string.h>

/* SUIT and COSE numbers (draft-ietf-suit-manifest-37 section 11, RFC 9052, RFC 9864). */
enum {
	SUIT_TAG = 107,
	SUIT_AUTHENTICATION = 2,
	SUIT_MANIFEST = 3,
	SUIT_VERSION = 1,
	SUIT_SEQUENCE = 2,
	SUIT_COMMON = 3,
	SUIT_REFERENCE_URI = 4,
	SUIT_VALIDATE = 7,
	SUIT_INVOKE = 9,
	SUIT_INSTALL = 20,
	SUIT_COMPONENTS = 2,
	SUIT_SHARED_SEQUENCE = 4,
	SUIT_CONDITION_VENDOR = 1,
	SUIT_CONDITION_CLASS = 2,
	SUIT_CONDITION_IMAGE = 3,
	SUIT_SET_INDEX = 12,
	SUIT_OVERRIDE = 20,
	SUIT_FETCH = 21,
	SUIT_RUN = 23,
	SUIT_PARAMETER_VENDOR = 1,
	SUIT_PARAMETER_CLASS = 2,
	SUIT_PARAMETER_IMAGE = 3,
	SUIT_PARAMETER_SIZE = 14,
	SUIT_PARAMETER_URI = 21,
	COSE_SIGN1 = 18,
	COSE_ALGORITHM = 1,
	COSE_KID = 4,
	COSE_ESP256 = -9,
	COSE_SHA256 = -16,
};

enum { POLICY_MAX = 15, POLICY_ALL = 15, POLICY_RECORD_FAILURE = 2, DIGEST_ARRAY_BYTES = 4 + DIGEST_BYTES };

/* Sig_structure (RFC 9052 section 4.4) up to the payload: ["Signature1", <<{1: -9}>>, h'', the 36-byte digest]. */
static const uint8_t manifest_signature_prefix[] = { 0x84, 0x6a, 'S',  'i',  'g',  'n',  'a',  't',  'u', 'r',
						     'e',  '1',  0x43, 0xa1, 0x01, 0x28, 0x40, 0x58, 0x24 };
/* [-16, h'...'] up to the digest. */
static const uint8_t manifest_digest_prefix[] = { 0x82, 0x2f, 0x58, 0x20 };

static struct digest manifest_body_digest(const struct crypto *crypto, struct span body)
{
	uint8_t head[9];
	struct writer w = writer_over(head, sizeof head);
	struct sha256 h;
	struct digest out;
	/* The head of a byte string differs from that of an unsigned integer in its major type only. */
	cbor_write_uint(&w, body.n);
	head[0] |= CBOR_BYTES << 5;
	crypto->sha256_init(&h);
	crypto->sha256_update(&h, writer_span(&w));
	crypto->sha256_update(&h, body);
	crypto->sha256_final(&h, &out);
	return out;
}

static struct digest manifest_digest_signed(const struct crypto *crypto, const struct digest *digest)
{
	struct sha256 h;
	struct digest out;
	crypto->sha256_init(&h);
	crypto->sha256_update(&h, SPAN_OF(manifest_signature_prefix));
	crypto->sha256_update(&h, SPAN_OF(manifest_digest_prefix));
	crypto->sha256_update(&h, digest_span(digest));
	crypto->sha256_final(&h, &out);
	return out;
}

/* --- reading: each function reads one rule of the grammar [BM-2] --- */

/* The content of a byte string was read to its end, and its faults are the outer cursor's. */
static void manifest_leave(struct cursor *outer, struct cursor *inner)
{
	enum fault fault = cursor_end(inner);
	if (fault != FAULT_NONE)
		cursor_fail(outer, fault);
}

static void manifest_array(struct cursor *c, uint32_t count)
{
	if (cbor_array(c, count) != count)
		cursor_fail(c, FAULT_MISSING);
}

static void manifest_map(struct cursor *c, uint32_t pairs)
{
	if (cbor_map(c, pairs) != pairs)
		cursor_fail(c, FAULT_MISSING);
}

/* The next key of a map whose keys are all required; they ascend, so a greater one means that it is absent. */
static void manifest_key(struct cursor *c, struct cbor_keys *keys, int64_t want)
{
	int64_t got = cbor_key_int(c, keys);
	if (got != want)
		cursor_fail(c, got > want ? FAULT_MISSING : FAULT_UNKNOWN);
}

static struct span manifest_exactly(struct cursor *c, size_t n)
{
	struct span bytes = cbor_bytes(c);
	if (bytes.n == n)
		return bytes;
	cursor_fail(c, FAULT_RANGE);
	return SPAN_NONE;
}

static void manifest_copy(struct cursor *c, uint8_t *out, size_t n)
{
	struct span bytes = manifest_exactly(c, n);
	if (bytes.n == n)
		memcpy(out, bytes.at, n);
}

/* <<[-16, h'32']>> */
static void manifest_digest(struct cursor *outer, struct digest *out)
{
	struct cursor c = cbor_inside(outer);
	manifest_array(&c, 2);
	cbor_expect_int(&c, COSE_SHA256);
	manifest_copy(&c, out->bytes, DIGEST_BYTES);
	manifest_leave(outer, &c);
}

/* <<18([<<{1: -9}>>, {} or {4: kid}, nil, h'64'])>> */
static void manifest_signature(struct cursor *outer, struct manifest_signature *out)
{
	struct cursor c = cbor_inside(outer);
	cbor_tag(&c, COSE_SIGN1);
	manifest_array(&c, 4);

	struct cursor protected = cbor_inside(&c);
	manifest_map(&protected, 1);
	manifest_key(&protected, &(struct cbor_keys){ 0 }, COSE_ALGORITHM);
	cbor_expect_int(&protected, COSE_ESP256); /* [BM-5] */
	manifest_leave(&c, &protected);

	if (cbor_map(&c, 1) == 1) {
		manifest_key(&c, &(struct cbor_keys){ 0 }, COSE_KID);
		out->kid = cbor_bytes(&c);
	}
	cbor_null(&c);
	out->raw = manifest_exactly(&c, 64);
	manifest_leave(outer, &c);
}

/* <<[digest, 1..2 signatures]>> */
static void manifest_authentication(struct cursor *outer, struct manifest *out)
{
	struct cursor c = cbor_inside(outer);
	uint32_t count = cbor_array(&c, 1 + MANIFEST_SIGNATURES_MAX);
	if (count < 2)
		cursor_fail(&c, FAULT_MISSING);
	manifest_digest(&c, &out->digest);
	for (uint32_t i = 0; i + 1 < count; i++)
		manifest_signature(&c, &out->signatures[i]);
	out->signature_count = count < 2 ? 0 : count - 1;
	manifest_leave(outer, &c);
}

enum fault manifest_decode_envelope(struct span envelope, const struct crypto *crypto, struct manifest *out,
				    struct span *body)
{
	memset(out, 0, sizeof *out);
	*body = SPAN_NONE;
	if (envelope.n > MANIFEST_BYTES_MAX) /* [BM-1] */
		return FAULT_TOO_LARGE;
	struct cursor c = cursor_over(envelope);
	struct cbor_keys keys = { 0 };
	cbor_tag(&c, SUIT_TAG);
	uint32_t members = cbor_map(&c, 16);
	manifest_key(&c, &keys, SUIT_AUTHENTICATION);
	manifest_authentication(&c, out);
	manifest_key(&c, &keys, SUIT_MANIFEST);
	struct span inner = cbor_bytes(&c);
	/* Severed members and integrated payloads are bytes that no digest checked at boot would cover. */
	if (members != 2)
		cursor_fail(&c, members < 2 ? FAULT_MISSING : FAULT_UNKNOWN);
	enum fault fault = cursor_end(&c);
	if (fault != FAULT_NONE)
		return fault;
	struct digest found = manifest_body_digest(crypto, inner);
	if (!digest_equal(&found, &out->digest)) /* [BM-3] */
		return FAULT_RANGE;
	out->signed_digest = manifest_digest_signed(crypto, &out->digest);
	*body = inner;
	return FAULT_NONE;
}

static void manifest_policy(struct cursor *c)
{
	if (cbor_uint(c) > POLICY_MAX)
		cursor_fail(c, FAULT_RANGE);
}

static void manifest_command(struct cursor *c, int64_t command)
{
	if (cbor_int(c) != command)
		cursor_fail(c, FAULT_UNKNOWN);
}

/* A sequence of so many items, after an optional 12, 0: "of the first component", which is the only one. */
static void manifest_commands(struct cursor *c, uint32_t count)
{
	uint32_t items = cbor_array(c, count + 2);
	if (items == count + 2) {
		manifest_command(c, SUIT_SET_INDEX);
		manifest_command(c, 0);
		items -= 2;
	}
	if (items != count)
		cursor_fail(c, FAULT_MISSING);
}

static void manifest_condition(struct cursor *c, int64_t condition)
{
	manifest_command(c, condition);
	manifest_policy(c);
}

/* <<[command, p]>> */
static void manifest_single(struct cursor *outer, int64_t command)
{
	struct cursor c = cbor_inside(outer);
	manifest_commands(&c, 2);
	manifest_condition(&c, command);
	manifest_leave(outer, &c);
}

/* <<[20, {1: vendor, 2: class, 3: <<[-16, h'32']>>, 14: size}, 1, p, 2, p]>> */
static void manifest_shared(struct cursor *outer, struct manifest *out)
{
	struct cursor c = cbor_inside(outer);
	struct cbor_keys keys = { 0 };
	manifest_commands(&c, 6);
	manifest_command(&c, SUIT_OVERRIDE);
	manifest_map(&c, 4);
	manifest_key(&c, &keys, SUIT_PARAMETER_VENDOR);
	manifest_copy(&c, out->vendor, sizeof out->vendor);
	manifest_key(&c, &keys, SUIT_PARAMETER_CLASS);
	manifest_copy(&c, out->class, sizeof out->class);
	manifest_key(&c, &keys, SUIT_PARAMETER_IMAGE);
	manifest_digest(&c, &out->image);
	manifest_key(&c, &keys, SUIT_PARAMETER_SIZE);
	out->image_bytes = cbor_uint(&c);
	manifest_condition(&c, SUIT_CONDITION_VENDOR);
	manifest_condition(&c, SUIT_CONDITION_CLASS);
	manifest_leave(outer, &c);
}

/* <<{2: [[1..4 bstr]], 4: shared}>> */
static void manifest_common(struct cursor *outer, struct manifest *out)
{
	struct cursor c = cbor_inside(outer);
	struct cbor_keys keys = { 0 };
	manifest_map(&c, 2);
	manifest_key(&c, &keys, SUIT_COMPONENTS);
	manifest_array(&c, 1);
	out->component_count = cbor_array(&c, MANIFEST_COMPONENT_MAX);
	if (out->component_count == 0)
		cursor_fail(&c, FAULT_MISSING);
	for (uint32_t i = 0; i < out->component_count; i++)
		out->component[i] = cbor_bytes(&c);
	manifest_key(&c, &keys, SUIT_SHARED_SEQUENCE);
	manifest_shared(&c, out);
	manifest_leave(outer, &c);
}

/* <<[20, {21: uri}, 21, p, 3, p]>> */
static void manifest_install(struct cursor *outer, struct manifest *out)
{
	struct cursor c = cbor_inside(outer);
	manifest_commands(&c, 6);
	manifest_command(&c, SUIT_OVERRIDE);
	manifest_map(&c, 1);
	manifest_key(&c, &(struct cbor_keys){ 0 }, SUIT_PARAMETER_URI);
	out->uri = cbor_text(&c);
	manifest_condition(&c, SUIT_FETCH);
	manifest_condition(&c, SUIT_CONDITION_IMAGE);
	manifest_leave(outer, &c);
}

static void manifest_optional(struct cursor *c, int64_t key, struct manifest *out)
{
	switch (key) {
	case SUIT_REFERENCE_URI:
		out->uri = cbor_text(c);
		return;
	case SUIT_INVOKE:
		manifest_single(c, SUIT_RUN);
		return;
	case SUIT_INSTALL:
		manifest_install(c, out);
		return;
	default:
		cursor_fail(c, key < SUIT_VALIDATE ? FAULT_MISSING : FAULT_UNKNOWN);
	}
}

enum fault manifest_decode_body(struct span body, struct manifest *out)
{
	struct cursor c = cursor_over(body);
	struct cbor_keys keys = { 0 };
	bool validated = false;
	uint32_t members = cbor_map(&c, 16);
	manifest_key(&c, &keys, SUIT_VERSION);
	cbor_expect_int(&c, 1);
	manifest_key(&c, &keys, SUIT_SEQUENCE);
	out->sequence = cbor_uint(&c);
	manifest_key(&c, &keys, SUIT_COMMON);
	manifest_common(&c, out);
	for (uint32_t i = 3; i < members && c.fault == FAULT_NONE; i++) {
		int64_t key = cbor_key_int(&c, &keys);
		if (key == SUIT_VALIDATE)
			manifest_single(&c, SUIT_CONDITION_IMAGE);
		else
			manifest_optional(&c, key, out);
		validated |= key == SUIT_VALIDATE;
	}
	if (!validated)
		cursor_fail(&c, FAULT_MISSING);
	if (COUNTER_EPOCH(out->sequence) > COUNTER_EPOCH_MAX) /* [BM-9] */
		cursor_fail(&c, FAULT_RANGE);
	return cursor_end(&c);
}

enum fault manifest_decode(struct span envelope, const struct crypto *crypto, struct manifest *out)
{
	struct span body;
	enum fault fault = manifest_decode_envelope(envelope, crypto, out, &body);
	if (fault != FAULT_NONE)
		return fault;
	return manifest_decode_body(body, out);
}

/* --- writing: the innermost byte string first, since a length stands before its content --- */

static void manifest_write_digest(struct writer *w, const struct digest *digest)
{
	uint8_t bytes[DIGEST_ARRAY_BYTES];
	memcpy(bytes, manifest_digest_prefix, sizeof manifest_digest_prefix);
	memcpy(bytes + sizeof manifest_digest_prefix, digest->bytes, DIGEST_BYTES);
	cbor_write_bytes(w, SPAN_OF(bytes));
}

static void manifest_write_condition(struct writer *w, int64_t condition, uint64_t policy)
{
	cbor_write_int(w, condition);
	cbor_write_uint(w, policy);
}

static void manifest_write_inner(struct writer *w, struct writer *inner)
{
	if (inner->fault != FAULT_NONE)
		writer_fail(w, inner->fault);
	cbor_write_bytes(w, writer_span(inner));
}

static void manifest_write_shared(struct writer *outer, const struct manifest *manifest)
{
	uint8_t buffer[128];
	struct writer w = writer_over(buffer, sizeof buffer);
	cbor_write_array(&w, 6);
	cbor_write_int(&w, SUIT_OVERRIDE);
	cbor_write_map(&w, 4);
	cbor_write_int(&w, SUIT_PARAMETER_VENDOR);
	cbor_write_bytes(&w, SPAN_OF(manifest->vendor));
	cbor_write_int(&w, SUIT_PARAMETER_CLASS);
	cbor_write_bytes(&w, SPAN_OF(manifest->class));
	cbor_write_int(&w, SUIT_PARAMETER_IMAGE);
	manifest_write_digest(&w, &manifest->image);
	cbor_write_int(&w, SUIT_PARAMETER_SIZE);
	cbor_write_uint(&w, manifest->image_bytes);
	manifest_write_condition(&w, SUIT_CONDITION_VENDOR, POLICY_ALL);
	manifest_write_condition(&w, SUIT_CONDITION_CLASS, POLICY_ALL);
	manifest_write_inner(outer, &w);
}

static void manifest_write_common(struct writer *outer, const struct manifest *manifest)
{
	uint8_t buffer[512];
	struct writer w = writer_over(buffer, sizeof buffer);
	if (manifest->component_count == 0 || manifest->component_count > MANIFEST_COMPONENT_MAX)
		writer_fail(&w, FAULT_RANGE);
	cbor_write_map(&w, 2);
	cbor_write_int(&w, SUIT_COMPONENTS);
	cbor_write_array(&w, 1);
	cbor_write_array(&w, manifest->component_count);
	for (uint32_t i = 0; i < manifest->component_count && i < MANIFEST_COMPONENT_MAX; i++)
		cbor_write_bytes(&w, manifest->component[i]);
	cbor_write_int(&w, SUIT_SHARED_SEQUENCE);
	manifest_write_shared(&w, manifest);
	manifest_write_inner(outer, &w);
}

static void manifest_write_single(struct writer *outer, int64_t command, uint64_t policy)
{
	uint8_t buffer[8];
	struct writer w = writer_over(buffer, sizeof buffer);
	cbor_write_array(&w, 2);
	manifest_write_condition(&w, command, policy);
	manifest_write_inner(outer, &w);
}

void manifest_encode_body(struct writer *w, const struct manifest *manifest)
{
	if (COUNTER_EPOCH(manifest->sequence) > COUNTER_EPOCH_MAX)
		writer_fail(w, FAULT_RANGE);
	cbor_write_map(w, manifest->uri.n > 0 ? 6 : 5);
	cbor_write_int(w, SUIT_VERSION);
	cbor_write_uint(w, 1);
	cbor_write_int(w, SUIT_SEQUENCE);
	cbor_write_uint(w, manifest->sequence);
	cbor_write_int(w, SUIT_COMMON);
	manifest_write_common(w, manifest);
	if (manifest->uri.n > 0) {
		cbor_write_int(w, SUIT_REFERENCE_URI);
		cbor_write_text(w, manifest->uri);
	}
	cbor_write_int(w, SUIT_VALIDATE);
	manifest_write_single(w, SUIT_CONDITION_IMAGE, POLICY_ALL);
	cbor_write_int(w, SUIT_INVOKE);
	manifest_write_single(w, SUIT_RUN, POLICY_RECORD_FAILURE);
}

struct digest manifest_signed_digest(const struct crypto *crypto, struct span body)
{
	struct digest digest = manifest_body_digest(crypto, body);
	return manifest_digest_signed(crypto, &digest);
}

static void manifest_write_signature(struct writer *outer, const struct manifest_signature *signature)
{
	static const uint8_t protected[] = { 0xa1, 0x01, 0x28 };
	uint8_t buffer[256];
	struct writer w = writer_over(buffer, sizeof buffer);
	if (signature->raw.n != 64)
		writer_fail(&w, FAULT_RANGE);
	cbor_write_tag(&w, COSE_SIGN1);
	cbor_write_array(&w, 4);
	cbor_write_bytes(&w, SPAN_OF(protected));
	cbor_write_map(&w, signature->kid.n > 0 ? 1 : 0);
	if (signature->kid.n > 0) {
		cbor_write_int(&w, COSE_KID);
		cbor_write_bytes(&w, signature->kid);
	}
	cbor_write_null(&w);
	cbor_write_bytes(&w, signature->raw);
	manifest_write_inner(outer, &w);
}

void manifest_encode(struct writer *w, const struct crypto *crypto, struct span body,
		     const struct manifest_signature *signatures, uint32_t count)
{
	uint8_t buffer[MANIFEST_BYTES_MAX];
	struct writer auth = writer_over(buffer, sizeof buffer);
	struct digest digest = manifest_body_digest(crypto, body);
	size_t before = w->used;
	if (count == 0 || count > MANIFEST_SIGNATURES_MAX)
		writer_fail(&auth, FAULT_RANGE);
	cbor_write_array(&auth, 1 + (uint64_t)count);
	manifest_write_digest(&auth, &digest);
	for (uint32_t i = 0; i < count && i < MANIFEST_SIGNATURES_MAX; i++)
		manifest_write_signature(&auth, &signatures[i]);
	cbor_write_tag(w, SUIT_TAG);
	cbor_write_map(w, 2);
	cbor_write_int(w, SUIT_AUTHENTICATION);
	manifest_write_inner(w, &auth);
	cbor_write_int(w, SUIT_MANIFEST);
	cbor_write_bytes(w, body);
	if (w->drain == NULL && w->used - before > MANIFEST_BYTES_MAX)
		writer_fail(w, FAULT_TOO_LARGE);
}
