/*
 * The server gone bad: it ends the TLS of a device with whatever certificate it is given (the server's own, in most
 * attacks), asks the real server in the device's name, and changes what it likes on the way back. What it does stands
 * in a file of rules that is read at each request, so that a test changes them while it runs:
 *
 *   flip PATTERN PERMILLE       one bit of the answer's body, at this place of its length
 *   flip-request PATTERN PERMILLE
 *   short PATTERN BYTES         a well-formed answer with only so much of the body
 *   cut PATTERN BYTES           the whole length is announced, then the connection breaks
 *   serve PATTERN FILE          this file in place of the server's
 *   status PATTERN CODE         no body, this status, and the server hears nothing of it
 *   as PATTERN DEVICE           asks in the name of another device (its folder)
 *   record PATTERN FILE         keeps a copy of the answer's body, then goes on
 *   filter PATTERN COMMAND      the body is what COMMAND prints; $REQUEST and $ANSWER are files with both bodies
 *
 * A pattern is a shell pattern for the path as it stands in the request. Each request leaves a line in the log:
 * METHOD PATH STATUS BYTES and the actions that were taken.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROXY_MESSAGE_MAX (4u << 20)
#define PROXY_HEAD_MAX 16384u
#define PROXY_RULES_MAX 32

struct proxy {
	const char *rules, *device, *certificate, *key, *port_file, *log;
	int upstream;
};

struct message {
	char head[PROXY_HEAD_MAX];
	char *body;
	size_t n;
};

struct rule {
	char action[16], pattern[256], argument[1024];
};

struct job {
	const struct proxy *proxy;
	struct message request, answer;
	char method[8], path[1024];
	struct rule rules[PROXY_RULES_MAX];
	int rule_count;
	char taken[256];
	size_t cut_at;
	bool is_cut;
};

static void die(const char *what)
{
	fprintf(stderr, "proxy: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* --- messages --- */

static bool send_all(SSL *ssl, const void *bytes, size_t n)
{
	const char *at = bytes;
	while (n > 0) {
		int sent = SSL_write(ssl, at, (int)n);
		if (sent <= 0)
			return false;
		at += sent;
		n -= (size_t)sent;
	}
	return true;
}

