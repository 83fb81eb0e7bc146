/* The fetcher is hostile: what it may send, and what ends the conversation. And the decompressor's child. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "compress.h"
#include "fetcher.h"
#include "frame.h"
#include "ipc.h"
#include "sandbox.h"

static struct ipc ipc;
static int theirs;
static uint8_t buffer[8];
static struct fetch_answer got;
static struct error why;

static void open_pair(void)
{
	int pair[2];
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ipc_open(&ipc, pair[0]);
	theirs = pair[1];
}

static void close_pair(void)
{
	close(ipc.fd);
	close(theirs);
}

static void answer(struct span bytes)
{
	CHECK_EQ(frame_send(theirs, bytes, 1000, NULL), 0);
}

static int get(void)
{
	struct fetch fetch = ipc_fetch(&ipc);
	return fetch.get(fetch.self, "objects/x", 0, 0, buffer, sizeof buffer, &got, &why);
}

static void an_honest_answer_is_taken(void)
{
	open_pair();
	answer(SPAN_LIT("\1abcd"));
	answer(SPAN_LIT("\1efgh"));
	answer(SPAN_LIT("\2\0\310\0\0\0\0\7"));
	CHECK_EQ(get(), 0);
	CHECK_EQ(got.status, 200);
	CHECK_EQ(got.n, 8);
	CHECK_EQ(got.retry_after_s, 7);
	CHECK(memcmp(buffer, "abcdefgh", 8) == 0);
	close_pair();
}

static void a_failure_is_a_failure_and_printable(void)
{
	open_pair();
	answer(SPAN_LIT("\3\1no\nroute"));
	CHECK_EQ(get(), -1);
	CHECK(why.retry);
	CHECK(strcmp(why.text, "no?route") == 0);
	CHECK(!ipc.is_broken);
	close_pair();
}

static void breaks(struct span first, struct span second)
{
	open_pair();
	answer(first);
	if (second.n > 0)
		answer(second);
	else
		shutdown(theirs, SHUT_WR);
	CHECK_EQ(get(), -1);
	CHECK(ipc.is_broken);
	CHECK_EQ(get(), -1); /* for good */
	close_pair();
}

static void whatever_else_ends_it(void)
{
	breaks(SPAN_LIT("\1abcdefghi"), SPAN_LIT("\2\0\310\0\0\0\0\0"));
	breaks(SPAN_LIT("\1abcdefgh"), SPAN_LIT("\1i"));
	breaks(SPAN_LIT("\4abc"), SPAN_NONE);
	breaks(SPAN_LIT("\2\0\310\0\0\0\0"), SPAN_NONE);
	breaks(SPAN_LIT("\2\0\310\0\0\0\0\0\0"), SPAN_NONE);
	breaks(SPAN_LIT("\1abc"), SPAN_NONE);
}

static int64_t heard_unix;

static int echo(void *self, const struct transport_request *request, int (*sink)(void *, struct span), void *context,
		struct fetch_answer *out, struct error *e)
{
	out->status = 200;
	heard_unix = request->passed_unix;
	(void)!sink(context, request->content_type == NULL ? span_of_text(request->path) : request->body);
	return 0;
}

static void the_fetcher_answers_as_agreed(void)
{
	struct transport transport = { echo, NULL };
	static const char request[] =
		"\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0\7\0\11objects/x\0";
	uint8_t frame[64];
	size_t n;
	open_pair();
	CHECK_EQ(frame_send(ipc.fd, SPAN_OF(request), 1000, NULL), 0);
	shutdown(ipc.fd, SHUT_WR);
	CHECK_EQ(fetcher_run(theirs, &transport, &why), 0);
	CHECK_EQ(frame_receive(ipc.fd, frame, sizeof frame, &n, 1000, NULL), 0);
	CHECK_EQ(n, 6);
	CHECK(memcmp(frame, "\1objec", 6) == 0); /* cut at the capacity of 5 */
	CHECK_EQ(heard_unix, 7);
	CHECK_EQ(frame_receive(ipc.fd, frame, sizeof frame, &n, 1000, NULL), 0);
	CHECK_EQ(n, 8);
	CHECK(memcmp(frame, "\2\0\310\1\0\0\0\0", 8) == 0);
	close_pair();
}

