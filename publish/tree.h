/*
 * The published folder: files appear whole or not at all, and immutable names are never written twice with other bytes.
 * A temporary file in tmp/, fsync, rename, fsync of the folder: after a power cut a reader sees the old state or the
 * new.
 */
#ifndef TREE_H
#define TREE_H

#include "crypto.h"
#include "error.h"

struct tree {
	int fd; /* of the repository's root */
};

int tree_open(struct tree *tree, const char *path, struct error *e) MUST_USE; /* makes the folders it needs */
void tree_close(struct tree *tree);
/* Removes what killed publications left in tmp/. Only where no other publication can run. */
int tree_sweep(const struct tree *tree, struct error *e) MUST_USE;
/* Replaces name. */
int tree_put(const struct tree *tree, const char *name, struct span bytes, struct error *e) MUST_USE;
/* Once only: the same bytes again are fine, other bytes are an error. */
int tree_put_new(const struct tree *tree, const char *name, struct span bytes, struct error *e) MUST_USE;
/* objects/<sha256> from a file; its content must have that digest. */
int tree_put_object(const struct tree *tree, const struct crypto *crypto, const char *source,
		    const struct digest *sha256, struct error *e) MUST_USE;
/* Cuts name to its first offset bytes and adds these, durably. After a crash a beginning of them may stand. */
int tree_append(const struct tree *tree, const char *name, uint64_t offset, struct span bytes,
		struct error *e) MUST_USE;
/* 0 and *bytes; 1 where there is none. */
int tree_size(const struct tree *tree, const char *name, uint64_t *bytes, struct error *e) MUST_USE;
/* 0 and *n; 1 where there is none. */
int tree_get(const struct tree *tree, const char *name, uint8_t *buffer, size_t capacity, size_t *n,
	     struct error *e) MUST_USE;

#endif
