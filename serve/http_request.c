#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http_event.h"
#include "json.h"

/* --- life --- */

static void http_request_link(struct http_request *r)
{
	struct http_server *server = r->listener->server;
	r->next = server->requests;
	if (r->next != NULL)
		r->next->previous = r;
	server->requests = r;
}

static void http_request_free(struct http_request *r)
{
	struct http_server *server = r->listener->server;
	if (r->previous != NULL)
		r->previous->next = r->next;
	else
		server->requests = r->next;
	if (r->next != NULL)
		r->next->previous = r->previous;
	if (r->has_query)
		evhttp_clear_headers(&r->query);
	if (r->fd >= 0)
		close(r->fd);
	free(r);
}

/*
 * A connection ends while a request on it is not answered yet. evhttp frees the request with the connection, unless it
 * took it off before (then it is ours to free). A file that was being sent ends here; another answer comes later and
 * finds that nobody waits.
 */
static void http_request_lost(struct http_request *r)
{
	if (evhttp_request_get_connection(r->ev) == NULL)
		evhttp_request_free(r->ev);
	r->ev = NULL;
	r->connection = NULL;
	if (r->fd >= 0)
		http_request_free(r);
}

static void http_closed(struct evhttp_connection *evcon, void *context)
{
	struct http_listener *listener = context;
	struct bufferevent *bev = evhttp_connection_get_bufferevent(evcon);
	struct ssl_st *session = listener->config.tls == NULL ? NULL : bufferevent_openssl_get_ssl(bev);
	if (session != NULL)
		listener->tls.close_notify(session);
	struct http_connection *gone = session == NULL ? NULL : listener->tls.context(session);
	for (struct http_request *r = listener->server->requests, *next; r != NULL; r = next) {
		next = r->next;
		if (r->ev == NULL)
			continue;
		struct evhttp_connection *own = evhttp_request_get_connection(r->ev);
		if (own == evcon || (own == NULL && (gone == NULL || r->connection == gone)))
			http_request_lost(r);
	}
}

/* libevent calls back a second time for a request whose connection broke while it was being answered. */
static bool http_is_known(struct http_server *server, struct evhttp_request *ev)
{
	for (struct http_request *r = server->requests; r != NULL; r = r->next)
		if (r->ev == ev)
			return true;
	return false;
}

static void http_sent(struct evhttp_request *ev, void *context)
{
	struct http_connection *c = context;
	c->deadline_ms = http_now_ms() + HTTP_REQUEST_S * 1000;
}

/* --- arrival --- */

