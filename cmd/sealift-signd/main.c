/* sealift-signd: a signing authority behind a Unix socket. Wiring only; the rules are in sign/. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock_system.h"
#include "config.h"
#include "crypto_openssl.h"
#include "keyring.h"
#include "log.h"
#include "secret.h"
#include "service.h"
#include "softhsm.h"
#include "x509.h"

static const char usage[] =
	"usage: sealift-signd --config FILE [--check]\n"
	"\n"
	"Holds keys in an HSM (PKCS#11) and signs what its requesters may ask for, after a record in its journal.\n"
	"\n"
	"  --config FILE  the configuration, see below\n"
	"  --check        open everything, print the keys, and exit; while signd runs, its journal and tokens stay "
	"shut\n"
	"  --plain        log lines for people instead of JSON\n"
	"  --help, --version\n"
	"\n"
	"[signd]\n"
	"  instance    a name for the log, such as release or online\n"
	"  socket      Unix socket to listen on\n"
	"  socket-mode its mode, octal (default: 0600); 0660 where requesters run as other users of its group.\n"
	"              Who may ask for what is still decided by [requester NAME]\n"
	"  journal     the append-only record of all signatures; back it up\n"
	"  module      PKCS#11 module, absolute path (default: SoftHSM2)\n"
	"  tokens      SoftHSM only: the folder with the sealed tokens; signd works on a copy\n"
	"  run         SoftHSM only: where that copy goes; a file system in memory is best\n"
	"  pin         file with the user PIN (default: tokens/pin)\n"
	"  device-ca, factory-ca   the CA's certificate in PEM, where a key of that name is held\n"
	"  log-origin  the one log whose checkpoints may be signed\n"
	"[limits]  the longest that may be signed (defaults: 3, 30, 90, 86400, 90)\n"
	"  timestamp-days, snapshot-days, product-days, directive-s, device-days\n"
	"[key NAME]  p/PRODUCT, boot, boot-next, snapshot, timestamp, director, log, device-ca\n"
	"  token       label of the token\n"
	"  label       label of the key on it (default: NAME)\n"
	"[requester NAME]\n"
	"  uid         user id of its process, as the kernel reports it\n"
	"  roles       publisher (releases, snapshot, timestamp, log), server (directives, timestamp, device\n"
	"              certificates), auditor (public keys only)\n"
	"\n"
	"Exit status: 0 stopped by SIGTERM, 1 failed, 2 wrong usage.\n";

struct signd {
	struct config config;
	struct module *module;
	struct keyring *keyring;
	struct notary *notary;
	struct certificate device_ca, factory_ca;
	bool has_copy;
	int listener;
};

static volatile sig_atomic_t signd_stop;

static void signd_on_signal(int number)
{
	signd_stop = 1;
}

/* --- opening --- */

static void signd_wipe_pin(char (*pin)[SOFTHSM_PIN_TEXT])
{
	secret_wipe(*pin, sizeof *pin);
}

static int signd_open_keys(struct signd *d, struct error *e)
{
	const struct config *c = &d->config;
	__attribute__((cleanup(signd_wipe_pin))) char pin[SOFTHSM_PIN_TEXT] = "";
	char folder[FILE_PATH_MAX];
	snprintf(folder, sizeof folder, "%s", c->tokens);
	if (c->tokens[0] != '\0' && softhsm_work(c->tokens, c->run, e) != 0)
		return -1;
	d->has_copy = c->tokens[0] != '\0';
	if (c->pin[0] != '\0') {
		size_t n;
		if (file_check_private(c->pin, e) != 0)
			return -1;
		if (file_read(c->pin, (uint8_t *)pin, sizeof pin - 1, &n, e) != 0)
			return error_within(e, "the PIN file %s", c->pin);
		pin[n] = '\0';
		pin[strcspn(pin, "\r\n")] = '\0';
	} else if (d->has_copy && softhsm_pin(folder, pin, e) != 0) {
		return -1;
	}
	if (module_open(c->module, &d->module, e) != 0)
		return -1;
	int failed = keyring_open(d->module, &crypto_openssl, pin[0] != '\0' ? pin : NULL, &d->keyring, e);
	for (uint32_t i = 0; failed == 0 && i < c->key_count; i++)
		failed = keyring_add(d->keyring, c->keys[i].name, c->keys[i].token, c->keys[i].label, e);
	return failed;
}

/* Every key must be there before the first request is taken. */
static int signd_try_keys(const struct signd *d, struct error *e)
{
	struct hsm hsm = keyring_hsm(d->keyring);
	struct public_key key;
	for (uint32_t i = 0; i < d->config.key_count; i++)
		if (hsm.public_key(hsm.self, d->config.keys[i].name, &key, e) != 0)
			return -1;
	return 0;
}

static int signd_open_ca(const char *path, struct certificate *out, struct span *der, struct error *e)
{
	uint32_t count;
	*der = SPAN_NONE;
	if (path[0] == '\0')
		return 0;
	if (x509_pem_load(path, out, 1, &count, e) != 0)
		return -1;
	*der = (struct span){ out->der, out->n };
	return 0;
}

