#include "log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOG_LINE_MAX 4096

static const char *log_program = "sealift";
static enum log_level log_least = LOG_INFO_;
static int log_json = 1;

static const char *const log_names[] = { "debug", "info", "warning", "error" };

void log_open(const char *program, enum log_level least, int as_json)
{
	log_program = program;
	log_least = least;
	log_json = as_json;
}

struct log_line {
	char text[LOG_LINE_MAX];
	size_t used;
};

static void log_put(struct log_line *line, const char *text)
{
	size_t n = strlen(text);
	if (n > sizeof line->text - 2 - line->used)
		n = sizeof line->text - 2 - line->used;
	memcpy(line->text + line->used, text, n);
	line->used += n;
}

/* A JSON string; what is not printable ASCII is escaped, so that a hostile value cannot forge a line. */
static void log_put_string(struct log_line *line, const char *text)
{
	log_put(line, "\"");
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0' && line->used < LOG_LINE_MAX - 64; p++) {
		char piece[8] = { (char)*p };
		if (*p == '"' || *p == '\\')
			snprintf(piece, sizeof piece, "\\%c", *p);
		else if (*p < 0x20 || *p > 0x7e)
			snprintf(piece, sizeof piece, "\\u%04x", *p);
		log_put(line, piece);
	}
	log_put(line, "\"");
}

static void log_put_head(struct log_line *line, enum log_level level, const char *event)
{
	struct timespec now;
	struct tm utc;
	char stamp[40];
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	size_t n = strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(stamp + n, sizeof stamp - n, ".%03ldZ", now.tv_nsec / 1000000);
	log_put(line, log_json ? "{\"time\":\"" : "");
	log_put(line, stamp);
	log_put(line, log_json ? "\",\"level\":\"" : " ");
	log_put(line, log_names[level]);
	log_put(line, log_json ? "\",\"program\":\"" : " ");
	log_put(line, log_program);
	log_put(line, log_json ? "\",\"event\":" : ": ");
	if (log_json)
		log_put_string(line, event);
	else
		log_put(line, event);
}

void log_event(enum log_level level, const char *event, ...)
{
	struct log_line line = { .used = 0 };
	va_list pairs;
	const char *name;
	if (level < log_least)
		return;
	log_put_head(&line, level, event);
	va_start(pairs, event);
	while ((name = va_arg(pairs, const char *)) != NULL) {
		const char *value = va_arg(pairs, const char *);
		log_put(&line, log_json ? "," : " ");
		if (log_json)
			log_put_string(&line, name);
		else
			log_put(&line, name);
		log_put(&line, log_json ? ":" : "=");
		log_put_string(&line, value != NULL ? value : "");
	}
	va_end(pairs);
	if (log_json)
		log_put(&line, "}");
	line.text[line.used++] = '\n';
	/* One write, so that lines of threads and processes do not mix. */
	ssize_t written = write(STDERR_FILENO, line.text, line.used);
	(void)written;
}
