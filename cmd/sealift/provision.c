#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "authority.h"
#include "command.h"
#include "crypto_openssl.h"
#include "device_dir.h"
#include "hex.h"
#include "identity.h"
#include "name.h"
#include "number.h"
#include "plan.h"
#include "publishing.h"
#include "secret.h"
#include "staging.h"

struct provision {
	const struct site *site;
	struct device_config config;
	struct staging_name factory;
	const char *image_path, *out;
	const char *ids[PLAN_DEVICES_MAX];
	uint32_t id_count;
	/* once for all devices */
	struct publishing publishing;
	struct authority offline;
	struct span image, manifest, root, server_roots;
	struct release release;
	struct boot_identity boot;
};

/* --- options --- */

static int provision_attribute(struct device_config *config, const char *text, struct error *e)
{
	const char *equals = strchr(text, '=');
	if (equals == NULL || config->attribute_count == DEVICE_ATTRIBUTES_MAX)
		return error_set(e, "attribute '%s': write name=value, at most %d", text, DEVICE_ATTRIBUTES_MAX);
	struct device_attribute *a = &config->attributes[config->attribute_count++];
	if ((size_t)(equals - text) >= sizeof a->name)
		return error_set(e, "attribute '%.60s': a name has at most %zu characters", text, sizeof a->name - 1);
	snprintf(a->name, sizeof a->name, "%.*s", (int)(equals - text), text);
	if (!name_is_label(span_of_text(a->name), sizeof a->name - 1) ||
	    !name_is_word(span_of_text(equals + 1), sizeof a->value - 1))
		return error_set(e,
				 "attribute '%.60s': a name has a-z, 0-9 and '-'; a value letters, digits and . _ -, "
				 "at most %zu",
				 text, sizeof a->value - 1);
	return option_text("--attribute", equals + 1, a->value, sizeof a->value, e);
}

static int provision_order(const void *a, const void *b)
{
	const struct device_attribute *x = a, *y = b;
	return strcmp(x->name, y->name);
}

/* HOST or HOST:PORT, and a path perhaps: an empty host or port would be found out in the field only. */
static bool provision_has_host(const char *authority)
{
	size_t host = *authority == '[' ? strcspn(authority, "]") + 1 : strcspn(authority, ":/");
	if (host > strlen(authority) || host == (*authority == '[' ? 2u : 0u))
		return false;
	const char *port = authority + host;
	size_t digits = *port == ':' ? strspn(port + 1, "0123456789") : 0;
	if (*port == ':' && (digits == 0 || digits > 5))
		return false;
	port += *port == ':' ? digits + 1 : 0;
	return (*port == '\0' || *port == '/') && strpbrk(authority, " @?#\\") == NULL;
}

static int provision_server(struct device_config *config, const char *value, struct error *e)
{
	if (config->server_count == DEVICE_SERVERS_MAX)
		return error_set(e, "at most %d servers", DEVICE_SERVERS_MAX);
	if (strncmp(value, "https://", 8) != 0)
		return error_set(e, "--server '%.60s': devices speak HTTPS only; write https://HOST:PORT", value);
	if (!provision_has_host(value + 8))
		return error_set(e, "--server '%.60s' names no host; write https://HOST:PORT", value);
	return option_text("--server", value, config->servers[config->server_count++], DEVICE_URL_MAX + 1, e);
}

static int provision_option(struct provision *p, struct ui *ui, int option, const char *value)
{
	static const struct number slot = { "--slot-kib", "KiB", 64, (uint64_t)4 << 20 };
	static const struct number poll = { "--poll", "seconds", 1, 86400 };
	struct device_config *config = &p->config;
	struct error e = { 0 };
	uint64_t kib = 0;
	int failed = 0;
	if (option == 'r')
		failed = staging_name_parse(value, &p->factory, &e);
	else if (option == 'i')
		p->image_path = value;
	else if (option == 'o')
		p->out = value;
	else if (option == 'a')
		failed = provision_attribute(&p->config, value, &e);
	else if (option == 's')
		failed = provision_server(config, value, &e);
	else if (option == 'b')
		failed = number_parse(&slot, value, &kib, &e);
	else if (option == 'P')
		failed = number_parse_u32(&poll, value, &config->poll_s, &e);
	else if (option == 'h')
		failed = option_text("--health", value, config->health, sizeof config->health, &e);
	else
		return UI_USAGE;
	if (option == 'b')
		config->slot_bytes = kib << 10;
	return failed != 0 ? ui_usage(ui, "%s", e.text) : UI_OK;
}

