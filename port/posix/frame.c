#include "frame.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

static int64_t frame_now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int frame_wait(int fd, short events, int64_t until_ms, struct error *e)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };
	for (;;) {
		int64_t left = until_ms - frame_now_ms();
		if (left <= 0)
			return error_retry(e, "the peer did not answer in time");
		int ready = poll(&poll_fd, 1, (int)left);
		if (ready > 0)
			return 0;
		if (ready < 0 && errno != EINTR)
			return error_errno(e, "waiting for the socket");
	}
}

static int frame_write(int fd, struct span bytes, int64_t until_ms, struct error *e)
{
	while (bytes.n > 0) {
		if (frame_wait(fd, POLLOUT, until_ms, e) != 0)
			return -1;
		ssize_t n = send(fd, bytes.at, bytes.n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return error_errno(e, "writing to the socket");
		bytes = span_sub(bytes, (size_t)n, bytes.n);
	}
	return 0;
}

int frame_send(int fd, struct span body, int timeout_ms, struct error *e)
{
	uint8_t head[FRAME_HEAD_BYTES] = { (uint8_t)(body.n >> 24), (uint8_t)(body.n >> 16), (uint8_t)(body.n >> 8),
					   (uint8_t)body.n };
	int64_t until_ms = frame_now_ms() + timeout_ms;
	if (body.n == 0 || body.n > FRAME_BYTES_MAX)
		return error_set(e, "a message of %zu bytes: 1 to %u are allowed", body.n, FRAME_BYTES_MAX);
	if (frame_write(fd, SPAN_OF(head), until_ms, e) != 0)
		return -1;
	return frame_write(fd, body, until_ms, e);
}

/* 0: all n; 1: the peer closed before the first byte; -1: failed */
static int frame_read(int fd, uint8_t *out, size_t n, int64_t until_ms, struct error *e)
{
	size_t got = 0;
	while (got < n) {
		if (frame_wait(fd, POLLIN, until_ms, e) != 0)
			return -1;
		ssize_t each = recv(fd, out + got, n - got, MSG_DONTWAIT);
		if (each < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (each < 0)
			return error_errno(e, "reading from the socket");
		if (each == 0)
			return got == 0 ? 1 : error_retry(e, "the peer closed the connection inside a message");
		got += (size_t)each;
	}
	return 0;
}

int frame_receive(int fd, uint8_t *buffer, size_t capacity, size_t *n, int timeout_ms, struct error *e)
{
	uint8_t head[FRAME_HEAD_BYTES];
	int64_t until_ms = frame_now_ms() + timeout_ms;
	int got = frame_read(fd, head, sizeof head, until_ms, e);
	if (got != 0)
		return got;
	size_t length = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
	if (length == 0 || length > FRAME_BYTES_MAX || length > capacity)
		return error_set(e, "a message of %zu bytes: 1 to %zu are allowed", length,
				 capacity < FRAME_BYTES_MAX ? capacity : FRAME_BYTES_MAX);
	if (frame_read(fd, buffer, length, until_ms, e) != 0)
		return -1;
	*n = length;
	return 0;
}
