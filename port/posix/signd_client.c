#include "signd_client.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "frame.h"
#include "signd_message.h"

struct signd_client {
	pthread_mutex_t lock;
	int fd; /* -1: not connected */
	int timeout_ms;
	struct sockaddr_un address;
	char requester[65];
	uint8_t *memory; /* workspace of one call */
	uint8_t *frame;
};

int signd_client_open(const char *socket_path, const char *requester, struct signd_client **out, struct error *e)
{
	struct signd_client *c = calloc(1, sizeof *c);
	if (c == NULL)
		return error_set(e, "signing client: out of memory");
	c->fd = -1;
	c->timeout_ms = SIGND_CLIENT_TIMEOUT_MS;
	c->address.sun_family = AF_UNIX;
	c->memory = malloc(SIGND_WORKSPACE_BYTES);
	c->frame = malloc(FRAME_BYTES_MAX);
	(void)pthread_mutex_init(&c->lock, NULL);
	int n = snprintf(c->address.sun_path, sizeof c->address.sun_path, "%s", socket_path);
	int m = snprintf(c->requester, sizeof c->requester, "%s", requester);
	bool fits = n > 0 && (size_t)n < sizeof c->address.sun_path && m > 0 && (size_t)m < sizeof c->requester;
	if (!fits || c->memory == NULL || c->frame == NULL) {
		signd_client_close(c);
		return error_set(e, "signing client: %s",
				 fits ? "out of memory" : "the socket's path or the requester's name is too long");
	}
	*out = c;
	return 0;
}

void signd_client_patience(struct signd_client *c, int timeout_ms)
{
	c->timeout_ms = timeout_ms;
}

