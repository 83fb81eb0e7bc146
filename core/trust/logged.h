/*
 * Is this release in the log? The leaf is SHA-256-committed and salted: leaf data =
 * "sealift/leaf/v1\n" || salt[32] || SHA-256(detail), detail = the canonical target entry
 * {"custom","hashes","length","path"} for a release. The detail stays with the operator; the salted digest is public.
 */
#ifndef LOGGED_H
#define LOGGED_H

#include "merkle.h"
#include "metadata.h"
#include "note.h"
#include "trust_bundle.h"
#include "verdict.h"

struct log_identity {
	struct span origin;
	struct public_key key;
};

/* Who must have seen the log, besides the log itself. */
struct log_witnesses {
	uint32_t count;
	const struct trust_witness *witnesses;
	uint32_t quorum; /* of them, distinct by key; 0: nobody was named, and the check fails */
};

/* The leaf hash of a detail under a salt. */
struct digest logged_leaf(const struct crypto *crypto, const uint8_t salt[32], const struct digest *detail);
/* SHA-256 of the canonical entry of a release's target. */
enum fault logged_detail(const struct crypto *crypto, const struct target *target, struct digest *out) MUST_USE;
/* VERDICT_OK when the proof shows the leaf under a checkpoint that the log signed; VERDICT_UNLOGGED otherwise. */
enum verdict logged_check(const struct crypto *crypto, const struct log_identity *log, struct span proof_text,
			  const struct digest *detail) MUST_USE;
/*
 * The same, and the checkpoint is cosigned by a quorum of the witnesses: VERDICT_UNWITNESSED otherwise. A line that a
 * known witness's name and key id stand on must hold.
 */
enum verdict logged_check_witnessed(const struct crypto *crypto, const struct log_identity *log,
				    const struct log_witnesses *witnesses, struct span proof_text,
				    const struct digest *detail) MUST_USE;

#endif
