/* slboot-host: power cycles of a device directory. Which image boots is slboot's decision; here it only gets a body. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "crypto_small.h"
#include "hex.h"
#include "host.h"
#include "host_command.h"
#include "log.h"

enum { EXIT_STOPPED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_NOTHING = 3, EXIT_CYCLES = 4 };
enum { OS_WANTS_REBOOT = 10, WATCHDOG_DEFAULT_S = 10, PAUSE_AFTER_FAILURE_MS = 200 };

static const char help[] =
	"Usage: slboot-host --device DIR --boot COMMAND [--os COMMAND] [options]\n"
	"\n"
	"Runs power cycles of the device in DIR (made by sealift provision). In each, slboot chooses and verifies a "
	"slot,\n"
	"COMMAND of --boot runs the image, and once it came up, COMMAND of --os runs what the image would run.\n"
	"\n"
	"  --device DIR        the device directory\n"
	"  --boot COMMAND      shell command that boots the image; exit status 0: it came up. Environment:\n"
	"                      SLBOOT_IMAGE   a file with exactly the image's bytes\n"
	"                      SLBOOT_SLOT    a, b or recovery\n"
	"                      SLBOOT_TRIAL   1 in a trial boot, else 0\n"
	"  --os COMMAND        shell command after a boot that came up, with the same environment; exit status 10: "
	"next\n"
	"                      power cycle; any other: stop. Without it the first boot that came up ends slboot-host.\n"
	"  --watchdog SECONDS  how long a boot may take before it is killed, a reset (default 10)\n"
	"  --max-cycles N      stop after N power cycles (default 0: no limit)\n"
	"  --json              log lines as JSON\n"
	"  --version           the version\n"
	"  --help              this text\n"
	"\n"
	"Exit status: 0 stopped (or told to), 1 an error, or the OS command failed, 2 wrong usage, 3 no image may "
	"boot,\n"
	"4 the power cycles were used up.\n";

struct options {
	const char *device, *boot, *os;
	uint32_t watchdog_s, max_cycles;
	int json;
};

struct machine {
	struct options options;
	struct host host;
	struct host_board board;
	char image_path[FILE_PATH_MAX];
	const char *environment[7];
	bool is_stopped;
};

static int options_number(const char *name, const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
	char *end;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || value < min || value > max) {
		fprintf(stderr, "slboot-host: --%s %s: give a number from %u to %u\n", name, text, min, max);
		return -1;
	}
	*out = (uint32_t)value;
	return 0;
}

/* 0; 1: help was printed; -1: wrong usage, told. */
static int options_parse(struct options *options, int argc, char **argv)
{
	static const struct option names[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "boot", required_argument, NULL, 'b' },
		{ "os", required_argument, NULL, 'o' },
		{ "watchdog", required_argument, NULL, 'w' },
		{ "max-cycles", required_argument, NULL, 'm' },
		{ "json", no_argument, NULL, 'j' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;
	*options = (struct options){ .watchdog_s = WATCHDOG_DEFAULT_S };
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (option == 'd')
			options->device = optarg;
		else if (option == 'b')
			options->boot = optarg;
		else if (option == 'o')
			options->os = optarg;
		else if (option == 'j')
			options->json = 1;
		else if (option == 'w' && options_number("watchdog", optarg, 1, 86400, &options->watchdog_s) != 0)
			return -1;
		else if (option == 'm' && options_number("max-cycles", optarg, 0, 1000000, &options->max_cycles) != 0)
			return -1;
		else if (option == 'V')
			return puts("slboot-host " SEALIFT_VERSION) < 0 ? -1 : 1;
		else if (option == 'h')
			return fputs(help, stdout) < 0 ? -1 : 1;
		else if (option == '?')
			return -1;
	}
	if (options->device != NULL && options->boot != NULL && optind == argc)
		return 0;
	fprintf(stderr, "slboot-host: %s\n",
		optind < argc ? "there are no arguments beside the options" : "--device and --boot are needed");
	return -1;
}

