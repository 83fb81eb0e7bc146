/*
 * Enrolment over Secure Transport (RFC 7030 section 4.2), simpleenroll only: a device with its factory certificate gets
 * an operational one for the same identity. The signing authority takes its time, so that enrolments have a thread.
 */
#ifndef EST_H
#define EST_H

#include "http.h"
#include "rollouts.h"
#include "signer.h"

#define EST_DAYS 90
#define EST_QUEUE_MAX 1000

struct est;

struct est_config {
	struct rollouts rollouts;
	struct signer signer; /* its own: calls wait for each other */
	/* the URI that a PKCS#10 request (DER) asks for, its signature checked */
	int (*request_uri)(struct span csr, char *uri, size_t capacity, struct error *e);
	/* certificates-only PKCS#7 (DER) of one certificate */
	int (*wrap)(struct span certificate, uint8_t *der, size_t capacity, size_t *n, struct error *e);
};

int est_new(struct est **out, const struct est_config *config, struct error *e) MUST_USE;
void est_free(struct est *est); /* ends the thread; NULL is fine */
void est_enroll(struct est *est, struct http_request *request, const struct tls_peer *peer);

#endif