static bool http_decode_path(const char *raw, char out[HTTP_PATH_MAX])
{
	size_t n = 0;
	for (; *raw != '\0' && *raw != '?' && *raw != '#'; raw++) {
		char c = *raw;
		if (c == '%') {
			char digits[3] = { raw[1], raw[1] == '\0' ? '\0' : raw[2] };
			if (!isxdigit((unsigned char)digits[0]) || !isxdigit((unsigned char)digits[1]))
				return false;
			c = (char)strtol(digits, NULL, 16);
			raw += 2;
		}
		if ((unsigned char)c < 0x21 || (unsigned char)c > 0x7e || n + 1 >= HTTP_PATH_MAX)
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return out[0] == '/';
}

static void http_find_peer(struct http_request *r, struct evhttp_connection *evcon)
{
	struct http_listener *l = r->listener;
	if (l->config.tls == NULL)
		return;
	struct ssl_st *session = bufferevent_openssl_get_ssl(evhttp_connection_get_bufferevent(evcon));
	if (session == NULL)
		return;
	r->connection = l->tls.context(session);
	r->has_peer = l->tls.peer(l->tls.self, session, &r->peer);
	r->connection->deadline_ms = http_now_ms() + HTTP_ANSWER_S * 1000;
	evhttp_request_set_on_complete_cb(r->ev, http_sent, r->connection);
}

/* Two ways to tell where a body ends: who stands before this server may choose the other (RFC 9112 section 6.3). */
static bool http_is_ambiguous(const struct http_request *r)
{
	const struct evkeyvalq *headers = evhttp_request_get_input_headers(r->ev);
	const struct evkeyval *header;
	uint32_t lengths = 0, encodings = 0;
	TAILQ_FOREACH(header, headers, next)
	{
		lengths += strcasecmp(header->key, "Content-Length") == 0;
		encodings += strcasecmp(header->key, "Transfer-Encoding") == 0;
	}
	return lengths > 1 || (lengths > 0 && encodings > 0);
}

static void http_refuse_ambiguous(struct http_request *r)
{
	http_answer_header(r, "Connection", "close");
	http_answer_error(r, 400, "length", "send one Content-Length", "the length of the body is ambiguous");
}

void http_request_arrived(struct evhttp_request *ev, void *context)
{
	struct http_listener *listener = context;
	struct http_server *server = listener->server;
	struct evhttp_connection *evcon = evhttp_request_get_connection(ev);
	const char *uri = evhttp_request_get_uri(ev);
	if (http_is_known(server, ev)) {
		evhttp_connection_free(evcon); /* http_closed() tells the request */
		return;
	}
	struct http_request *r = calloc(1, sizeof *r);
	if (r == NULL || uri == NULL) {
		free(r);
		evhttp_send_error(ev, uri == NULL ? HTTP_BADREQUEST : HTTP_SERVUNAVAIL, NULL);
		return;
	}
	r->listener = listener;
	r->ev = ev;
	r->fd = -1;
	http_request_link(r);
	evhttp_connection_set_closecb(evcon, http_closed, listener);
	http_find_peer(r, evcon);
	if (http_is_ambiguous(r))
		http_refuse_ambiguous(r);
	else if (listener->config.tls != NULL && !r->has_peer)
		http_answer_error(r, 403, "device-certificate", "enrol again with the factory certificate",
				  "no valid device certificate on this connection");
	else if (!http_decode_path(uri, r->path))
		http_answer_error(r, 400, "path", NULL, "the path is malformed or too long");
	else
		listener->config.handler.handle(listener->config.handler.self, r);
}

/* --- reading --- */

enum http_method http_request_method(const struct http_request *r)
{
	enum evhttp_cmd_type command = r->ev == NULL ? EVHTTP_REQ_GET : evhttp_request_get_command(r->ev);
	if (command == EVHTTP_REQ_POST)
		return HTTP_POST;
	return command == EVHTTP_REQ_HEAD ? HTTP_HEAD : HTTP_GET;
}

const char *http_request_path(const struct http_request *r)
{
	return r->path;
}

const char *http_request_query(struct http_request *r, const char *name)
{
	if (!r->has_query) {
		const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(r->ev);
		const char *text = uri == NULL ? NULL : evhttp_uri_get_query(uri);
		TAILQ_INIT(&r->query);
		r->has_query = true;
		if (text != NULL && evhttp_parse_query_str(text, &r->query) != 0)
			return NULL;
	}
	return evhttp_find_header(&r->query, name);
}

const char *http_request_header(const struct http_request *r, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(r->ev), name);
}

struct span http_request_body(const struct http_request *r)
{
	struct evbuffer *input = evhttp_request_get_input_buffer(r->ev);
	return (struct span){ evbuffer_pullup(input, -1), evbuffer_get_length(input) };
}

const struct tls_peer *http_request_peer(const struct http_request *r)
{
	return r->has_peer ? &r->peer : NULL;
}

bool http_request_user(const struct http_request *r, uint32_t *uid)
{
	struct ucred who;
	socklen_t n = sizeof who;
	if (!r->listener->is_unix || r->ev == NULL)
		return false;
	struct bufferevent *bev = evhttp_connection_get_bufferevent(evhttp_request_get_connection(r->ev));
	if (getsockopt(bufferevent_getfd(bev), SOL_SOCKET, SO_PEERCRED, &who, &n) != 0)
		return false;
	*uid = who.uid;
	return true;
}

struct http_server *http_request_server(const struct http_request *r)
{
	return r->listener->server;
}

/* --- answering --- */

static const char *http_reason(unsigned status)
{
	static const struct {
		unsigned status;
		const char *text;
	} reasons[] = { { 200, "OK" },
			{ 201, "Created" },
			{ 204, "No Content" },
			{ 206, "Partial Content" },
			{ 304, "Not Modified" },
			{ 400, "Bad Request" },
			{ 403, "Forbidden" },
			{ 404, "Not Found" },
			{ 405, "Method Not Allowed" },
			{ 409, "Conflict" },
			{ 413, "Payload Too Large" },
			{ 415, "Unsupported Media Type" },
			{ 416, "Range Not Satisfiable" },
			{ 429, "Too Many Requests" },
			{ 500, "Internal Server Error" },
			{ 503, "Service Unavailable" } };
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Answer";
}

void http_answer_header(struct http_request *r, const char *name, const char *value)
{
	if (r->ev != NULL)
		evhttp_add_header(evhttp_request_get_output_headers(r->ev), name, value);
}

