#include "option.h"

#include <string.h>

#include "name.h"

#define OPTION_WHY_MAX 1000 /* a record of the log has room for it */

/* What the user wrote: a long option without its value, or the one letter that getopt stopped at. */
static void option_explain(const struct ui *ui, const char *argument, bool wants_value, const struct option *options)
{
	size_t n = strcspn(argument, "=");
	if (argument[0] != '-' || argument[1] != '-') {
		ui_usage(ui, "unknown option '-%c'; options are written out, such as --help", optopt);
		return;
	}
	for (const struct option *o = options; o->name != NULL; o++) {
		if (strlen(o->name) + 2 != n || strncmp(argument + 2, o->name, n - 2) != 0)
			continue;
		ui_usage(ui, wants_value ? "option '%.*s' needs a value" : "option '%.*s' takes no value", (int)n,
			 argument);
		return;
	}
	ui_usage(ui, "%s option '%.*s'", wants_value ? "no value for" : "unknown or ambiguous", (int)n, argument);
}

static int option_get(const struct ui *ui, int argc, char **argv, const char *how, const struct option *options)
{
	opterr = 0;
	int at = optind;
	int option = getopt_long(argc, argv, how, options, NULL);
	if (option != ':' && option != '?')
		return option;
	/* A bundle of letters is not yet behind optind. */
	option_explain(ui, argv[optind > at ? optind - 1 : at], option == ':', options);
	return '?';
}

int option_next(const struct ui *ui, int argc, char **argv, const struct option *options)
{
	return option_get(ui, argc, argv, ":", options);
}

int option_next_leading(const struct ui *ui, int argc, char **argv, const struct option *options)
{
	return option_get(ui, argc, argv, "+:", options);
}

int option_text(const char *option, const char *value, char *out, size_t capacity, struct error *e)
{
	size_t n = strlen(value);
	if (n == 0)
		return error_set(e, "%s needs a value", option);
	if (n >= capacity)
		return error_set(e, "%s takes at most %zu characters, not %zu", option, capacity - 1, n);
	if (!name_is_printable(span_of_text(value), n))
		return error_set(e, "%s takes printable ASCII only", option);
	memcpy(out, value, n + 1);
	return 0;
}

int option_why(const struct ui *ui, const char *value, const char **why)
{
	size_t n = strlen(value);
	if (n == 0)
		return ui_usage(ui, "--why: give the reason; the journals keep it");
	if (!name_is_printable(span_of_text(value), n))
		return ui_usage(ui, "--why: printable ASCII only");
	if (n > OPTION_WHY_MAX)
		return ui_usage(ui, "--why: at most %d characters, not %zu", OPTION_WHY_MAX, n);
	*why = value;
	return UI_OK;
}
