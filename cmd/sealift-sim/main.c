/* sealift-sim: a fleet of simulated devices, real clients of the device protocol, in one process. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host_command.h"
#include "log.h"
#include "sim_device.h"

enum { EXIT_STOPPED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

#define STACK_BYTES (512u << 10)
#define DEVICES_MAX 4096u
#define STOP_TIMEOUT_S 5
#define WATCHDOG_DEFAULT_S 10u

static const char help[] =
	"Usage: sealift-sim --devices DIR [options]\n"
	"\n"
	"Runs every device directory in DIR (made by sealift provision) as a device: slboot, installer and transport, "
	"with\n"
	"its own keys, certificates and slots, a thread each. What is shared, and simulated: decompression is in "
	"process,\n"
	"and each distinct image is really booted once, its outcome standing for all devices with the same bytes.\n"
	"\n"
	"  --devices DIR       holds the device directories\n"
	"  --boot COMMAND      boots the image in the file $SLBOOT_IMAGE; exit status 0: it came up (default: all do)\n"
	"  --watchdog SECONDS  how long a boot may take (default 10)\n"
	"  --poll SECONDS      until the server names another (default: as each device is configured)\n"
	"  --json              log lines as JSON: one for each change of a device, among them\n"
	"                      {\"event\":\"booted\",\"device\",\"image\",\"outcome\":\"up\"|\"down\", ...}\n"
	"  --debug             log more\n"
	"  --version           the version\n"
	"  --help              this text\n"
	"\n"
	"Exit status: 0 told to stop, 1 an error, 2 wrong usage.\n";

struct options {
	const char *devices, *boot;
	uint32_t watchdog_s, poll_s;
	int json, debug;
};

static int options_number(const char *name, const char *text, uint32_t *out)
{
	char *end;
	errno = 0;
	unsigned long value = strtoul(text, &end, 10);
	if (errno != 0 || end == text || *end != 0 || value < 1 || value > 86400) {
		fprintf(stderr, "sealift-sim: --%s %s: give a number from 1 to 86400\n", name, text);
		return -1;
	}
	*out = (uint32_t)value;
	return 0;
}

static int options_take(struct options *o, int c)
{
	switch (c) {
	case 'd':
		o->devices = optarg;
		return 0;
	case 'b':
		o->boot = optarg;
		return 0;
	case 'w':
		return options_number("watchdog", optarg, &o->watchdog_s);
	case 'p':
		return options_number("poll", optarg, &o->poll_s);
	case 'j':
		o->json = 1;
		return 0;
	case 'v':
		o->debug = 1;
		return 0;
	case 'V':
		return puts("sealift-sim " SEALIFT_VERSION) < 0 ? -1 : 1;
	case 'h':
		fputs(help, stdout);
		return 1;
	default:
		fputs("Try sealift-sim --help.\n", stderr);
		return -1;
	}
}

static int options_parse(struct options *o, int argc, char **argv)
{
	static const struct option names[] = {
		{ "devices", required_argument, NULL, 'd' },
		{ "boot", required_argument, NULL, 'b' },
		{ "watchdog", required_argument, NULL, 'w' },
		{ "poll", required_argument, NULL, 'p' },
		{ "json", no_argument, NULL, 'j' },
		{ "debug", no_argument, NULL, 'v' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	*o = (struct options){ .watchdog_s = WATCHDOG_DEFAULT_S };
	for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
		int result = options_take(o, c);
		if (result != 0)
			return result;
	}
	if (o->devices != NULL && optind == argc)
		return 0;
	fputs("sealift-sim: give --devices DIR. Try --help.\n", stderr);
	return -1;
}

/* --- the fleet --- */

struct fleet {
	struct sim sim;
	uint32_t count;
	struct sim_device **devices;
};

static int is_device(const char *directory, const char *name, char path[FILE_PATH_MAX])
{
	char config[FILE_PATH_MAX];
	struct error ignored;
	return name[0] != '.' && file_join(path, directory, name, &ignored) == 0 &&
	       file_join(config, path, "device.json", &ignored) == 0 && access(config, R_OK) == 0;
}

