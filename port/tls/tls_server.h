/*
 * TLS 1.2 and 1.3 with client certificates required, by a factory CA (whatever the time: IDevIDs outlive their dates)
 * or the device CA. One TLS 1.3 ticket, sessions kept here and not in the ticket, certificates that verified once
 * remembered by their SHA-256 with their end of validity. Revocation is not checked here but at each request.
 */
#ifndef TLS_SERVER_H
#define TLS_SERVER_H

#include "clock.h"
#include "tls.h"

struct tls_server;

struct tls_server_config {
	const char *certificate, *key;      /* PEM files; the chain after the leaf */
	const char *factory_ca, *device_ca; /* PEM files */
	struct clock clock;
};

int tls_server_new(struct tls_server **out, const struct tls_server_config *config, struct error *e) MUST_USE;
void tls_server_free(struct tls_server *server); /* NULL is fine */
struct tls tls_server_port(struct tls_server *server);

#endif
