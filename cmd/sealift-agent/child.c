#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device_dir.h"

#define CHILD_FD 3

void child_default_program(char *out, size_t capacity, const char *argv0)
{
	const char *slash = strrchr(argv0, '/');
	if (slash == NULL)
		snprintf(out, capacity, "sealift-fetcher");
	else
		snprintf(out, capacity, "%.*s/sealift-fetcher", (int)(slash - argv0), argv0);
}

static int look_up(const char *user, uid_t *uid, gid_t *gid)
{
	char buffer[4096];
	struct passwd entry, *found = NULL;
	if (getpwnam_r(user, &entry, buffer, sizeof buffer, &found) != 0 || found == NULL)
		return -1;
	*uid = found->pw_uid;
	*gid = found->pw_gid;
	return 0;
}

static int drop_to(const char *user)
{
	uid_t uid;
	gid_t gid;
	if (look_up(user, &uid, &gid) < 0)
		return -1;
	return setgroups(0, NULL) < 0 || setgid(gid) < 0 || setuid(uid) < 0 ? -1 : 0;
}

int child_give_directory(const char *device, const char *user, struct error *e)
{
	uid_t uid;
	gid_t gid;
	if (look_up(user, &uid, &gid) < 0)
		return error_set(e, "--fetcher-user %s: there is no such user on this system: make one", user);
	if (geteuid() != 0)
		return error_set(e, "--fetcher-user %s: only root can become another user", user);
	return device_dir_give_fetcher(device, uid, gid, e);
}

/* Only standard input, output, error and the socket go along. */
static _Noreturn void child_exec(const struct child *child, int fd)
{
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (child->user != NULL && drop_to(child->user) < 0)
		_exit(126);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (fd == CHILD_FD)
		fcntl(fd, F_SETFD, 0);
	else
		dup2(fd, CHILD_FD);
	close_range(CHILD_FD + 1, ~0u, 0);
	char *const arguments[] = { (char[]){ "sealift-fetcher" },
				    (char[]){ "--device" },
				    (char *)(uintptr_t)child->device,
				    (char[]){ "--fd" },
				    (char[]){ "3" },
				    child->as_json ? (char[]){ "--json" }
				    : child->debug ? (char[]){ "--debug" }
						   : NULL,
				    child->as_json && child->debug ? (char[]){ "--debug" } : NULL,
				    NULL };
	/* libraries of libcurl that nobody calls here load GnuTLS, which would make itself ready for use */
	setenv("GNUTLS_NO_IMPLICIT_INIT", "1", 1);
	execvp(child->program, arguments);
	_exit(127);
}

int child_start(struct child *child, struct error *e)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(e, "make a socket pair for the fetcher");
	pid_t pid = fork();
	if (pid < 0) {
		error_errno(e, "start the fetcher");
		close(pair[0]);
		close(pair[1]);
		return -1;
	}
	if (pid == 0)
		child_exec(child, pair[1]);
	close(pair[1]);
	child->pid = pid;
	child->fd = pair[0];
	return 0;
}

void child_stop(struct child *child)
{
	if (child->pid <= 0)
		return;
	close(child->fd);
	kill(child->pid, SIGKILL);
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
	child->pid = 0;
}
