/*
 * A target file as it arrives, in pieces of any size: it is stopped at the first byte beyond its length, and held to
 * every hash that its signed entry lists and the provider knows.
 */
#ifndef DOWNLOAD_H
#define DOWNLOAD_H

#include "metadata.h"
#include "verdict.h"

struct download {
	const struct crypto *crypto;
	const struct target *target;
	uint64_t taken;
	struct sha256 sha256;
	struct sha512 sha512;
};

/* VERDICT_DIGEST: no hash of the target is of an algorithm that the provider has. */
enum verdict download_begin(struct download *d, const struct crypto *crypto, const struct target *target) MUST_USE;
/* VERDICT_LENGTH: longer than signed. The piece must not be used then. */
enum verdict download_take(struct download *d, struct span piece) MUST_USE;
/* All of it came and matches; before this says VERDICT_OK nothing of it may be used. */
enum verdict download_end(struct download *d) MUST_USE;

#endif
