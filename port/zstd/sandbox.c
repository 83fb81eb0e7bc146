#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

struct order {
	uint32_t frame_bytes, result_bytes;
};

/* --- the child --- */

/* glibc's _exit() is exit_group, which seccomp strict does not allow. */
static _Noreturn void leave(void)
{
	for (;;)
		syscall(SYS_exit, 0);
}

static bool get(int fd, void *at, size_t n)
{
	uint8_t *to = at;
	while (n > 0) {
		ssize_t r = read(fd, to, n);
		if (r <= 0)
			return false;
		to += r;
		n -= (size_t)r;
	}
	return true;
}

/*
 * All memory is taken before the door is shut, and the frames are the parent's alone to write: it checks their digest
 * where they stand. The one-shot decoder writes straight into the result and takes no memory.
 */
static _Noreturn void child_run(uint8_t *in, uint8_t *out, int orders, int answers)
{
	struct order order;
	ZSTD_DCtx *context = ZSTD_createDCtx();
	if (context == NULL || mprotect(in, SANDBOX_IN_MAX, PROT_READ) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0) != 0)
		_exit(1);
	while (get(orders, &order, sizeof order)) {
		uint32_t answer = UINT32_MAX;
		if (order.frame_bytes <= SANDBOX_IN_MAX && order.result_bytes <= SANDBOX_OUT_MAX) {
			size_t n = ZSTD_decompressDCtx(context, out, order.result_bytes, in, order.frame_bytes);
			answer = ZSTD_isError(n) ? UINT32_MAX : (uint32_t)n;
		}
		if (write(answers, &answer, sizeof answer) != (ssize_t)sizeof answer)
			break;
	}
	leave();
}

static void child_prepare(int orders, int answers)
{
	struct rlimit none = { 0, 0 };
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &none);
	int nothing = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3; fd++) /* nothing to read from, nobody to write to */
		if (dup2(nothing, fd) < 0)
			close(fd);
	dup2(orders, 3);
	dup2(answers, 4);
	close_range(5, ~0u, 0);
}

/* --- the parent --- */

static void stop_child(struct sandbox *s)
{
	if (s->child > 0) {
		kill(s->child, SIGKILL);
		while (waitpid(s->child, NULL, 0) < 0 && errno == EINTR)
			;
		close(s->to_child);
		close(s->from_child);
	}
	s->child = 0;
}

static void close_pair(int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static int start_child(struct sandbox *s, struct error *e)
{
	int orders[2], answers[2];
	if (pipe2(orders, O_CLOEXEC) < 0)
		return error_errno(e, "start the decompressor: pipe");
	if (pipe2(answers, O_CLOEXEC) < 0) {
		close_pair(orders);
		return error_errno(e, "start the decompressor: pipe");
	}
	pid_t child = fork();
	if (child < 0) {
		close_pair(orders);
		close_pair(answers);
		return error_errno(e, "start the decompressor: fork");
	}
	if (child == 0) {
		/* out of the way of 3 and 4 first */
		child_prepare(fcntl(orders[0], F_DUPFD, 10), fcntl(answers[1], F_DUPFD, 10));
		child_run(s->in, s->out, 3, 4);
	}
	close(orders[0]);
	close(answers[1]);
	s->child = child;
	s->to_child = orders[1];
	s->from_child = answers[0];
	return 0;
}

static bool wait_answer(const struct sandbox *s, uint32_t *answer)
{
	struct pollfd ready = { .fd = s->from_child, .events = POLLIN };
	int n;
	do
		n = poll(&ready, 1, SANDBOX_TIMEOUT_MS);
	while (n < 0 && errno == EINTR);
	return n == 1 && read(s->from_child, answer, sizeof *answer) == (ssize_t)sizeof *answer;
}

/*
 * The child may have died while idle; then the write fails (SIGPIPE is ignored by the program) and a new one is made.
 */
static bool send_order(struct sandbox *s, struct order order)
{
	return s->child > 0 && write(s->to_child, &order, sizeof order) == (ssize_t)sizeof order;
}

static uint8_t *input_buffer(void *self, size_t n)
{
	struct sandbox *s = self;
	return n <= SANDBOX_IN_MAX ? s->in : NULL;
}

static int frame(void *self, size_t frame_bytes, uint32_t n, const uint8_t **out, struct error *e)
{
	struct sandbox *s = self;
	struct order order = { (uint32_t)frame_bytes, n };
	uint32_t answer = UINT32_MAX;
	if (frame_bytes > SANDBOX_IN_MAX || n > SANDBOX_OUT_MAX)
		return error_set(e, "a frame of %zu bytes for %u is over the ceiling", frame_bytes, n);
	if (!send_order(s, order)) {
		stop_child(s);
		if (start_child(s, e) < 0)
			return -1;
		if (!send_order(s, order))
			return error_retry(e, "the decompressor does not take orders");
	}
	if (!wait_answer(s, &answer)) {
		stop_child(s);
		return error_retry(e, "the decompressor died or did not answer in %d s", SANDBOX_TIMEOUT_MS / 1000);
	}
	if (answer != n)
		return error_set(e, "not a zstd frame of %u bytes", n);
	memcpy(s->result, s->out, n);
	*out = s->result;
	return 0;
}

static void rest(void *self)
{
	struct sandbox *s = self;
	stop_child(s);
	madvise(s->in, SANDBOX_IN_MAX, MADV_REMOVE);
	madvise(s->out, SANDBOX_OUT_MAX, MADV_REMOVE);
	madvise(s->result, SANDBOX_OUT_MAX, MADV_DONTNEED);
}

static void *take(size_t n, int flags)
{
	void *at = mmap(NULL, n, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
	return at == MAP_FAILED ? NULL : at;
}

int sandbox_open(struct sandbox *s, struct error *e)
{
	*s = (struct sandbox){ 0 };
	s->in = take(SANDBOX_IN_MAX, MAP_SHARED);
	s->out = take(SANDBOX_OUT_MAX, MAP_SHARED);
	s->result = take(SANDBOX_OUT_MAX, MAP_PRIVATE);
	if (s->in != NULL && s->out != NULL && s->result != NULL)
		return 0;
	sandbox_close(s);
	return error_retry(e, "the decompressor's memory: out of memory");
}

void sandbox_close(struct sandbox *s)
{
	stop_child(s);
	if (s->in != NULL)
		munmap(s->in, SANDBOX_IN_MAX);
	if (s->out != NULL)
		munmap(s->out, SANDBOX_OUT_MAX);
	if (s->result != NULL)
		munmap(s->result, SANDBOX_OUT_MAX);
	*s = (struct sandbox){ 0 };
}

struct decompress sandbox_decompress(struct sandbox *s)
{
	return (struct decompress){ input_buffer, frame, rest, s };
}