static void close_directory(DIR **directory)
{
	if (*directory != NULL)
		closedir(*directory);
}

static int find_devices(struct fleet *fleet, const char *path, struct error *e)
{
	__attribute__((cleanup(close_directory))) DIR *directory = opendir(path);
	struct dirent *entry;
	char device[FILE_PATH_MAX];
	fleet->devices = calloc(DEVICES_MAX, sizeof *fleet->devices);
	if (directory == NULL)
		return error_errno(e, "open %s", path);
	while (fleet->devices != NULL && (entry = readdir(directory)) != NULL) {
		if (!is_device(path, entry->d_name, device))
			continue;
		if (fleet->count == DEVICES_MAX)
			return error_set(e, "%s holds more than %u devices", path, DEVICES_MAX);
		struct sim_device *d = calloc(1, sizeof *d);
		if (d == NULL)
			return error_set(e, "out of memory at %u devices", fleet->count);
		d->sim = &fleet->sim;
		memcpy(d->path, device, sizeof d->path);
		fleet->devices[fleet->count++] = d;
	}
	return fleet->count > 0 ? 0 : error_set(e, "%s holds no devices: make some with sealift provision", path);
}

static int start_devices(struct fleet *fleet, struct error *e)
{
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	for (uint32_t i = 0; i < fleet->count; i++) {
		struct sim_device *d = fleet->devices[i];
		int code = pthread_create(&d->thread, &attributes, sim_device_run, d);
		if (code != 0)
			return error_set(e, "start device %s: %s", d->path, strerror(code));
	}
	pthread_attr_destroy(&attributes);
	return 0;
}

/* A boot command that runs may take the signal in our stead; it says so in is_stopped. */
static void wait_for_signal(struct fleet *fleet)
{
	sigset_t set;
	struct timespec second = { 1, 0 };
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	while (sigtimedwait(&set, NULL, &second) < 0)
		if (__atomic_load_n(&fleet->sim.boots.is_stopped, __ATOMIC_RELAXED))
			return;
}

/* Whoever is in the middle of a transfer is not waited for: devices stand every cut. */
static void stop_devices(struct fleet *fleet)
{
	struct timespec until;
	pthread_mutex_lock(&fleet->sim.lock);
	fleet->sim.is_stopped = true;
	pthread_cond_broadcast(&fleet->sim.changed);
	pthread_mutex_unlock(&fleet->sim.lock);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += STOP_TIMEOUT_S;
	for (uint32_t i = 0; i < fleet->count; i++)
		pthread_timedjoin_np(fleet->devices[i]->thread, NULL, &until);
}

static void init_sim(struct sim *sim, const struct options *o)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&sim->changed, &attributes);
	pthread_mutex_init(&sim->lock, NULL);
	boots_init(&sim->boots, o->boot, o->watchdog_s);
	sim->poll_s = o->poll_s;
}

static int run(struct fleet *fleet, const struct options *o, struct error *e)
{
	char count[16];
	init_sim(&fleet->sim, o);
	if (find_devices(fleet, o->devices, e) < 0 || curl_transport_global(e) < 0 || start_devices(fleet, e) < 0)
		return -1;
	snprintf(count, sizeof count, "%u", fleet->count);
	log_event(LOG_INFO_, "started", "devices", count, NULL);
	wait_for_signal(fleet);
	stop_devices(fleet);
	return 0;
}

int main(int argc, char **argv)
{
	static struct fleet fleet;
	struct options options;
	struct error e = { 0 };
	int parsed = options_parse(&options, argc, argv);
	if (parsed != 0)
		return parsed > 0 ? EXIT_STOPPED : EXIT_USAGE;
	log_open("sealift-sim", options.debug ? LOG_DEBUG_ : LOG_INFO_, options.json);
	signal(SIGPIPE, SIG_IGN);
	host_command_block();
	if (run(&fleet, &options, &e) == 0)
		_exit(EXIT_STOPPED);
	log_event(LOG_ERROR_, "stopped", "why", e.text, NULL);
	_exit(EXIT_FAILED);
}