/* --- the board --- */

static void machine_log(void *self, enum slboot_event event, enum slboot_image image, uint32_t detail)
{
	char line[512];
	bool is_bad =
		event != SLBOOT_EVENT_BOOT && event != SLBOOT_EVENT_TRIAL && event != SLBOOT_EVENT_COUNTER_FORWARD;
	log_event(is_bad ? LOG_WARNING_ : LOG_INFO_, "slboot", "what",
		  host_event_line(event, image, detail, line, sizeof line), NULL);
}

/* Exactly the bytes that were verified, and no more: on a host another process could have written since then. */
static int machine_extract(const struct machine *machine, const struct slboot_choice *choice,
			   const struct flash *region, struct error *e)
{
	static uint8_t chunk[65536];
	struct sha256 hash;
	struct digest digest;
	crypto_small.sha256_init(&hash);
	__attribute__((cleanup(file_close))) int fd =
		open(machine->image_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_errno(e, "cannot write %s", machine->image_path);
	for (uint64_t at = 0; at < choice->image_bytes; at += sizeof chunk) {
		uint64_t left = choice->image_bytes - at;
		size_t n = left < sizeof chunk ? (size_t)left : sizeof chunk;
		if (region->read(region->self, at, chunk, n) != 0)
			return error_errno(e, "cannot read slot %s", slboot_image_name(choice->image));
		crypto_small.sha256_update(&hash, (struct span){ chunk, n });
		if (write(fd, chunk, n) != (ssize_t)n)
			return error_errno(e, "cannot write %s", machine->image_path);
	}
	crypto_small.sha256_final(&hash, &digest);
	if (!digest_equal(&digest, &choice->digest))
		return error_set(e, "slot %s changed after it was verified", slboot_image_name(choice->image));
	return 0;
}

/* The same event as the simulator's: a device's own record of what it booted. */
static void machine_tell_boot(const struct machine *machine, const struct slboot_choice *choice,
			      struct host_command_result result)
{
	bool came_up = result.end == HOST_COMMAND_EXITED && result.status == 0;
	const char *name = strrchr(machine->options.device, '/');
	char image[2 * DIGEST_BYTES + 1], why[48] = "";
	hex_text(digest_span(&choice->digest), image);
	if (result.end == HOST_COMMAND_TIMEOUT)
		snprintf(why, sizeof why, "watchdog reset after %u s", machine->options.watchdog_s);
	else if (!came_up)
		snprintf(why, sizeof why, "the boot command ended with status %d", result.status);
	log_event(came_up ? LOG_INFO_ : LOG_WARNING_, "booted", "device",
		  name != NULL ? name + 1 : machine->options.device, "image", image, "slot",
		  slboot_image_name(choice->image), "trial", choice->trial ? "yes" : "no", "outcome",
		  came_up ? "up" : "down", "why", why, NULL);
}

static bool machine_boot(void *self, const struct slboot_choice *choice, const struct flash *region)
{
	struct machine *machine = self;
	struct error e = { 0 };
	if (machine_extract(machine, choice, region, &e) != 0) {
		log_event(LOG_ERROR_, "boot-failed", "why", e.text, NULL);
		return false;
	}
	const char *environment[] = {
		"SLBOOT_IMAGE", machine->image_path,       "SLBOOT_SLOT", slboot_image_name(choice->image),
		"SLBOOT_TRIAL", choice->trial ? "1" : "0", NULL
	};
	memcpy(machine->environment, environment, sizeof environment);
	struct host_command_result result =
		host_command_run(machine->options.boot, machine->environment, machine->options.watchdog_s, &e);
	if (result.end == HOST_COMMAND_FAILED)
		log_event(LOG_ERROR_, "boot-failed", "why", e.text, NULL);
	machine->is_stopped = result.end == HOST_COMMAND_STOPPED;
	if (result.end == HOST_COMMAND_EXITED || result.end == HOST_COMMAND_TIMEOUT)
		machine_tell_boot(machine, choice, result);
	return result.end == HOST_COMMAND_EXITED && result.status == 0;
}

/* -1: the next power cycle; else our exit status. */
static int machine_os(struct machine *machine)
{
	char number[16];
	struct error e = { 0 };
	if (machine->options.os == NULL)
		return EXIT_STOPPED;
	struct host_command_result result = host_command_run(machine->options.os, machine->environment, 0, &e);
	if (result.end == HOST_COMMAND_STOPPED)
		return EXIT_STOPPED;
	if (result.end == HOST_COMMAND_FAILED) {
		log_event(LOG_ERROR_, "os-failed", "why", e.text, NULL);
		return EXIT_FAILED;
	}
	snprintf(number, sizeof number, "%d", result.status);
	log_event(LOG_INFO_, result.status == OS_WANTS_REBOOT ? "reboot" : "os-ended", "status", number, NULL);
	if (result.status == OS_WANTS_REBOOT)
		return -1;
	return result.status == 0 ? EXIT_STOPPED : EXIT_FAILED;
}

static int machine_cycle(struct machine *machine)
{
	struct slboot_outcome outcome;
	bool came_up = host_cycle(&machine->host, &crypto_small, &machine->board, &outcome);
	if (outcome.decision != SLBOOT_BOOTED)
		return EXIT_NOTHING;
	if (machine->is_stopped)
		return EXIT_STOPPED;
	if (came_up)
		return machine_os(machine);
	/* A board's reset takes its time too; an image that fails at once must not eat the processor. */
	nanosleep(&(struct timespec){ 0, PAUSE_AFTER_FAILURE_MS * 1000000L }, NULL);
	return -1;
}

static int machine_run(struct machine *machine)
{
	for (uint32_t cycle = 1; machine->options.max_cycles == 0 || cycle <= machine->options.max_cycles; cycle++) {
		char number[16];
		snprintf(number, sizeof number, "%u", cycle);
		log_event(LOG_INFO_, "power-on", "cycle", number, NULL);
		int status = machine_cycle(machine);
		if (status >= 0)
			return status;
	}
	log_event(LOG_WARNING_, "stopped", "why", "all power cycles of --max-cycles were used", NULL);
	return EXIT_CYCLES;
}

/* Two processors on one flash would spoil its journal. Held until the process ends. */
static int machine_lock(const struct options *options, struct error *e)
{
	char path[FILE_PATH_MAX];
	if (file_join(path, options->device, "boot", e) != 0)
		return -1;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(e, "cannot open %s: give a device directory made by sealift provision", path);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return error_errno(e, "another slboot-host runs the device in %s", options->device);
	return 0;
}

static int machine_open(struct machine *machine, struct error *e)
{
	char boot[FILE_PATH_MAX];
	machine->board = (struct host_board){ machine_boot, machine_log, machine };
	if (machine_lock(&machine->options, e) != 0)
		return -1;
	if (file_join(boot, machine->options.device, "boot", e) != 0 ||
	    file_join(machine->image_path, boot, "running.img", e) != 0)
		return -1;
	return host_open(&machine->host, machine->options.device, e);
}

int main(int argc, char **argv)
{
	static struct machine machine;
	struct error e = { 0 };
	int parsed = options_parse(&machine.options, argc, argv);
	if (parsed != 0) {
		if (parsed < 0)
			fputs("Try slboot-host --help.\n", stderr);
		return parsed > 0 ? EXIT_STOPPED : EXIT_USAGE;
	}
	log_open("slboot-host", LOG_INFO_, machine.options.json);
	if (machine_open(&machine, &e) != 0) {
		log_event(LOG_ERROR_, "start", "why", e.text, NULL);
		return EXIT_FAILED;
	}
	host_command_block();
	int status = machine_run(&machine);
	host_close(&machine.host);
	return status;
}
