#include "host_command.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HOST_COMMAND_GRACE_MS 5000

static sigset_t host_command_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	return set;
}

void host_command_block(void)
{
	sigset_t set = host_command_signals();
	/* Whoever started us may have had it ignored; children would vanish with their exit status then. */
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static uint64_t host_command_now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* In the child: never returns. */
static void host_command_exec(const char *shell_command, const char *const *environment)
{
	sigset_t set = host_command_signals();
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	for (const char *const *pair = environment; pair[0] != NULL; pair += 2)
		setenv(pair[0], pair[1], 1);
	execl("/bin/sh", "sh", "-c", shell_command, (char *)NULL);
	_exit(127);
}

enum host_command_wake { WAKE_ENDED, WAKE_TIMEOUT, WAKE_STOP };

/* Until the child ended, the deadline passed (0: none), or a signal told us to stop. */
static enum host_command_wake host_command_wait(pid_t child, uint64_t deadline_ms, int *status)
{
	sigset_t set = host_command_signals();
	for (;;) {
		pid_t ended = waitpid(child, status, WNOHANG);
		if (ended < 0)
			*status = SIGKILL; /* an unknown end is no success */
		if (ended != 0)
			return WAKE_ENDED;
		uint64_t now = host_command_now_ms();
		if (deadline_ms != 0 && now >= deadline_ms)
			return WAKE_TIMEOUT;
		uint64_t left = deadline_ms != 0 ? deadline_ms - now : 3600000;
		struct timespec wait = { (time_t)(left / 1000), (long)(left % 1000) * 1000000 };
		int signal = sigtimedwait(&set, NULL, &wait);
		if (signal == SIGINT || signal == SIGTERM)
			return WAKE_STOP;
	}
}

/* The group leader is our child and not yet reaped, so the group id cannot have been given to anybody else. */
static void host_command_kill(pid_t child)
{
	int status;
	kill(-child, SIGKILL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
}

/* Politely first, so that an agent can finish its record. */
static void host_command_stop(pid_t child)
{
	int status;
	kill(-child, SIGTERM);
	if (host_command_wait(child, host_command_now_ms() + HOST_COMMAND_GRACE_MS, &status) != WAKE_ENDED)
		host_command_kill(child);
}

static int host_command_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

struct host_command_result host_command_run(const char *shell_command, const char *const *environment,
					    uint32_t timeout_s, struct error *e)
{
	int status = 0;
	uint64_t deadline = timeout_s == 0 ? 0 : host_command_now_ms() + (uint64_t)timeout_s * 1000;
	pid_t child = fork();
	if (child < 0) {
		error_errno(e, "cannot start %s", shell_command);
		return (struct host_command_result){ HOST_COMMAND_FAILED, 0 };
	}
	if (child == 0)
		host_command_exec(shell_command, environment);
	/* In both processes, so that the group stands whoever runs first. */
	setpgid(child, child);
	switch (host_command_wait(child, deadline, &status)) {
	case WAKE_TIMEOUT:
		host_command_kill(child);
		return (struct host_command_result){ HOST_COMMAND_TIMEOUT, 0 };
	case WAKE_STOP:
		host_command_stop(child);
		return (struct host_command_result){ HOST_COMMAND_STOPPED, 0 };
	case WAKE_ENDED:
		break;
	}
	return (struct host_command_result){ HOST_COMMAND_EXITED, host_command_status(status) };
}
