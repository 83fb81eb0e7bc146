/*
 * What a fetcher that is not ours may answer to the installer: the input's first byte picks the room of the request,
 * the rest is the stream of the answers to two requests, after which the fetcher is gone.
 */
#include "ipc.h"

#include "fuzz.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STREAM_MAX 65536

static void check(int result, const struct fetch_answer *answer, size_t capacity, const struct error *e)
{
	FUZZ_CHECK(answer->n <= capacity);
	if (result == 0)
		return;
	FUZZ_CHECK(result == -1 && e->text[0] != '\0' && memchr(e->text, 0, sizeof e->text) != NULL);
	for (const char *at = e->text; *at != '\0'; at++)
		FUZZ_CHECK(*at >= 0x20 && *at <= 0x7e);
}

static void ask(struct ipc *ipc, size_t capacity)
{
	struct fetch fetch = ipc_fetch(ipc);
	struct fetch_answer answer;
	struct error e = { 0 };
	uint8_t *buffer = malloc(capacity + 1);
	FUZZ_CHECK(buffer != NULL);
	int result = fetch.get(fetch.self, "metadata/timestamp.json", 0, 0, buffer, capacity, &answer, &e);
	check(result, &answer, capacity, &e);
	bool was_broken = ipc->is_broken;
	result = fetch.post(fetch.self, "v1/device/poll", "application/json", SPAN_LIT("{}"), buffer, capacity, &answer,
			    &e);
	check(result, &answer, capacity, &e);
	FUZZ_CHECK(!was_broken || (result == -1 && answer.n == 0));
	free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t rooms[] = { 0, 1, 100, 4096, 100000 };
	static struct ipc ipc;
	int fds[2];
	if (size == 0 || size > STREAM_MAX)
		return 0;
	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	FUZZ_CHECK(send(fds[1], data + 1, size - 1, MSG_DONTWAIT) == (ssize_t)(size - 1));
	FUZZ_CHECK(shutdown(fds[1], SHUT_WR) == 0);
	ipc_open(&ipc, fds[0]);
	ask(&ipc, rooms[data[0] % (sizeof rooms / sizeof rooms[0])]);
	close(fds[0]);
	close(fds[1]);
	return 0;
}
