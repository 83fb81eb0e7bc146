/* sealift-agent: the installer of a device, and its fetcher as a child. No network in this process. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "clock_system.h"
#include "crypto_openssl.h"
#include "device_dir.h"
#include "host_command.h"
#include "host_counter.h"
#include "identity_file.h"
#include "installer.h"
#include "ipc.h"
#include "log.h"
#include "resident.h"
#include "running.h"
#include "sandbox.h"
#include "x509.h"

enum { EXIT_STOPPED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_REFUSED = 3, EXIT_REBOOT = 10 };

#define BLOCK_BYTES ((INSTALLER_BLOCK_BYTES + 4095u) / 4096u * 4096u)

static const char help[] =
	"Usage: sealift-agent --device DIR [options]\n"
	"\n"
	"Keeps the device in DIR (made by sealift provision) up to date: polls its servers, verifies what they offer,\n"
	"writes it into the slot that is not running, and asks for a reboot. Normally started by the boot stage, "
	"which\n"
	"says in SLBOOT_SLOT which slot runs (a, b or recovery). Without it: the active slot, but not while one is in "
	"trial.\n"
	"\n"
	"  --device DIR         the device directory\n"
	"  --once               one poll cycle, then stop\n"
	"  --fetcher PATH       the fetcher program (default: sealift-fetcher beside this one)\n"
	"  --fetcher-user NAME  run the fetcher as this user, to whom DIR/fetcher is given (needs root)\n"
	"  --json               log lines as JSON\n"
	"  --log-level LEVEL    debug, info, warning or error (default info)\n"
	"  --version            the version\n"
	"  --help               this text\n"
	"\n"
	"Exit status: 10 a verified image is ready, reboot into it; 0 told to stop, or --once and the cycle\n"
	"went through; 1 an error, with --once also of the cycle; 2 wrong usage; 3 with --once: something that came\n"
	"was refused.\n";

struct options {
	const char *device, *user;
	char fetcher[FILE_PATH_MAX];
	int once, json;
	enum log_level level;
};

struct agent {
	struct options options;
	struct device_dir dir;
	struct device_config config;
	char key_path[FILE_PATH_MAX];
	struct public_key key;
	struct certificate certificate;
	struct sandbox sandbox;
	struct child child;
	struct ipc ipc;
	struct installer installer;
	bool has_polled, has_failed, has_refused;
	bool has_new_roots; /* the fetcher is started again with them */
	bool release_due;   /* before the next segment: memory that only preparing an install needed */
};

/* --- options --- */

static int options_level(const char *text, enum log_level *out)
{
	static const char *const names[] = { "debug", "info", "warning", "error" };
	for (int i = 0; i < 4; i++)
		if (strcmp(text, names[i]) == 0)
			return *out = (enum log_level)i, 0;
	fprintf(stderr, "sealift-agent: --log-level %s: give debug, info, warning or error\n", text);
	return -1;
}

static int options_take(struct options *o, int c)
{
	switch (c) {
	case 'd':
		o->device = optarg;
		return 0;
	case 'o':
		o->once = 1;
		return 0;
	case 'f':
		snprintf(o->fetcher, sizeof o->fetcher, "%s", optarg);
		return 0;
	case 'u':
		o->user = optarg;
		return 0;
	case 'j':
		o->json = 1;
		return 0;
	case 'l':
		return options_level(optarg, &o->level);
	case 'V':
		return puts("sealift-agent " SEALIFT_VERSION) < 0 ? -1 : 1;
	case 'h':
		fputs(help, stdout);
		return 1;
	default:
		fputs("Try sealift-agent --help.\n", stderr);
		return -1;
	}
}

static int options_parse(struct options *o, int argc, char **argv)
{
	static const struct option names[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "once", no_argument, NULL, 'o' },
		{ "fetcher", required_argument, NULL, 'f' },
		{ "fetcher-user", required_argument, NULL, 'u' },
		{ "json", no_argument, NULL, 'j' },
		{ "log-level", required_argument, NULL, 'l' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	*o = (struct options){ .level = LOG_INFO_ };
	child_default_program(o->fetcher, sizeof o->fetcher, argv[0]);
	for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
		int result = options_take(o, c);
		if (result != 0)
			return result;
	}
	if (o->device != NULL && optind == argc)
		return 0;
	fputs("sealift-agent: give --device DIR. Try --help.\n", stderr);
	return -1;
}

/* --- ports --- */

static void free_key(struct keyfile **key)
{
	keyfile_free(*key);
}

/* In memory only while it signs: children are forked from this memory. */
static int sign(void *self, const struct digest *digest, uint8_t raw[64], struct error *e)
{
	struct agent *agent = self;
	__attribute__((cleanup(free_key))) struct keyfile *key = NULL;
	if (keyfile_load(agent->key_path, &key, e) < 0)
		return -1;
	return keyfile_sign(key, digest, raw, e);
}

