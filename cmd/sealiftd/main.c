/* sealiftd: the server. Wiring only: which implementation stands behind each port. */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock_system.h"
#include "config.h"
#include "crypto_openssl.h"
#include "device_api.h"
#include "engine.h"
#include "file.h"
#include "log.h"
#include "operator_api.h"
#include "ops.h"
#include "signd_client.h"
#include "sqlite_db.h"
#include "tls_server.h"
#include "x509.h"

/* For the signatures of one batch: the database's writer waits for them, and with it an operator's stop. */
#define MAIN_DIRECTIVE_MS 2000

struct daemon {
	struct config config;
	struct clock clock;
	unsigned poll_s, lifetime_s;
	struct certificate factory_ca[X509_CHAIN_MAX];
	uint32_t factory_ca_count;
	struct tls_server *tls;
	struct sqlite_db *db;
	struct signd_client *directors, *enrolments, *probes; /* a connection each: none waits for another */
	struct probe *probe;
	struct engine *engine;
	struct repository repository;
	struct est *est;
	struct http_server *http;
	struct tls tls_port;
	struct device_api device_api;
	struct show show;
	struct operator_api operator_api;
	struct ops ops;
	struct rollouts_question tick;
	struct http_task tick_task;
	bool tick_waits;
};

/* --- the sides that need X.509 --- */

static int main_check_report_key(void *self, struct span der, const char *uri, struct public_key *out, struct error *e)
{
	const struct daemon *d = self;
	struct x509_facts facts;
	if (x509_check_chain(der, NULL, 0, d->factory_ca, d->factory_ca_count, X509_ANY_TIME, e) != 0 ||
	    x509_read(der, &facts, e) != 0)
		return -1;
	if (strcmp(facts.uri, uri) != 0)
		return error_set(e, "the certificate is another device's");
	if (facts.is_ca || facts.is_client || facts.is_server)
		return error_set(e, "the certificate is not one of a report key");
	*out = facts.key;
	return 0;
}

static int main_request_uri(struct span csr, char *uri, size_t capacity, struct error *e)
{
	struct certificate_request request;
	if (x509_request_check(csr, &request, e) != 0)
		return -1;
	if (strlen(request.uri) >= capacity)
		return error_set(e, "the identity is too long");
	memcpy(uri, request.uri, strlen(request.uri) + 1);
	return 0;
}

static int main_wrap(struct span certificate, uint8_t *der, size_t capacity, size_t *n, struct error *e)
{
	struct certificate one = { .n = certificate.n };
	if (certificate.n > sizeof one.der)
		return error_set(e, "the certificate is too large");
	memcpy(one.der, certificate.at, certificate.n);
	return x509_pkcs7_write(&one, 1, der, capacity, n, e);
}

/* --- the tick: one question a second, never two at once --- */

static void main_tick_done(struct http_task *task)
{
	struct daemon *d = (struct daemon *)(void *)((char *)task - offsetof(struct daemon, tick_task));
	d->tick_waits = false;
}

static void main_tick_answered(struct rollouts_question *question)
{
	struct daemon *d = question->context;
	http_server_later(d->http, &d->tick_task);
}

static void main_tick(void *self)
{
	struct daemon *d = self;
	struct rollouts rollouts = engine_rollouts(d->engine);
	if (d->tick_waits)
		return;
	d->tick = (struct rollouts_question){ .kind = ROLLOUTS_TICK, .answered = main_tick_answered, .context = d };
	d->tick_task.run = main_tick_done;
	d->tick_waits = rollouts.ask(rollouts.self, &d->tick);
}

static void main_first_answered(struct rollouts_question *question)
{
}

/* Before the writer's thread runs: rollouts and revocations are in memory when the first request comes. */
static int main_load(struct daemon *d, struct error *e)
{
	struct rollouts rollouts = engine_rollouts(d->engine);
	d->tick = (struct rollouts_question){ .kind = ROLLOUTS_TICK, .answered = main_first_answered };
	if (!rollouts.ask(rollouts.self, &d->tick))
		return error_set(e, "the database takes no jobs");
	sqlite_db_step(d->db);
	if (d->tick.status != 200)
		return error_set(e, "cannot load the rollouts: %s", d->tick.error.text);
	return 0;
}

