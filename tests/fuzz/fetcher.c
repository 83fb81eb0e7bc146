/*
 * What reaches the fetcher through the installer's socket: the input is the whole stream of requests. Each that is one
 * gets the answers of a transport that says more than there is room for; paths and types are within their bounds.
 */
#include "fetcher.h"

#include "frame.h"
#include "fuzz.h"
#include "ipc.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* All answers to so much wait in the socket until they are read: more would fill it, and the fetcher would wait. */
#define STREAM_MAX 1024

static unsigned exchanges;

static int exchange(void *self, const struct transport_request *request, int (*sink)(void *context, struct span piece),
		    void *context, struct fetch_answer *out, struct error *e)
{
	static const uint8_t piece[300];
	FUZZ_CHECK(strlen(request->path) <= IPC_PATH_MAX);
	FUZZ_CHECK(request->content_type == NULL || strlen(request->content_type) <= IPC_TYPE_MAX);
	out->status = 200;
	if (request->n == 7)
		return error_retry(e, "the server is %s", "away");
	for (int i = 0; i < 2; i++)
		if (sink(context, SPAN_OF(piece)) != 0)
			break;
	exchanges++;
	return 0;
}

/* All that came back are whole frames of the three kinds. */
static void check_answers(int fd)
{
	static uint8_t frame[IPC_FRAME_MAX];
	struct error e = { 0 };
	size_t n;
	unsigned ends = 0;
	int got;
	while ((got = frame_receive(fd, frame, sizeof frame, &n, 1000, &e)) == 0) {
		FUZZ_CHECK(frame[0] == IPC_PIECE || frame[0] == IPC_END || frame[0] == IPC_FAILED);
		FUZZ_CHECK(n <= (frame[0] == IPC_END ? 8u : sizeof frame));
		ends += frame[0] == IPC_END;
	}
	FUZZ_CHECK(got == 1 && ends == exchanges);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct transport transport = { .exchange = exchange };
	struct error e = { 0 };
	int fds[2], room = 1 << 20; /* as much of it as the system gives */
	if (size > STREAM_MAX)
		return 0;
	exchanges = 0;
	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	(void)setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	FUZZ_CHECK(send(fds[1], data, size, MSG_DONTWAIT) == (ssize_t)size);
	FUZZ_CHECK(shutdown(fds[1], SHUT_WR) == 0);
	int result = fetcher_run(fds[0], &transport, &e);
	FUZZ_CHECK(result == 0 || e.text[0] != '\0');
	close(fds[0]);
	if (result == 0) /* else what it left unread resets the connection */
		check_answers(fds[1]);
	close(fds[1]);
	return 0;
}