/* The installer's time travels with each request. */
static void the_time_goes_along(void)
{
	uint8_t frame[64];
	size_t n;
	open_pair();
	struct fetch fetch = ipc_fetch(&ipc);
	fetch.set_passed(fetch.self, 0x0102030405);
	answer(SPAN_LIT("\2\0\310\0\0\0\0\0"));
	CHECK_EQ(get(), 0);
	CHECK_EQ(frame_receive(theirs, frame, sizeof frame, &n, 1000, NULL), 0);
	CHECK(n > 33 && memcmp(frame + 25, "\0\0\0\1\2\3\4\5", 8) == 0);
	close_pair();
}

static void refused(struct span request)
{
	struct transport transport = { echo, NULL };
	open_pair();
	CHECK_EQ(frame_send(ipc.fd, request, 1000, NULL), 0);
	CHECK_EQ(fetcher_run(theirs, &transport, &why), -1);
	close_pair();
}

static void the_fetcher_refuses_what_is_no_request(void)
{
	static uint8_t late[] = "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\5\0\40\0\0\0\0\0\0\0\1x\0\0";
	refused(SPAN_LIT("\7hello"));
	refused((struct span){ late, sizeof late - 1 }); /* a time above 2^53 - 1 */
}

/* 0 to 2 lead nowhere, 3 and 4 are its pipes, and there is no other. */
static void has_only_its_pipes(pid_t child)
{
	char path[64], target[64];
	for (int fd = 0; fd < 6; fd++) {
		snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)child, fd);
		ssize_t n = readlink(path, target, sizeof target - 1);
		if (n < 0 && errno == EACCES) {
			printf("# not allowed to look at the child's files\n");
			return;
		}
		target[n < 0 ? 0 : n] = 0;
		if (fd < 3)
			CHECK(strcmp(target, "/dev/null") == 0);
		else if (fd < 5)
			CHECK(strncmp(target, "pipe:", 5) == 0);
		else
			CHECK_EQ(n, -1);
	}
}

static void the_sandbox_decodes_and_survives_its_child(void)
{
	static uint8_t text[100000], frame[200000];
	struct sandbox s;
	const uint8_t *out;
	size_t n;
	signal(SIGPIPE, SIG_IGN);
	memset(text, 'x', sizeof text);
	CHECK_EQ(zstd_compress(SPAN_OF(text), 3, frame, sizeof frame, &n, NULL), 0);
	CHECK_EQ(sandbox_open(&s, NULL), 0);
	struct decompress d = sandbox_decompress(&s);
	for (int round = 0; round < 3; round++) {
		memcpy(d.input_buffer(d.self, n), frame, n);
		CHECK_EQ(d.frame(d.self, n, sizeof text, &out, &why), 0);
		CHECK(memcmp(out, text, sizeof text) == 0);
		has_only_its_pipes(s.child);
		/* the child is killed while idle: the next frame has a new one */
		if (round == 1)
			kill(s.child, SIGKILL);
		usleep(20000);
	}
	CHECK_EQ(d.frame(d.self, n, sizeof text - 1, &out, &why), -1);
	memset(d.input_buffer(d.self, n), 0, n);
	CHECK_EQ(d.frame(d.self, n, sizeof text, &out, &why), -1);
	CHECK(d.input_buffer(d.self, SANDBOX_IN_MAX + 1) == NULL);
	sandbox_close(&s);
}

static const struct check_case cases[] = {
	CASE(an_honest_answer_is_taken),
	CASE(a_failure_is_a_failure_and_printable),
	CASE(whatever_else_ends_it),
	CASE(the_fetcher_answers_as_agreed),
	CASE(the_time_goes_along),
	CASE(the_fetcher_refuses_what_is_no_request),
	CASE(the_sandbox_decodes_and_survives_its_child),
};
CHECK_MAIN(cases)
