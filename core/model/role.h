/* Keys and threshold of a role, as root and delegations state them (TUF 1.0.34 sections 4.2, 4.3, 4.5). */
#ifndef ROLE_H
#define ROLE_H

#include "json.h"
#include "key.h"

#define ROLE_KEYS_MAX 64
#define ROLE_KEYID_HEX 64

struct role_key {
	struct span keyid;       /* 64 hexadecimal digits: SHA-256 of the key object's canonical form */
	bool usable;             /* an algorithm of version 1; others are listed and never verify */
	struct public_key key;
	struct digest identity;  /* SHA-256 of the SPKI: what thresholds count */
};

struct role {
	uint32_t threshold; /* at least 1 */
	uint32_t count;
	const struct role_key *keys;
};

/* The key object {"keytype":"ecdsa","scheme":"ecdsa-sha2-nistp256","keyval":{"public":PEM}} and its canonical id. */
void role_write_key(struct json_writer *w, const struct public_key *key);
void role_key_init(const struct crypto *crypto, const struct public_key *key, char keyid_hex[ROLE_KEYID_HEX + 1],
		   struct role_key *out); /* keyid points into keyid_hex */

#endif
