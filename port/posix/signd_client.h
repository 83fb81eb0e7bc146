/*
 * sealift-signd from the other side of its socket, as a struct signer (protocol/signd.md). Connects at the first call
 * and again after a lost connection; a request that was sent is never repeated by itself. One call at a time: calls
 * from several threads wait for each other.
 */
#ifndef SIGND_CLIENT_H
#define SIGND_CLIENT_H

#include "signer.h"

#define SIGND_CLIENT_TIMEOUT_MS 10000

struct signd_client;

/* requester: the name that signd's configuration gives to this user. */
int signd_client_open(const char *socket_path, const char *requester, struct signd_client **out,
		      struct error *e) MUST_USE;
/* How long a call may wait for signd, instead of SIGND_CLIENT_TIMEOUT_MS. Before the first call. */
void signd_client_patience(struct signd_client *client, int timeout_ms);
void signd_client_close(struct signd_client *client);           /* NULL is fine */
struct signer signd_client_signer(struct signd_client *client); /* as long as the client stands */

#endif
