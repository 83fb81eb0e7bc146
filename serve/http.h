/*
 * HTTP/1.1 for the server, behind one small header: listeners with and without TLS, requests handed to a handler on the
 * loop's one thread, answers at once or later. Ceilings: 16 KiB of headers, 64 KiB of body, HTTP_REQUEST_S to make a
 * request, a floor on the speed at which an answer is taken.
 */
#ifndef HTTP_H
#define HTTP_H

#include "error.h"
#include "span.h"
#include "tls.h"

#define HTTP_HEADER_MAX (16u << 10)
#define HTTP_BODY_MAX (64u << 10)
#define HTTP_REQUEST_S 20 /* from accept, or the last answer, to a whole request */
#define HTTP_ANSWER_S 60  /* to take an answer, and a second more for each HTTP_SLOWEST bytes */
#define HTTP_SLOWEST 4096
#define HTTP_CONNECTIONS_MAX 10000
#define HTTP_PATH_MAX 512

struct http_server;
struct http_request;

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST };

/* Work for the loop's thread, from any thread; the caller's memory. */
struct http_task {
	void (*run)(struct http_task *task);
	struct http_task *next;
};

struct http_handler {
	void (*handle)(void *self, struct http_request *request); /* answers now or later, once */
	void *self;
};

struct http_listener_config {
	const char *address;   /* "127.0.0.1:8443", "[::1]:0", or a path of a Unix socket (mode 0600) */
	const struct tls *tls; /* NULL: plain */
	struct http_handler handler;
};

int http_server_new(struct http_server **out, struct error *e) MUST_USE;
void http_server_free(struct http_server *server); /* NULL is fine */
/* port: the one that was bound, 0 for a Unix socket. */
int http_server_listen(struct http_server *server, const struct http_listener_config *config, uint16_t *port,
		       struct error *e) MUST_USE;
void http_server_every_second(struct http_server *server, void (*tick)(void *self), void *self);
int http_server_run(struct http_server *server, struct error *e) MUST_USE;  /* until SIGTERM or SIGINT, then drains */
void http_server_later(struct http_server *server, struct http_task *task); /* any thread */

struct http_counts {
	uint64_t requests, by_class[6]; /* by_class[4]: 4xx */
	uint64_t walk_ends;             /* expected 404s, apart from by_class */
	uint64_t bytes;                 /* of bodies sent */
	uint32_t connections;           /* TLS, now */
};
void http_server_counts(const struct http_server *server, struct http_counts *out);

/* --- a request --- */

enum http_method http_request_method(const struct http_request *request);
const char *http_request_path(const struct http_request *request); /* percent-decoded once; begins with a slash */
/* The value of a query parameter, decoded, or NULL; valid as long as the request. */
const char *http_request_query(struct http_request *request, const char *name);
const char *http_request_header(const struct http_request *request, const char *name); /* or NULL */
struct span http_request_body(const struct http_request *request);
/* The verified certificate at the other end; NULL where there is none (never on a TLS listener that let it in). */
const struct tls_peer *http_request_peer(const struct http_request *request);
bool http_request_user(const struct http_request *request, uint32_t *uid); /* of a Unix socket */
struct http_server *http_request_server(const struct http_request *request);

/* --- an answer: headers, then one of the ends; the request is gone after it --- */

void http_answer_header(struct http_request *request, const char *name, const char *value);
void http_answer(struct http_request *request, unsigned status, const char *type, struct span body);
/* The answer is what a client of this kind must meet: a 404 then is no sign of trouble, and counted as walk_ends. */
void http_answer_expected(struct http_request *request);
/* {"error","help","rule"}; help and rule may be NULL */
void http_answer_error(struct http_request *request, unsigned status, const char *rule, const char *help,
		       const char *format, ...) __attribute__((format(printf, 5, 6)));
/* n bytes of a file from an offset; takes the descriptor over, reads a little at a time. */
void http_answer_file(struct http_request *request, unsigned status, const char *type, int fd, uint64_t from,
		      uint64_t n);

#endif
