/*
 * The table of commands. One file per command; a command reads its options, does one thing and returns an exit
 * status.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include "option.h"
#include "site.h"
#include "ui.h"

struct command {
	const char *name; /* "release sign" */
	const char *arguments;
	const char *summary; /* one line */
	const char *help;    /* options and an example */
	int (*run)(struct ui *ui, const char *site_path, int argc, char **argv);
};

extern const struct command command_init, command_pack, command_release_sign, command_release_publish,
	command_release_list, command_release_show, command_rollout_plan, command_rollout_start, command_rollout_status,
	command_rollout_pause, command_rollout_resume, command_rollout_abort, command_device_list, command_device_show,
	command_provision, command_log_verify, command_refresh, command_status, command_emergency_revoke,
	command_emergency_raise, command_emergency_standby, command_emergency_recovery, command_revoke_key,
	command_trust_publish;

#endif
