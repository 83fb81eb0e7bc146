#include "authority.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock_system.h"
#include "crypto_openssl.h"
#include "secret.h"
#include "softhsm.h"

static const char *const authority_names[] = { "offline", "release", "online" };

const char *authority_holder_name(enum authority_holder holder)
{
	return authority_names[holder];
}

static uint32_t authority_numbered(struct authority_key *keys, uint32_t n, const char *name, uint32_t count,
				   const char *token)
{
	for (uint32_t i = 1; i <= count; i++) {
		keys[n] = (struct authority_key){ .token = token };
		snprintf(keys[n++].name, sizeof keys->name, "%s/%u", name, i);
	}
	return n;
}

static uint32_t authority_one(struct authority_key *keys, uint32_t n, const char *name, const char *token, int kind)
{
	keys[n] = (struct authority_key){ .token = token };
	snprintf(keys[n].name, sizeof keys->name, "%s", name);
	keys[n].kind = kind;
	return n + 1;
}

static uint32_t authority_offline_keys(struct authority_key *keys)
{
	uint32_t n = authority_numbered(keys, 0, "root", SITE_ROOT_KEYS, "root");
	n = authority_numbered(keys, n, "targets", SITE_TARGETS_KEYS, "targets");
	n = authority_numbered(keys, n, "emergency", SITE_EMERGENCY_KEYS, "emergency");
	n = authority_numbered(keys, n, "approver", SITE_APPROVER_KEYS, "approvers");
	n = authority_one(keys, n, "boot-root", "boot-root", AUTHORITY_P256);
	return authority_one(keys, n, "factory", "factory", AUTHORITY_P256);
}

static uint32_t authority_release_keys(const struct site *site, struct authority_key *keys)
{
	uint32_t n = authority_one(keys, 0, "boot", "release", AUTHORITY_P256);
	n = authority_one(keys, n, "boot-next", "release", AUTHORITY_P256);
	n = authority_one(keys, n, "platform", "release", AUTHORITY_RSA2048);
	for (uint32_t i = 0; i < site->product_count; i++) {
		char name[SIGNER_KEY_MAX];
		snprintf(name, sizeof name, "p/%s", site->products[i].name);
		n = authority_one(keys, n, name, "release", AUTHORITY_P256);
	}
	return n;
}

uint32_t authority_keys(const struct site *site, enum authority_holder holder,
			struct authority_key keys[AUTHORITY_KEYS_MAX])
{
	static const char *const online[] = { "snapshot", "timestamp", "director", "log", "device-ca" };
	uint32_t n = 0;
	if (holder == AUTHORITY_OFFLINE)
		return authority_offline_keys(keys);
	if (holder == AUTHORITY_RELEASE)
		return authority_release_keys(site, keys);
	for (size_t i = 0; i < sizeof online / sizeof *online; i++)
		n = authority_one(keys, n, online[i], "online", AUTHORITY_P256);
	return authority_one(keys, n, "payload-kek", "online", AUTHORITY_AES256);
}

static int authority_generate(struct module *module, const char *pin, const struct authority_key *keys, uint32_t count,
			      struct error *e)
{
	struct token *token = NULL;
	const char *open = "";
	int failed = 0;
	for (uint32_t i = 0; i < count && failed == 0; i++) {
		struct public_key key;
		if (strcmp(open, keys[i].token) != 0) {
			token_close(token);
			token = NULL;
			open = keys[i].token;
			failed = softhsm_init_token(module, open, pin, e) != 0 ||
				 token_open(module, &crypto_openssl, open, pin, &token, e) != 0;
			if (failed)
				break;
		}
		if (keys[i].kind == AUTHORITY_RSA2048)
			failed = token_generate_rsa2048(token, keys[i].name, e);
		else if (keys[i].kind == AUTHORITY_AES256)
			failed = token_generate_aes256(token, keys[i].name, e);
		else
			failed = token_generate_p256(token, keys[i].name, &key, e);
	}
	token_close(token);
	return failed == 0 ? 0 : -1;
}

static void authority_wipe_pin(char (*pin)[SOFTHSM_PIN_TEXT])
{
	secret_wipe(*pin, sizeof *pin);
}

static int authority_journal(const struct site *site, enum authority_holder holder, char out[FILE_PATH_MAX],
			     struct error *e)
{
	static const char *const journals[] = { "keys/offline.journal", "signd-release/journal",
						"signd-online/journal" };
	return site_path(site, journals[holder], out, e);
}

int authority_create(const struct site *site, enum authority_holder holder, struct error *e)
{
	struct authority_key keys[AUTHORITY_KEYS_MAX];
	char folder[64], directory[FILE_PATH_MAX], fresh[FILE_PATH_MAX + 8], journal[FILE_PATH_MAX];
	__attribute__((cleanup(authority_wipe_pin))) char pin[SOFTHSM_PIN_TEXT] = "";
	struct module *module = NULL;
	uint32_t count = authority_keys(site, holder, keys);
	snprintf(folder, sizeof folder, "keys/%s", authority_names[holder]);
	if (site_path(site, folder, directory, e) != 0 || softhsm_create(directory, e) != 0 ||
	    authority_journal(site, holder, journal, e) != 0 || ceremony_begin(journal, e) != 0)
		return -1;
	snprintf(fresh, sizeof fresh, "%s.new", directory);
	if (softhsm_pin(fresh, pin, e) != 0 || module_open(NULL, &module, e) != 0)
		return -1;
	int made = authority_generate(module, pin, keys, count, e);
	module_close(module);
	return made != 0 ? -1 : softhsm_seal(directory, e);
}

