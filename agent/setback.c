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
	return setback_malformed_at(s, fault, what, NULL, 0);
}

int setback_malformed_at(struct setback *s, enum fault fault, const char *what, const char *where, size_t at)
{
	s->verdict = VERDICT_MALFORMED;
	if (where != NULL)
		return error_set(&s->error, "%s is malformed: %s at \"%s\"", what, fault_text(fault), where);
	if (at != 0)
		return error_set(&s->error, "%s is malformed: %s at byte %zu", what, fault_text(fault), at);
	return error_set(&s->error, "%s is malformed: %s", what, fault_text(fault));
}
