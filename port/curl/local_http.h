/* HTTP over a Unix socket: how the command line talks to sealiftd's operator API (protocol/operator-api.md). */
#ifndef LOCAL_HTTP_H
#define LOCAL_HTTP_H

#include "error.h"
#include "span.h"

#define LOCAL_HTTP_ANSWER_MAX (64u << 20)

struct local_http_answer {
	unsigned status;
	char *body; /* with a NUL after it; free() it */
	size_t n;
};

/* body SPAN_NONE with method "GET". 0: an answer came, whatever its status. */
int local_http(const char *socket_path, const char *method, const char *path, struct span body,
	       struct local_http_answer *out, struct error *e) MUST_USE;

#endif
