/*
 * The log's tree in the published folder: leaf hashes in tiles of height 8 (C2SP tlog-tiles), the signed checkpoint,
 * and the offline proof of each release. Leaves are appended durably before a checkpoint covers them and are never
 * taken back: a crash between the two leaves a leaf that the next checkpoint covers.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include "envelope.h"
#include "logged.h"
#include "tree.h"

struct ledger {
	const struct crypto *crypto;
	const struct tree *tree;
	struct span origin;
	uint64_t size;
	uint64_t signed_size; /* of the published checkpoint; 0: none */
	struct digest signed_root;
	char checkpoint[NOTE_BYTES_MAX];
	size_t checkpoint_bytes;
	uint8_t *store;
	size_t store_bytes;
};

int ledger_open(struct ledger *ledger, const struct crypto *crypto, const struct tree *tree, const char *origin,
		struct error *e) MUST_USE;
void ledger_close(struct ledger *ledger);
/* Appends the leaf of a detail, durably; *index is its place. */
int ledger_append(struct ledger *ledger, const uint8_t salt[32], const struct digest *detail, uint64_t *index,
		  struct error *e) MUST_USE;
/* Tiles, then a checkpoint signed by key "log", for all leaves. */
int ledger_commit(struct ledger *ledger, const struct signer *signer, struct envelope_reason reason,
		  struct error *e) MUST_USE;
/* log/proof/<hex detail>; only after ledger_commit(). */
int ledger_publish_proof(struct ledger *ledger, const uint8_t salt[32], const struct digest *detail, uint64_t index,
			 struct error *e) MUST_USE;
/* Where the leaf of a detail under this salt stands; false: it does not. */
bool ledger_find(const struct ledger *ledger, const uint8_t salt[32], const struct digest *detail, uint64_t *index);
/* Recomputes the tree, compares it with every tile that is served, and checks the checkpoint's root and signature. */
int ledger_verify(struct ledger *ledger, const struct public_key *key, struct error *e) MUST_USE;
/*
 * After ledger_verify(): that an earlier checkpoint, which the log's key signed, is of the same history; *size is its
 * size, what names it in messages.
 */
int ledger_verify_since(struct ledger *ledger, const struct public_key *key, struct span earlier, const char *what,
			uint64_t *size, struct error *e) MUST_USE;
bool ledger_hash(void *ledger, uint32_t level, uint64_t index, struct digest *out); /* a merkle_source */

#endif
