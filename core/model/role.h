/* Keys and threshold of a role, as root and delegations state them (TUF 1.0.34 sections 4.2, 4.3, 4.5). */
#ifndef ROLE_H
#define ROLE_H

#include "json.h"
#include "key.h"

#define ROLE_KEYS_MAX 64
#define ROLE_KEYID_HEX 64
#define ROLE_RING_MAX 1024 /* keys that one file may define */

struct role_key {
	struct span keyid; /* 64 hexadecimal digits: SHA-256 of the key object's canonical form */
	bool usable;       /* an algorithm that the provider has; others are listed and never verify */
	enum key_scheme scheme;
	struct public_key key;  /* KEY_P256 */
	struct span material;   /* KEY_ED25519: the 32 bytes; KEY_RSA_PSS: the SPKI */
	struct digest identity; /* SHA-256 of SPKI or raw key: what thresholds count */
};

/* Whether a key's id must be the hash of its key object. TUF says so (4.3); some repositories do not keep to it. */
enum role_keyids { ROLE_KEYIDS_STRICT, ROLE_KEYIDS_ANY };
#define ROLE_KEYID_MAX 256 /* with ROLE_KEYIDS_ANY */

struct role {
	uint32_t threshold; /* at least 1 */
	uint32_t count;
	const struct role_key *keys;
};

/* The "keys" object of root or of delegations, from which roles pick. */
struct role_ring {
	enum role_keyids keyids;
	uint32_t count;
	const struct role_key *keys; /* ascending by keyid */
};

/* Faults go to the reader. FAULT_NOT_CANONICAL: a key id that is not the SHA-256 of its key object. */
void role_decode_ring(struct json_reader *r, struct json_node *keys, struct workspace *ws, const struct crypto *crypto,
		      struct role_ring *out); /* ROLE_KEYIDS_STRICT */
void role_decode_ring_by(struct json_reader *r, struct json_node *keys, struct workspace *ws,
			 const struct crypto *crypto, enum role_keyids keyids, struct role_ring *out);
/* "keyids" and "threshold" of an object. A threshold that its keys cannot meet is legal: nothing verifies then. */
void role_decode(struct json_reader *r, struct json_node *object, struct workspace *ws, const struct role_ring *ring,
		 struct role *out);
/* The members "keyids" and "threshold" stand apart in canonical order, so each has its writer. */
void role_write_keyids(struct json_writer *w, const struct role *role);
/*
 * For writing a "keys" object in order: moves *best to the role's first key after the given id, if that comes before
 * *best (NULL: none yet). Called over all roles it finds the next key; begin with SPAN_NONE.
 */
void role_next_key(const struct role *role, struct span after, const struct role_key **best);
/* One member of "keys". FAULT_VERSION in the writer for a key that is no usable P-256 key: we write no other. */
void role_write_ring_key(struct json_writer *w, const struct role_key *key);

/* The key object {"keytype":"ecdsa","scheme":"ecdsa-sha2-nistp256","keyval":{"public":PEM}} and its canonical id. */
void role_write_key(struct json_writer *w, const struct public_key *key);
void role_key_init(const struct crypto *crypto, const struct public_key *key, char keyid_hex[ROLE_KEYID_HEX + 1],
		   struct role_key *out); /* keyid points into keyid_hex */

#endif
