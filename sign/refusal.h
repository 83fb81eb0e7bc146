/* Why an authority does not sign: the rule's name, what was wrong, what to do. */
#ifndef REFUSAL_H
#define REFUSAL_H

#include "error.h"

struct refusal {
	bool retry;       /* an effect failed (journal, HSM): the same request may pass later */
	const char *rule; /* "signd-role", ...: protocol/signd.md lists them */
	const char *help;
	char text[ERROR_TEXT_MAX];
};

/* Always returns -1. Text is made printable. */
int refusal_set(struct refusal *r, const char *rule, const char *help, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
