/* Why a step of the installer did not succeed: trust said no, or an effect failed. */
#ifndef SETBACK_H
#define SETBACK_H

#include <stddef.h>

#include "error.h"
#include "verdict.h"

struct setback {
	enum verdict verdict; /* VERDICT_OK: no refusal, an effect failed */
	struct error error;   /* the text of either; retry: of a failure alone */
};

/* Both return -1. The text of a refusal says what was refused; the rule's own sentence is put after it. */
int setback_refuse(struct setback *s, enum verdict verdict, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int setback_malformed(struct setback *s, enum fault fault, const char *what);
/* The same, with the place: the member, or NULL and the offset, of which 0 says nothing. */
int setback_malformed_at(struct setback *s, enum fault fault, const char *what, const char *where, size_t at);

#endif
