/* The options of a command: getopt_long with one message of ours for a mistake, and texts that fit or are refused. */
#ifndef OPTION_H
#define OPTION_H

#include <getopt.h>

#include "ui.h"

/* The next option's val, -1 after the last. '?': a mistake, which has been explained; return UI_USAGE. */
int option_next(const struct ui *ui, int argc, char **argv, const struct option *options);
/* As above, but ends at the first word that is not an option. */
int option_next_leading(const struct ui *ui, int argc, char **argv, const struct option *options);
/* Copies the value of an option; a longer one, an empty one and one that is not printable ASCII are refused. */
int option_text(const char *option, const char *value, char *out, size_t capacity, struct error *e) MUST_USE;
/* The text of --why, which journals and the log keep: UI_OK, or UI_USAGE after an explanation. */
int option_why(const struct ui *ui, const char *value, const char **why) MUST_USE;

#endif
