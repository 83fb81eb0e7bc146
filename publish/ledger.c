#include "ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "der.h"
#include "hex.h"

#define LEDGER_LEAVES "log/leaves" /* the working copy from which tiles are cut; as public as they are */
#define LEDGER_BYTES_MAX (64u << 20)

struct ledger_tile {
	char path[128];
	size_t bytes;
	uint8_t hashes[MERKLE_TILE_WIDTH * DIGEST_BYTES];
};

static int ledger_reserve(struct ledger *ledger, size_t bytes, struct error *e)
{
	if (bytes <= ledger->store_bytes)
		return 0;
	if (bytes > LEDGER_BYTES_MAX + 1)
		return error_set(e, "the log has more than %u leaves, the most that this version keeps",
				 LEDGER_BYTES_MAX / DIGEST_BYTES);
	size_t grown = bytes < 4096 ? 8192 : bytes * 2;
	uint8_t *store = realloc(ledger->store, grown);
	if (store == NULL)
		return error_set(e, "out of memory");
	ledger->store = store;
	ledger->store_bytes = grown;
	return 0;
}

static int ledger_load_leaves(struct ledger *ledger, struct error *e)
{
	size_t n = 0;
	uint64_t bytes;
	int got = tree_size(ledger->tree, LEDGER_LEAVES, &bytes, e);
	if (got != 0)
		return got < 0 ? -1 : 0;
	/* One byte more than it holds shows tree_get() its end. */
	if (ledger_reserve(ledger, (size_t)bytes + 1, e) != 0 ||
	    tree_get(ledger->tree, LEDGER_LEAVES, ledger->store, ledger->store_bytes, &n, e) != 0)
		return -1;
	/* A part of a hash at the end is of an append that a crash cut short; the next one goes there. */
	ledger->size = n / DIGEST_BYTES;
	return 0;
}

static int ledger_load_checkpoint(struct ledger *ledger, struct error *e)
{
	struct note note;
	int got = tree_get(ledger->tree, "log/checkpoint", (uint8_t *)ledger->checkpoint, sizeof ledger->checkpoint,
			   &ledger->checkpoint_bytes, e);
	if (got != 0)
		return got < 0 ? -1 : 0;
	enum fault fault = note_decode((struct span){ (uint8_t *)ledger->checkpoint, ledger->checkpoint_bytes }, &note);
	if (fault != FAULT_NONE)
		return error_set(e, "log/checkpoint: %s", fault_text(fault));
	if (note.checkpoint.size > ledger->size)
		return error_set(
			e, "the log lost leaves: its checkpoint covers %llu, %s holds %llu; restore it from the tiles",
			(unsigned long long)note.checkpoint.size, LEDGER_LEAVES, (unsigned long long)ledger->size);
	ledger->signed_size = note.checkpoint.size;
	ledger->signed_root = note.checkpoint.root;
	return 0;
}

int ledger_open(struct ledger *ledger, const struct crypto *crypto, const struct tree *tree, const char *origin,
		struct error *e)
{
	*ledger = (struct ledger){ .crypto = crypto, .tree = tree, .origin = span_of_text(origin) };
	if (ledger_load_leaves(ledger, e) != 0)
		return -1;
	return ledger_load_checkpoint(ledger, e);
}

void ledger_close(struct ledger *ledger)
{
	free(ledger->store);
	ledger->store = NULL;
}

/* Complete subtrees are rehashed from the leaves: cheap for the size of log that one file holds. */
bool ledger_hash(void *self, uint32_t level, uint64_t index, struct digest *out)
{
	struct ledger *ledger = self;
	if (level >= 40 || (index + 1) << level > ledger->size)
		return false;
	if (level == 0) {
		memcpy(out->bytes, ledger->store + index * DIGEST_BYTES, DIGEST_BYTES);
		return true;
	}
	struct digest left, right;
	if (!ledger_hash(ledger, level - 1, index * 2, &left) || !ledger_hash(ledger, level - 1, index * 2 + 1, &right))
		return false;
	*out = merkle_node(ledger->crypto, &left, &right);
	return true;
}

