#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "http_event.h"
#include "log.h"

#define HTTP_DRAIN_MS 5000
#define HTTP_SILENCE_S 30 /* libevent's own time-out, between two bytes */
#define HTTP_BACKLOG 1024
#define HTTP_COMPLAIN_MS 60000 /* between two log lines about accept() */
#define HTTP_OWN_FILES 64      /* descriptors for all but connections; each of these may send a file */

uint64_t http_now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- connections --- */

static void http_let_in(struct http_server *server, bool in)
{
	for (uint32_t i = 0; i < server->listener_count; i++) {
		if (server->listeners[i].config.tls == NULL)
			continue;
		if (in)
			evconnlistener_enable(server->listeners[i].socket);
		else
			evconnlistener_disable(server->listeners[i].socket);
	}
	server->full = !in;
}

static void http_connection_gone(void *context)
{
	struct http_connection *c = context;
	struct http_server *server = c->server;
	if (c->previous != NULL)
		c->previous->next = c->next;
	else
		server->connections = c->next;
	if (c->next != NULL)
		c->next->previous = c->previous;
	server->counts.connections--;
	free(c);
	if (server->full && !server->draining)
		http_let_in(server, true);
}

static struct http_connection *http_connection_new(struct http_server *server)
{
	struct http_connection *c = calloc(1, sizeof *c);
	if (c == NULL)
		return NULL;
	c->server = server;
	c->deadline_ms = http_now_ms() + HTTP_REQUEST_S * 1000;
	c->next = server->connections;
	if (c->next != NULL)
		c->next->previous = c;
	server->connections = c;
	server->counts.connections++;
	return c;
}

/*
 * evhttp asks for the bufferevent of a new connection. On NULL it would serve plain HTTP; the request is refused
 * then.
 */
