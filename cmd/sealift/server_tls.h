/*
 * The TLS certificate of sealiftd, under one of two roots of our own that devices pin: keys/tls/root-[ab].key,
 * pki/server-root-[ab].pem, pki/server-roots.pem, pki/server.pem, pki/server.key.
 */
#ifndef SERVER_TLS_H
#define SERVER_TLS_H

#include "error.h"
#include "site.h"

#define SERVER_TLS_NAMES_MAX 8

/*
 * Root A signs the first certificate; root B is for the day on which A must go. names: DNS names and IP addresses under
 * which devices reach the server; localhost and 127.0.0.1 are always among them.
 */
int server_tls_make(const struct site *site, const char *const *names, uint32_t count, struct error *e) MUST_USE;

#endif
