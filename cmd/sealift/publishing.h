/* The published repository of a site, open for change, with all that a change needs. Large: keep it static. */
#ifndef PUBLISHING_H
#define PUBLISHING_H

#include "ledger.h"
#include "product.h"
#include "site.h"
#include "store_dir.h"

#define PUBLISHING_MEMORY (128u << 20) /* address space: the metadata of all roles that a change touches */

struct publishing {
	bool opened; /* false in a zeroed one, which publishing_close() leaves alone */
	struct tree tree;
	struct store_dir versions_dir;
	struct store versions;
	struct ledger ledger;
	struct repository repository;
	struct workspace ws;
	uint8_t *memory;
	int lock_fd;
};

extern const struct repository_lifetimes publishing_lifetimes;

/* One publication at a time: a second one waits for the first. */
int publishing_open(const struct site *site, struct publishing *out, struct error *e) MUST_USE;
void publishing_close(struct publishing *publishing);
/* A buffer in the workspace, or NULL. */
struct writer publishing_buffer(struct publishing *publishing, size_t capacity);
/* The published root of this version, in the workspace; 1: there is none. */
int publishing_root(struct publishing *publishing, uint64_t version, struct root *out, struct error *e) MUST_USE;
/*
 * A leaf for a detail, which is explained in records/<detail>.json: who, why, salt; *index and salt for its proof.
 * Durable; covered by the next ledger_commit(). What an interrupted publication logged is not logged again.
 */
int publishing_record(const struct site *site, struct publishing *publishing, const struct digest *detail,
		      const char *kind, struct span what, struct envelope_reason reason, uint8_t salt[32],
		      uint64_t *index, struct error *e) MUST_USE;

#endif