static int provision_parse(struct provision *p, struct ui *ui, int argc, char **argv)
{
	static const struct option options[] = { { "release", required_argument, NULL, 'r' },
						 { "image", required_argument, NULL, 'i' },
						 { "out", required_argument, NULL, 'o' },
						 { "attribute", required_argument, NULL, 'a' },
						 { "server", required_argument, NULL, 's' },
						 { "slot-kib", required_argument, NULL, 'b' },
						 { "poll", required_argument, NULL, 'P' },
						 { "health", required_argument, NULL, 'h' },
						 { NULL, 0, NULL, 0 } };
	int option;
	while ((option = option_next(ui, argc, argv, options)) != -1) {
		int status = provision_option(p, ui, option, optarg);
		if (status != UI_OK)
			return status;
	}
	for (; optind < argc && p->id_count < PLAN_DEVICES_MAX; optind++)
		p->ids[p->id_count++] = argv[optind];
	if (optind < argc)
		return ui_usage(ui, "at most %d devices at once", PLAN_DEVICES_MAX);
	if (p->factory.product[0] == '\0' || p->image_path == NULL || p->out == NULL || p->config.server_count == 0 ||
	    p->id_count == 0)
		return ui_usage(ui, "give --release, --image, --server, --out and at least one device id");
	qsort(p->config.attributes, p->config.attribute_count, sizeof *p->config.attributes, provision_order);
	for (uint32_t i = 1; i < p->config.attribute_count; i++)
		if (provision_order(&p->config.attributes[i - 1], &p->config.attributes[i]) == 0)
			return ui_usage(ui, "attribute '%s' is given twice", p->config.attributes[i].name);
	for (uint32_t i = 0; i < p->id_count; i++)
		if (!name_is_word(span_of_text(p->ids[i]), IDENTITY_ID_MAX))
			return ui_usage(ui, "device '%s': use letters, digits and . _ -, at most %d", p->ids[i],
					IDENTITY_ID_MAX);
	return UI_OK;
}

/* --- what all devices share --- */

static int provision_read(const char *path, size_t max, struct span *out, struct error *e)
{
	uint8_t *bytes = NULL;
	size_t n = 0;
	int got = file_read_all(path, max, &bytes, &n, e);
	if (got > 0)
		return error_set(e, "there is no %s", path);
	*out = (struct span){ bytes, n };
	return got;
}

static int provision_site_file(struct provision *p, const char *name, size_t max, struct span *out, struct error *e)
{
	char path[FILE_PATH_MAX];
	return site_path(p->site, name, path, e) != 0 ? -1 : provision_read(path, max, out, e);
}

static int provision_release(struct provision *p, struct error *e)
{
	char role[METADATA_ROLE_NAME_MAX], name[128] = "repo/objects/";
	static char path[METADATA_PATH_MAX];
	struct targets targets;
	snprintf(role, sizeof role, "p/%s", p->factory.product);
	staging_target_path(&p->factory, false, path);
	if (repository_targets(&p->publishing.repository, role, &targets, e) != 0)
		return error_within(e, "product %s", p->factory.product);
	const struct target *target = targets_find(&targets, span_of_text(path));
	if (target == NULL || release_decode(target, &p->release) != FAULT_NONE)
		return error_set(e, "%s is not published; a factory installs published releases only", path);
	struct digest image = sha256_of(&crypto_openssl, p->image);
	if (!digest_equal(&image, &p->release.image))
		return error_set(e, "%s is not the image of %s (its SHA-256 differs)", p->image_path, path);
	hex_text(digest_span(&p->release.manifest.sha256), name + strlen(name));
	return provision_site_file(p, name, MANIFEST_BYTES_MAX, &p->manifest, e);
}

