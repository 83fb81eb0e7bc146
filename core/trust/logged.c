#include "logged.h"

#include "der.h"
#include "hex.h"

#include <string.h>

#define LOGGED_LEAF_PREFIX "sealift/leaf/v1\n"

/* [LOG-1] */
struct digest logged_leaf(const struct crypto *crypto, const uint8_t salt[32], const struct digest *detail)
{
	uint8_t data[sizeof(LOGGED_LEAF_PREFIX) - 1 + 32 + DIGEST_BYTES];
	struct writer w = writer_over(data, sizeof data);
	writer_text(&w, LOGGED_LEAF_PREFIX);
	writer_bytes(&w, (struct span){ salt, 32 });
	writer_bytes(&w, digest_span(detail));
	return merkle_leaf(crypto, writer_span(&w));
}

static enum fault logged_canonical_digest(const struct crypto *crypto, const struct json_node *node, struct digest *out)
{
	uint8_t buffer[256];
	struct crypto_stream stream = { .crypto = crypto };
	struct writer w = writer_over(buffer, sizeof buffer);
	w.drain = crypto_drain;
	w.context = &stream;
	crypto->sha256_init(&stream.hash);
	json_canonical(node, &w);
	enum fault fault = writer_end(&w);
	crypto->sha256_final(&stream.hash, out);
	return fault;
}

/* The entry as it stands in the role's metadata, built as a tree, so that there is one canonical form. */
enum fault logged_detail(const struct crypto *crypto, const struct target *target, struct digest *out)
{
	char sha256[2 * DIGEST_BYTES + 1];
	uint8_t digits[20];
	struct writer length = writer_over(digits, sizeof digits);
	hex_text(digest_span(&target->sha256), sha256);
	writer_decimal(&length, target->length);

	struct json_node hex = { .type = JSON_STRING, .name = SPAN_LIT("sha256"), .text = span_of_text(sha256) };
	struct json_node path_node = { .type = JSON_STRING, .name = SPAN_LIT("path"), .text = target->path };
	struct json_node length_node = {
		.type = JSON_INTEGER, .name = SPAN_LIT("length"), .text = writer_span(&length), .next = &path_node
	};
	struct json_node hashes = {
		.type = JSON_OBJECT, .name = SPAN_LIT("hashes"), .child = &hex, .count = 1, .next = &length_node
	};
	struct json_node entry = { .type = JSON_OBJECT, .child = &hashes, .count = 3 };
	struct json_node custom;
	if (target->custom != NULL) {
		custom = *target->custom;
		custom.name = SPAN_LIT("custom");
		custom.next = &hashes;
		entry.child = &custom;
		entry.count++;
	}
	return logged_canonical_digest(crypto, &entry, out);
}

static bool logged_is_by(const struct note_signature *signature, struct span name,
			 const uint8_t key_hash[NOTE_KEY_HASH_BYTES])
{
	return span_equal(signature->name, name) && memcmp(signature->key_hash, key_hash, NOTE_KEY_HASH_BYTES) == 0;
}

/* [LOG-7]: the log's own signature must be there, and each line that claims to be it must hold. */
static bool logged_is_signed(const struct crypto *crypto, const struct log_identity *log, const struct note *note)
{
	struct digest digest = sha256_of(crypto, note->text);
	uint8_t key_hash[NOTE_KEY_HASH_BYTES];
	bool found = false;
	note_key_hash(crypto, &log->key, key_hash);
	for (uint32_t i = 0; i < note->count; i++) {
		uint8_t raw[64];
		const struct note_signature *signature = &note->signatures[i];
		if (!logged_is_by(signature, log->origin, key_hash))
			continue;
		if (der_signature_decode(signature->der, raw) != FAULT_NONE)
			return false;
		if (!crypto->p256_verify(log->key.xy, &digest, raw))
			return false;
		found = true;
	}
	return found;
}

