/*
 * The server's end of mutual TLS, for an event loop that moves the bytes itself. A session is OpenSSL's own object:
 * the loop hands it on and never looks into it.
 */
#ifndef TLS_H
#define TLS_H

#include "error.h"
#include "identity.h"

struct ssl_st;

enum tls_peer_kind {
	TLS_PEER_FACTORY,     /* IDevID, by a factory CA: never expires */
	TLS_PEER_OPERATIONAL, /* LDevID, by the device CA */
};

struct tls_peer {
	enum tls_peer_kind kind;
	char uri[IDENTITY_URI_MAX + 1];
};

struct tls_counts {
	uint64_t full, resumed, failed; /* handshakes */
};

struct tls {
	void *self;
	/* freed(context) is called when the session is gone; NULL: no memory */
	struct ssl_st *(*session)(void *self, void (*freed)(void *context), void *context);
	void *(*context)(struct ssl_st *session); /* as given above */
	/* Who is at the other end? Its certificate was verified; its time is checked now. false: nobody, or expired. */
	bool (*peer)(void *self, struct ssl_st *session, struct tls_peer *out);
	void (*close_notify)(struct ssl_st *session); /* keeps the session in the cache, tells the peer the end */
	void (*counts)(void *self, struct tls_counts *out);
};

#endif
