#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "authority.h"
#include "clock_system.h"
#include "command.h"
#include "crypto_openssl.h"
#include "daemon_config.h"
#include "init_report.h"
#include "metadata.h"
#include "name.h"
#include "number.h"
#include "publishing.h"
#include "server_tls.h"
#include "uuid.h"

#define INIT_YEAR_S (365 * 86400)
#define INIT_REASON "site initialised"

struct init {
	struct site site;
	struct public_key root[SITE_ROOT_KEYS], targets[SITE_TARGETS_KEYS], approver[SITE_APPROVER_KEYS];
	struct public_key snapshot, timestamp, director, device_ca, factory;
	struct public_key product[SITE_PRODUCTS_MAX];
	char device_listen[64], ops_listen[64];
	uint32_t poll_s;
	uint32_t server_name_count;
	const char *server_names[SERVER_TLS_NAMES_MAX];
};

/* --- the folders --- */

static int init_folders(const struct site *site, struct error *e)
{
	static const struct {
		const char *name;
		mode_t mode;
	} folders[] = { { "keys", 0700 },    { "signd-release", 0700 }, { "signd-online", 0700 },
			{ "pki", 0755 },     { "repo", 0755 },          { "staging", 0755 },
			{ "records", 0700 }, { "server", 0700 },        { "publish/versions", 0700 },
			{ "run", 0700 },     { "keys/tls", 0700 } };
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (site_make(site, folders[i].name, folders[i].mode, e) != 0)
			return -1;
	return 0;
}

static int init_place(struct site *site, const char *path, struct error *e)
{
	char absolute[4096];
	if (mkdir(path, 0755) != 0 && access(path, W_OK) != 0)
		return error_errno(e, "cannot make the site %s", path);
	if (realpath(path, absolute) == NULL || strlen(absolute) >= sizeof site->path)
		return error_set(e, "the path of the site is too long");
	memcpy(site->path, absolute, strlen(absolute) + 1);
	snprintf(absolute, sizeof absolute, "%s/site.json", site->path);
	if (access(absolute, F_OK) == 0)
		return error_set(e, "%s is a site already; its keys are never replaced by init", site->path);
	snprintf(absolute, sizeof absolute, "%s/keys", site->path);
	if (access(absolute, F_OK) == 0)
		return error_set(e, "%s holds an init that did not finish; remove the folder and start again",
				 site->path);
	return 0;
}

/* --- keys --- */

static int init_public(const struct authority *from, const char *key, struct public_key *out, struct error *e)
{
	return from->hsm.public_key(from->hsm.self, key, out, e);
}

static int init_publics(const struct authority *from, const char *name, struct public_key *out, uint32_t count,
			struct error *e)
{
	for (uint32_t i = 0; i < count; i++) {
		char key[SIGNER_KEY_MAX];
		snprintf(key, sizeof key, "%s/%u", name, i + 1);
		if (init_public(from, key, &out[i], e) != 0)
			return -1;
	}
	return 0;
}

/* A certification authority of our own, on its token. */
static int init_ca(const struct site *site, const struct authority *from, const char *key, const char *name,
		   const char *file, struct error *e)
{
	struct authority_certificate_key holder = { from->hsm, key };
	struct certificate_signer signer;
	struct certificate certificate;
	char path[FILE_PATH_MAX];
	struct certificate_terms terms = { .use = CERTIFICATE_CA,
					   .common_name = name,
					   .not_before_unix = time(NULL) - 3600,
					   .not_after_unix = CERTIFICATE_NO_EXPIRY };
	if (authority_certificate_signer(&holder, &signer, e) != 0 ||
	    x509_self_sign(&terms, &signer, &certificate, e) != 0 || site_path(site, file, path, e) != 0)
		return error_within(e, "the %s", name);
	return x509_pem_save(path, &certificate, 1, e);
}

static int init_offline_keys(struct init *init, struct error *e)
{
	struct authority offline;
	int failed = authority_open_tokens(&init->site, AUTHORITY_OFFLINE, &offline, e) != 0 ||
		     init_publics(&offline, "root", init->root, SITE_ROOT_KEYS, e) != 0 ||
		     init_publics(&offline, "targets", init->targets, SITE_TARGETS_KEYS, e) != 0 ||
		     init_publics(&offline, "emergency", init->site.emergency, SITE_EMERGENCY_KEYS, e) != 0 ||
		     init_publics(&offline, "approver", init->approver, SITE_APPROVER_KEYS, e) != 0 ||
		     init_ca(&init->site, &offline, "factory", "sealift factory CA", "pki/factory-ca.pem", e) != 0;
	authority_close(&offline);
	return failed ? -1 : 0;
}