static void provision_boot_identity(struct provision *p, const struct site_product *product)
{
	memcpy(p->boot.vendor, product->compatible.vendor, sizeof p->boot.vendor);
	memcpy(p->boot.class, product->compatible.class, sizeof p->boot.class);
	for (int i = 0; i < BOOT_KEYS_MAX; i++)
		p->boot.keys[i] = (struct boot_key){ .present = true, .key = p->site->boot_keys[i] };
	for (int i = 0; i < BOOT_EMERGENCY_MAX; i++)
		p->boot.emergency[i] = (struct boot_key){ .present = true, .key = p->site->emergency[i] };
}

static int provision_prepare(struct provision *p, struct error *e)
{
	const struct site_product *product = site_product(p->site, p->factory.product, e);
	if (product == NULL)
		return -1;
	if (publishing_open(p->site, &p->publishing, e) != 0 ||
	    provision_read(p->image_path, 1u << 30, &p->image, e) != 0 || provision_release(p, e) != 0 ||
	    provision_site_file(p, "repo/metadata/1.root.json", ROOT_BYTES_MAX, &p->root, e) != 0 ||
	    provision_site_file(p, "pki/server-roots.pem", 65536, &p->server_roots, e) != 0)
		return -1;
	provision_boot_identity(p, product);
	snprintf(p->config.product, sizeof p->config.product, "%s", product->name);
	snprintf(p->config.log_origin, sizeof p->config.log_origin, "%s", p->site->log_origin);
	p->config.compatible = product->compatible;
	p->config.log_key = p->site->log_key;
	if (p->config.slot_bytes == 0)
		p->config.slot_bytes =
			((p->image.n + p->image.n / 4) / 65536 + 2) * 65536; /* room for the next images */
	return authority_open_tokens(p->site, AUTHORITY_OFFLINE, &p->offline, e);
}

/* --- one device --- */

static int provision_uri(const struct device_config *config, char out[IDENTITY_URI_MAX + 1], struct error *e)
{
	struct identity identity = { .product = span_of_text(config->product),
				     .id = span_of_text(config->id),
				     .attribute_count = config->attribute_count };
	struct writer w = writer_over(out, IDENTITY_URI_MAX);
	for (uint32_t i = 0; i < config->attribute_count; i++)
		identity.attributes[i] = (struct attribute){ span_of_text(config->attributes[i].name),
							     span_of_text(config->attributes[i].value) };
	identity_encode(&w, &identity);
	if (writer_end(&w) != FAULT_NONE)
		return error_set(e, "device '%s': the id or an attribute has a character that is not allowed",
				 config->id);
	out[w.used] = '\0';
	return 0;
}

/* A key made here, certified by the factory CA; both as PEM texts in fresh memory. The name tells a report key's. */
static int provision_identity(struct provision *p, const char *uri, bool is_report, struct span *key_pem,
			      struct span *certificate_pem, struct error *e)
{
	struct keyfile *key = NULL;
	struct certificate request, certificate;
	char key_path[FILE_PATH_MAX], pem_path[FILE_PATH_MAX], name[CERTIFICATE_NAME_MAX + 1];
	const struct signer *signer = &p->offline.signer;
	snprintf(name, sizeof name, "%s%.50s", is_report ? "report " : "", p->config.id);
	/* One provisioning at a time: the publishing lock is held. */
	if (site_path(p->site, "run/provision.key", key_path, e) != 0 ||
	    site_path(p->site, "run/provision.pem", pem_path, e) != 0)
		return -1;
	unlink(key_path); /* of one that was killed */
	int failed = keyfile_new(&key, e) != 0 || keyfile_save(key, key_path, e) != 0 ||
		     x509_request_make(key, name, uri, &request, e) != 0 ||
		     signer->certify(signer->self, "factory", (struct span){ request.der, request.n }, uri, 0,
				     authority_who(), "device provisioned", certificate.der, sizeof certificate.der,
				     &certificate.n, e) != 0 ||
		     x509_pem_save(pem_path, &certificate, 1, e) != 0 ||
		     provision_read(key_path, 4096, key_pem, e) != 0 ||
		     provision_read(pem_path, 16384, certificate_pem, e) != 0;
	keyfile_free(key);
	unlink(key_path);
	unlink(pem_path);
	return failed ? -1 : 0;
}

/* Half of these texts are private keys, which are the device's from now on. */
static void provision_free(struct span *text)
{
	void *bytes = (void *)(uintptr_t)text->at;
	if (bytes != NULL)
		secret_wipe(bytes, text->n);
	free(bytes);
}
#define PROVISION_TEXT __attribute__((cleanup(provision_free))) struct span

