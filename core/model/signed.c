#include "signed.h"

#include "der.h"
#include "hex.h"

#define SIGNED_KEYID_MAX 256
#define SIGNED_SIG_MAX 16384 /* in digits: room for algorithms that nobody here verifies */
#define SIGNED_CHUNK 512

/*
 * Sets "usable" alone: what is no P-256 signature may be another algorithm's, and must not spoil the others [META-5].
 */
static void signed_read_sig(struct span text, struct signed_signature *out)
{
	uint8_t der[DER_SIGNATURE_MAX];
	size_t n = text.n / 2;
	if (text.n % 2 != 0 || n == 0 || n > sizeof der)
		return;
	if (hex_decode(text, der, n) != FAULT_NONE)
		return;
	out->usable = der_signature_decode((struct span){ der, n }, out->raw) == FAULT_NONE;
}

/* A key id may stand once only: a second one could only be there to be counted twice [META-4]. */
static void signed_refuse_twice(struct json_reader *r, const struct signed_json *object, uint32_t last)
{
	for (uint32_t i = 0; i < last; i++)
		if (span_equal(object->signatures[i].keyid, object->signatures[last].keyid))
			json_fail(r, FAULT_DUPLICATE, "keyid");
}

static void signed_read_signatures(struct json_reader *r, struct json_node *list, struct workspace *ws, bool strict,
				   struct signed_json *out)
{
	if (list == NULL)
		return;
	out->signatures = workspace_array(ws, list->count, sizeof *out->signatures);
	if (out->signatures == NULL)
		json_fail(r, FAULT_NO_SPACE, "signatures");
	for (struct json_node *entry = list->child; entry != NULL && r->fault == FAULT_NONE; entry = entry->next) {
		struct signed_signature *signature = &out->signatures[out->count];
		signature->keyid = json_string(r, entry, "keyid", SIGNED_KEYID_MAX);
		signature->text = json_string(r, entry, "sig", SIGNED_SIG_MAX);
		signed_read_sig(signature->text, signature);
		if (strict)
			json_close(r, entry);
		signed_refuse_twice(r, out, out->count++);
	}
}

enum fault signed_digest(const struct crypto *crypto, const struct json_node *body, struct digest *out)
{
	uint8_t chunk[SIGNED_CHUNK];
	struct crypto_stream stream = { .crypto = crypto };
	struct writer w = writer_over(chunk, sizeof chunk);
	crypto->sha256_init(&stream.hash);
	w.drain = crypto_drain;
	w.context = &stream;
	json_canonical(body, &w);
	enum fault fault = writer_end(&w);
	crypto->sha256_final(&stream.hash, out);
	return fault;
}

/* The rest of the workspace is the buffer: how long the canonical form is shows when it is written. */
enum fault signed_lay_out(struct signed_json *object, struct workspace *ws)
{
	struct writer w = writer_over(ws->base + ws->used, ws->capacity - ws->used);
	json_canonical(object->body, &w);
	enum fault fault = writer_end(&w);
	if (fault != FAULT_NONE)
		return fault;
	object->message = writer_span(&w);
	ws->used += object->message.n;
	return FAULT_NONE;
}

static enum fault signed_read(struct json_node *document, struct workspace *ws, const struct crypto *crypto,
			      bool strict, struct signed_json *out)
{
	struct json_reader r = { .fault = FAULT_NONE };
	*out = (struct signed_json){ .body = json_object(&r, document, "signed"), .is_own = strict };
	signed_read_signatures(&r, json_array(&r, document, "signatures", SIGNED_SIGNATURES_MAX), ws, strict, out);
	if (strict)
		json_close(&r, document);
	out->where = r.where;
	return r.fault == FAULT_NONE ? signed_digest(crypto, out->body, &out->digest) : r.fault;
}

static enum fault signed_parse(struct span text, struct workspace *ws, struct json_node **document,
			       struct signed_json *out)
{
	*out = (struct signed_json){ .count = 0 };
	return json_parse_at(text, ws, document, &out->at);
}

enum fault signed_decode(struct span text, struct workspace *ws, const struct crypto *crypto, struct signed_json *out)
{
	struct json_node *document;
	enum fault fault = signed_parse(text, ws, &document, out);
	if (fault != FAULT_NONE)
		return fault;
	return signed_read(document, ws, crypto, false, out);
}

/* [DIR-1] */
enum fault signed_decode_strict(struct span text, struct workspace *ws, const struct crypto *crypto,
				struct signed_json *out)
{
	struct json_node *document;
	enum fault fault = signed_parse(text, ws, &document, out);
	if (fault != FAULT_NONE)
		return fault;
	out->at = 0;
	if (!json_is_canonical(document, text))
		return FAULT_NOT_CANONICAL;
	return signed_read(document, ws, crypto, true, out);
}

/*
 * The canonical form keeps line ends raw inside strings, where JSON wants \n. Nowhere else does it have a line end, so
 * the file's spelling follows byte by byte.
 */
static void signed_write_body(struct writer *w, struct span canonical)
{
	for (size_t i = 0; i < canonical.n; i++) {
		uint8_t byte = canonical.at[i];
		if (byte == '\n') {
			writer_text(w, "\\n");
			continue;
		}
		if (byte < 0x20)
			writer_fail(w, FAULT_UTF8);
		writer_u8(w, byte);
	}
}

static void signed_write_signature(struct json_writer *j, const struct signed_by *by)
{
	uint8_t der[DER_SIGNATURE_MAX];
	struct writer w = writer_over(der, sizeof der);
	der_signature_write(&w, by->raw);
	json_write_object(j);
	json_write_member_string(j, "keyid", by->keyid_hex);
	json_write_member_hex(j, "sig", writer_span(&w));
	json_write_object_end(j);
}

void signed_encode(struct writer *w, struct span canonical_body, const struct signed_by *by, uint32_t count)
{
	struct json_writer j = json_writer_over(w);
	json_write_object(&j);
	json_write_name(&j, "signatures");
	json_write_array(&j);
	for (uint32_t i = 0; i < count; i++)
		signed_write_signature(&j, &by[i]);
	json_write_array_end(&j);
	json_write_name(&j, "signed");
	json_write_raw(&j, SPAN_NONE); /* begins the value, which follows */
	signed_write_body(w, canonical_body);
	json_write_object_end(&j);
}
