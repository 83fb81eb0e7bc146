/*
 * The server, as a device sees it. Trusted with nothing: what comes back is verified by the caller. Paths are relative
 * to the server's root: "metadata/timestamp.json", "objects/<sha256>", "v1/device/poll".
 */
#ifndef FETCH_H
#define FETCH_H

#include "error.h"
#include "span.h"

struct fetch_answer {
	unsigned status;        /* HTTP; 0: no answer */
	size_t n;               /* bytes of the body that are in the buffer */
	bool too_big;           /* the body went over capacity; it was cut off */
	uint32_t retry_after_s; /* of 429 and 503; 0: none was named */
};

struct fetch {
	/*
	 * GET path, bytes from..from+n-1 where n > 0 (a server that ignores Range is an error), into buffer.
	 * 0: an answer came, whatever its status; -1: none did (name, connect, TLS, time-out, cut body).
	 */
	int (*get)(void *self, const char *path, uint64_t from, uint64_t n, uint8_t *buffer, size_t capacity,
		   struct fetch_answer *out, struct error *e);
	int (*post)(void *self, const char *path, const char *content_type, struct span body, uint8_t *buffer,
		    size_t capacity, struct fetch_answer *out, struct error *e);
	void *self;
	/*
	 * From now on the server's certificate is held against this time: it has surely passed, so that what had
	 * expired by then is refused, and what begins later is taken. NULL: nobody listens.
	 */
	void (*set_passed)(void *self, int64_t passed_unix);
};

#endif