static int init_release_keys(struct init *init, struct error *e)
{
	struct authority release;
	int failed = authority_open_tokens(&init->site, AUTHORITY_RELEASE, &release, e) != 0 ||
		     init_public(&release, "boot", &init->site.boot_keys[0], e) != 0 ||
		     init_public(&release, "boot-next", &init->site.boot_keys[1], e) != 0;
	for (uint32_t i = 0; i < init->site.product_count && !failed; i++) {
		char key[SIGNER_KEY_MAX];
		snprintf(key, sizeof key, "p/%s", init->site.products[i].name);
		failed = init_public(&release, key, &init->product[i], e) != 0;
	}
	authority_close(&release);
	return failed ? -1 : 0;
}

static int init_online_keys(struct init *init, struct error *e)
{
	struct authority online;
	int failed = authority_open_tokens(&init->site, AUTHORITY_ONLINE, &online, e) != 0 ||
		     init_public(&online, "snapshot", &init->snapshot, e) != 0 ||
		     init_public(&online, "timestamp", &init->timestamp, e) != 0 ||
		     init_public(&online, "director", &init->director, e) != 0 ||
		     init_public(&online, "log", &init->site.log_key, e) != 0 ||
		     init_ca(&init->site, &online, "device-ca", "sealift device CA", "pki/device-ca.pem", e) != 0;
	authority_close(&online);
	return failed ? -1 : 0;
}

/* --- metadata --- */

struct init_roles {
	struct role_key keys[64];
	char keyids[64][ROLE_KEYID_HEX + 1];
	uint32_t used;
};

static struct role init_role(struct init_roles *roles, uint32_t threshold, const struct public_key *keys,
			     uint32_t count)
{
	struct role role = { .threshold = threshold, .count = count, .keys = roles->keys + roles->used };
	for (uint32_t i = 0; i < count; i++, roles->used++)
		role_key_init(&crypto_openssl, &keys[i], roles->keyids[roles->used], &roles->keys[roles->used]);
	return role;
}

static int init_sign_offline(struct publishing *p, const struct authority *offline, const char *role, const char *key,
			     uint32_t count, const struct writer *body, struct span *envelope, struct error *e)
{
	static char names[ENVELOPE_KEYS_MAX][SIGNER_KEY_MAX];
	const char *list[ENVELOPE_KEYS_MAX];
	for (uint32_t i = 0; i < count; i++) {
		snprintf(names[i], sizeof names[i], "%s/%u", key, i + 1);
		list[i] = names[i];
	}
	struct envelope_keys keys = { &offline->signer, list, count };
	struct envelope_reason reason = { authority_who(), INIT_REASON };
	struct writer out = publishing_buffer(p, body->used + 4096);
	if (body->fault != FAULT_NONE)
		return error_set(e, "role %s: %s", role, fault_text(body->fault));
	if (envelope_sign(&crypto_openssl, &keys, reason, writer_span(body), &out, e) != 0)
		return error_within(e, "role %s", role);
	*envelope = writer_span(&out);
	return 0;
}

static int init_root(struct init *init, struct publishing *p, const struct authority *offline, struct error *e)
{
	static struct init_roles roles;
	struct root root = { .version = 1, .expires_unix = time(NULL) + INIT_YEAR_S };
	struct writer body = publishing_buffer(p, ROOT_BYTES_MAX);
	struct span envelope;
	root.root = init_role(&roles, SITE_ROOT_THRESHOLD, init->root, SITE_ROOT_KEYS);
	root.targets = init_role(&roles, SITE_TARGETS_THRESHOLD, init->targets, SITE_TARGETS_KEYS);
	root.snapshot = init_role(&roles, 1, &init->snapshot, 1);
	root.timestamp = init_role(&roles, 1, &init->timestamp, 1);
	root_encode(&body, &root);
	if (init_sign_offline(p, offline, "root", "root", SITE_ROOT_THRESHOLD, &body, &envelope, e) != 0)
		return -1;
	return tree_put_new(&p->tree, "metadata/1.root.json", envelope, e);
}

static struct span init_text(struct publishing *p, const char *before, const char *name, const char *after)
{
	char *text = workspace_take(&p->ws, METADATA_PATH_MAX);
	if (text == NULL)
		return SPAN_NONE;
	snprintf(text, METADATA_PATH_MAX, "%s%s%s", before, name, after);
	return span_of_text(text);
}

