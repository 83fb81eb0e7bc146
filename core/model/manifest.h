/*
 * The boot manifest, version 1: a template-locked SUIT envelope (draft-ietf-suit-manifest-37), at most 1 KiB, in
 * deterministic CBOR; anything but the grammar in protocol/boot-manifest.md is refused. Bootloaders parse this and
 * nothing else. The digest covers the bstr-wrapped manifest, its header bytes included.
 */
#ifndef MANIFEST_H
#define MANIFEST_H

#include "cbor.h"
#include "release.h"

#define MANIFEST_BYTES_MAX 1024
#define MANIFEST_SIGNATURES_MAX 2
#define MANIFEST_COMPONENT_MAX 4 /* byte strings of a component id */

struct manifest_signature {
	struct span kid; /* empty: none given */
	struct span raw; /* 64 bytes */
};

struct manifest {
	uint64_t sequence; /* = counter */
	uint32_t component_count;
	struct span component[MANIFEST_COMPONENT_MAX]; /* ["slot"] or ["recovery"] */
	uint8_t vendor[16];
	uint8_t class[16];
	struct digest image;
	uint64_t image_bytes;
	struct span uri; /* reference or fetch uri; empty where absent */
	/* the authentication block */
	struct digest digest; /* as stated, and found equal to that of the bstr-wrapped manifest */
	uint32_t signature_count;
	struct manifest_signature signatures[MANIFEST_SIGNATURES_MAX];
	struct digest signed_digest; /* SHA-256 of the Sig_structure (RFC 9052 section 4.4): what a signature covers */
};

/*
 * Decodes and checks the digest (FAULT_RANGE where it is another's); verifying the signatures is trust/bootcheck.h's.
 * An algorithm other than ESP256 (-9) and SHA-256 (-16) is FAULT_VERSION.
 */
enum fault manifest_decode(struct span envelope, const struct crypto *crypto, struct manifest *out) MUST_USE;

/*
 * The same in two steps, so that a verifier can check the signatures before it parses what they cover: first the
 * authentication block, which fills the second half of *out and gives the inner manifest; then that.
 */
enum fault manifest_decode_envelope(struct span envelope, const struct crypto *crypto, struct manifest *out,
				    struct span *body) MUST_USE;
enum fault manifest_decode_body(struct span body, struct manifest *out) MUST_USE;

/* The inner manifest M (without its bstr head) from sequence, component, vendor, class, image, image_bytes, uri. */
void manifest_encode_body(struct writer *w, const struct manifest *manifest);
/* What is signed over a body: SHA-256 of the Sig_structure. */
struct digest manifest_signed_digest(const struct crypto *crypto, struct span body);
/* The envelope from a body and its signatures. */
void manifest_encode(struct writer *w, const struct crypto *crypto, struct span body,
		     const struct manifest_signature *signatures, uint32_t count);

#endif
