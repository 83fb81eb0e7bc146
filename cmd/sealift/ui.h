/* What people and machines see of a command: progress and messages on standard error, results on standard output. */
#ifndef UI_H
#define UI_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "span.h"

enum ui_exit {
	UI_OK = 0,
	UI_FAILED = 1,  /* tried and failed; the message says why */
	UI_USAGE = 2,   /* the command line is wrong; nothing was done */
	UI_REFUSED = 3, /* a rule said no (signing policy, verification) */
	UI_RETRY = 75,  /* failed for now; trying again later may help (EX_TEMPFAIL) */
};

struct ui {
	bool json;
	bool terminal;       /* standard error is one: bars and rewritten lines are fine */
	const char *command; /* "release sign", for messages */
};

/* "sealift release sign: text"; with --json {"error":...}. Returns the exit status. */
int ui_fail(const struct ui *ui, const struct error *e);
int ui_usage(const struct ui *ui, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A step done, for people; nothing with --json. */
void ui_say(const struct ui *ui, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A string of the JSON result, quoted and escaped, on standard output. */
void ui_json_text(const char *text);
void ui_json_span(struct span text);
/* A bar on a terminal; silent elsewhere. done == total ends it. */
void ui_progress(const struct ui *ui, const char *what, uint64_t done, uint64_t total);

#endif
