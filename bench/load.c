/*
 * bench-load PORT SERVER-PID DEVICE COUNT KIND: polls sealiftd COUNT times with the keys of a provisioned, enrolled
 * device and measures the CPU time that the server takes for it. KIND: full (each poll on a new connection, a full TLS
 * handshake with both certificates), resumed (new connections, resumed sessions), kept (polls on kept connections).
 * Eight connections at a time. Prints JSON.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "meter.h"

#define WORKERS 8
#define SAMPLE_US 50000

enum kind { FULL, RESUMED, KEPT };

static struct load {
	uint16_t port;
	enum kind kind;
	int count;
	SSL_CTX *context;
	atomic_int next, done, resumed;
} load;

struct worker {
	pthread_t thread;
	SSL *connection;
	SSL_SESSION *session;
};

static void die(const char *what)
{
	char why[160];
	ERR_error_string_n(ERR_get_error(), why, sizeof why);
	meter_die("%s: %s", what, why);
}

static int connect_socket(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(load.port) };
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
		meter_die("the server does not answer at port %u", load.port);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return fd;
}

static void hang_up(struct worker *w)
{
	int fd = SSL_get_fd(w->connection);
	SSL_shutdown(w->connection);
	SSL_free(w->connection);
	close(fd);
	w->connection = NULL;
}

static void dial(struct worker *w)
{
	w->connection = SSL_new(load.context);
	if (w->connection == NULL || SSL_set_fd(w->connection, connect_socket()) != 1)
		die("a connection");
	if (w->session != NULL && load.kind == RESUMED)
		SSL_set_session(w->connection, w->session);
	if (SSL_connect(w->connection) != 1)
		die("the handshake failed");
	atomic_fetch_add(&load.resumed, SSL_session_reused(w->connection));
}

static void ask(struct worker *w, int number)
{
	char body[160], text[512];
	int n = snprintf(body, sizeof body,
			 "{\"nonce\":\"%032x\",\"running_counter\":1,\"target\":\"\",\"want\":\"directive\"}", number);
	int m = snprintf(text, sizeof text,
			 "POST /v1/device/poll HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
			 "Content-Length: %d\r\nConnection: %s\r\n\r\n%s",
			 n, load.kind == KEPT ? "keep-alive" : "close", body);
	if (SSL_write(w->connection, text, m) != m)
		die("a poll could not be sent");
}

/* An answer of the poll is small and has no chunks: whole when the body's closing brace is there. */
static void hear(struct worker *w)
{
	char text[8192];
	int n = 0;
	for (const char *body = NULL; body == NULL || strchr(body, '}') == NULL;) {
		int got = SSL_read(w->connection, text + n, (int)sizeof text - 1 - n);
		if (got <= 0)
			die("an answer ended early");
		n += got;
		text[n] = 0;
		body = strstr(text, "\r\n\r\n");
	}
	if (strncmp(text, "HTTP/1.1 200", 12) != 0)
		meter_die("the server answered: %.300s", text);
}

static void keep_session(struct worker *w)
{
	SSL_SESSION_free(w->session);
	w->session = SSL_get1_session(w->connection);
}

static void poll_once(struct worker *w, int number)
{
	if (w->connection == NULL)
		dial(w);
	ask(w, number);
	hear(w);
	if (load.kind == KEPT)
		return;
	if (load.kind == RESUMED)
		keep_session(w);
	hang_up(w);
}

static void *work(void *self)
{
	struct worker *w = self;
	for (int number; (number = atomic_fetch_add(&load.next, 1)) < load.count;)
		poll_once(w, number);
	atomic_fetch_add(&load.done, 1);
	return NULL;
}

static void prepare(const char *device)
{
	char path[512];
	load.context = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_session_cache_mode(load.context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_set_verify(load.context, SSL_VERIFY_PEER, NULL);
	snprintf(path, sizeof path, "%s/fetcher/server-roots.pem", device);
	if (SSL_CTX_load_verify_locations(load.context, path, NULL) != 1)
		die(path);
	snprintf(path, sizeof path, "%s/fetcher/ldevid.pem", device);
	if (SSL_CTX_use_certificate_chain_file(load.context, path) != 1)
		die(path);
	snprintf(path, sizeof path, "%s/fetcher/ldevid.key", device);
	if (SSL_CTX_use_PrivateKey_file(load.context, path, SSL_FILETYPE_PEM) != 1)
		die(path);
}

static void warm(struct worker workers[WORKERS])
{
	for (int i = 0; i < WORKERS; i++)
		poll_once(&workers[i], load.count + i);
	atomic_store(&load.resumed, 0);
}

static struct meter_memory run(struct worker workers[WORKERS], pid_t server)
{
	struct meter_memory highest = { 0 };
	for (int i = 0; i < WORKERS; i++)
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
			meter_die("no thread");
	while (atomic_load(&load.done) < WORKERS) {
		struct meter_memory now = meter_memory_of(server);
		highest.pss_kib = now.pss_kib > highest.pss_kib ? now.pss_kib : highest.pss_kib;
		highest.rss_kib = now.rss_kib > highest.rss_kib ? now.rss_kib : highest.rss_kib;
		usleep(SAMPLE_US);
	}
	for (int i = 0; i < WORKERS; i++)
		pthread_join(workers[i].thread, NULL);
	return highest;
}

static enum kind kind_of(const char *name)
{
	if (strcmp(name, "full") == 0)
		return FULL;
	if (strcmp(name, "resumed") == 0)
		return RESUMED;
	if (strcmp(name, "kept") == 0)
		return KEPT;
	meter_die("%s: full, resumed or kept", name);
}

int main(int argc, char **argv)
{
	static struct worker workers[WORKERS];
	if (argc != 6)
		meter_die("usage: bench-load PORT SERVER-PID DEVICE COUNT KIND");
	pid_t server = (pid_t)strtol(argv[2], NULL, 10);
	load.port = (uint16_t)strtoul(argv[1], NULL, 10);
	load.count = (int)strtol(argv[4], NULL, 10);
	load.kind = kind_of(argv[5]);
	prepare(argv[3]);
	warm(workers);
	double cpu = meter_cpu_of(server);
	struct meter begin = meter_now();
	struct meter_memory memory = run(workers, server);
	struct meter took = meter_since(begin);
	cpu = meter_cpu_of(server) - cpu;
	printf("{\"kind\":\"%s\",\"polls\":%d,\"resumed\":%d,\"wall_s\":%.4f,\"server_cpu_s\":%.4f,\"us\":%.1f,"
	       "\"server_pss_kib\":%ld,\"server_rss_kib\":%ld}\n",
	       argv[5], load.count, load.resumed, took.wall_s, cpu, cpu / load.count * 1e6, memory.pss_kib,
	       memory.rss_kib);
	return 0;
}
