/* An effect failed: what was tried, why, and whether trying again may help. Functions return 0 or -1 and fill this. */
#ifndef ERROR_H
#define ERROR_H

#include <stdbool.h>

#include "fault.h"

#define ERROR_TEXT_MAX 512

struct error {
	bool retry;
	char text[ERROR_TEXT_MAX]; /* printable; one line */
};

/* Always returns -1, so that a caller can write: return error_set(e, ...). e may be NULL. */
int error_set(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
int error_retry(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* As error_set, with ": " and the text of errno at the end. */
int error_errno(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Puts "context: " before what stands there; returns -1. */
int error_within(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