static int random_bytes(void *self, uint8_t *out, size_t n, struct error *e)
{
	(void)self;
	return getrandom(out, n, 0) == (ssize_t)n ? 0 : error_errno(e, "random numbers");
}

static int healthy(void *self, struct error *e)
{
	static const char *const nothing[] = { NULL };
	struct agent *agent = self;
	if (agent->config.health[0] == 0)
		return 0;
	struct host_command_result result =
		host_command_run(agent->config.health, nothing, agent->config.health_timeout_s, e);
	if (result.end == HOST_COMMAND_TIMEOUT)
		return error_set(e, "the check did not end within %u s", agent->config.health_timeout_s);
	if (result.end != HOST_COMMAND_EXITED)
		return -1;
	return result.status == 0 ? 0 : error_set(e, "the check ended with status %d", result.status);
}

static void event(void *self, const struct installer_event *event)
{
	struct agent *agent = self;
	bool bad = strcmp(event->name, "refused") == 0 || strcmp(event->name, "failed") == 0 ||
		   strcmp(event->name, "rolled-back") == 0;
	bool is_poll = strcmp(event->name, "poll") == 0;
	enum log_level level = bad ? LOG_WARNING_ : is_poll && agent->has_polled ? LOG_DEBUG_ : LOG_INFO_;
	agent->has_polled = agent->has_polled || is_poll; /* the first is said: all is well */
	if (strcmp(event->name, "failed") == 0)
		agent->has_failed = true;
	if (strcmp(event->name, "refused") == 0)
		agent->has_refused = true;
	if (strcmp(event->name, "installing") == 0)
		agent->release_due = true;
	log_event(level, event->name, "target", event->target, "version", event->version, "rule", event->rule, "text",
		  event->text, "help", event->help, NULL);
}

/*
 * Roots of TLS from a trust bundle, left where the fetcher can read and not write them. What is no certificate is not
 * taken: a fetcher without roots could never hear of better ones.
 */
static int server_roots(void *self, const struct trust_certificates *roots, struct error *e)
{
	struct agent *agent = self;
	struct x509_facts facts;
	char path[FILE_PATH_MAX];
	static struct certificate certificates[TRUST_BUNDLE_CERTIFICATES_MAX];
	for (uint32_t i = 0; i < roots->count; i++) {
		struct certificate *c = &certificates[i];
		if (roots->der[i].n > sizeof c->der || x509_read(roots->der[i], &facts, e) < 0)
			return error_set(e, "server root %u of the trust bundle is no certificate", i + 1);
		memcpy(c->der, roots->der[i].at, roots->der[i].n);
		c->n = roots->der[i].n;
	}
	if (file_join(path, agent->dir.path, "server-roots.pem", e) < 0 ||
	    x509_pem_save(path, certificates, roots->count, e) < 0)
		return -1;
	agent->has_new_roots = true;
	return 0;
}

/* What a board does in one-time memory: a key that was revoked stays so. */
static int boot_keys(void *self, const struct boot_identity *table, struct error *e)
{
	struct agent *agent = self;
	char path[FILE_PATH_MAX];
	if (file_join(path, agent->dir.path, "boot/keys.json", e) < 0)
		return -1;
	return identity_file_save(path, table, e);
}

static bool is_told_to_stop(int signal)
{
	return signal == SIGTERM || signal == SIGINT;
}

static bool stopped(void *self)
{
	sigset_t pending;
	struct agent *agent = self;
	if (agent->release_due)
		resident_release();
	agent->release_due = false;
	return sigpending(&pending) == 0 && (sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1);
}

/* True: told to stop. Children's ends wake us, too; then the rest is slept. */
static bool wait_for(uint64_t ms)
{
	struct clock clock = clock_system();
	uint64_t until = clock.boot_ms(clock.self) + ms;
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	for (;;) {
		uint64_t now = clock.boot_ms(clock.self);
		uint64_t left = now < until ? until - now : 0;
		struct timespec wait = { (time_t)(left / 1000), (long)(left % 1000) * 1000000 };
		int signal = sigtimedwait(&set, NULL, &wait);
		if (is_told_to_stop(signal))
			return true;
		if (left == 0)
			return false;
	}
}

/* --- wiring --- */

static int find_running(struct agent *agent, enum slot *out, struct error *e)
{
	struct journal journal;
	if (journal_open(&journal, &agent->dir.places.journal) != JOURNAL_OK)
		return error_set(e, "the slot journal cannot be read");
	return running_slot(getenv("SLBOOT_SLOT"), &journal.now, out, e);
}

static int load_report_key(struct agent *agent, struct error *e)
{
	char certificate[FILE_PATH_MAX];
	uint32_t count = 0;
	__attribute__((cleanup(free_key))) struct keyfile *key = NULL;
	if (file_join(agent->key_path, agent->dir.path, "installer/report.key", e) < 0 ||
	    file_join(certificate, agent->dir.path, "installer/report.pem", e) < 0 ||
	    keyfile_load(agent->key_path, &key, e) < 0 || keyfile_public(key, &agent->key, e) < 0 ||
	    x509_pem_load(certificate, &agent->certificate, 1, &count, e) < 0)
		return -1;
	return count == 1 ? 0 : error_set(e, "%s holds no certificate", certificate);
}

