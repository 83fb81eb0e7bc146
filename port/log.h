/* Log lines as JSON objects on standard error: {"time","level","program","event", ...}. Secrets never go in. */
#ifndef LOG_H
#define LOG_H

enum log_level { LOG_DEBUG_, LOG_INFO_, LOG_WARNING_, LOG_ERROR_ };

void log_open(const char *program, enum log_level least, int as_json); /* as_json 0: plain text for people */
/* Pairs of name and text value, ended by NULL: log_event(LOG_INFO_, "poll", "device", id, NULL). Thread safe. */
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));

#endif
