#include "setback.h"

#include <stdarg.h>
#include <stdio.h>

int setback_refuse(struct setback *s, enum verdict verdict, const char *format, ...)
{
	char what[ERROR_TEXT_MAX / 2];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(what, sizeof what, format, arguments);
	va_end(arguments);
	s->verdict = verdict;
	return error_set(&s->error, "%s: %s", what, verdict_text(verdict));
}

int setback_malformed(struct setback *s, enum fault fault, const char *what)
{
	s->verdict = VERDICT_MALFORMED;
	return error_set(&s->error, "%s is malformed: %s", what, fault_text(fault));
}
