/*
 * bench-watch [--memory] [--stop-after SECONDS] [--from WORD --to WORD] PROGRAM ARGUMENT...: runs a program and prints
 * as JSON: its status, wall and CPU seconds with all its children, the seconds between the first line that has WORD and
 * the first one that has the other, and with --memory the sum of PSS of the program and all its descendants, sampled
 * every 20 ms (highest, and last), and the parts of the highest sum. What the program prints goes to standard error.
 */
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "meter.h"

#define SAMPLE_MS 20
#define PARTS_MAX 8

struct part {
	pid_t pid;
	char name[32];
	long pss_kib;
};

struct sample {
	long pss_kib;
	int count;
	struct part parts[PARTS_MAX];
};

struct watch {
	bool memory;
	double stop_after_s;
	const char *words[2];
	double seen_s[2]; /* 0: not yet */
	pid_t pid;
	int out; /* of the program */
	struct meter begin;
	struct sample highest, last;
	int samples;
};

/* --- memory --- */

static void name_of(pid_t pid, char out[32])
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	FILE *file = fopen(path, "re");
	out[0] = 0;
	if (file != NULL && fgets(out, 32, file) != NULL)
		out[strcspn(out, "\n")] = 0;
	if (file != NULL)
		fclose(file);
}

static void add(struct sample *s, pid_t pid)
{
	char path[64], line[256];
	long child;
	struct part *part = &s->parts[s->count];
	if (s->count == PARTS_MAX)
		return;
	part->pid = pid;
	part->pss_kib = meter_memory_of(pid).pss_kib;
	name_of(pid, part->name);
	s->pss_kib += part->pss_kib;
	s->count++;
	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return;
	if (fgets(line, sizeof line, file) != NULL)
		for (char *at = line, *end; (child = strtol(at, &end, 10)) > 0; at = end)
			add(s, (pid_t)child);
	fclose(file);
}

static void take_sample(struct watch *w)
{
	struct sample now = { 0 };
	add(&now, w->pid);
	if (now.pss_kib == 0)
		return;
	w->samples++;
	w->last = now;
	if (now.pss_kib > w->highest.pss_kib)
		w->highest = now;
}

/* --- lines --- */

static void mark(struct watch *w, const char *text)
{
	for (int i = 0; i < 2; i++)
		if (w->words[i] != NULL && w->seen_s[i] <= 0 && strstr(text, w->words[i]) != NULL)
			w->seen_s[i] = meter_since(w->begin).wall_s;
}

/* False at the end. A line comes in one piece from our programs; a torn one would only be missed. */
static bool take_output(struct watch *w)
{
	char text[8192];
	ssize_t n = read(w->out, text, sizeof text - 1);
	if (n <= 0)
		return false;
	text[n] = 0;
	mark(w, text);
	fputs(text, stderr);
	return true;
}

/* --- the program --- */

static void start(struct watch *w, char **arguments)
{
	int pair[2];
	if (pipe2(pair, O_CLOEXEC) < 0)
		meter_die("no pipe");
	w->begin = meter_now();
	w->pid = fork();
	if (w->pid < 0)
		meter_die("no process");
	if (w->pid == 0) {
		dup2(pair[1], 1);
		dup2(pair[1], 2);
		execvp(arguments[0], arguments);
		_exit(127);
	}
	close(pair[1]);
	w->out = pair[0];
}

static void run(struct watch *w)
{
	struct pollfd ready = { .fd = w->out, .events = POLLIN };
	bool stopped = false;
	for (bool open = true; open;) {
		int n = poll(&ready, 1, w->memory || w->stop_after_s > 0 ? SAMPLE_MS : -1);
		if (n > 0)
			open = take_output(w);
		if (w->memory && open && !stopped)
			take_sample(w);
		if (!stopped && w->stop_after_s > 0 && meter_since(w->begin).wall_s > w->stop_after_s) {
			stopped = true;
			kill(w->pid, SIGTERM);
		}
	}
}

static void print_memory(const struct watch *w)
{
	printf(",\"samples\":%d,\"peak_pss_kib\":%ld,\"last_pss_kib\":%ld,\"parts\":[", w->samples, w->highest.pss_kib,
	       w->last.pss_kib);
	for (int i = 0; i < w->highest.count; i++)
		printf("%s{\"name\":\"%s\",\"pss_kib\":%ld}", i > 0 ? "," : "", w->highest.parts[i].name,
		       w->highest.parts[i].pss_kib);
	printf("]");
}

static void finish(struct watch *w)
{
	struct rusage usage;
	int status;
	if (wait4(w->pid, &status, 0, &usage) < 0)
		meter_die("the program was lost");
	double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		     (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	printf("{\"status\":%d,\"wall_s\":%.4f,\"cpu_s\":%.4f", WIFEXITED(status) ? WEXITSTATUS(status) : -1,
	       meter_since(w->begin).wall_s, cpu);
	if (w->seen_s[0] > 0 && w->seen_s[1] > 0)
		printf(",\"between_s\":%.4f", w->seen_s[1] - w->seen_s[0]);
	if (w->memory)
		print_memory(w);
	printf("}\n");
}

int main(int argc, char **argv)
{
	static const struct option names[] = { { "memory", no_argument, NULL, 'm' },
					       { "stop-after", required_argument, NULL, 's' },
					       { "from", required_argument, NULL, 'f' },
					       { "to", required_argument, NULL, 't' },
					       { 0 } };
	static struct watch w;
	for (int c; (c = getopt_long(argc, argv, "+", names, NULL)) != -1;) {
		if (c == 'm')
			w.memory = true;
		else if (c == 's')
			w.stop_after_s = strtod(optarg, NULL);
		else if (c == 'f' || c == 't')
			w.words[c == 't'] = optarg;
		else
			return 2;
	}
	if (optind == argc)
		meter_die("give a program");
	start(&w, argv + optind);
	run(&w);
	finish(&w);
	return 0;
}