/* Role kind + name, for the paths kind + name + tail. */
static void init_delegate(struct publishing *p, struct delegation *out, const char *kind, const char *name,
			  const char *tail, struct role role)
{
	struct span *path = workspace_array(&p->ws, 1, sizeof *path);
	if (path != NULL)
		*path = init_text(p, kind, name, tail);
	*out = (struct delegation){ .name = init_text(p, kind, name, ""),
				    .role = role,
				    .terminating = true,
				    .path_count = path != NULL,
				    .paths = path };
}

static int init_targets(struct init *init, struct publishing *p, const struct authority *offline, struct error *e)
{
	static struct init_roles roles;
	static struct delegation delegations[2 * SITE_PRODUCTS_MAX + 1];
	struct targets targets = { .version = 1, .expires_unix = time(NULL) + INIT_YEAR_S, .delegations = delegations };
	struct writer body = publishing_buffer(p, 256 << 10);
	struct span envelope;
	for (uint32_t i = 0; i < init->site.product_count; i++) {
		const char *name = init->site.products[i].name;
		init_delegate(p, &delegations[targets.delegation_count++], "p/", name, "/*/*",
			      init_role(&roles, 1, &init->product[i], 1));
		init_delegate(p, &delegations[targets.delegation_count++], "plans/", name, "/*",
			      init_role(&roles, SITE_APPROVER_THRESHOLD, init->approver, SITE_APPROVER_KEYS));
	}
	/* Distributes the director's key; it has no metadata of its own. */
	init_delegate(p, &delegations[targets.delegation_count++], "", "directive", "/*",
		      init_role(&roles, 1, &init->director, 1));
	targets_encode(&body, &targets);
	if (init_sign_offline(p, offline, "targets", "targets", SITE_TARGETS_THRESHOLD, &body, &envelope, e) != 0)
		return -1;
	return repository_stage(&p->repository, "targets", 1, envelope, e);
}

static int init_empty_role(struct publishing *p, const struct authority *from, const char *role,
			   const char *const *keys, uint32_t count, struct error *e)
{
	struct targets targets = { .expires_unix = time(NULL) + PRODUCT_ROLE_LIFETIME_S };
	struct writer body = publishing_buffer(p, 4096), out = publishing_buffer(p, 8192);
	struct envelope_keys signers = { &from->signer, keys, count };
	struct envelope_reason reason = { authority_who(), INIT_REASON };
	if (repository_next_version(&p->repository, role, &targets.version, e) != 0)
		return -1;
	targets_encode(&body, &targets);
	if (envelope_sign(&crypto_openssl, &signers, reason, writer_span(&body), &out, e) != 0)
		return error_within(e, "role %s", role);
	return repository_stage(&p->repository, role, targets.version, writer_span(&out), e);
}

static int init_offline_metadata(struct init *init, struct publishing *p, struct error *e)
{
	static const char *const approvers[] = { "approver/1", "approver/2" };
	struct authority offline;
	int failed = authority_open_tokens(&init->site, AUTHORITY_OFFLINE, &offline, e) != 0 ||
		     init_root(init, p, &offline, e) != 0 || init_targets(init, p, &offline, e) != 0;
	for (uint32_t i = 0; i < init->site.product_count && !failed; i++) {
		char role[METADATA_ROLE_NAME_MAX];
		snprintf(role, sizeof role, "plans/%s", init->site.products[i].name);
		failed = init_empty_role(p, &offline, role, approvers, SITE_APPROVER_THRESHOLD, e) != 0;
	}
	authority_close(&offline);
	return failed ? -1 : 0;
}

static int init_release_metadata(struct init *init, struct publishing *p, struct error *e)
{
	struct authority release;
	int failed = authority_open_tokens(&init->site, AUTHORITY_RELEASE, &release, e) != 0;
	for (uint32_t i = 0; i < init->site.product_count && !failed; i++) {
		char role[METADATA_ROLE_NAME_MAX];
		const char *const keys[] = { role };
		snprintf(role, sizeof role, "p/%s", init->site.products[i].name);
		failed = init_empty_role(p, &release, role, keys, 1, e) != 0;
	}
	authority_close(&release);
	return failed ? -1 : 0;
}

/* The first leaf of the log commits to root version 1. */
static int init_online_metadata(struct init *init, struct publishing *p, struct error *e)
{
	struct authority online;
	struct envelope_reason reason = { authority_who(), INIT_REASON };
	uint8_t salt[32], root[ROOT_BYTES_MAX + 1];
	size_t n = 0;
	uint64_t index;
	if (tree_get(&p->tree, "metadata/1.root.json", root, sizeof root, &n, e) != 0)
		return -1;
	struct digest detail = sha256_of(&crypto_openssl, (struct span){ root, n });
	int failed = authority_open_tokens(&init->site, AUTHORITY_ONLINE, &online, e) != 0 ||
		     publishing_record(&init->site, p, &detail, "root", SPAN_LIT("metadata/1.root.json"), reason, salt,
				       &index, e) != 0 ||
		     ledger_commit(&p->ledger, &online.signer, reason, e) != 0 ||
		     repository_commit(&p->repository, &online.signer, reason, publishing_lifetimes, e) != 0;
	authority_close(&online);
	return failed ? -1 : 0;
}