static const char *header(const struct message *m, const char *name)
{
	for (const char *line = strstr(m->head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
			return line + strlen(name) + 1;
	}
	return NULL;
}

static bool read_head(SSL *ssl, struct message *m)
{
	size_t n = 0;
	while (n + 1 < sizeof m->head && SSL_read(ssl, m->head + n, 1) == 1) {
		m->head[++n] = 0;
		if (n >= 4 && strcmp(m->head + n - 4, "\r\n\r\n") == 0)
			return true;
	}
	return false;
}

static bool read_message(SSL *ssl, struct message *m)
{
	m->n = 0;
	if (!read_head(ssl, m))
		return false;
	const char *length = header(m, "Content-Length");
	size_t want = length == NULL ? 0 : strtoul(length, NULL, 10);
	while (m->n < want && want <= PROXY_MESSAGE_MAX) {
		int got = SSL_read(ssl, m->body + m->n, (int)(want - m->n));
		if (got <= 0)
			return false;
		m->n += (size_t)got;
	}
	return m->n == want;
}

/* The head without the lines that we write ourselves; length of the result. */
static int copy_head(const struct message *m, char *out, size_t capacity)
{
	size_t n = 0;
	for (const char *line = m->head; *line != '\r' && *line != 0;) {
		const char *end = strstr(line, "\r\n") + 2;
		bool ours = strncasecmp(line, "Content-Length:", 15) == 0 || strncasecmp(line, "Connection:", 11) == 0;
		if (!ours && n + (size_t)(end - line) < capacity) {
			memcpy(out + n, line, (size_t)(end - line));
			n += (size_t)(end - line);
		}
		line = end;
	}
	return (int)n;
}

static bool send_message(SSL *ssl, const struct message *m, const char *more, size_t n)
{
	char head[PROXY_HEAD_MAX + 256];
	int at = copy_head(m, head, PROXY_HEAD_MAX);
	bool has_length = m->n > 0 || header(m, "Content-Length") != NULL;
	if (has_length)
		at += snprintf(head + at, 64, "Content-Length: %zu\r\n", m->n);
	at += snprintf(head + at, 64, "%s\r\n", more);
	return send_all(ssl, head, (size_t)at) && send_all(ssl, m->body, n);
}

/* --- rules --- */

static void read_rules(struct job *job)
{
	char line[2048];
	FILE *file = fopen(job->proxy->rules, "r");
	job->rule_count = 0;
	while (file != NULL && job->rule_count < PROXY_RULES_MAX && fgets(line, sizeof line, file) != NULL) {
		struct rule *r = &job->rules[job->rule_count];
		r->argument[0] = 0;
		if (sscanf(line, "%15s %255s %1023[^\n]", r->action, r->pattern, r->argument) >= 2 &&
		    fnmatch(r->pattern, job->path, 0) == 0)
			job->rule_count++;
	}
	if (file != NULL)
		fclose(file);
}

/* The argument of this action, if a rule for this path has it; noted as taken. */
static const char *rule_for(struct job *job, const char *action)
{
	for (int i = 0; i < job->rule_count; i++) {
		if (strcmp(job->rules[i].action, action) != 0)
			continue;
		snprintf(job->taken + strlen(job->taken), sizeof job->taken - strlen(job->taken), " %s", action);
		return job->rules[i].argument;
	}
	return NULL;
}

static void flip(struct message *m, const char *permille)
{
	if (permille != NULL && m->n > 0)
		m->body[(m->n - 1) * strtoul(permille, NULL, 10) / 1000] ^= 1;
}

static void write_file(const char *path, const struct message *m)
{
	FILE *file = fopen(path, "w");
	if (file == NULL || fwrite(m->body, 1, m->n, file) != m->n || fclose(file) != 0)
		die(path);
}

static void read_into(FILE *file, struct message *m)
{
	if (file == NULL)
		die("a rule's file");
	m->n = fread(m->body, 1, PROXY_MESSAGE_MAX, file);
}

static void filter(struct job *job, const char *command)
{
	char request[] = "/tmp/sealift-proxy.XXXXXX", answer[] = "/tmp/sealift-proxy.XXXXXX";
	close(mkstemp(request));
	close(mkstemp(answer));
	write_file(request, &job->request);
	write_file(answer, &job->answer);
	setenv("REQUEST", request, 1);
	setenv("ANSWER", answer, 1);
	FILE *out = popen(command, "r");
	read_into(out, &job->answer);
	pclose(out);
	unlink(request);
	unlink(answer);
}

/* --- the real server --- */

static SSL *ask_connect(const struct proxy *proxy, const char *device, bool is_enrolment)
{
	char key[512], certificate[512];
	const char *which = is_enrolment ? "idevid" : "ldevid";
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)proxy->upstream),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	snprintf(key, sizeof key, "%s/fetcher/%s.key", device, which);
	snprintf(certificate, sizeof certificate, "%s/fetcher/%s.pem", device, which);
	if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
	    SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
		die(certificate);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
		die("connect to the server");
	SSL *ssl = SSL_new(context);
	SSL_set_fd(ssl, fd);
	SSL_CTX_free(context);
	return SSL_connect(ssl) == 1 ? ssl : NULL;
}

static void answer_status(struct message *m, const char *code)
{
	m->n = 0;
	snprintf(m->head, sizeof m->head, "HTTP/1.1 %.3s Answer\r\nContent-Length: 0\r\n\r\n", code);
}

static void ask_server(struct job *job)
{
	const char *other = rule_for(job, "as");
	bool is_enrolment = strncmp(job->path, "/.well-known/est/", 17) == 0;
	SSL *ssl = ask_connect(job->proxy, other != NULL ? other : job->proxy->device, is_enrolment);
	flip(&job->request, rule_for(job, "flip-request"));
	if (ssl == NULL || !send_message(ssl, &job->request, "Connection: close\r\n", job->request.n) ||
	    !read_message(ssl, &job->answer))
		answer_status(&job->answer, "502");
	if (ssl == NULL)
		return;
	close(SSL_get_fd(ssl));
	SSL_free(ssl);
}