static int authority_open_keyring(const struct site *site, enum authority_holder holder, struct authority *out,
				  struct error *e)
{
	struct authority_key keys[AUTHORITY_KEYS_MAX];
	char folder[64], run[96], directory[FILE_PATH_MAX];
	__attribute__((cleanup(authority_wipe_pin))) char pin[SOFTHSM_PIN_TEXT] = "";
	uint32_t count = authority_keys(site, holder, keys);
	snprintf(folder, sizeof folder, "keys/%s", authority_names[holder]);
	snprintf(run, sizeof run, "run/%s.%ld", authority_names[holder], (long)getpid());
	if (site_path(site, folder, directory, e) != 0 || site_make(site, "run", 0700, e) != 0 ||
	    site_path(site, run, out->run, e) != 0)
		return -1;
	if (softhsm_work(directory, out->run, e) != 0 || softhsm_pin(directory, pin, e) != 0 ||
	    module_open(NULL, &out->module, e) != 0 ||
	    keyring_open(out->module, &crypto_openssl, pin, &out->keyring, e) != 0)
		return error_within(e, "the %s keys", authority_names[holder]);
	for (uint32_t i = 0; i < count; i++)
		if (keys[i].kind == AUTHORITY_P256 &&
		    keyring_add(out->keyring, keys[i].name, keys[i].token, NULL, e) != 0)
			return -1;
	out->hsm = keyring_hsm(out->keyring);
	return 0;
}

int authority_open_tokens(const struct site *site, enum authority_holder holder, struct authority *out, struct error *e)
{
	static struct certificate factory[1];
	char journal[FILE_PATH_MAX], ca[FILE_PATH_MAX];
	uint32_t count = 0;
	*out = (struct authority){ 0 };
	if (authority_open_keyring(site, holder, out, e) != 0 || authority_journal(site, holder, journal, e) != 0)
		return -1;
	struct ceremony_setup setup = { .crypto = &crypto_openssl,
					.certifier = &x509_certifier,
					.clock = clock_system(),
					.hsm = out->hsm,
					.journal_path = journal };
	if (holder == AUTHORITY_OFFLINE && site_path(site, "pki/factory-ca.pem", ca, e) == 0 && access(ca, R_OK) == 0) {
		if (x509_pem_load(ca, factory, 1, &count, e) != 0)
			return -1;
		setup.factory_ca = (struct span){ factory[0].der, factory[0].n };
	}
	if (ceremony_open(&setup, &out->ceremony, e) != 0)
		return -1;
	out->signer = ceremony_signer(out->ceremony);
	return 0;
}

int authority_open_signd(const struct site *site, const char *instance, const char *requester, struct authority *out,
			 struct error *e)
{
	char name[64], path[FILE_PATH_MAX];
	*out = (struct authority){ 0 };
	snprintf(name, sizeof name, "signd-%s/signd.sock", instance);
	if (site_path(site, name, path, e) != 0)
		return -1;
	/* The client connects when it is first asked: an absent daemon is better said before any work is done. */
	if (access(path, F_OK) != 0)
		return error_retry(e,
				   "the %s signing authority is not running; start it with 'sealift-signd --config "
				   "%s/signd-%s/signd.conf'",
				   instance, site->path, instance);
	if (signd_client_open(path, requester, &out->client, e) != 0)
		return error_within(e, "the %s signing authority", instance);
	out->signer = signd_client_signer(out->client);
	return 0;
}

void authority_close(struct authority *authority)
{
	struct error ignored;
	signd_client_close(authority->client);
	ceremony_close(authority->ceremony);
	keyring_close(authority->keyring);
	if (authority->module != NULL)
		module_close(authority->module);
	if (authority->run[0] != '\0' && softhsm_drop(authority->run, &ignored) != 0)
		fprintf(stderr, "sealift: %s\n", ignored.text); /* the copy holds keys: say that it stayed */
	*authority = (struct authority){ 0 };
}

static int authority_certificate_sign(void *self, const struct digest *digest, uint8_t raw[64], struct error *e)
{
	struct authority_certificate_key *key = self;
	return key->hsm.sign(key->hsm.self, key->key, digest, raw, e);
}

int authority_certificate_signer(struct authority_certificate_key *key, struct certificate_signer *out, struct error *e)
{
	*out = (struct certificate_signer){ .sign = authority_certificate_sign, .self = key };
	return key->hsm.public_key(key->hsm.self, key->key, &out->key, e);
}

const char *authority_who(void)
{
	static char buffer[4096];
	static struct passwd entry;
	struct passwd *user = NULL;
	if (getpwuid_r(getuid(), &entry, buffer, sizeof buffer, &user) != 0 || user == NULL)
		return "unknown";
	return user->pw_name;
}
