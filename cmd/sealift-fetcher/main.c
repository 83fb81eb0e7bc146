/* sealift-fetcher: the network and the TLS keys of a device, on behalf of its installer; trusted with nothing. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock_system.h"
#include "device.h"
#include "enrolment.h"
#include "fetcher.h"
#include "log.h"
#include "resident.h"
#include "store_dir.h"

#define CHECK_EVERY_MS (6u * 3600u * 1000u)
#define RENEW_EVERY_MS (10u * 60u * 1000u) /* a renewal that failed */
#define ENROL_EVERY_MS (10u * 1000u)       /* while there is no certificate */
#define RELEASE_EVERY_MS 1000u
#define DROPPED_MAX 2u /* a server that dies drops a connection, too, but not two in a row */

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static const char help[] =
	"Usage: sealift-fetcher --device DIR --fd N\n"
	"\n"
	"Started by sealift-agent, not by hand. Answers its requests on the socket N over HTTPS, with the keys in\n"
	"DIR/fetcher; enrols for an operational certificate when there is none.\n"
	"\n"
	"  --device DIR   the device directory\n"
	"  --fd N         the socket of the installer\n"
	"  --json         log lines as JSON\n"
	"  --debug        log more\n"
	"  --version      the version\n"
	"  --help         this text\n";

struct options {
	const char *device;
	int fd, json, debug;
};

static int options_parse(struct options *o, int argc, char **argv)
{
	static const struct option names[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "fd", required_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' },
		{ "debug", no_argument, NULL, 'v' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	*o = (struct options){ .fd = -1 };
	for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
		if (c == 'd')
			o->device = optarg;
		else if (c == 'f')
			o->fd = (int)strtol(optarg, NULL, 10);
		else if (c == 'j')
			o->json = 1;
		else if (c == 'v')
			o->debug = 1;
		else if (c == 'V')
			return puts("sealift-fetcher " SEALIFT_VERSION) < 0 ? -1 : 1;
		else
			return fputs(help, c == 'h' ? stdout : stderr), c == 'h' ? 1 : -1;
	}
	if (o->device != NULL && o->fd >= 3 && optind == argc)
		return 0;
	fputs(help, stderr);
	return -1;
}

static int load_config(const char *path, struct device_config *config, struct error *e)
{
	__attribute__((cleanup(store_dir_close))) struct store_dir top = { .fd = -1 };
	if (store_dir_open(&top, path, e) < 0)
		return -1;
	struct store store = store_dir_store(&top);
	return device_config_load(&store, config, e);
}

/* Tried again before each request until it succeeds, a server may come late; then looked at now and then. */
struct enrolled {
	struct enrolment paths;
	struct curl_transport *curl;
	uint64_t next_ms;
	uint64_t again_ms; /* before this, another refusal of our certificate is not heeded */
	uint32_t dropped;  /* connections, one after the other */
	bool is_refused;
	uint64_t release_ms; /* when memory is given back next */
};

/* What a start, an enrolment or a handshake took is not needed until the next one. */
static void release_memory(struct enrolled *enrolled, uint64_t now_ms)
{
	if (now_ms < enrolled->release_ms)
		return;
	enrolled->release_ms = now_ms + RELEASE_EVERY_MS;
	resident_release();
}

/*
 * The server does not take our certificate. A device without a clock cannot know that it has expired, nor one that was
 * off that the authority behind it was replaced: it asks for another with its birth certificate, now and then. [IPC-6]
 * True: worth another try at once.
 */
static bool heed_refusal(struct enrolled *enrolled, uint64_t now_ms)
{
	enrolled->dropped = enrolled->curl->is_dropped ? enrolled->dropped + 1 : 0;
	bool is_refused = enrolled->curl->tls.is_refused || enrolled->dropped >= DROPPED_MAX;
	if (!is_refused || now_ms < enrolled->again_ms)
		return enrolled->dropped == 1;
	enrolled->is_refused = true;
	enrolled->next_ms = now_ms;
	enrolled->again_ms = now_ms + RENEW_EVERY_MS;
	return true;
}

static int enrol(struct enrolled *enrolled, const struct transport_request *request, uint64_t now_ms, struct error *e)
{
	static const uint32_t waits[] = { [ENROLMENT_STANDS] = CHECK_EVERY_MS,
					  [ENROLMENT_NEW] = CHECK_EVERY_MS,
					  [ENROLMENT_LATE] = RENEW_EVERY_MS,
					  [ENROLMENT_BIRTH] = ENROL_EVERY_MS };
	enum enrolment_result result;
	struct enrolment_moment moment = { request->passed_unix, enrolled->is_refused };
	if (now_ms < enrolled->next_ms)
		return 0;
	if (enrolment_ensure(&enrolled->paths, enrolled->curl, &moment, &result, e) < 0)
		return -1;
	enrolled->is_refused = false;
	enrolled->next_ms = now_ms + waits[result];
	return 0;
}

static int exchange(void *self, const struct transport_request *request, int (*sink)(void *context, struct span piece),
		    void *context, struct fetch_answer *out, struct error *e)
{
	struct enrolled *enrolled = self;
	struct clock clock = clock_system();
	uint64_t now_ms = clock.boot_ms(clock.self);
	struct transport inner = curl_transport_transport(enrolled->curl);
	int result;
	do {
		if (enrol(enrolled, request, now_ms, e) < 0)
			return -1;
		result = inner.exchange(inner.self, request, sink, context, out, e);
	} while (heed_refusal(enrolled, now_ms));
	release_memory(enrolled, now_ms);
	return result;
}

static int run(const struct options *o, struct error *e)
{
	static struct device_config config;
	static struct enrolled enrolled;
	__attribute__((cleanup(curl_transport_close))) struct curl_transport curl = { 0 };
	struct curl_transport_config transport_config = { 0 };
	if (load_config(o->device, &config, e) < 0 || enrolment_paths(&enrolled.paths, o->device, e) < 0 ||
	    curl_transport_global(e) < 0)
		return -1;
	for (uint32_t s = 0; s < config.server_count; s++)
		transport_config.servers[s] = config.servers[s];
	transport_config.server_count = config.server_count;
	transport_config.roots_path = enrolled.paths.roots_pem;
	transport_config.certificate_path = enrolled.paths.idevid_pem;
	transport_config.key_path = enrolled.paths.idevid_key;
	if (file_check_private(enrolled.paths.idevid_key, e) < 0 ||
	    curl_transport_open(&curl, &transport_config, e) < 0)
		return -1;
	enrolled.curl = &curl;
	resident_release();
	struct transport transport = { exchange, &enrolled };
	return fetcher_run(o->fd, &transport, e);
}

int main(int argc, char **argv)
{
	struct options options;
	struct error e = { 0 };
	struct rlimit none = { 0, 0 };
	int parsed = options_parse(&options, argc, argv);
	if (parsed != 0)
		return parsed > 0 ? EXIT_DONE : EXIT_USAGE;
	log_open("sealift-fetcher", options.debug ? LOG_DEBUG_ : LOG_INFO_, options.json);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0); /* TLS keys */
	setrlimit(RLIMIT_CORE, &none);
	if (run(&options, &e) == 0)
		return EXIT_DONE;
	log_event(LOG_ERROR_, "stopped", "why", e.text, NULL);
	return EXIT_FAILED;
}