static int open_device(struct agent *agent, struct error *e)
{
	const struct options *o = &agent->options;
	if (device_dir_open(&agent->dir, o->device, &agent->config, e) < 0)
		return -1;
	if (o->user != NULL && child_give_directory(o->device, o->user, e) < 0)
		return -1;
	return load_report_key(agent, e);
}

static int open_installer(struct agent *agent, struct error *e)
{
	struct installer_config config = {
		.device = &agent->config,
		.crypto = &crypto_openssl,
		.boot = &agent->dir.host.identity,
		.epoch_max = COUNTER_EPOCH_MAX,
		.report_key = agent->key,
		.attestation_der = { agent->certificate.der, agent->certificate.n },
		.key_place = "file",
		.built_unix = SEALIFT_BUILT_UNIX,
	};
	struct installer_ports ports = {
		.fetch = ipc_fetch(&agent->ipc),
		.store = agent->dir.places.state,
		.clock = clock_system(),
		.decompress = sandbox_decompress(&agent->sandbox),
		.slots = { agent->dir.places.slots[0], agent->dir.places.slots[1] },
		.journal = agent->dir.places.journal,
		.recovery = agent->dir.host.regions[SLBOOT_RECOVERY].fd >= 0
				    ? &agent->dir.host.regions[SLBOOT_RECOVERY].flash
				    : NULL,
		.server_roots = server_roots,
		.boot_keys = boot_keys,
		.sign = sign,
		.random = random_bytes,
		.healthy = healthy,
		.event = event,
		.stopped = stopped,
		.self = agent,
	};
	/* address space; the kernel gives pages as they are used */
	void *block =
		mmap(NULL, BLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (block == MAP_FAILED)
		return error_errno(e, "take the installer's memory");
	if (find_running(agent, &config.running, e) < 0 ||
	    host_counter_load(agent->dir.host.counter, &config.epoch_floor, e) < 0 ||
	    sandbox_open(&agent->sandbox, e) < 0)
		return -1;
	return installer_open(&agent->installer, &config, &ports, block, BLOCK_BYTES, e);
}

static int ensure_fetcher(struct agent *agent, struct error *e)
{
	if (agent->child.pid > 0 && !agent->ipc.is_broken && !agent->has_new_roots)
		return 0;
	agent->has_new_roots = false;
	child_stop(&agent->child);
	agent->child = (struct child){ .program = agent->options.fetcher,
				       .device = agent->options.device,
				       .user = agent->options.user,
				       .as_json = agent->options.json,
				       .debug = agent->options.level == LOG_DEBUG_ };
	if (child_start(&agent->child, e) < 0)
		return -1;
	ipc_open(&agent->ipc, agent->child.fd);
	return 0;
}

/* --- the loop --- */

/* A failure says less than a refusal, which somebody should look into. */
static int once_status(const struct agent *agent)
{
	if (agent->has_refused)
		return EXIT_REFUSED;
	return agent->has_failed ? EXIT_FAILED : EXIT_STOPPED;
}

static int loop(struct agent *agent, struct error *e)
{
	enum installer_outcome outcome;
	if (installer_start(&agent->installer, &outcome, e) < 0)
		return -1;
	while (outcome != INSTALLER_REBOOT) {
		uint64_t wait_ms;
		if (ensure_fetcher(agent, e) < 0)
			return -1;
		outcome = installer_cycle(&agent->installer, &wait_ms);
		if (outcome == INSTALLER_REBOOT)
			break;
		resident_release();
		if (agent->options.once)
			return once_status(agent);
		if (wait_for(wait_ms))
			return EXIT_STOPPED;
	}
	return EXIT_REBOOT;
}

static int run(struct agent *agent, struct error *e)
{
	if (open_device(agent, e) < 0 || open_installer(agent, e) < 0)
		return -1;
	return loop(agent, e);
}

static void release(struct agent *agent)
{
	child_stop(&agent->child);
	sandbox_close(&agent->sandbox);
	device_dir_close(&agent->dir);
}

int main(int argc, char **argv)
{
	static struct agent agent;
	struct error e = { 0 };
	struct rlimit none = { 0, 0 };
	int parsed = options_parse(&agent.options, argc, argv);
	if (parsed != 0)
		return parsed > 0 ? EXIT_STOPPED : EXIT_USAGE;
	log_open("sealift-agent", agent.options.level, agent.options.json);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0); /* the report key */
	setrlimit(RLIMIT_CORE, &none);
	signal(SIGPIPE, SIG_IGN);
	host_command_block();
	agent.dir = device_dir_closed();
	int result = run(&agent, &e);
	release(&agent);
	if (result >= 0)
		return result;
	log_event(LOG_ERROR_, "stopped", "why", e.text, NULL);
	return EXIT_FAILED;
}
