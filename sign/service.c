#include "service.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "frame.h"
#include "log.h"

struct service_client {
	int fd; /* -1: free */
	uint32_t uid;
	bool writing;
	size_t done;     /* bytes of the frame that came or went, its head included */
	size_t capacity; /* of frame */
	size_t total;    /* of the frame in hand; while reading: known once the head is there */
	uint8_t *frame;
	int64_t deadline_ms;
};

struct service {
	struct notary *notary;
	uint8_t *memory; /* workspace of one message */
	struct service_client clients[SERVICE_CLIENTS_MAX];
};

static int64_t service_now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- the listener --- */

/* Removes a socket whose daemon is gone. */
static int service_clear(const struct sockaddr_un *address, struct error *e)
{
	struct stat st;
	if (lstat(address->sun_path, &st) != 0)
		return errno == ENOENT ? 0 : error_errno(e, "%s", address->sun_path);
	if (!S_ISSOCK(st.st_mode))
		return error_set(e, "%s is there and is no socket; move it away", address->sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_errno(e, "making a socket");
	int connected = connect(fd, (const struct sockaddr *)address, sizeof *address);
	close(fd);
	if (connected == 0)
		return error_set(e, "%s is in use by a running signd; stop it first", address->sun_path);
	if (unlink(address->sun_path) != 0)
		return error_errno(e, "removing the stale socket %s", address->sun_path);
	return 0;
}

int service_listen(const char *path, mode_t mode, int *out, struct error *e)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int n = snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (n <= 0 || (size_t)n >= sizeof address.sun_path)
		return error_set(e, "socket %s: a path has 1 to %zu bytes", path, sizeof address.sun_path - 1);
	if (service_clear(&address, e) != 0)
		return -1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_errno(e, "making a socket");
	mode_t before = umask(0777 & ~mode);
	int bound = bind(fd, (const struct sockaddr *)&address, sizeof address);
	umask(before);
	if (bound != 0 || listen(fd, SERVICE_CLIENTS_MAX) != 0) {
		(void)error_errno(e, "listening on %s", path);
		close(fd);
		return -1;
	}
	*out = fd;
	return 0;
}

/* --- clients --- */

static void service_drop(struct service_client *c, const char *why)
{
	if (why != NULL)
		log_event(LOG_WARNING_, "client dropped", "why", why, NULL);
	close(c->fd);
	free(c->frame);
	*c = (struct service_client){ .fd = -1 };
}

static void service_expect(struct service_client *c)
{
	free(c->frame);
	c->frame = NULL;
	c->capacity = c->done = c->total = 0;
	c->writing = false;
	c->deadline_ms = service_now_ms() + SERVICE_IDLE_MS;
}

static void service_accept(struct service *s, int listener)
{
	struct ucred peer;
	socklen_t n = sizeof peer;
	struct service_client *free_slot = NULL;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	for (size_t i = 0; i < SERVICE_CLIENTS_MAX && free_slot == NULL; i++)
		if (s->clients[i].fd < 0)
			free_slot = &s->clients[i];
	if (free_slot == NULL || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) != 0) {
		log_event(LOG_WARNING_, "client refused", "why", "too many clients", NULL);
		close(fd);
		return;
	}
	*free_slot = (struct service_client){ .fd = fd, .uid = peer.uid };
	service_expect(free_slot);
}

/* --- one request --- */

static void service_malformed(enum fault fault, struct signd_answer *out)
{
	*out = (struct signd_answer){ .refused = true,
				      .error = span_of_text(fault_text(fault)),
				      .rule = SPAN_LIT("signd-malformed"),
				      .help = SPAN_LIT("protocol/signd.md has the format of a request") };
}

static void service_log(const struct signd_request *request, uint32_t uid, const struct signd_answer *answer)
{
	char user[16], key[SIGNER_KEY_MAX + 1], rule[64];
	snprintf(user, sizeof user, "%u", uid);
	snprintf(key, sizeof key, "%.*s", (int)request->key.n, (const char *)request->key.at);
	snprintf(rule, sizeof rule, "%.*s", (int)answer->rule.n, (const char *)answer->rule.at);
	if (!answer->refused)
		log_event(LOG_DEBUG_, "signed", "key", key, "uid", user, NULL);
	else
		log_event(LOG_WARNING_, "refused", "rule", rule, "key", key, "uid", user, "text",
			  (const char *)answer->error.at, NULL);
}