/* The keyring comes after the notary, whose lock guards it. */
static int signd_public_key(void *self, const char *key, struct public_key *out, struct error *e)
{
	struct hsm hsm = keyring_hsm(((struct signd *)self)->keyring);
	return hsm.public_key(hsm.self, key, out, e);
}

static int signd_sign(void *self, const char *key, const struct digest *digest, uint8_t raw[64], struct error *e)
{
	struct hsm hsm = keyring_hsm(((struct signd *)self)->keyring);
	return hsm.sign(hsm.self, key, digest, raw, e);
}

/* *in_use: it failed only for another process that holds the journal. */
static int signd_open_notary(struct signd *d, bool *in_use, struct error *e)
{
	bool torn = false;
	struct notary_setup setup = { .crypto = &crypto_openssl,
				      .certifier = &x509_certifier,
				      .clock = clock_system(),
				      .hsm = { signd_public_key, signd_sign, d },
				      .journal_path = d->config.journal,
				      .limits = d->config.limits,
				      .log_origin = span_of_text(d->config.log_origin),
				      .requester_count = d->config.requester_count,
				      .requesters = d->config.requesters };
	if (signd_open_ca(d->config.device_ca, &d->device_ca, &setup.device_ca, e) != 0 ||
	    signd_open_ca(d->config.factory_ca, &d->factory_ca, &setup.factory_ca, e) != 0)
		return -1;
	if (notary_open(&setup, &d->notary, &torn, e) != 0) {
		*in_use = e->retry;
		return -1;
	}
	if (torn)
		log_event(LOG_WARNING_, "an unfinished last line was removed", "journal", d->config.journal, NULL);
	return 0;
}

static void signd_close(struct signd *d)
{
	struct error e;
	if (d->listener >= 0) {
		close(d->listener);
		(void)unlink(d->config.socket);
	}
	keyring_close(d->keyring);
	module_close(d->module);
	if (d->has_copy && softhsm_drop(d->config.run, &e) != 0)
		log_event(LOG_WARNING_, "the working copy of the tokens stays", "why", e.text, NULL);
	/* Last: its lock keeps the next signd from making a copy while this one's is removed. */
	notary_close(d->notary);
}

/* --- running --- */

static void signd_signals(void)
{
	struct sigaction stop = { .sa_handler = signd_on_signal }, ignore = { .sa_handler = SIG_IGN };
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

static int signd_print(const struct signd *d, const char *verdict)
{
	for (uint32_t i = 0; i < d->config.key_count; i++)
		printf("key %s: token %s, label %s\n", d->config.keys[i].name, d->config.keys[i].token,
		       d->config.keys[i].label);
	for (uint32_t i = 0; i < d->config.requester_count; i++)
		printf("requester %s: uid %u\n", d->config.requesters[i].name, d->config.requesters[i].uid);
	puts(verdict);
	return 0;
}

static int signd_run(struct signd *d, bool check_only, struct error *e)
{
	/* The journal's lock first: a second signd must not touch the first one's copy of the tokens. */
	bool in_use = false;
	if (signd_open_notary(d, &in_use, e) != 0)
		return check_only && in_use
			       ? signd_print(d, "configuration and certificates: good; journal and tokens "
						"are in use by a running sealift-signd and were not opened")
			       : -1;
	if (signd_open_keys(d, e) != 0 || signd_try_keys(d, e) != 0)
		return -1;
	if (check_only)
		return signd_print(d, "configuration, tokens and journal: good");
	if (service_listen(d->config.socket, d->config.socket_mode, &d->listener, e) != 0)
		return -1;
	log_event(LOG_INFO_, "ready", "instance", d->config.instance, "socket", d->config.socket, NULL);
	return service_run(d->listener, d->notary, &signd_stop, e);
}

static int signd_start(const char *path, bool check_only)
{
	static struct signd d = { .listener = -1 };
	struct error e = { 0 };
	int failed = config_load(path, &d.config, &e);
	if (failed == 0)
		failed = signd_run(&d, check_only, &e);
	if (failed != 0)
		log_event(LOG_ERROR_, "failed", "why", e.text, NULL);
	signd_close(&d);
	if (failed == 0 && !check_only)
		log_event(LOG_INFO_, "stopped", "instance", d.config.instance, NULL);
	return failed != 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' }, { "check", no_argument, NULL, 'k' },
		{ "plain", no_argument, NULL, 'p' },        { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },      { 0 },
	};
	const char *config = NULL;
	bool check_only = false;
	int option, json = 1;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'h')
			return fputs(usage, stdout) < 0;
		if (option == 'v')
			return puts("sealift-signd " SEALIFT_VERSION) < 0;
		if (option == 'c')
			config = optarg;
		else if (option == 'k')
			check_only = true;
		else if (option == 'p')
			json = 0;
		else
			return 2;
	}
	if (config == NULL || optind != argc) {
		fputs(usage, stderr);
		return 2;
	}
	umask(077);
	(void)prctl(PR_SET_DUMPABLE, 0); /* no core dump, no ptrace: the PIN and keys are in memory */
	signd_signals();
	log_open("sealift-signd", LOG_INFO_, json);
	return signd_start(config, check_only);
}
