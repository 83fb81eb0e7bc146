#include "note.h"

#include "base64.h"
#include "cursor.h"
#include "der.h"
#include "utf8.h"

#include <string.h>

#define NOTE_MARK "\xe2\x80\x94 " /* em dash, space */
#define PROOF_HEADER "c2sp.org/tlog-proof@v1"
#define PROOF_SALT_BYTES 32

/* One line without its line end; the text must have one. */
static struct span note_line(struct cursor *c)
{
	size_t from = c->at;
	while (cursor_left(c) > 0 && cursor_peek(c) != '\n')
		c->at++;
	struct span line = span_sub(c->input, from, c->at - from);
	(void)cursor_u8(c);
	return c->fault == FAULT_NONE ? line : SPAN_NONE;
}

/* What follows the prefix in the next line. */
static struct span note_field(struct cursor *c, const char *prefix)
{
	struct span line = note_line(c), head = span_of_text(prefix);
	if (!span_starts(line, head)) {
		cursor_fail(c, FAULT_SYNTAX);
		return SPAN_NONE;
	}
	return span_sub(line, head.n, line.n - head.n);
}

/* [LOG-6] */
static uint64_t note_number(struct cursor *c, struct span digits)
{
	uint64_t value = 0;
	if (digits.n == 0)
		cursor_fail(c, FAULT_SYNTAX);
	if (digits.n > 1 && digits.at[0] == '0')
		cursor_fail(c, FAULT_NOT_CANONICAL);
	for (size_t i = 0; i < digits.n; i++) {
		uint64_t digit = (uint64_t)digits.at[i] - '0';
		if (digit > 9)
			cursor_fail(c, FAULT_SYNTAX);
		else if (value > (INT64_MAX - digit) / 10)
			cursor_fail(c, FAULT_RANGE);
		else
			value = value * 10 + digit;
	}
	return c->fault == FAULT_NONE ? value : 0;
}

/* [LOG-9] */
static void note_base64(struct cursor *c, struct span text, uint8_t *out, size_t n)
{
	struct writer w = writer_over(out, n);
	enum fault fault = base64_decode(text, &w);
	if (fault == FAULT_NO_SPACE)
		fault = FAULT_RANGE;
	if (fault == FAULT_NONE && w.used != n)
		fault = FAULT_RANGE;
	if (fault != FAULT_NONE)
		cursor_fail(c, fault);
}

/* [LOG-2]: UTF-8 without control bytes but the line end. */
static bool note_is_text(struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.at[i] < 0x20 && text.at[i] != '\n')
			return false;
	return utf8_is_valid(text);
}

