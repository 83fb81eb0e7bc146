/*
 * The Merkle tree of the log (RFC 9162 section 2.1, C2SP tlog-tiles): hashes, inclusion and consistency proofs, and the
 * arithmetic of tiles of height 8. Verification needs no memory; building reads subtree hashes through a callback.
 */
#ifndef MERKLE_H
#define MERKLE_H

#include "crypto.h"
#include "fault.h"

#define MERKLE_PATH_MAX 63
#define MERKLE_TILE_WIDTH 256u

struct digest merkle_leaf(const struct crypto *crypto, struct span data); /* SHA-256(0 || data) */
struct digest merkle_node(const struct crypto *crypto, const struct digest *left, const struct digest *right);
struct digest merkle_empty(const struct crypto *crypto);

bool merkle_included(const struct crypto *crypto, uint64_t size, const struct digest *root, uint64_t index,
		     const struct digest *leaf, const struct digest *path, uint32_t count);
bool merkle_consistent(const struct crypto *crypto, uint64_t old_size, const struct digest *old_root, uint64_t new_size,
		       const struct digest *new_root, const struct digest *path, uint32_t count);

/* Where hashes come from: the hash of the complete subtree of 2^level leaves number index; false: not to be had. */
struct merkle_source {
	bool (*hash)(void *self, uint32_t level, uint64_t index, struct digest *out);
	void *self;
};
bool merkle_root(const struct crypto *crypto, struct merkle_source source, uint64_t size, struct digest *out);
bool merkle_inclusion(const struct crypto *crypto, struct merkle_source source, uint64_t size, uint64_t index,
		      struct digest path[MERKLE_PATH_MAX], uint32_t *count);
bool merkle_consistency(const struct crypto *crypto, struct merkle_source source, uint64_t old_size, uint64_t new_size,
			struct digest path[MERKLE_PATH_MAX], uint32_t *count);

/* "tile/0/x001/234" or "tile/0/x001/234.p/17" (C2SP tlog-tiles); level 0 holds leaf hashes. */
enum fault merkle_tile_path(uint32_t level, uint64_t index, uint32_t width, char *out, size_t capacity) MUST_USE;

#endif
