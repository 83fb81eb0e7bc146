#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void __attribute__((format(printf, 3, 0)))
error_write(struct error *e, bool retry, const char *format, va_list arguments)
{
	if (e == NULL)
		return;
	e->retry = retry;
	vsnprintf(e->text, sizeof e->text, format, arguments);
}

int error_set(struct error *e, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	error_write(e, false, format, arguments);
	va_end(arguments);
	return -1;
}

int error_retry(struct error *e, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	error_write(e, true, format, arguments);
	va_end(arguments);
	return -1;
}

int error_errno(struct error *e, const char *format, ...)
{
	int code = errno;
	va_list arguments;
	va_start(arguments, format);
	error_write(e, code == EINTR || code == EAGAIN || code == ENOSPC, format, arguments);
	va_end(arguments);
	if (e != NULL) {
		size_t used = strlen(e->text);
		snprintf(e->text + used, sizeof e->text - used, ": %s", strerror(code));
	}
	return -1;
}

int error_within(struct error *e, const char *format, ...)
{
	char inner[ERROR_TEXT_MAX];
	va_list arguments;
	if (e == NULL)
		return -1;
	memcpy(inner, e->text, sizeof inner);
	va_start(arguments, format);
	error_write(e, e->retry, format, arguments);
	va_end(arguments);
	size_t used = strlen(e->text);
	snprintf(e->text + used, sizeof e->text - used, ": %s", inner);
	return -1;
}
