/*
 * The two DER shapes that sealift meets outside X.509: an ECDSA signature (RFC 3279 section 2.2.3) and a P-256
 * SubjectPublicKeyInfo (RFC 5480).
 */
#ifndef DER_H
#define DER_H

#include "fault.h"
#include "span.h"
#include "writer.h"

#define DER_SIGNATURE_MAX 72
#define DER_SPKI_BYTES 91

/* r || s, 32 bytes each, from a strictly encoded ECDSA-Sig-Value; zero and over-long integers are refused. */
enum fault der_signature_decode(struct span der, uint8_t raw[64]) MUST_USE;
void der_signature_write(struct writer *w, const uint8_t raw[64]);
/* X || Y from a P-256 SPKI with an uncompressed point. Whether the point is on the curve is the provider's check. */
enum fault der_spki_decode(struct span der, uint8_t xy[64]) MUST_USE;
void der_spki_write(struct writer *w, const uint8_t xy[64]); /* DER_SPKI_BYTES */

#endif