static int init_metadata(struct init *init, struct error *e)
{
	struct publishing p;
	int failed = publishing_open(&init->site, &p, e) != 0 || init_offline_metadata(init, &p, e) != 0 ||
		     init_release_metadata(init, &p, e) != 0 || init_online_metadata(init, &p, e) != 0;
	publishing_close(&p);
	return failed ? -1 : 0;
}

/* --- the command --- */

static int init_add_product(struct site *site, const char *argument, struct error *e)
{
	struct site_product *product = &site->products[site->product_count];
	const char *colon = strchr(argument, ':');
	size_t n = colon != NULL ? (size_t)(colon - argument) : strlen(argument);
	if (site->product_count == SITE_PRODUCTS_MAX)
		return error_set(e, "at most %d products", SITE_PRODUCTS_MAX);
	if (!name_is_label((struct span){ (const uint8_t *)argument, n }, RELEASE_PRODUCT_MAX))
		return error_set(e, "product '%s': use lower-case letters, digits and '-', at most %d", argument,
				 RELEASE_PRODUCT_MAX);
	snprintf(product->name, sizeof product->name, "%.*s", (int)n, argument);
	if (option_text("the class of --product NAME:CLASS", colon != NULL ? colon + 1 : product->name,
			product->class_name, sizeof product->class_name, e) != 0)
		return -1;
	for (uint32_t i = 0; i < site->product_count; i++)
		if (strcmp(site->products[i].name, product->name) == 0)
			return error_set(e, "product '%s' is named twice", product->name);
	site->product_count++;
	return 0;
}

/* Vendor and class identifiers, once the vendor is known. */
static void init_identifiers(struct site *site)
{
	for (uint32_t i = 0; i < site->product_count; i++) {
		struct site_product *product = &site->products[i];
		uuid_v5(uuid_dns, span_of_text(site->vendor), product->compatible.vendor);
		uuid_v5(product->compatible.vendor, span_of_text(product->class_name), product->compatible.class);
	}
	snprintf(site->log_origin, sizeof site->log_origin, "%s/sealift-log", site->vendor);
}

/* A name would need a resolver that may not run yet when the server starts. [::1]:8443 is IPv6. */
static int init_listen(const char *option, const char *value, char *out, size_t capacity, struct error *e)
{
	static const struct number ports = { "port", "a port", 0, 65535 };
	struct in6_addr address;
	char host[64];
	uint64_t port;
	const char *colon = strrchr(value, ':');
	size_t n = colon != NULL ? (size_t)(colon - value) : sizeof host;
	bool bracketed = n > 2 && n < sizeof host && value[0] == '[' && value[n - 1] == ']';
	if (n < sizeof host)
		snprintf(host, sizeof host, "%.*s", (int)(bracketed ? n - 2 : n), value + bracketed);
	if (n >= sizeof host || inet_pton(bracketed ? AF_INET6 : AF_INET, host, &address) != 1 ||
	    number_parse(&ports, colon + 1, &port, NULL) != 0)
		return error_set(e, "%s '%.60s': give an address and a port, such as 127.0.0.1:8443", option, value);
	return option_text(option, value, out, capacity, e);
}

static int init_vendor(struct site *site, const char *value, struct error *e)
{
	if (!name_is_word(span_of_text(value), SITE_VENDOR_MAX))
		return error_set(e, "--vendor '%.60s': give a domain of yours, at most %d characters", value,
				 SITE_VENDOR_MAX);
	return option_text("--vendor", value, site->vendor, sizeof site->vendor, e);
}