/* --- wiring --- */

static int main_open_parts(struct daemon *d, struct error *e)
{
	const struct config *c = &d->config;
	struct tls_server_config tls = { c->certificate, c->key, c->factory_ca, c->device_ca, d->clock };
	if (config_number("poll_s", c->poll_s, 1, 86400, &d->poll_s, e) != 0 ||
	    config_number("lifetime_s", c->lifetime_s, 10, DIRECTIVE_LIFETIME_MAX_S, &d->lifetime_s, e) != 0)
		return -1;
	if (x509_pem_load(c->factory_ca, d->factory_ca, X509_CHAIN_MAX, &d->factory_ca_count, e) != 0 ||
	    tls_server_new(&d->tls, &tls, e) != 0 || repository_open(&d->repository, c->repo, e) != 0 ||
	    sqlite_db_open(&d->db, c->database, e) != 0)
		return -1;
	if (signd_client_open(c->signd, c->requester, &d->directors, e) != 0 ||
	    signd_client_open(c->signd, c->requester, &d->enrolments, e) != 0 ||
	    signd_client_open(c->signd, c->requester, &d->probes, e) != 0)
		return -1;
	signd_client_patience(d->directors, MAIN_DIRECTIVE_MS);
	signd_client_patience(d->probes, MAIN_DIRECTIVE_MS); /* as long may a stop wait for it */
	return 0;
}

static int main_open_fleet(struct daemon *d, struct error *e)
{
	struct engine_config config = { .crypto = &crypto_openssl,
					.clock = d->clock,
					.db = sqlite_db_port(d->db),
					.signer = signd_client_signer(d->directors),
					.read_file = repository_read,
					.files = &d->repository,
					.poll_s = d->poll_s,
					.lifetime_s = d->lifetime_s };
	if (engine_new(&d->engine, &config, e) != 0)
		return -1;
	struct db_batch batch = engine_batch(d->engine);
	sqlite_db_hook(d->db, &batch);
	return main_load(d, e) != 0 ? -1 : sqlite_db_start(d->db, e);
}

static int main_open_serving(struct daemon *d, struct error *e)
{
	struct rollouts rollouts = engine_rollouts(d->engine);
	struct est_config est = { rollouts, signd_client_signer(d->enrolments), main_request_uri, main_wrap };
	if (http_server_new(&d->http, e) != 0 || est_new(&d->est, &est, e) != 0 ||
	    probe_new(&d->probe, signd_client_signer(d->probes), "director", e) != 0)
		return -1;
	d->tls_port = tls_server_port(d->tls);
	d->device_api = (struct device_api){ &d->repository, rollouts, d->est, main_check_report_key, d };
	d->show = (struct show){ .db = sqlite_db_port(d->db),
				 .rollouts = rollouts,
				 .started_unix = d->clock.unix_s(d->clock.self),
				 .now_unix = d->clock.unix_s,
				 .now_self = d->clock.self,
				 .signd = d->probe };
	d->operator_api = (struct operator_api){ &d->show, getuid() };
	d->ops = (struct ops){ &d->show, d->tls_port, d->http };
	http_server_every_second(d->http, main_tick, d);
	return 0;
}

/* So that whoever asked for port 0 finds it. */
static int main_write_ports(const struct daemon *d, uint16_t device, uint16_t ops, struct error *e)
{
	char path[CONFIG_VALUE_MAX + 8], text[64], device_text[8], ops_text[8];
	const char *slash = strrchr(d->config.database, '/');
	int n = slash == NULL ? 0 : (int)(slash - d->config.database + 1);
	snprintf(path, sizeof path, "%.*sports", n, d->config.database);
	snprintf(text, sizeof text, "device=%u ops=%u\n", device, ops);
	if (file_write(path, span_of_text(text), 0644, e) != 0)
		return -1;
	snprintf(device_text, sizeof device_text, "%u", device);
	snprintf(ops_text, sizeof ops_text, "%u", ops);
	log_event(LOG_INFO_, "ready", "device_port", device_text, "ops_port", ops_text, NULL);
	return 0;
}