/* [LOG-4]: printable ASCII but space and plus. The specification allows more; a log of ours has no use for it. */
bool note_is_name(struct span name)
{
	if (name.n == 0 || name.n > NOTE_ORIGIN_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (name.at[i] <= 0x20 || name.at[i] > 0x7e || name.at[i] == '+')
			return false;
	return true;
}

/* --- signatures --- */

/* Keeps the first bytes of what is decoded and counts the rest. */
struct note_sink {
	uint8_t *store;
	size_t n;
};

static void note_sink(void *context, struct span bytes)
{
	struct note_sink *sink = context;
	for (size_t i = 0; i < bytes.n; i++, sink->n++)
		if (sink->n < NOTE_SIGNATURE_STORE)
			sink->store[sink->n] = bytes.at[i];
}

static void note_signature_bytes(struct cursor *c, struct span text, uint8_t *store, struct note_signature *out)
{
	uint8_t buffer[48];
	struct note_sink sink = { .store = store };
	struct writer w = writer_over(buffer, sizeof buffer);
	w.drain = note_sink;
	w.context = &sink;
	enum fault fault = base64_decode(text, &w);
	if (fault == FAULT_NONE)
		fault = writer_end(&w);
	if (fault == FAULT_NONE && sink.n <= NOTE_KEY_HASH_BYTES)
		fault = FAULT_TRUNCATED;
	if (fault != FAULT_NONE) {
		cursor_fail(c, fault);
		return;
	}
	memcpy(out->key_hash, store, NOTE_KEY_HASH_BYTES);
	if (sink.n <= NOTE_SIGNATURE_STORE)
		out->der = (struct span){ store + NOTE_KEY_HASH_BYTES, sink.n - NOTE_KEY_HASH_BYTES };
}

/* [LOG-5] */
static void note_signature(struct cursor *c, struct note *out)
{
	struct span rest = note_field(c, NOTE_MARK);
	size_t name = 0;
	while (name < rest.n && rest.at[name] != ' ')
		name++;
	if (name == rest.n || out->count == NOTE_SIGNATURES_MAX) {
		cursor_fail(c, name == rest.n ? FAULT_SYNTAX : FAULT_TOO_LARGE);
		return;
	}
	struct note_signature *s = &out->signatures[out->count];
	s->name = span_sub(rest, 0, name);
	if (!note_is_name(s->name))
		cursor_fail(c, FAULT_SYNTAX);
	note_signature_bytes(c, span_sub(rest, name + 1, rest.n - name - 1), out->der_store[out->count], s);
	out->count++;
}

/* --- checkpoint --- */

/* [LOG-6] [LOG-9]: origin, size, root. */
static void note_checkpoint(struct cursor *c, struct checkpoint *out)
{
	out->origin = note_line(c);
	if (!note_is_name(out->origin))
		cursor_fail(c, FAULT_SYNTAX);
	out->size = note_number(c, note_line(c));
	note_base64(c, note_line(c), out->root.bytes, DIGEST_BYTES);
}

enum fault checkpoint_decode(struct span text, struct checkpoint *out)
{
	*out = (struct checkpoint){ 0 };
	if (text.n > NOTE_BYTES_MAX)
		return FAULT_TOO_LARGE;
	struct cursor c = cursor_over(text);
	note_checkpoint(&c, out);
	return cursor_end(&c);
}

enum fault note_decode(struct span text, struct note *out)
{
	*out = (struct note){ 0 };
	if (text.n > NOTE_BYTES_MAX)
		return FAULT_TOO_LARGE;
	if (!note_is_text(text))
		return FAULT_UTF8;
	struct cursor c = cursor_over(text);
	note_checkpoint(&c, &out->checkpoint);
	out->text = span_sub(text, 0, c.at);
	/* [LOG-3]: an extension line would stand where the empty line has to. */
	if (note_line(&c).n > 0)
		cursor_fail(&c, FAULT_UNKNOWN);
	do
		note_signature(&c, out);
	while (cursor_left(&c) > 0);
	return cursor_end(&c);
}

void checkpoint_encode(struct writer *w, const struct checkpoint *checkpoint)
{
	if (!note_is_name(checkpoint->origin))
		writer_fail(w, FAULT_SYNTAX);
	writer_bytes(w, checkpoint->origin);
	writer_text(w, "\n");
	writer_decimal(w, checkpoint->size);
	writer_text(w, "\n");
	base64_write(w, digest_span(&checkpoint->root));
	writer_text(w, "\n");
}

void note_key_hash(const struct crypto *crypto, const struct public_key *key, uint8_t out[NOTE_KEY_HASH_BYTES])
{
	struct digest identity = key_identity(crypto, key);
	memcpy(out, identity.bytes, NOTE_KEY_HASH_BYTES);
}

void note_write_signature(struct writer *w, const struct crypto *crypto, struct span name, const struct public_key *key,
			  const uint8_t raw[64])
{
	uint8_t store[NOTE_SIGNATURE_STORE];
	struct writer signature = writer_over(store, sizeof store);
	uint8_t key_hash[NOTE_KEY_HASH_BYTES];
	note_key_hash(crypto, key, key_hash);
	writer_bytes(&signature, SPAN_OF(key_hash));
	der_signature_write(&signature, raw);
	if (signature.fault != FAULT_NONE || !note_is_name(name))
		writer_fail(w, signature.fault != FAULT_NONE ? signature.fault : FAULT_SYNTAX);
	writer_text(w, NOTE_MARK);
	writer_bytes(w, name);
	writer_text(w, " ");
	base64_write(w, writer_span(&signature));
	writer_text(w, "\n");
}

/* --- witnesses --- */

#define NOTE_TYPE_COSIGNATURE 0x04

/* [LOG-14] */
void note_witness_hash(const struct crypto *crypto, struct span name, const uint8_t ed25519[32],
		       uint8_t out[NOTE_KEY_HASH_BYTES])
{
	uint8_t bytes[NOTE_ORIGIN_MAX + 2 + 32];
	struct writer w = writer_over(bytes, sizeof bytes);
	writer_bytes(&w, name);
	writer_text(&w, "\n");
	writer_u8(&w, NOTE_TYPE_COSIGNATURE);
	writer_bytes(&w, (struct span){ ed25519, 32 });
	struct digest digest = sha256_of(crypto, writer_span(&w));
	memcpy(out, digest.bytes, NOTE_KEY_HASH_BYTES);
}

void cosignature_write_message(struct writer *w, uint64_t time_unix, struct span note_text)
{
	writer_text(w, "cosignature/v1\ntime ");
	writer_decimal(w, time_unix);
	writer_text(w, "\n");
	writer_bytes(w, note_text);
}

enum fault cosignature_decode(struct span bytes, struct cosignature *out)
{
	struct cursor c = cursor_over(bytes);
	out->time_unix = cursor_u64(&c);
	struct span signature = cursor_bytes(&c, sizeof out->ed25519);
	if (out->time_unix > INT64_MAX)
		cursor_fail(&c, FAULT_RANGE);
	enum fault fault = cursor_end(&c);
	if (fault == FAULT_NONE)
		memcpy(out->ed25519, signature.at, sizeof out->ed25519);
	return fault;
}

void note_write_cosignature(struct writer *w, const struct crypto *crypto, struct span name, const uint8_t key[32],
			    const struct cosignature *cosignature)
{
	uint8_t store[NOTE_KEY_HASH_BYTES + NOTE_COSIGNATURE_BYTES];
	uint8_t key_hash[NOTE_KEY_HASH_BYTES];
	struct writer signature = writer_over(store, sizeof store);
	note_witness_hash(crypto, name, key, key_hash);
	writer_bytes(&signature, SPAN_OF(key_hash));
	writer_u64(&signature, cosignature->time_unix);
	writer_bytes(&signature, SPAN_OF(cosignature->ed25519));
	if (!note_is_name(name) || cosignature->time_unix > INT64_MAX)
		writer_fail(w, FAULT_RANGE);
	writer_text(w, NOTE_MARK);
	writer_bytes(w, name);
	writer_text(w, " ");
	base64_write(w, writer_span(&signature));
	writer_text(w, "\n");
}

/* --- proof --- */

/* [LOG-8] to [LOG-10] */
enum fault proof_decode(struct span text, struct proof *out)
{
	*out = (struct proof){ 0 };
	if (text.n > PROOF_BYTES_MAX)
		return FAULT_TOO_LARGE;
	struct cursor c = cursor_over(text);
	if (!span_is(note_line(&c), PROOF_HEADER))
		cursor_fail(&c, FAULT_VERSION);
	note_base64(&c, note_field(&c, "extra "), out->salt, PROOF_SALT_BYTES);
	out->index = note_number(&c, note_field(&c, "index "));
	for (;;) {
		struct span line = note_line(&c);
		if (c.fault != FAULT_NONE)
			return c.fault;
		if (line.n == 0)
			break;
		if (out->path_count == PROOF_PATH_MAX)
			return FAULT_TOO_LARGE;
		note_base64(&c, line, out->path[out->path_count++].bytes, DIGEST_BYTES);
	}
	if (cursor_left(&c) == 0)
		return FAULT_TRUNCATED;
	out->checkpoint = span_sub(text, c.at, text.n - c.at);
	return FAULT_NONE;
}

void proof_encode(struct writer *w, const struct proof *proof)
{
	if (proof->path_count > PROOF_PATH_MAX) {
		writer_fail(w, FAULT_TOO_LARGE);
		return;
	}
	writer_text(w, PROOF_HEADER "\nextra ");
	base64_write(w, SPAN_OF(proof->salt));
	writer_text(w, "\nindex ");
	writer_decimal(w, proof->index);
	writer_text(w, "\n");
	for (uint32_t i = 0; i < proof->path_count; i++) {
		base64_write(w, digest_span(&proof->path[i]));
		writer_text(w, "\n");
	}
	writer_text(w, "\n");
	writer_bytes(w, proof->checkpoint);
}
