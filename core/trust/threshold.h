/*
 * The one way in which signatures are counted, for every role: distinct keys by SHA-256 of their SPKI, never key ids;
 * each signature is tried against the key that its key id names in the role, and no other.
 */
#ifndef THRESHOLD_H
#define THRESHOLD_H

#include "role.h"
#include "signed.h"
#include "verdict.h"

/* Keys that must not count any more, by identity (from trust/revocations, or an emergency statement). */
struct revocations {
	uint32_t count;
	const struct digest *keys;
};

enum verdict threshold_check(const struct crypto *crypto, const struct role *role, const struct signed_json *object,
			     const struct revocations *revoked) MUST_USE; /* revoked may be NULL */
/* Has the role an Ed25519 key? Its signatures count only in an object that signed_lay_out() was called on. */
bool threshold_needs_message(const struct role *role);

#endif
