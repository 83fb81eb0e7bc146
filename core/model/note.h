/*
 * A log checkpoint (C2SP tlog-checkpoint 1.0.0) in a signed note (C2SP signed-note 1.0.0) with ECDSA P-256 signatures
 * (type 0x02), and the offline proof of one leaf (after C2SP tlog-proof): header, salt, index, path, checkpoint.
 */
#ifndef NOTE_H
#define NOTE_H

#include "crypto.h"
#include "fault.h"
#include "key.h"
#include "writer.h"

#define NOTE_BYTES_MAX 4096
#define NOTE_ORIGIN_MAX 128
#define NOTE_SIGNATURES_MAX 16
#define NOTE_KEY_HASH_BYTES 4
#define NOTE_SIGNATURE_STORE 80 /* key hash and an ECDSA signature */
#define PROOF_BYTES_MAX 16384
#define PROOF_PATH_MAX 63

struct checkpoint {
	struct span origin; /* the log's name */
	uint64_t size;      /* leaves */
	struct digest root;
};

struct note_signature {
	struct span name;
	uint8_t key_hash[NOTE_KEY_HASH_BYTES];
	struct span der; /* the signature: ASN.1, or a cosignature; points into the note's der_store */
};

/* A witness's timestamped signature (C2SP tlog-cosignature, type 0x04): that it saw this log grow and nothing else. */
#define NOTE_COSIGNATURE_BYTES 72
struct cosignature {
	uint64_t time_unix; /* its clock's, which nobody checks */
	uint8_t ed25519[64];
};

struct note {
	struct span text; /* what is signed, its last line end included */
	struct checkpoint checkpoint;
	uint32_t count;
	struct note_signature signatures[NOTE_SIGNATURES_MAX];
	uint8_t der_store[NOTE_SIGNATURES_MAX][NOTE_SIGNATURE_STORE];
};

/*
 * A note whose text is a checkpoint and nothing more: extension lines are refused. Signatures of any type and key are
 * listed; one that is too long for ECDSA on P-256 has an empty der. out must not move: signatures point into it.
 */
enum fault note_decode(struct span text, struct note *out) MUST_USE;
void checkpoint_encode(struct writer *w, const struct checkpoint *checkpoint); /* the note's text */
/* The note's text alone, without signatures: a request to sign one. */
enum fault checkpoint_decode(struct span text, struct checkpoint *out) MUST_USE;
/* May this be an origin or the name of a key? Printable ASCII without space and plus, 1 to NOTE_ORIGIN_MAX bytes. */
bool note_is_name(struct span name);
/* The key id: the first bytes of SHA-256 of the SPKI. Type 0x02, unlike others, leaves the name out of it. */
void note_key_hash(const struct crypto *crypto, const struct public_key *key, uint8_t out[NOTE_KEY_HASH_BYTES]);
/* "— name base64(hash || der)\n", to be appended to text and an empty line */
void note_write_signature(struct writer *w, const struct crypto *crypto, struct span name, const struct public_key *key,
			  const uint8_t raw[64]);

/* The key id of a witness, and what it signs: "cosignature/v1", the time, the note's text. */
void note_witness_hash(const struct crypto *crypto, struct span name, const uint8_t ed25519[32],
		       uint8_t out[NOTE_KEY_HASH_BYTES]);
void cosignature_write_message(struct writer *w, uint64_t time_unix, struct span note_text);
/* FAULT_TRUNCATED, FAULT_TRAILING or FAULT_RANGE for what is no timestamped signature. */
enum fault cosignature_decode(struct span bytes, struct cosignature *out) MUST_USE;
void note_write_cosignature(struct writer *w, const struct crypto *crypto, struct span name, const uint8_t key[32],
			    const struct cosignature *cosignature);

struct proof {
	uint8_t salt[32];
	uint64_t index;
	uint32_t path_count;
	struct digest path[PROOF_PATH_MAX];
	struct span checkpoint; /* the signed note */
};

/* The checkpoint is cut off, not looked into. */
enum fault proof_decode(struct span text, struct proof *out) MUST_USE;
void proof_encode(struct writer *w, const struct proof *proof);

#endif
