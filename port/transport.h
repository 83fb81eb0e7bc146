/*
 * One request to the server, its body handed on in pieces as it comes. What the fetcher process does for the installer
 * (agent/ipc.h), and a simulated device for itself (agent/direct.h). Paths as in fetch.h: the transport escapes them.
 */
#ifndef TRANSPORT_H
#define TRANSPORT_H

#include "fetch.h"

struct transport_request {
	const char *path;
	uint64_t from, n;         /* n > 0: this range only */
	const char *content_type; /* NULL: GET, else POST of body */
	struct span body;
	int64_t passed_unix; /* a time that has surely passed, for the server's certificate; 0: the system's */
};

struct transport {
	/*
	 * sink gets the body of an answer of 2xx, in order; -1 from it ends the exchange, which is then an answer cut
	 * short by the caller, not a failure. out->n counts what it took.
	 */
	int (*exchange)(void *self, const struct transport_request *request,
			int (*sink)(void *context, struct span piece), void *context, struct fetch_answer *out,
			struct error *e);
	void *self;
	int64_t passed_unix; /* for those who ask through direct_fetch(): of their requests */
};

#endif
