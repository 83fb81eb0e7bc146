/*
 * What a device's end of TLS adds to a session that another library runs (libcurl): certificates are held against the
 * device's own time (x509_late.h), and it notices that the server does not take ours.
 */
#ifndef TLS_CLIENT_H
#define TLS_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

struct tls_client {
	int64_t passed_unix; /* 0: the system's clock decides, in both directions */
	bool is_refused;     /* set when the server's alert says that our certificate is expired, unknown or bad */
	bool is_complete;    /* set when a handshake ends well, as far as we can see */
};

/* context: an SSL_CTX whose peer is to be verified; client must outlive its sessions. */
bool tls_client_attach(struct tls_client *client, void *context);

#endif
