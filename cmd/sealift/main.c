#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

/* In the order of the story. */
static const struct command *const main_commands[] = {
	&command_init,
	&command_pack,
	&command_release_sign,
	&command_release_publish,
	&command_release_list,
	&command_release_show,
	&command_provision,
	&command_rollout_plan,
	&command_rollout_start,
	&command_rollout_status,
	&command_rollout_pause,
	&command_rollout_resume,
	&command_rollout_abort,
	&command_device_list,
	&command_device_show,
	&command_log_verify,
	&command_refresh,
	&command_status,
	&command_trust_publish,
	&command_revoke_key,
	&command_emergency_revoke,
	&command_emergency_raise,
	&command_emergency_standby,
	&command_emergency_recovery,
};
#define MAIN_COMMANDS (sizeof main_commands / sizeof *main_commands)

static void main_help(FILE *out)
{
	fputs("sealift: signed updates from the build machine to the boot of every device\n\n"
	      "Usage: sealift [--site DIR] [--json] COMMAND [OPTION...]\n\n"
	      "The story, in its order:\n",
	      out);
	for (size_t i = 0; i < MAIN_COMMANDS; i++)
		fprintf(out, "  %-26s %s\n", main_commands[i]->name, main_commands[i]->summary);
	fputs("\nOptions before the command:\n"
	      "  --site DIR   the site to work on (default: $SEALIFT_SITE, else the current folder)\n"
	      "  --json       results and errors as JSON on standard output, nothing else there\n"
	      "  --version    print the version\n\n"
	      "'sealift help COMMAND' explains one command, or lists those of a group such as 'emergency'. Exit "
	      "status: 0 done, 1 failed, 2 wrong usage,\n"
	      "3 refused by a rule, 75 failed for now (try again).\n",
	      out);
}

static void main_help_command(const struct command *command)
{
	printf("Usage: sealift [--site DIR] [--json] %s %s\n\n%s.\n\n%s", command->name, command->arguments,
	       command->summary, command->help);
}

/* How many words of argv the command's name takes; 0: not this one. */
static int main_matches(const struct command *command, int argc, char **argv)
{
	const char *space = strchr(command->name, ' ');
	size_t first = space != NULL ? (size_t)(space - command->name) : strlen(command->name);
	if (argc < 1 || strlen(argv[0]) != first || strncmp(argv[0], command->name, first) != 0)
		return 0;
	if (space == NULL)
		return 1;
	return argc >= 2 && strcmp(argv[1], space + 1) == 0 ? 2 : 0;
}

static const struct command *main_find(int argc, char **argv, int *words)
{
	for (size_t i = 0; i < MAIN_COMMANDS; i++) {
		*words = main_matches(main_commands[i], argc, argv);
		if (*words > 0)
			return main_commands[i];
	}
	return NULL;
}

static int main_unknown(const struct ui *ui, int argc, char **argv)
{
	if (ui->json)
		return ui_usage(ui, "there is no command '%s%s%s'", argv[0], argc > 1 ? " " : "",
				argc > 1 ? argv[1] : "");
	fprintf(stderr, "sealift: there is no command '%s%s%s'. Commands that begin so:\n", argv[0],
		argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
	for (size_t i = 0; i < MAIN_COMMANDS; i++)
		if (strncmp(main_commands[i]->name, argv[0], strlen(argv[0])) == 0)
			fprintf(stderr, "  sealift %s\n", main_commands[i]->name);
	fprintf(stderr, "'sealift help' lists all.\n");
	return UI_USAGE;
}

static bool main_in_group(const struct command *command, const char *group)
{
	size_t n = strlen(group);
	return strncmp(command->name, group, n) == 0 && command->name[n] == ' ';
}

/* The commands of "emergency"; false: there is no such group. */
static bool main_help_group(const char *group)
{
	bool found = false;
	for (size_t i = 0; i < MAIN_COMMANDS; i++) {
		if (!main_in_group(main_commands[i], group))
			continue;
		if (!found)
			printf("Usage: sealift [--site DIR] [--json] %s COMMAND [OPTION...]\n\n", group);
		found = true;
		printf("  %-26s %s\n", main_commands[i]->name, main_commands[i]->summary);
	}
	if (found)
		printf("\n'sealift help %s COMMAND' explains one of them.\n", group);
	return found;
}

static int main_help_for(const struct ui *ui, int argc, char **argv)
{
	int words;
	const struct command *command = argc > 0 ? main_find(argc, argv, &words) : NULL;
	if (command != NULL)
		return main_help_command(command), UI_OK;
	if (argc == 0)
		return main_help(stdout), UI_OK;
	return argc == 1 && main_help_group(argv[0]) ? UI_OK : main_unknown(ui, argc, argv);
}

/* --json is taken before and after the command. */
static int main_take_json(struct ui *ui, int argc, char **argv)
{
	int kept = 0;
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			ui->json = true;
		else
			argv[kept++] = argv[i];
	}
	argv[kept] = NULL;
	return kept;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "site", required_argument, NULL, 's' },
						 { "json", no_argument, NULL, 'j' },
						 { "help", no_argument, NULL, 'h' },
						 { "version", no_argument, NULL, 'V' },
						 { NULL, 0, NULL, 0 } };
	struct ui ui = { .terminal = isatty(STDERR_FILENO) != 0, .command = "" };
	const char *site = getenv("SEALIFT_SITE");
	int option, words;
	while ((option = option_next_leading(&ui, argc, argv, options)) != -1) {
		switch (option) {
		case 's':
			site = optarg;
			break;
		case 'j':
			ui.json = true;
			break;
		case 'h':
			main_help(stdout);
			return UI_OK;
		case 'V':
			puts("sealift " SEALIFT_VERSION);
			return UI_OK;
		default:
			return UI_USAGE;
		}
	}
	argc -= optind;
	argv += optind;
	if (argc == 0) {
		main_help(stderr);
		return UI_USAGE;
	}
	if (strcmp(argv[0], "help") == 0)
		return main_help_for(&ui, argc - 1, argv + 1);
	const struct command *command = main_find(argc, argv, &words);
	if (command == NULL && argc == 2 && strcmp(argv[1], "--help") == 0 && main_help_group(argv[0]))
		return UI_OK;
	if (command == NULL)
		return main_unknown(&ui, argc, argv);
	ui.command = command->name;
	argc = main_take_json(&ui, argc, argv);
	for (int i = words; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0)
			return main_help_command(command), UI_OK;
	optind = 0; /* a fresh scan, which takes options and arguments in any order */
	return command->run(&ui, site != NULL ? site : ".", argc - words + 1, argv + words - 1);
}
