#include "meter.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds(clockid_t clock)
{
	struct timespec now;
	if (clock_gettime(clock, &now) < 0)
		meter_die("a clock cannot be read: %s", strerror(errno));
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct meter meter_now(void)
{
	return (struct meter){ seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID) };
}

struct meter meter_since(struct meter begin)
{
	struct meter now = meter_now();
	return (struct meter){ now.wall_s - begin.wall_s, now.cpu_s - begin.cpu_s };
}

double meter_cpu_of(pid_t pid)
{
	clockid_t clock;
	int failed = clock_getcpuclockid(pid, &clock);
	if (failed != 0)
		meter_die("process %d has no clock: %s", (int)pid, strerror(failed));
	return seconds(clock);
}

struct meter_memory meter_memory_of(pid_t pid)
{
	struct meter_memory out = { 0 };
	char path[64], line[256];
	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	FILE *file = fopen(path, "re");
	if (file == NULL && errno == EACCES)
		meter_die("%s: not allowed; measure memory as root", path);
	if (file == NULL)
		return out;
	while (fgets(line, sizeof line, file) != NULL) {
		if (strncmp(line, "Rss:", 4) == 0)
			out.rss_kib = strtol(line + 4, NULL, 10);
		else if (strncmp(line, "Pss:", 4) == 0)
			out.pss_kib = strtol(line + 4, NULL, 10);
	}
	fclose(file);
	return out;
}

void meter_die(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	fputs("bench: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(1);
}
