/*
 * A public key. Our own formats know P-256 only; an unknown algorithm is refused, not skipped. TUF metadata may also
 * name Ed25519 and RSA keys, which a hosted client verifies.
 * A key's identity is the SHA-256 of its SubjectPublicKeyInfo in DER (Ed25519: of its 32 bytes), whatever name a file
 * gives it.
 */
#ifndef KEY_H
#define KEY_H

#include "crypto.h"
#include "fault.h"
#include "writer.h"

struct public_key {
	uint8_t xy[64];
};

enum key_scheme { KEY_P256, KEY_ED25519, KEY_RSA_PSS };

enum fault key_from_spki(struct span der, struct public_key *out) MUST_USE;
enum fault key_from_pem(struct span pem,
			struct public_key *out) MUST_USE; /* one PUBLIC KEY block and a last line end */
/* The DER inside one PUBLIC KEY block, whatever it says. */
enum fault key_pem_decode(struct span pem, struct writer *der) MUST_USE;
void key_write_pem(struct writer *w, const struct public_key *key);
struct digest key_identity(const struct crypto *crypto, const struct public_key *key);

#endif