static struct bufferevent *http_accept_tls(struct event_base *base, void *context)
{
	struct http_listener *listener = context;
	struct http_server *server = listener->server;
	struct http_connection *c = http_connection_new(server);
	if (c == NULL)
		return NULL;
	struct ssl_st *session = listener->tls.session(listener->tls.self, http_connection_gone, c);
	if (session == NULL) {
		http_connection_gone(c);
		return NULL;
	}
	c->bev = bufferevent_openssl_socket_new(base, -1, session, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (c->bev == NULL)
		return NULL;
	bufferevent_openssl_set_allow_dirty_shutdown(c->bev, 1);
	if (server->counts.connections >= server->ceiling)
		http_let_in(server, false);
	return c->bev;
}

/* Shutting the socket down makes libevent see an end and clean up in its own order. */
static void http_sweep(struct http_server *server)
{
	uint64_t now = http_now_ms();
	for (struct http_connection *c = server->connections; c != NULL; c = c->next) {
		int fd = c->bev == NULL ? -1 : bufferevent_getfd(c->bev);
		if (now > c->deadline_ms && fd >= 0)
			shutdown(fd, SHUT_RDWR);
	}
}

/* --- the loop --- */

static void http_run_tasks(evutil_socket_t fd, short what, void *context)
{
	struct http_server *server = context;
	uint64_t count;
	ssize_t got = read(fd, &count, sizeof count);
	(void)got; /* only a wake-up */
	pthread_mutex_lock(&server->lock);
	struct http_task *task = server->tasks;
	server->tasks = NULL;
	server->tasks_last = &server->tasks;
	pthread_mutex_unlock(&server->lock);
	while (task != NULL) {
		struct http_task *next = task->next;
		task->run(task);
		task = next;
	}
}

void http_server_later(struct http_server *server, struct http_task *task)
{
	uint64_t one = 1;
	task->next = NULL;
	pthread_mutex_lock(&server->lock);
	*server->tasks_last = task;
	server->tasks_last = &task->next;
	pthread_mutex_unlock(&server->lock);
	ssize_t put = write(server->wake_fd, &one, sizeof one);
	(void)put; /* the counter cannot overflow in practice, and then it is awake */
}

static void http_each_second(evutil_socket_t fd, short what, void *context)
{
	struct http_server *server = context;
	http_sweep(server);
	if (server->tick != NULL && !server->draining)
		server->tick(server->tick_self);
	if (server->draining && (server->requests == NULL || http_now_ms() > server->drain_until_ms))
		event_base_loopbreak(server->base);
}

static void http_drain(evutil_socket_t signal_number, short what, void *context)
{
	struct http_server *server = context;
	if (server->draining)
		return;
	log_event(LOG_INFO_, "draining", NULL);
	server->draining = true;
	server->drain_until_ms = http_now_ms() + HTTP_DRAIN_MS;
	for (uint32_t i = 0; i < server->listener_count; i++)
		evconnlistener_disable(server->listeners[i].socket);
	http_each_second(-1, 0, server);
}

static struct event *http_watch(struct http_server *server, int fd, short what, event_callback_fn run)
{
	struct event *event = event_new(server->base, fd, (short)(what | EV_PERSIST), run, server);
	struct timeval second = { .tv_sec = 1 };
	if (event == NULL || event_add(event, what == 0 ? &second : NULL) != 0)
		return NULL;
	return event;
}

int http_server_run(struct http_server *server, struct error *e)
{
	struct event *events[] = { http_watch(server, server->wake_fd, EV_READ, http_run_tasks),
				   http_watch(server, -1, 0, http_each_second),
				   http_watch(server, SIGTERM, EV_SIGNAL, http_drain),
				   http_watch(server, SIGINT, EV_SIGNAL, http_drain) };
	bool ok = true;
	for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
		ok = ok && events[i] != NULL;
	if (ok)
		ok = event_base_dispatch(server->base) >= 0;
	for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
		if (events[i] != NULL)
			event_free(events[i]);
	return ok ? 0 : error_set(e, "the event loop failed");
}

void http_server_every_second(struct http_server *server, void (*tick)(void *self), void *self)
{
	server->tick = tick;
	server->tick_self = self;
}

/* --- listening --- */

static void http_accept_again(evutil_socket_t fd, short what, void *context)
{
	evconnlistener_enable(context);
}

/* Without a descriptor left the connection stays in the queue and accept() would fail again at once. */
static void http_accept_failed(struct evconnlistener *socket, void *context)
{
	static uint64_t logged_ms;
	struct timeval second = { .tv_sec = 1 };
	const char *why = strerror(errno);
	evconnlistener_disable(socket);
	event_base_once(evconnlistener_get_base(socket), -1, EV_TIMEOUT, http_accept_again, socket, &second);
	if (logged_ms != 0 && http_now_ms() - logged_ms < HTTP_COMPLAIN_MS)
		return;
	logged_ms = http_now_ms();
	log_event(LOG_ERROR_, "accept", "error", why, "help", "raise the limit of open files", NULL);
}

static struct evconnlistener *http_bind(struct http_server *server, const struct sockaddr *address, int n)
{
	unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;
	struct evconnlistener *socket =
		evconnlistener_new_bind(server->base, NULL, NULL, flags, HTTP_BACKLOG, address, n);
	if (socket != NULL)
		evconnlistener_set_error_cb(socket, http_accept_failed);
	return socket;
}

/* A socket that nobody answers is what a killed server left behind. */
static bool http_is_listening(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool taken =
		fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN);
	if (fd >= 0)
		close(fd);
	return taken;
}

static int http_bind_unix(struct http_server *server, struct http_listener *l, struct error *e)
{
	const char *path = l->config.address;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof address.sun_path)
		return error_set(e, "the path of the socket %s is too long", path);
	memcpy(address.sun_path, path, strlen(path));
	if (http_is_listening(&address))
		return error_set(e, "another server listens at %s: stop it first", path);
	unlink(path);
	mode_t before = umask(0177); /* no moment with a wider mode */
	l->socket = http_bind(server, (struct sockaddr *)&address, sizeof address);
	umask(before);
	if (l->socket == NULL)
		return error_errno(e, "cannot listen at %s", path);
	l->is_unix = true;
	return 0;
}

/* libevent refuses port 0, which means "any that is free" here; without a port it leaves it 0. */
static int http_parse_address(const char *text, struct sockaddr_storage *out, int *n)
{
	char host[128];
	size_t length = strlen(text);
	if (length < 3 || length >= sizeof host || strcmp(text + length - 2, ":0") != 0)
		return evutil_parse_sockaddr_port(text, (struct sockaddr *)out, n);
	memcpy(host, text, length - 2);
	host[length - 2] = '\0';
	return evutil_parse_sockaddr_port(host, (struct sockaddr *)out, n);
}

