/* Private to http*.c: the one place that names libevent. */
#ifndef HTTP_EVENT_H
#define HTTP_EVENT_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <pthread.h>

#include "http.h"

#define HTTP_LISTENERS_MAX 4
#define HTTP_STREAM_CHUNK (64u << 10)

struct http_listener {
	struct http_server *server;
	struct http_listener_config config;
	struct tls tls;
	struct evhttp *http;
	struct evconnlistener *socket;
	bool is_unix;
};

/* A TLS connection: watched, because libevent's own time-outs begin anew with each byte. */
struct http_connection {
	struct http_server *server;
	struct bufferevent *bev;
	uint64_t deadline_ms;
	struct http_connection *next, *previous;
};

struct http_request {
	struct http_listener *listener;
	struct evhttp_request *ev; /* NULL: the connection is gone */
	struct http_connection *connection;
	struct tls_peer peer;
	bool has_peer;
	char path[HTTP_PATH_MAX];
	bool has_query;
	struct evkeyvalq query;
	unsigned status;
	bool is_expected; /* whatever its status */
	/* a file that is being sent */
	int fd;
	uint64_t at, left;
	struct http_request *next, *previous; /* of those that are not answered yet */
};

struct http_server {
	struct event_base *base;
	struct http_listener listeners[HTTP_LISTENERS_MAX];
	uint32_t listener_count;
	struct http_connection *connections;
	struct http_request *requests;
	struct http_counts counts;
	uint32_t ceiling; /* TLS connections, by the limit of open files */
	bool full, draining;
	uint64_t drain_until_ms;
	void (*tick)(void *self);
	void *tick_self;
	int wake_fd; /* eventfd */
	pthread_mutex_t lock;
	struct http_task *tasks, **tasks_last;
};

uint64_t http_now_ms(void);
void http_request_arrived(struct evhttp_request *ev, void *listener); /* evhttp's callback */

#endif
