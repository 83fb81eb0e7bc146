/* Clocks and memory of processes, for the measurements. Where the kernel does not answer, a measurement ends. */
#ifndef METER_H
#define METER_H

#include <sys/types.h>

struct meter {
	double wall_s, cpu_s; /* cpu_s: of this process, all threads */
};

struct meter meter_now(void);
struct meter meter_since(struct meter begin);
double meter_cpu_of(pid_t pid); /* seconds, all threads, of a running process */

struct meter_memory {
	long pss_kib, rss_kib;
};

/* All 0 for a process that is gone. Another user's process, and one that is not dumpable, needs root. */
struct meter_memory meter_memory_of(pid_t pid);

_Noreturn void meter_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