int ledger_append(struct ledger *ledger, const uint8_t salt[32], const struct digest *detail, uint64_t *index,
		  struct error *e)
{
	struct digest leaf = logged_leaf(ledger->crypto, salt, detail);
	size_t used = ledger->size * DIGEST_BYTES;
	if (ledger_reserve(ledger, used + DIGEST_BYTES, e) != 0)
		return -1;
	memcpy(ledger->store + used, leaf.bytes, DIGEST_BYTES);
	if (tree_append(ledger->tree, LEDGER_LEAVES, used, SPAN_OF(leaf.bytes), e) != 0)
		return -1;
	*index = ledger->size++;
	return 0;
}

/* What stands, or has to stand, under the tile's name. */
static int ledger_tile(struct ledger *ledger, uint32_t level, uint64_t index, uint32_t width, struct ledger_tile *out,
		       struct error *e)
{
	memcpy(out->path, "log/", 5);
	out->bytes = (size_t)width * DIGEST_BYTES;
	if (merkle_tile_path(level, index, width, out->path + 4, sizeof out->path - 4) != FAULT_NONE)
		return error_set(e, "the log is too large for its tile names");
	for (uint32_t i = 0; i < width; i++) {
		struct digest hash;
		if (!ledger_hash(ledger, level * 8, index * MERKLE_TILE_WIDTH + i, &hash))
			return error_set(e, "the log lost a hash of tile %s", out->path);
		memcpy(out->hashes + i * DIGEST_BYTES, hash.bytes, DIGEST_BYTES);
	}
	return 0;
}

static int ledger_put_tile(struct ledger *ledger, uint32_t level, uint64_t index, uint32_t width, struct error *e)
{
	struct ledger_tile tile;
	if (ledger_tile(ledger, level, index, width, &tile, e) != 0)
		return -1;
	return tree_put_new(ledger->tree, tile.path, (struct span){ tile.hashes, tile.bytes }, e);
}

static int ledger_verify_tile(struct ledger *ledger, uint32_t level, uint64_t index, uint32_t width, struct error *e)
{
	struct ledger_tile tile;
	uint8_t served[sizeof tile.hashes + 1];
	size_t n = 0;
	if (ledger_tile(ledger, level, index, width, &tile, e) != 0)
		return -1;
	int got = tree_get(ledger->tree, tile.path, served, sizeof served, &n, e);
	if (got != 0)
		return got < 0 ? -1 : error_set(e, "the log's tile %s is missing", tile.path);
	if (n != tile.bytes || memcmp(served, tile.hashes, n) != 0)
		return error_set(e, "the log's tile %s is not what was logged", tile.path);
	return 0;
}

/* Each tile, at every level, of a log of this size, from those on that one of size done has not. */
static int ledger_each_tile(struct ledger *ledger, uint64_t done, uint64_t size,
			    int (*each)(struct ledger *ledger, uint32_t level, uint64_t index, uint32_t width,
					struct error *e),
			    struct error *e)
{
	for (uint32_t level = 0; size > 0; level++, done /= MERKLE_TILE_WIDTH, size /= MERKLE_TILE_WIDTH) {
		for (uint64_t tile = done / MERKLE_TILE_WIDTH; tile * MERKLE_TILE_WIDTH < size; tile++) {
			uint64_t left = size - tile * MERKLE_TILE_WIDTH;
			uint32_t width = left < MERKLE_TILE_WIDTH ? (uint32_t)left : MERKLE_TILE_WIDTH;
			if (each(ledger, level, tile, width, e) != 0)
				return -1;
		}
	}
	return 0;
}