/* --- one request --- */

static void change(struct job *job)
{
	const char *argument;
	flip(&job->answer, rule_for(job, "flip"));
	if ((argument = rule_for(job, "record")) != NULL)
		write_file(argument, &job->answer);
	if ((argument = rule_for(job, "filter")) != NULL)
		filter(job, argument);
	if ((argument = rule_for(job, "short")) != NULL && strtoul(argument, NULL, 10) < job->answer.n)
		job->answer.n = strtoul(argument, NULL, 10);
	job->cut_at = job->answer.n;
	if ((argument = rule_for(job, "cut")) != NULL && strtoul(argument, NULL, 10) < job->answer.n) {
		job->cut_at = strtoul(argument, NULL, 10);
		job->is_cut = true;
	}
}

static void note(const struct job *job)
{
	char line[2048];
	int fd = open(job->proxy->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	int n = snprintf(line, sizeof line, "%s %s %.3s %zu%s\n", job->method, job->path,
			 job->answer.head + sizeof "HTTP/1.1", job->answer.n, job->taken);
	if (fd < 0 || write(fd, line, (size_t)n) != n)
		die(job->proxy->log);
	close(fd);
}

static bool handle(SSL *ssl, struct job *job)
{
	const char *file, *code;
	job->taken[0] = 0;
	job->is_cut = false;
	if (!read_message(ssl, &job->request) || sscanf(job->request.head, "%7s %1023s", job->method, job->path) != 2)
		return false;
	read_rules(job);
	if ((file = rule_for(job, "serve")) != NULL) {
		FILE *in = fopen(file, "r");
		read_into(in, &job->answer);
		fclose(in);
		snprintf(job->answer.head, sizeof job->answer.head, "HTTP/1.1 200 OK\r\n\r\n");
	} else if ((code = rule_for(job, "status")) != NULL) {
		answer_status(&job->answer, code);
	} else {
		ask_server(job);
	}
	change(job);
	note(job);
	return send_message(ssl, &job->answer, "", job->is_cut ? job->cut_at : job->answer.n) && !job->is_cut;
}

static void serve(const struct proxy *proxy, SSL_CTX *context, int fd)
{
	static struct job job;
	SSL *ssl = SSL_new(context);
	job.proxy = proxy;
	job.request.body = malloc(PROXY_MESSAGE_MAX);
	job.answer.body = malloc(PROXY_MESSAGE_MAX);
	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1)
		while (handle(ssl, &job))
			;
	exit(0);
}

static int listen_at(const char *port_file)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof at;
	char temporary[512];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 16) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &n) != 0)
		die("listen");
	snprintf(temporary, sizeof temporary, "%s.new", port_file);
	FILE *file = fopen(temporary, "w");
	if (file == NULL || fprintf(file, "%u\n", ntohs(at.sin_port)) < 0 || fclose(file) != 0 ||
	    rename(temporary, port_file) != 0)
		die(port_file);
	return fd;
}

int main(int argc, char **argv)
{
	if (argc != 8) {
		fputs("usage: proxy RULES DEVICE CERTIFICATE KEY UPSTREAM-PORT PORT-FILE LOG\n", stderr);
		return 2;
	}
	struct proxy proxy = { argv[1], argv[2], argv[3], argv[4], argv[6], argv[7], atoi(argv[5]) };
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	if (SSL_CTX_use_certificate_chain_file(context, proxy.certificate) != 1 ||
	    SSL_CTX_use_PrivateKey_file(context, proxy.key, SSL_FILETYPE_PEM) != 1)
		die(proxy.certificate);
	int listener = listen_at(proxy.port_file);
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			signal(SIGCHLD, SIG_DFL); /* pclose waits */
			serve(&proxy, context, fd);
		}
		close(fd);
	}
}