/* A DNS name or an address, as it stands in the URL that devices are given. */
static int init_server_name(struct init *init, const char *value, struct error *e)
{
	size_t n = strlen(value);
	if (n == 0 || n > 253 ||
	    strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-") != n)
		return error_set(e, "--server-name '%.60s': give a host name or an IP address", value);
	if (init->server_name_count == SERVER_TLS_NAMES_MAX)
		return error_set(e, "at most %d server names", SERVER_TLS_NAMES_MAX);
	init->server_names[init->server_name_count++] = value;
	return 0;
}

static int init_option(struct init *init, int option, const char *value, struct error *e)
{
	static const struct number poll = { "--poll", "seconds", 1, 86400 };
	if (option == 'p')
		return init_add_product(&init->site, value, e);
	if (option == 'v')
		return init_vendor(&init->site, value, e);
	if (option == 'l')
		return init_listen("--listen", value, init->device_listen, sizeof init->device_listen, e);
	if (option == 'o')
		return init_listen("--ops-listen", value, init->ops_listen, sizeof init->ops_listen, e);
	if (option == 'n')
		return init_server_name(init, value, e);
	return number_parse_u32(&poll, value, &init->poll_s, e);
}

static int init_options(struct init *init, struct ui *ui, int argc, char **argv)
{
	static const struct option options[] = { { "product", required_argument, NULL, 'p' },
						 { "vendor", required_argument, NULL, 'v' },
						 { "listen", required_argument, NULL, 'l' },
						 { "ops-listen", required_argument, NULL, 'o' },
						 { "poll", required_argument, NULL, 'P' },
						 { "server-name", required_argument, NULL, 'n' },
						 { NULL, 0, NULL, 0 } };
	struct error e;
	int option;
	while ((option = option_next(ui, argc, argv, options)) != -1) {
		if (option == '?')
			return UI_USAGE;
		if (init_option(init, option, optarg, &e) != 0)
			return ui_usage(ui, "%s", e.text);
	}
	if (argc - optind != 1)
		return ui_usage(ui, "name the folder of the new site");
	if (init->site.product_count == 0)
		return ui_usage(ui, "name at least one product: --product NAME[:CLASS]");
	return UI_OK;
}

static int init_make(struct init *init, const struct ui *ui, struct error *e)
{
	static const char *const what[] = { "offline tokens", "release tokens", "online tokens" };
	if (init_folders(&init->site, e) != 0)
		return -1;
	for (enum authority_holder holder = AUTHORITY_OFFLINE; holder < AUTHORITY_HOLDERS; holder++) {
		if (authority_create(&init->site, holder, e) != 0)
			return -1;
		ui_progress(ui, what[holder], (uint64_t)holder + 1, AUTHORITY_HOLDERS);
	}
	if (init_offline_keys(init, e) != 0 || init_release_keys(init, e) != 0 || init_online_keys(init, e) != 0 ||
	    server_tls_make(&init->site, init->server_names, init->server_name_count, e) != 0 ||
	    init_metadata(init, e) != 0 ||
	    daemon_config_write(&init->site,
				&(struct daemon_config){ init->device_listen, init->ops_listen, init->poll_s }, e) != 0)
		return -1;
	return site_save(&init->site, e); /* last: a folder with site.json is a whole site */
}

static int init_run(struct ui *ui, const char *site_path, int argc, char **argv)
{
	static struct init init;
	struct error e = { 0 };
	snprintf(init.site.vendor, sizeof init.site.vendor, "example.com");
	snprintf(init.device_listen, sizeof init.device_listen, "127.0.0.1:8443");
	snprintf(init.ops_listen, sizeof init.ops_listen, "127.0.0.1:8080");
	init.poll_s = 60;
	int usage = init_options(&init, ui, argc, argv);
	if (usage != UI_OK)
		return usage;
	init_identifiers(&init.site);
	if (init_place(&init.site, argv[optind], &e) != 0 || init_make(&init, ui, &e) != 0)
		return ui_fail(ui, &e);
	if (!ui->json) {
		init_report(&init.site);
		return UI_OK;
	}
	fputs("{\"site\":", stdout);
	ui_json_text(init.site.path);
	puts("}");
	return UI_OK;
}

const struct command command_init = {
	"init", "--product NAME[:CLASS] [OPTION...] DIR",
	"make a site with all its keys, for a demonstration or a pilot",
	"Makes every key of the trust model on SoftHSM2 tokens, the certification authorities, the first signed "
	"metadata,\n"
	"the log, and the configuration of the daemons; then says which key belongs where in production.\n\n"
	"  --product NAME[:CLASS]  a product and its hardware class (default class: the name); may be repeated\n"
	"  --vendor DOMAIN         your domain; vendor id = UUID5 of it (default: example.com)\n"
	"  --listen ADDR:PORT      where sealiftd serves devices (default: 127.0.0.1:8443)\n"
	"  --server-name NAME      a name or address by which devices reach it, besides localhost; may be repeated\n"
	"  --ops-listen ADDR:PORT  where it shows status and metrics (default: 127.0.0.1:8080); port 0: any free one\n"
	"  --poll SECONDS          how often devices ask (default: 60)\n\n"
	"Example: sealift init --product edge-gateway --vendor example.com ./site\n",
	init_run
};
