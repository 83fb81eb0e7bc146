/*
 * The envelope of every signed JSON object: {"signatures":[{"keyid","sig"}],"signed":{...}} (TUF 1.0.34 section 4.2).
 * A signature is the hexadecimal of an ASN.1 ECDSA signature over SHA-256 of the canonical form of "signed"; keys of
 * other algorithms have other ones.
 */
#ifndef SIGNED_H
#define SIGNED_H

#include "crypto.h"
#include "json.h"

#define SIGNED_SIGNATURES_MAX 64
#define SIGNED_TYPE_MAX 32

struct signed_signature {
	struct span keyid; /* as the file names the key: a hint, never counted */
	bool usable;       /* a well-formed P-256 signature, which is in raw */
	uint8_t raw[64];
	struct span text; /* as the file has it: of other algorithms, the hexadecimal of the signature */
};

struct signed_json {
	struct json_node *body; /* "signed" */
	struct digest digest;   /* of its canonical bytes: what the signatures cover */
	struct span message;    /* these bytes themselves, where signed_lay_out() was called: Ed25519 needs them */
	bool is_own;            /* signed_decode_strict() read it: signatures of P-256 alone count */
	uint32_t count;
	struct signed_signature *signatures;
	/* of a fault, for messages: the member, or NULL and the offset in the text */
	const char *where;
	size_t at;
};

/* SHA-256 of the canonical form of a value: of "signed", and of a key object for its id. */
enum fault signed_digest(const struct crypto *crypto, const struct json_node *body, struct digest *out) MUST_USE;

/* Puts the canonical bytes of the body into the workspace, and sets message. */
enum fault signed_lay_out(struct signed_json *object, struct workspace *ws) MUST_USE;

/* TUF metadata: any spelling of JSON, unknown members allowed. */
enum fault signed_decode(struct span text, struct workspace *ws, const struct crypto *crypto,
			 struct signed_json *out) MUST_USE;
/* Our own objects: the text must be its own canonical form, or FAULT_NOT_CANONICAL. */
enum fault signed_decode_strict(struct span text, struct workspace *ws, const struct crypto *crypto,
				struct signed_json *out) MUST_USE;

/* One signature to be written: the key's canonical TUF key id and r || s. */
struct signed_by {
	struct span keyid_hex; /* 64 digits */
	uint8_t raw[64];
};
/* canonical_body: the bytes that were signed, line ends raw; the file gets them as \n, so that it is JSON. */
void signed_encode(struct writer *w, struct span canonical_body, const struct signed_by *by, uint32_t count);

#endif
