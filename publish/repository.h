/*
 * The TUF metadata of the published folder, and the order in which it changes: whatever signed metadata names is
 * there before the metadata that names it, timestamp.json last, so that no reader ever sees a name without its bytes.
 * Versions that were asked of a signer are remembered before they are asked: after a crash the next attempt takes a
 * new one, which TUF allows, and the signer never sees one version with two contents.
 */
#ifndef REPOSITORY_H
#define REPOSITORY_H

#include "envelope.h"
#include "metadata.h"
#include "store.h"
#include "tree.h"

#define REPOSITORY_PENDING_MAX 16

struct repository_role {
	char name[METADATA_ROLE_NAME_MAX]; /* "targets", "p/board" */
	uint64_t version;
	struct span envelope;
};

struct repository {
	const struct crypto *crypto;
	const struct tree *tree;
	const struct store *versions; /* the last version asked of a signer, by role */
	struct workspace *ws;         /* holds all that is read until repository_open() is called again */
	int64_t now_unix;
	bool published; /* a timestamp stands */
	struct timestamp timestamp;
	struct snapshot snapshot;
	uint32_t pending_count;
	struct repository_role pending[REPOSITORY_PENDING_MAX];
};

struct repository_lifetimes {
	uint32_t timestamp_s;
	uint32_t snapshot_s;
};

int repository_open(struct repository *repository, const struct crypto *crypto, const struct tree *tree,
		    const struct store *versions, struct workspace *ws, int64_t now_unix, struct error *e) MUST_USE;
/* The newest published metadata of a role, or a pending one; 1 where there is none. */
int repository_targets(struct repository *repository, const char *role, struct targets *out, struct error *e) MUST_USE;
/* A version that no signer has seen for this role; remembered durably before it returns. */
int repository_next_version(struct repository *repository, const char *role, uint64_t *version,
			    struct error *e) MUST_USE;
/*
 * To be published by the next commit; the span must live until then. A delegated role must be signed as the top-level
 * targets (published, or staged before) demand: devices would refuse it, and the releases that it lists with it.
 */
int repository_stage(struct repository *repository, const char *role, uint64_t version, struct span envelope,
		     struct error *e) MUST_USE;
/* Writes the pending roles, signs and writes a new snapshot and, last, a new timestamp. */
int repository_commit(struct repository *repository, const struct signer *signer, struct envelope_reason reason,
		      struct repository_lifetimes lifetimes, struct error *e) MUST_USE;
/* A new timestamp over the same snapshot. */
int repository_refresh(struct repository *repository, const struct signer *signer, struct envelope_reason reason,
		       struct repository_lifetimes lifetimes, struct error *e) MUST_USE;
/* "metadata/7.p%2Fboard.json" */
int repository_role_path(const char *role, uint64_t version, char *out, size_t capacity, struct error *e) MUST_USE;

#endif