static enum verdict logged_check_note(const struct crypto *crypto, const struct log_identity *log,
				      const struct proof *proof, const struct note *note, const struct digest *detail)
{
	if (!span_equal(note->checkpoint.origin, log->origin) || !logged_is_signed(crypto, log, note))
		return VERDICT_UNLOGGED;
	struct digest leaf = logged_leaf(crypto, proof->salt, detail);
	if (!merkle_included(crypto, note->checkpoint.size, &note->checkpoint.root, proof->index, &leaf, proof->path,
			     proof->path_count))
		return VERDICT_UNLOGGED;
	return VERDICT_OK;
}

/* [LOG-11] */
enum verdict logged_check(const struct crypto *crypto, const struct log_identity *log, struct span proof_text,
			  const struct digest *detail)
{
	struct proof proof;
	struct note note;
	if (proof_decode(proof_text, &proof) != FAULT_NONE || note_decode(proof.checkpoint, &note) != FAULT_NONE)
		return VERDICT_UNLOGGED;
	return logged_check_note(crypto, log, &proof, &note, detail);
}

/* --- witnesses --- */

static bool logged_cosignature_holds(const struct crypto *crypto, const struct trust_witness *witness,
				     const struct note *note, struct span bytes)
{
	uint8_t text[NOTE_BYTES_MAX + 64];
	struct cosignature cosignature;
	struct writer w = writer_over(text, sizeof text);
	if (cosignature_decode(bytes, &cosignature) != FAULT_NONE)
		return false;
	cosignature_write_message(&w, cosignature.time_unix, note->text);
	return w.fault == FAULT_NONE && crypto->ed25519_verify(witness->ed25519, writer_span(&w), cosignature.ed25519);
}

/* [LOG-15]: a false line under a witness's name is somebody's attempt, so that the note is not to be trusted at all. */
static bool logged_is_cosigned(const struct crypto *crypto, const struct trust_witness *witness,
			       const struct note *note, bool *is_false)
{
	uint8_t key_hash[NOTE_KEY_HASH_BYTES];
	bool found = false;
	note_witness_hash(crypto, witness->name, witness->ed25519, key_hash);
	for (uint32_t i = 0; i < note->count; i++) {
		if (!logged_is_by(&note->signatures[i], witness->name, key_hash))
			continue;
		found = logged_cosignature_holds(crypto, witness, note, note->signatures[i].der);
		if (!found)
			*is_false = true;
	}
	return found;
}

/* [LOG-16] */
static bool logged_is_witnessed(const struct crypto *crypto, const struct log_witnesses *witnesses,
				const struct note *note)
{
	uint32_t cosigned = 0;
	bool is_false = false;
	if (crypto->ed25519_verify == NULL || witnesses->quorum == 0)
		return false;
	for (uint32_t i = 0; i < witnesses->count; i++) {
		bool is_second = false; /* of one key, under another name */
		for (uint32_t j = 0; j < i; j++)
			is_second = is_second ||
				    memcmp(witnesses->witnesses[j].ed25519, witnesses->witnesses[i].ed25519, 32) == 0;
		if (!is_second && logged_is_cosigned(crypto, &witnesses->witnesses[i], note, &is_false))
			cosigned++;
	}
	return cosigned >= witnesses->quorum && !is_false;
}

enum verdict logged_check_witnessed(const struct crypto *crypto, const struct log_identity *log,
				    const struct log_witnesses *witnesses, struct span proof_text,
				    const struct digest *detail)
{
	struct proof proof;
	struct note note;
	if (proof_decode(proof_text, &proof) != FAULT_NONE || note_decode(proof.checkpoint, &note) != FAULT_NONE)
		return VERDICT_UNLOGGED;
	enum verdict verdict = logged_check_note(crypto, log, &proof, &note, detail);
	if (verdict != VERDICT_OK)
		return verdict;
	return logged_is_witnessed(crypto, witnesses, &note) ? VERDICT_OK : VERDICT_UNWITNESSED;
}