/* The frame in hand becomes the frame of the answer. */
static void service_answer(struct service *s, struct service_client *c)
{
	struct workspace ws = workspace_over(s->memory, SIGND_WORKSPACE_BYTES);
	struct signd_request request;
	struct signd_answer answer;
	struct span text = { c->frame + FRAME_HEAD_BYTES, c->total - FRAME_HEAD_BYTES };
	enum fault fault = signd_request_decode(text, &ws, &request);
	if (fault == FAULT_NONE)
		notary_answer(s->notary, &request, c->uid, &answer);
	else
		service_malformed(fault, &answer);
	service_log(&request, c->uid, &answer);
	uint8_t *frame = malloc(FRAME_HEAD_BYTES + FRAME_BYTES_MAX);
	struct writer w = writer_over(frame, frame != NULL ? FRAME_HEAD_BYTES + FRAME_BYTES_MAX : 0);
	writer_u32(&w, 0);
	signd_answer_encode(&w, &answer, &ws);
	if (writer_end(&w) != FAULT_NONE) {
		free(frame);
		service_drop(c, "the answer does not fit a frame");
		return;
	}
	uint32_t n = (uint32_t)(w.used - FRAME_HEAD_BYTES);
	struct writer head = writer_over(frame, FRAME_HEAD_BYTES);
	writer_u32(&head, n);
	free(c->frame);
	c->frame = frame;
	c->total = w.used;
	c->done = 0;
	c->writing = true;
	c->deadline_ms = service_now_ms() + SERVICE_FRAME_MS;
}

/* --- bytes in and out --- */

/* Room for the head first; for the body once its length is known and allowed. false: dropped */
static bool service_room(struct service_client *c)
{
	size_t wanted = FRAME_HEAD_BYTES;
	if (c->done >= FRAME_HEAD_BYTES) {
		const uint8_t *head = c->frame;
		size_t n = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
		if (n == 0 || n > FRAME_BYTES_MAX) {
			service_drop(c, "a frame that is empty or too large");
			return false;
		}
		wanted += n;
	}
	if (c->capacity < wanted) {
		uint8_t *grown = realloc(c->frame, wanted);
		if (grown == NULL) {
			service_drop(c, "out of memory");
			return false;
		}
		c->frame = grown;
		c->capacity = wanted;
	}
	c->total = wanted;
	return true;
}

static void service_read(struct service *s, struct service_client *c)
{
	if (!service_room(c))
		return;
	ssize_t n = recv(c->fd, c->frame + c->done, c->total - c->done, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		service_drop(c, c->done > 0 ? "the connection ended inside a frame" : NULL);
		return;
	}
	if (c->done == 0)
		c->deadline_ms = service_now_ms() + SERVICE_FRAME_MS;
	c->done += (size_t)n;
	if (c->done == FRAME_HEAD_BYTES && !service_room(c))
		return;
	if (c->done > FRAME_HEAD_BYTES && c->done == c->total)
		service_answer(s, c);
}

static void service_write(struct service_client *c)
{
	ssize_t n = send(c->fd, c->frame + c->done, c->total - c->done, MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		service_drop(c, "the client does not read its answer");
		return;
	}
	c->done += (size_t)n;
	if (c->done == c->total)
		service_expect(c);
}

/* --- the loop --- */

static size_t service_watch(const struct service *s, int listener, struct pollfd fds[SERVICE_CLIENTS_MAX + 1],
			    size_t who[SERVICE_CLIENTS_MAX + 1])
{
	size_t count = 1;
	fds[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
	for (size_t i = 0; i < SERVICE_CLIENTS_MAX; i++) {
		const struct service_client *c = &s->clients[i];
		if (c->fd < 0)
			continue;
		who[count] = i;
		fds[count++] = (struct pollfd){ .fd = c->fd, .events = c->writing ? POLLOUT : POLLIN };
	}
	return count;
}

static void service_time_out(struct service *s)
{
	int64_t now_ms = service_now_ms();
	for (size_t i = 0; i < SERVICE_CLIENTS_MAX; i++)
		if (s->clients[i].fd >= 0 && now_ms > s->clients[i].deadline_ms)
			service_drop(&s->clients[i], s->clients[i].done > 0 ? "too slow" : NULL);
}

static void service_turn(struct service *s, int listener)
{
	struct pollfd fds[SERVICE_CLIENTS_MAX + 1];
	size_t who[SERVICE_CLIENTS_MAX + 1] = { 0 };
	size_t count = service_watch(s, listener, fds, who);
	/* Once a second, so that a signal between the check of *stop and here costs no more than that. */
	if (poll(fds, count, 1000) <= 0) {
		service_time_out(s);
		return;
	}
	for (size_t i = 1; i < count; i++) {
		struct service_client *c = &s->clients[who[i]];
		if (fds[i].revents == 0)
			continue;
		if (c->writing)
			service_write(c);
		else
			service_read(s, c);
	}
	if (fds[0].revents != 0)
		service_accept(s, listener);
	service_time_out(s);
}

int service_run(int listener, struct notary *notary, const volatile sig_atomic_t *stop, struct error *e)
{
	struct service *s = calloc(1, sizeof *s);
	if (s == NULL)
		return error_set(e, "signd: out of memory");
	s->notary = notary;
	s->memory = malloc(SIGND_WORKSPACE_BYTES);
	for (size_t i = 0; i < SERVICE_CLIENTS_MAX; i++)
		s->clients[i].fd = -1;
	while (s->memory != NULL && !*stop)
		service_turn(s, listener);
	for (size_t i = 0; i < SERVICE_CLIENTS_MAX; i++)
		if (s->clients[i].fd >= 0)
			service_drop(&s->clients[i], NULL);
	bool ran = s->memory != NULL;
	free(s->memory);
	free(s);
	return ran ? 0 : error_set(e, "signd: out of memory");
}
