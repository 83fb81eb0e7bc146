/*
 * A public key. Version 1 of our formats knows P-256 only; an unknown algorithm is refused, not skipped.
 * A key's identity is the SHA-256 of its SubjectPublicKeyInfo in DER, whatever name a file gives it.
 */
#ifndef KEY_H
#define KEY_H

#include "crypto.h"
#include "fault.h"
#include "writer.h"

struct public_key {
	uint8_t xy[64];
};

enum fault key_from_spki(struct span der, struct public_key *out) MUST_USE;
enum fault key_from_pem(struct span pem,
			struct public_key *out) MUST_USE; /* one PUBLIC KEY block and a last line end */
void key_write_pem(struct writer *w, const struct public_key *key);
struct digest key_identity(const struct crypto *crypto, const struct public_key *key);

#endif