static int main_listen(struct daemon *d, struct error *e)
{
	uint16_t device = 0, ops = 0, none = 0;
	struct http_listener_config listeners[] = {
		{ d->config.listen, &d->tls_port, device_api_handler(&d->device_api) },
		{ d->config.ops_listen, NULL, ops_handler(&d->ops) },
		{ d->config.operator_socket, NULL, operator_api_handler(&d->operator_api) },
	};
	if (d->config.operator_socket[0] != '/')
		return error_set(e, "operator_socket must be an absolute path");
	if (http_server_listen(d->http, &listeners[0], &device, e) != 0 ||
	    http_server_listen(d->http, &listeners[1], &ops, e) != 0 ||
	    http_server_listen(d->http, &listeners[2], &none, e) != 0)
		return -1;
	return main_write_ports(d, device, ops, e);
}

static void main_close(struct daemon *d)
{
	probe_free(d->probe);
	est_free(d->est);
	sqlite_db_close(d->db); /* what waits is committed */
	http_server_free(d->http);
	engine_free(d->engine);
	signd_client_close(d->directors);
	signd_client_close(d->enrolments);
	signd_client_close(d->probes);
	repository_close(&d->repository);
	tls_server_free(d->tls);
}

/* Two servers would each decide the rollouts. The lock ends with the process. */
static int main_lock(const struct daemon *d, struct error *e)
{
	char path[CONFIG_VALUE_MAX + 8];
	snprintf(path, sizeof path, "%s.lock", d->config.database);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(e, "cannot open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	close(fd);
	return error_set(e, "another sealiftd uses the database %s: stop it first", d->config.database);
}

static int main_run(struct daemon *d, const char *config_path, bool check, struct error *e)
{
	struct rlimit files;
	d->repository.fd = -1;
	d->clock = clock_system();
	if (config_load(config_path, &d->config, e) != 0 || (!check && main_lock(d, e) != 0) ||
	    main_open_parts(d, e) != 0)
		return -1;
	if (check)
		return 0;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	if (main_open_fleet(d, e) != 0 || main_open_serving(d, e) != 0 || main_listen(d, e) != 0)
		return -1;
	return http_server_run(d->http, e);
}

static void main_help(void)
{
	printf("Usage: sealiftd --config FILE [--check]\n\n"
	       "Serves the repository and the device API over mutual TLS, and decides rollouts.\n\n"
	       "  --config FILE  the configuration (sealift init writes one)\n"
	       "  --check        read configuration, certificates and database, then stop\n"
	       "  --help         this text\n"
	       "  --version      the version\n\n");
	config_print_help();
	printf("\nSIGTERM ends it after the requests that are under way. Logs are JSON lines on standard error.\n");
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "config", required_argument, NULL, 'c' },
						 { "check", no_argument, NULL, 'k' },
						 { "help", no_argument, NULL, 'h' },
						 { "version", no_argument, NULL, 'v' },
						 { NULL, 0, NULL, 0 } };
	static struct daemon d;
	struct error e = { 0 };
	const char *config = NULL;
	bool check = false;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (option == 'h' || option == 'v') {
			if (option == 'h')
				main_help();
			else
				puts("sealiftd " SEALIFT_VERSION);
			return 0;
		}
		if (option == '?')
			return 2;
		check |= option == 'k';
		if (option == 'c')
			config = optarg;
	}
	if (config == NULL || optind != argc) {
		fprintf(stderr, "sealiftd: give --config FILE; see sealiftd --help\n");
		return 2;
	}
	log_open("sealiftd", LOG_INFO_, 1);
	int failed = main_run(&d, config, check, &e);
	if (failed != 0)
		log_event(LOG_ERROR_, "stopped", "error", e.text, NULL);
	else if (check)
		puts("the configuration is fine");
	main_close(&d);
	return failed == 0 ? 0 : 1;
}