static void signd_client_disconnect(struct signd_client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

void signd_client_close(struct signd_client *c)
{
	if (c == NULL)
		return;
	signd_client_disconnect(c);
	(void)pthread_mutex_destroy(&c->lock);
	free(c->memory);
	free(c->frame);
	free(c);
}

/* signd closes idle connections: one that has anything to read before a request is stale. */
static bool signd_client_is_stale(const struct signd_client *c)
{
	uint8_t byte;
	return recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

static int signd_client_connect(struct signd_client *c, struct error *e)
{
	if (c->fd >= 0 && !signd_client_is_stale(c))
		return 0;
	signd_client_disconnect(c);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return error_errno(e, "making a socket");
	/* a stopped signd accepts nothing; once its backlog is full, connect() would wait without end */
	struct timeval patience = { c->timeout_ms / 1000, c->timeout_ms % 1000 * 1000 };
	(void)setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (connect(c->fd, (const struct sockaddr *)&c->address, sizeof c->address) == 0)
		return 0;
	(void)error_errno(e, "connecting to sealift-signd at %s (is it running?)", c->address.sun_path);
	if (e != NULL)
		e->retry = true;
	signd_client_disconnect(c);
	return -1;
}

static int signd_client_exchange(struct signd_client *c, struct span request, struct span *answer, struct error *e)
{
	size_t n;
	if (signd_client_connect(c, e) != 0 || frame_send(c->fd, request, c->timeout_ms, e) != 0)
		return -1;
	int got = frame_receive(c->fd, c->frame, FRAME_BYTES_MAX, &n, c->timeout_ms, e);
	if (got != 0)
		return got < 0 ? -1 : error_retry(e, "sealift-signd closed the connection without an answer");
	*answer = (struct span){ c->frame, n };
	return 0;
}

static int signd_client_refusal(const struct signd_answer *answer, struct error *e)
{
	(void)error_set(e, "%.*s (%.*s): %.*s", (int)answer->error.n, (const char *)answer->error.at,
			(int)answer->rule.n, (const char *)answer->rule.at, (int)answer->help.n,
			(const char *)answer->help.at);
	if (e != NULL)
		e->retry = answer->retry;
	return -1;
}

/* With the lock held; the answer's spans live until the next call. */
static int signd_client_call(struct signd_client *c, const struct signd_request *request, struct signd_answer *out,
			     struct error *e)
{
	struct workspace ws = workspace_over(c->memory, SIGND_WORKSPACE_BYTES);
	struct writer w = writer_over(workspace_take(&ws, FRAME_BYTES_MAX), FRAME_BYTES_MAX);
	struct span answer;
	signd_request_encode(&w, request, &ws);
	if (writer_end(&w) != FAULT_NONE)
		return error_set(e, "signing request: %s (at most %u bytes, who and why in printable ASCII)",
				 fault_text(w.fault), FRAME_BYTES_MAX);
	if (signd_client_exchange(c, writer_span(&w), &answer, e) != 0) {
		signd_client_disconnect(c);
		return -1;
	}
	ws.used = 0;
	enum fault fault = signd_answer_decode(answer, &ws, out);
	if (fault != FAULT_NONE) {
		signd_client_disconnect(c);
		return error_set(e, "sealift-signd's answer is malformed: %s", fault_text(fault));
	}
	return out->refused ? signd_client_refusal(out, e) : 0;
}

static int signd_client_signatures(struct signd_client *c, const struct signd_request *request, struct signature *out,
				   struct error *e)
{
	struct signd_answer answer;
	if (signd_client_call(c, request, &answer, e) != 0)
		return -1;
	if (answer.count != request->count)
		return error_set(e, "sealift-signd answered %u signatures for %u objects", answer.count,
				 request->count);
	for (uint32_t i = 0; i < answer.count; i++) {
		out[i].key = answer.key;
		memcpy(out[i].raw, answer.signatures[i], sizeof out[i].raw);
	}
	return 0;
}

static int signd_client_sign_batch(void *self, const struct sign_request *requests, uint32_t n, struct signature *out,
				   struct error *e)
{
	struct signd_client *c = self;
	struct span objects[SIGND_OBJECTS_MAX];
	if (n == 0 || n > SIGND_OBJECTS_MAX)
		return error_set(e, "a batch has 1 to %u requests", SIGND_OBJECTS_MAX);
	for (uint32_t i = 0; i < n; i++) {
		if (requests[i].kind != requests[0].kind || strcmp(requests[i].key, requests[0].key) != 0)
			return error_set(e, "a batch is for one key and one kind of object");
		objects[i] = requests[i].object;
	}
	struct signd_request request = { .requester = span_of_text(c->requester),
					 .who = span_of_text(requests[0].who),
					 .why = span_of_text(requests[0].why),
					 .key = span_of_text(requests[0].key),
					 .kind = (enum signd_kind)requests[0].kind,
					 .count = n,
					 .objects = objects };
	(void)pthread_mutex_lock(&c->lock);
	int failed = signd_client_signatures(c, &request, out, e);
	(void)pthread_mutex_unlock(&c->lock);
	return failed;
}

static int signd_client_sign(void *self, const struct sign_request *request, struct signature *out, struct error *e)
{
	return signd_client_sign_batch(self, request, 1, out, e);
}

static int signd_client_copy(const struct signd_answer *answer, uint8_t *der, size_t capacity, size_t *n,
			     struct error *e)
{
	if (answer->certificate.n == 0 || answer->certificate.n > capacity)
		return error_set(e, "sealift-signd's answer has no certificate, or one that is too large");
	memcpy(der, answer->certificate.at, answer->certificate.n);
	*n = answer->certificate.n;
	return 0;
}

static int signd_client_certify(void *self, const char *key, struct span csr, const char *device_uri, uint32_t days,
				const char *who, const char *why, uint8_t *der, size_t capacity, size_t *n,
				struct error *e)
{
	struct signd_client *c = self;
	struct signd_answer answer;
	struct signd_request request = { .requester = span_of_text(c->requester),
					 .who = span_of_text(who),
					 .why = span_of_text(why),
					 .key = span_of_text(key),
					 .kind = SIGND_CERTIFICATE,
					 .count = 1,
					 .objects = &csr,
					 .device_uri = span_of_text(device_uri),
					 .days = days };
	(void)pthread_mutex_lock(&c->lock);
	int failed = signd_client_call(c, &request, &answer, e);
	if (failed == 0)
		failed = signd_client_copy(&answer, der, capacity, n, e);
	(void)pthread_mutex_unlock(&c->lock);
	return failed;
}

static int signd_client_public_key(void *self, const char *key, struct public_key *out, struct error *e)
{
	struct signd_client *c = self;
	struct signd_answer answer;
	struct signd_request request = { .requester = span_of_text(c->requester),
					 .who = span_of_text(c->requester),
					 .why = SPAN_LIT("public key"),
					 .key = span_of_text(key),
					 .kind = SIGND_PUBLIC_KEY };
	(void)pthread_mutex_lock(&c->lock);
	int failed = signd_client_call(c, &request, &answer, e);
	(void)pthread_mutex_unlock(&c->lock);
	if (failed == 0)
		*out = answer.key;
	return failed;
}

struct signer signd_client_signer(struct signd_client *c)
{
	return (struct signer){ .sign = signd_client_sign,
				.sign_batch = signd_client_sign_batch,
				.certify = signd_client_certify,
				.public_key = signd_client_public_key,
				.self = c };
}