/* The checkpoint's text and, for the signer to check, the path from the last head that it signed, of size from. */
static int ledger_request(struct ledger *ledger, uint64_t from, struct writer *text, struct writer *object,
			  struct error *e)
{
	struct checkpoint head = { .origin = ledger->origin, .size = ledger->size };
	struct merkle_source source = { ledger_hash, ledger };
	struct digest path[MERKLE_PATH_MAX];
	uint32_t count = 0;
	if (!merkle_root(ledger->crypto, source, ledger->size, &head.root))
		return error_set(e, "the log's tree cannot be computed");
	if (from > 0 && from < ledger->size &&
	    !merkle_consistency(ledger->crypto, source, from, ledger->size, path, &count))
		return error_set(e, "the log's consistency proof cannot be computed");
	checkpoint_encode(text, &head);
	writer_bytes(object, writer_span(text));
	writer_u8(object, '\n');
	for (uint32_t i = 0; i < count; i++) {
		base64_write(object, digest_span(&path[i]));
		writer_u8(object, '\n');
	}
	if (text->fault != FAULT_NONE || object->fault != FAULT_NONE)
		return error_set(e, "the checkpoint is larger than %d bytes", NOTE_BYTES_MAX);
	return 0;
}

static int ledger_ask(struct ledger *ledger, uint64_t from, const struct signer *signer, struct envelope_reason reason,
		      struct writer *text, struct signature *signature, struct error *e)
{
	uint8_t object_bytes[2 * NOTE_BYTES_MAX];
	struct writer object = writer_over(object_bytes, sizeof object_bytes);
	text->used = 0;
	if (ledger_request(ledger, from, text, &object, e) != 0)
		return -1;
	struct sign_request request = { SIGN_CHECKPOINT, "log", writer_span(&object), reason.who, reason.why };
	return signer->sign(signer->self, &request, signature, e);
}

/*
 * Normally the signer's last head is our checkpoint. But where it signed and either side died before the checkpoint was
 * written, its head is further on: a prefix of our leaves, which were durable before it was asked. A refusal is then
 * by the proofs from those, else the log could never be signed again. The first refusal is the one that is told.
 */
static int ledger_ask_from_any(struct ledger *ledger, const struct signer *signer, struct envelope_reason reason,
			       struct writer *text, struct signature *signature, struct error *e)
{
	struct error later;
	if (ledger_ask(ledger, ledger->signed_size, signer, reason, text, signature, e) == 0)
		return 0;
	for (uint64_t from = ledger->signed_size + 1; !e->retry && from <= ledger->size; from++) {
		later = (struct error){ 0 };
		if (ledger_ask(ledger, from, signer, reason, text, signature, &later) == 0)
			return 0;
		if (later.retry)
			return *e = later, -1;
	}
	return -1;
}

int ledger_commit(struct ledger *ledger, const struct signer *signer, struct envelope_reason reason, struct error *e)
{
	uint8_t text_bytes[NOTE_BYTES_MAX];
	struct writer text = writer_over(text_bytes, sizeof text_bytes);
	struct signature signature;
	if (ledger->size > 0 && ledger->size == ledger->signed_size)
		return 0; /* of a publication that broke off later */
	/* Full tiles never change, partial ones have their width in the name: only new ones are written. */
	if (ledger_each_tile(ledger, ledger->signed_size, ledger->size, ledger_put_tile, e) != 0)
		return -1;
	if (ledger_ask_from_any(ledger, signer, reason, &text, &signature, e) != 0)
		return error_within(e, "the log's checkpoint");
	struct writer note = writer_over(ledger->checkpoint, sizeof ledger->checkpoint);
	writer_bytes(&note, writer_span(&text));
	writer_u8(&note, '\n');
	note_write_signature(&note, ledger->crypto, ledger->origin, &signature.key, signature.raw);
	if (writer_end(&note) != FAULT_NONE)
		return error_set(e, "the checkpoint is larger than %d bytes", NOTE_BYTES_MAX);
	ledger->checkpoint_bytes = note.used;
	ledger->signed_size = ledger->size;
	return tree_put(ledger->tree, "log/checkpoint", writer_span(&note), e);
}

