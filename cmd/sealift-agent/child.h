/* The fetcher as a child process of the agent, on one end of a socket pair. */
#ifndef CHILD_H
#define CHILD_H

#include <sys/types.h>

#include "error.h"

struct child {
	const char *program, *device, *user; /* user NULL: ours */
	int as_json, debug;
	pid_t pid; /* 0: none */
	int fd;    /* our end */
};

/* Beside our own executable, as argv0 names it; falls back to the search path. */
void child_default_program(char *out, size_t capacity, const char *argv0);
/* The device's folder for the fetcher becomes this user's; needs root. */
int child_give_directory(const char *device, const char *user, struct error *e) MUST_USE;
int child_start(struct child *child, struct error *e) MUST_USE;
void child_stop(struct child *child);

#endif
