#include "refusal.h"

#include <stdarg.h>
#include <stdio.h>

int refusal_set(struct refusal *r, const char *rule, const char *help, const char *format, ...)
{
	va_list arguments;
	*r = (struct refusal){ .rule = rule, .help = help };
	va_start(arguments, format);
	vsnprintf(r->text, sizeof r->text, format, arguments);
	va_end(arguments);
	for (char *p = r->text; *p != '\0'; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	return -1;
}
