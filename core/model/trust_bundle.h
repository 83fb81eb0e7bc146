/*
 * What a device must learn in the field that is no TUF role (protocol/trust-bundle.md): the TUF target
 * trust/bundle.json of the top-level targets. The file itself is canonical JSON, unsigned, covered by its digest there.
 * It replaces what provisioning said of the log, of witnesses and of the roots of TLS; the emergency keys that it lists
 * are for people to compare: pins never change.
 */
#ifndef TRUST_BUNDLE_H
#define TRUST_BUNDLE_H

#include "crypto.h"
#include "json.h"
#include "release.h"

#define TRUST_BUNDLE_BYTES_MAX (64u << 10)
#define TRUST_BUNDLE_CERTIFICATES_MAX 4
#define TRUST_BUNDLE_CERTIFICATE_BYTES_MAX 4096
#define TRUST_BUNDLE_LOGS_MAX 2 /* the present one and, while it is rotated, the next */
#define TRUST_BUNDLE_WITNESSES_MAX 8
#define TRUST_BUNDLE_EMERGENCY_MAX 3
#define TRUST_BUNDLE_PATH "trust/bundle.json"

struct trust_certificates {
	uint32_t count;
	struct span der[TRUST_BUNDLE_CERTIFICATES_MAX]; /* X.509, not looked into here */
};

struct trust_log {
	struct span origin;
	uint8_t xy[64]; /* its P-256 key */
};

struct trust_witness {
	struct span name;    /* as in its signature lines */
	uint8_t ed25519[32]; /* its public key (C2SP tlog-cosignature) */
};

struct trust_bundle {
	uint64_t sequence; /* rises with every change */
	struct trust_certificates server_roots;
	struct trust_certificates device_cas; /* factories' and operational */
	enum log_policy log_policy;           /* the least that any release owes, whatever it says itself */
	uint32_t log_count;
	struct trust_log logs[TRUST_BUNDLE_LOGS_MAX];
	uint32_t witness_count;
	struct trust_witness witnesses[TRUST_BUNDLE_WITNESSES_MAX]; /* ascending by name */
	uint32_t witness_quorum; /* cosignatures that a release of the policy "witnesses" needs; 0 without witnesses */
	uint32_t emergency_count;
	struct digest emergency[TRUST_BUNDLE_EMERGENCY_MAX]; /* SHA-256 of SPKI, ascending */
};

/* Certificates are decoded into ws; everything else points into it or into text. */
enum fault trust_bundle_decode(struct span text, struct workspace *ws, struct trust_bundle *out) MUST_USE;
void trust_bundle_encode(struct writer *w, const struct trust_bundle *bundle);

#endif
