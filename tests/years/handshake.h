/*
 * Who reaches whom over TLS, with real certificates: the server's under its roots A and B, the devices' birth and
 * operational ones. No bytes travel; both ends' checks are made as in a handshake, each by its own clock.
 */
#ifndef HANDSHAKE_H
#define HANDSHAKE_H

#include "x509.h"

#define HANDSHAKE_DAY 86400
#define HANDSHAKE_ROOTS_MAX 4

struct handshake_ca {
	struct keyfile *key;
	struct certificate certificate;
};

struct handshake_server {
	struct handshake_ca roots[HANDSHAKE_ROOTS_MAX]; /* those whose keys the operator has */
	uint32_t root_count;
	struct certificate leaf;
	struct handshake_ca factory, device_ca;
	struct certificate device_cas[2]; /* trusted for operational certificates: the present one and the one before */
	uint32_t device_ca_count;
	uint32_t enrolments;
};

struct handshake_device {
	struct keyfile *key; /* of both certificates */
	struct certificate birth, operational;
	bool has_operational;
	struct certificate roots[HANDSHAKE_ROOTS_MAX]; /* pinned */
	uint32_t root_count;
};

/* Roots A and B, until root_end_unix; a leaf under A. */
void handshake_server_open(struct handshake_server *s, int64_t now_unix, int64_t root_end_unix);
void handshake_server_close(struct handshake_server *s);
void handshake_new_root(struct handshake_server *s, int64_t now_unix, int64_t end_unix);
/* A new leaf under this root, from now on, for so many days. */
void handshake_new_leaf(struct handshake_server *s, uint32_t root, int64_t now_unix, int64_t days);
/* Operational certificates by another authority; the one before is still trusted where `overlap`. */
void handshake_new_device_ca(struct handshake_server *s, int64_t now_unix, bool overlap);

/* Born at the factory: pins all roots that the server has, birth certificate without an end. */
void handshake_device_open(struct handshake_device *d, const struct handshake_server *s, int64_t now_unix);
void handshake_device_close(struct handshake_device *d);

/*
 * The server by the true time, the device by its own: does a request get through? Enrols as the fetcher does, by the
 * rules of cmd/enrolment.h and of protocol/agent-ipc.md. *why says what stopped it.
 */
bool handshake_reaches(struct handshake_server *s, struct handshake_device *d, int64_t true_unix, int64_t device_unix,
		       struct error *why);

#endif
