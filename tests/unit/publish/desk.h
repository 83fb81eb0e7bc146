/*
 * A publisher's desk for tests: a repository in a temporary folder, and a signer with one key for all names that is as
 * strict as a signing authority: a version never twice with two contents, a log that only grows.
 */
#ifndef DESK_H
#define DESK_H

#include "ledger.h"
#include "product.h"
#include "store_dir.h"

#define DESK_NOW 1800000000
#define DESK_SIGNED_MAX 256

struct desk_signed {
	char key[SIGNER_KEY_MAX];
	uint64_t version;
	struct digest body;
};

struct desk {
	char path[64];
	struct tree tree;
	struct store_dir versions_dir;
	struct store versions;
	struct keyfile *private;
	struct public_key key;
	struct signer signer;
	uint8_t *memory;
	struct workspace ws;
	/* what the signer remembers */
	uint32_t signed_count;
	struct desk_signed signed_already[DESK_SIGNED_MAX];
	uint64_t head_size;
	struct digest head_root;
	bool refuses; /* the signer cannot be reached */
	struct ledger ledger;
	struct repository repository;
};

extern const struct envelope_reason desk_reason;
extern const struct repository_lifetimes desk_lifetimes;

struct desk *desk_new(void);
void desk_free(struct desk *d); /* removes the folder */
/* Opens tree, ledger and repository as a new process would. */
void desk_open(struct desk *d);
int desk_try_open(struct desk *d, struct error *e);
void desk_close(struct desk *d);
/* Replaces a byte of a file from its end: -1 is the last. */
void desk_alter(const struct desk *d, const char *name, long from_end);
void desk_write(const struct desk *d, const char *name, struct span bytes);
size_t desk_read(const struct desk *d, const char *name, uint8_t *out, size_t capacity); /* SIZE_MAX: absent */
struct digest desk_digest(uint32_t seed);
/* A release p/board/<version>/image with a counter. */
struct release desk_release(const char *path, const char *version, uint64_t counter);
/* Signs, with this desk's signer, the next version of a role with these targets and stages it. */
int desk_stage_role(struct desk *d, const char *role, const struct release *releases, uint32_t count, struct error *e);
int desk_commit(struct desk *d, struct error *e);

#endif
