/*
 * A shell command as the thing that boots: in a process group of its own, under a watchdog. The caller has blocked
 * SIGCHLD, SIGINT and SIGTERM for the whole process (host_command_block()); the latter two end the command.
 */
#ifndef HOST_COMMAND_H
#define HOST_COMMAND_H

#include <stdint.h>

#include "error.h"

enum host_command_end {
	HOST_COMMAND_EXITED,  /* status: its exit status, or 128 + the signal that ended it */
	HOST_COMMAND_TIMEOUT, /* killed, its whole process group */
	HOST_COMMAND_STOPPED, /* we were told to stop; the command was ended */
	HOST_COMMAND_FAILED,  /* could not be started */
};

struct host_command_result {
	enum host_command_end end;
	int status;
};

void host_command_block(void);
/* environment: NULL-ended pairs of name and value, added to ours. timeout_s 0: none. */
struct host_command_result host_command_run(const char *shell_command, const char *const *environment,
					    uint32_t timeout_s, struct error *e);

#endif