void http_answer_expected(struct http_request *r)
{
	r->is_expected = true;
}

static void http_count(struct http_request *r, unsigned status, uint64_t n)
{
	struct http_counts *counts = &r->listener->server->counts;
	counts->requests++;
	if (r->is_expected && status == 404)
		counts->walk_ends++;
	else
		counts->by_class[status / 100 < 6 ? status / 100 : 5]++;
	counts->bytes += n;
}

static void http_head(struct http_request *r, unsigned status, const char *type, uint64_t n)
{
	char length[24];
	snprintf(length, sizeof length, "%llu", (unsigned long long)n);
	if (type != NULL)
		http_answer_header(r, "Content-Type", type);
	if (status != 204 && status != 304)
		http_answer_header(r, "Content-Length", length);
	http_answer_header(r, "X-Content-Type-Options", "nosniff");
	if (r->listener->server->draining)
		http_answer_header(r, "Connection", "close");
	if (r->connection != NULL)
		r->connection->deadline_ms = http_now_ms() + HTTP_ANSWER_S * 1000 + n / HTTP_SLOWEST * 1000;
}

void http_answer(struct http_request *r, unsigned status, const char *type, struct span body)
{
	http_count(r, status, body.n);
	struct evbuffer *buffer = r->ev == NULL ? NULL : evbuffer_new();
	if (buffer != NULL) {
		http_head(r, status, type, body.n);
		if (http_request_method(r) != HTTP_HEAD)
			evbuffer_add(buffer, body.at, body.n);
		evhttp_send_reply(r->ev, (int)status, http_reason(status), buffer);
		evbuffer_free(buffer);
	}
	http_request_free(r);
}

void http_answer_error(struct http_request *r, unsigned status, const char *rule, const char *help, const char *format,
		       ...)
{
	char text[ERROR_TEXT_MAX], body[2048];
	va_list values;
	va_start(values, format);
	vsnprintf(text, sizeof text, format, values);
	va_end(values);
	for (char *p = text; *p != '\0'; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	struct writer w = writer_over(body, sizeof body);
	struct json_writer j = json_writer_over(&w);
	json_write_object(&j);
	json_write_member_text(&j, "error", text);
	json_write_member_text(&j, "help", help == NULL ? "" : help);
	json_write_member_text(&j, "rule", rule == NULL ? "" : rule);
	json_write_object_end(&j);
	http_answer(r, status, "application/json", writer_span(&w));
}

/* --- files: a chunk is read when the one before it has left --- */

static void http_stream_next(struct evhttp_connection *evcon, void *context);

static void http_stream(struct http_request *r)
{
	uint8_t chunk[HTTP_STREAM_CHUNK];
	size_t want = r->left < sizeof chunk ? (size_t)r->left : sizeof chunk;
	ssize_t got = want == 0 ? 0 : pread(r->fd, chunk, want, (off_t)r->at);
	if (want > 0 && got != (ssize_t)want) {
		/* the file is shorter than it was: only a cut connection can say so now */
		evhttp_connection_free(evhttp_request_get_connection(r->ev));
		return;
	}
	struct evhttp_request *ev = r->ev;
	if (want == 0) {
		http_request_free(r);
		evhttp_send_reply_end(ev);
		return;
	}
	struct evbuffer *buffer = evbuffer_new();
	if (buffer == NULL || evbuffer_add(buffer, chunk, want) != 0) {
		evhttp_connection_free(evhttp_request_get_connection(r->ev));
		return;
	}
	r->at += want;
	r->left -= want;
	evhttp_send_reply_chunk_with_cb(ev, buffer, http_stream_next, r);
	evbuffer_free(buffer);
}

static void http_stream_next(struct evhttp_connection *evcon, void *context)
{
	http_stream(context);
}

void http_answer_file(struct http_request *r, unsigned status, const char *type, int fd, uint64_t from, uint64_t n)
{
	r->fd = fd; /* closed with the request */
	if (r->ev == NULL || http_request_method(r) == HTTP_HEAD || n == 0) {
		http_count(r, status, 0);
		if (r->ev != NULL) {
			http_head(r, status, type, n);
			evhttp_send_reply(r->ev, (int)status, http_reason(status), NULL);
		}
		http_request_free(r);
		return;
	}
	http_count(r, status, n);
	http_head(r, status, type, n);
	r->at = from;
	r->left = n;
	evhttp_send_reply_start(r->ev, (int)status, http_reason(status));
	http_stream(r);
}