static int provision_device(struct provision *p, const char *id, struct error *e)
{
	char uri[IDENTITY_URI_MAX + 1], folder[FILE_PATH_MAX];
	PROVISION_TEXT idevid_key = SPAN_NONE;
	PROVISION_TEXT idevid = SPAN_NONE;
	PROVISION_TEXT report_key = SPAN_NONE;
	PROVISION_TEXT report = SPAN_NONE;
	snprintf(p->config.id, sizeof p->config.id, "%s", id);
	if (provision_uri(&p->config, uri, e) != 0 || file_join(folder, p->out, id, e) != 0)
		return -1;
	if (provision_identity(p, uri, false, &idevid_key, &idevid, e) != 0 ||
	    provision_identity(p, uri, true, &report_key, &report, e) != 0)
		return error_within(e, "device %s", id);
	struct device_new new_device = { .config = &p->config,
					 .root_json = p->root,
					 .idevid_key_pem = idevid_key,
					 .idevid_pem = idevid,
					 .server_roots_pem = p->server_roots,
					 .report_key_pem = report_key,
					 .report_pem = report,
					 .factory_image = p->image,
					 .factory_manifest = p->manifest,
					 .factory_version = p->release.version,
					 .factory_counter = p->release.counter };
	if (device_dir_make(&crypto_openssl, folder, &new_device, &p->boot, COUNTER_EPOCH(p->release.counter), e) != 0)
		return error_within(e, "device %s", id);
	return 0;
}

static int provision_all(struct provision *p, const struct ui *ui, struct error *e)
{
	if (provision_prepare(p, e) != 0 || file_make_directory(p->out, 0755, e) != 0)
		return -1;
	for (uint32_t i = 0; i < p->id_count; i++) {
		if (provision_device(p, p->ids[i], e) != 0)
			return -1;
		ui_progress(ui, "devices", i + 1, p->id_count);
	}
	return 0;
}

static int provision_run(struct ui *ui, const char *site_path, int argc, char **argv)
{
	static struct site site;
	static struct provision p;
	struct error e = { 0 };
	p = (struct provision){ .site = &site, .config = device_config_default() };
	int status = provision_parse(&p, ui, argc, argv);
	if (status != UI_OK)
		return status;
	int failed = site_load(&site, site_path, &e) != 0 || provision_all(&p, ui, &e) != 0;
	authority_close(&p.offline);
	publishing_close(&p.publishing);
	provision_free(&p.image);
	provision_free(&p.manifest);
	provision_free(&p.root);
	provision_free(&p.server_roots);
	if (failed)
		return ui_fail(ui, &e);
	if (!ui->json) {
		printf("%u device%s made in %s, running %s/%s\n", p.id_count, p.id_count == 1 ? "" : "s", p.out,
		       p.factory.product, p.factory.version);
		return UI_OK;
	}
	printf("{\"devices\":%u,\"out\":", p.id_count);
	ui_json_text(p.out);
	puts("}");
	return UI_OK;
}

const struct command command_provision = {
	"provision", "--release PRODUCT/VERSION --image FILE --server URL --out DIR [OPTION...] ID...",
	"make devices as a factory does: identity, pinned keys, first image",
	"For each ID a folder DIR/ID: an identity key and a report key, both certified by the factory CA; the first "
	"trusted\n"
	"root; the server's two roots; boot keys; the image of a published release in slot A.\n\n"
	"  --release PRODUCT/VERSION  the release that devices leave the factory with\n"
	"  --image FILE               its raw image (checked against the release)\n"
	"  --server URL               https://HOST:PORT of sealiftd; up to 4, tried in order\n"
	"  --out DIR                  where device folders go\n"
	"  --attribute NAME=VALUE     in the device's certificate, such as region=eu; plans select by it\n"
	"  --slot-kib N               size of a slot (default: the image and a quarter more)\n"
	"  --poll SECONDS             until the server names another pace (default 60)\n"
	"  --health COMMAND           run after an update; exit status 0 confirms it\n\n"
	"Example: sealift provision --release edge-gateway/1.0.0 --image fw.img --server https://127.0.0.1:8443 \\\n"
	"           --attribute region=eu --out devices gw-001 gw-002\n",
	provision_run
};