int ledger_publish_proof(struct ledger *ledger, const uint8_t salt[32], const struct digest *detail, uint64_t index,
			 struct error *e)
{
	struct proof proof = { .index = index };
	uint8_t bytes[PROOF_BYTES_MAX];
	struct writer w = writer_over(bytes, sizeof bytes);
	struct merkle_source source = { ledger_hash, ledger };
	char name[80] = "log/proof/";
	memcpy(proof.salt, salt, sizeof proof.salt);
	proof.checkpoint = (struct span){ (uint8_t *)ledger->checkpoint, ledger->checkpoint_bytes };
	if (!merkle_inclusion(ledger->crypto, source, ledger->signed_size, index, proof.path, &proof.path_count))
		return error_set(e, "leaf %llu has no inclusion proof", (unsigned long long)index);
	proof_encode(&w, &proof);
	if (writer_end(&w) != FAULT_NONE)
		return error_set(e, "the inclusion proof is larger than %d bytes", PROOF_BYTES_MAX);
	hex_text(digest_span(detail), name + strlen(name));
	return tree_put(ledger->tree, name, writer_span(&w), e);
}

static bool ledger_signature_valid(struct ledger *ledger, const struct note *note, const struct public_key *key)
{
	uint8_t hash[4], raw[64];
	struct digest digest = sha256_of(ledger->crypto, note->text);
	note_key_hash(ledger->crypto, key, hash);
	for (uint32_t i = 0; i < note->count; i++)
		if (span_equal(note->signatures[i].name, ledger->origin) &&
		    memcmp(note->signatures[i].key_hash, hash, sizeof hash) == 0 &&
		    der_signature_decode(note->signatures[i].der, raw) == FAULT_NONE &&
		    ledger->crypto->p256_verify(key->xy, &digest, raw))
			return true;
	return false;
}

/* Signed by the log's key, for this log. */
static int ledger_read_note(struct ledger *ledger, struct span text, const struct public_key *key, const char *what,
			    struct note *note, struct error *e)
{
	if (note_decode(text, note) != FAULT_NONE || !span_equal(note->checkpoint.origin, ledger->origin))
		return error_set(e, "%s is not a checkpoint of this log", what);
	if (!ledger_signature_valid(ledger, note, key))
		return error_set(e, "%s is not signed by the log's key", what);
	return 0;
}

int ledger_verify(struct ledger *ledger, const struct public_key *key, struct error *e)
{
	struct note note;
	struct digest root;
	struct merkle_source source = { ledger_hash, ledger };
	struct span text = { (uint8_t *)ledger->checkpoint, ledger->checkpoint_bytes };
	if (text.n == 0)
		return error_set(e, "the log has no checkpoint yet; publish a release first");
	if (ledger_read_note(ledger, text, key, "log/checkpoint", &note, e) != 0 ||
	    ledger_each_tile(ledger, 0, note.checkpoint.size, ledger_verify_tile, e) != 0)
		return -1;
	if (!merkle_root(ledger->crypto, source, note.checkpoint.size, &root) ||
	    !digest_equal(&root, &note.checkpoint.root))
		return error_set(e, "the log's leaves do not give the root that its checkpoint signs: it was altered");
	return 0;
}

/* All leaves are at hand: the root over the first of them says more than a proof between the two would. */
int ledger_verify_since(struct ledger *ledger, const struct public_key *key, struct span earlier, const char *what,
			uint64_t *size, struct error *e)
{
	struct note note;
	struct digest root;
	struct merkle_source source = { ledger_hash, ledger };
	if (ledger_read_note(ledger, earlier, key, what, &note, e) != 0)
		return -1;
	*size = note.checkpoint.size;
	if (*size > ledger->signed_size)
		return error_set(e, "%s covers %llu leaves, the published log %llu: it was cut back", what,
				 (unsigned long long)*size, (unsigned long long)ledger->signed_size);
	if (!merkle_root(ledger->crypto, source, *size, &root) || !digest_equal(&root, &note.checkpoint.root))
		return error_set(e,
				 "%s covers other leaves than the published log begins with: its history was "
				 "rewritten; keep that file, it proves it",
				 what);
	return 0;
}

/* A release and its proof were made in one publication; one that broke off between them left the leaf. */
bool ledger_find(const struct ledger *ledger, const uint8_t salt[32], const struct digest *detail, uint64_t *index)
{
	struct digest leaf = logged_leaf(ledger->crypto, salt, detail);
	for (*index = ledger->size; *index > 0;)
		if (memcmp(ledger->store + --*index * DIGEST_BYTES, leaf.bytes, DIGEST_BYTES) == 0)
			return true;
	return false;
}