static int http_bind_inet(struct http_server *server, struct http_listener *l, uint16_t *port, struct error *e)
{
	struct sockaddr_storage address;
	int n = sizeof address, on = 1;
	if (http_parse_address(l->config.address, &address, &n) != 0)
		return error_set(e, "not an address: %s; expected 127.0.0.1:8443 or [::1]:8443", l->config.address);
	l->socket = http_bind(server, (struct sockaddr *)&address, n);
	if (l->socket == NULL)
		return error_errno(e, "cannot listen at %s", l->config.address);
	int fd = evconnlistener_get_fd(l->socket);
	/* accepted sockets inherit it; without it each answer waits for the peer's delayed acknowledgement */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	socklen_t length = sizeof address;
	if (getsockname(fd, (struct sockaddr *)&address, &length) != 0)
		return error_errno(e, "cannot tell the port of %s", l->config.address);
	*port = ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
						    : ((struct sockaddr_in *)&address)->sin_port);
	return 0;
}

static int http_attach(struct http_server *server, struct http_listener *l, struct error *e)
{
	l->http = evhttp_new(server->base);
	if (l->http == NULL)
		return error_set(e, "no memory for a listener");
	evhttp_set_max_headers_size(l->http, HTTP_HEADER_MAX);
	evhttp_set_max_body_size(l->http, HTTP_BODY_MAX);
	evhttp_set_timeout(l->http, HTTP_SILENCE_S);
	evhttp_set_allowed_methods(l->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST);
	evhttp_set_gencb(l->http, http_request_arrived, l);
	if (l->config.tls != NULL)
		evhttp_set_bevcb(l->http, http_accept_tls, l);
	if (evhttp_bind_listener(l->http, l->socket) == NULL)
		return error_set(e, "no memory for a listener");
	return 0;
}

int http_server_listen(struct http_server *server, const struct http_listener_config *config, uint16_t *port,
		       struct error *e)
{
	if (server->listener_count == HTTP_LISTENERS_MAX)
		return error_set(e, "too many listeners");
	struct http_listener *l = &server->listeners[server->listener_count];
	*l = (struct http_listener){ .server = server, .config = *config };
	if (config->tls != NULL)
		l->tls = *config->tls;
	*port = 0;
	int failed = config->address[0] == '/' ? http_bind_unix(server, l, e) : http_bind_inet(server, l, port, e);
	if (failed != 0)
		return -1;
	server->listener_count++;
	return http_attach(server, l, e);
}

/* --- life --- */

static uint32_t http_ceiling(void)
{
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY)
		return HTTP_CONNECTIONS_MAX;
	rlim_t most = files.rlim_cur > HTTP_OWN_FILES + 2 ? (files.rlim_cur - HTTP_OWN_FILES) / 2 : 1;
	return most < HTTP_CONNECTIONS_MAX ? (uint32_t)most : HTTP_CONNECTIONS_MAX;
}

int http_server_new(struct http_server **out, struct error *e)
{
	struct http_server *server = calloc(1, sizeof *server);
	if (server == NULL)
		return error_set(e, "no memory for the server");
	signal(SIGPIPE, SIG_IGN);
	pthread_mutex_init(&server->lock, NULL);
	server->tasks_last = &server->tasks;
	server->ceiling = http_ceiling();
	server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	server->base = event_base_new();
	if (server->wake_fd < 0 || server->base == NULL) {
		http_server_free(server);
		return error_set(e, "cannot make an event loop");
	}
	*out = server;
	return 0;
}

void http_server_free(struct http_server *server)
{
	if (server == NULL)
		return;
	for (uint32_t i = 0; i < server->listener_count; i++) {
		if (server->listeners[i].http != NULL)
			evhttp_free(server->listeners[i].http); /* its sockets and connections too */
		if (server->listeners[i].is_unix)
			unlink(server->listeners[i].config.address);
	}
	if (server->base != NULL)
		event_base_free(server->base);
	if (server->wake_fd >= 0)
		close(server->wake_fd);
	pthread_mutex_destroy(&server->lock);
	free(server);
}

void http_server_counts(const struct http_server *server, struct http_counts *out)
{
	*out = server->counts;
}
