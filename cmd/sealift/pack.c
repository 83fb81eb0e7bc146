#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "compress.h"
#include "crypto_openssl.h"
#include "hex.h"
#include "image.h"
#include "manifest.h"
#include "number.h"
#include "publishing.h"
#include "staging.h"

struct pack_options {
	struct staging_name name;
	const char *build_id, *artifact, *return_version, *counter;
	uint32_t segment_kib;
	enum proof_level proof;
	enum log_policy log;
};

static int pack_compress(void *self, struct span in, uint8_t *out, size_t capacity, size_t *n, struct error *e)
{
	return zstd_compress(in, COMPRESS_LEVEL_DEFAULT, out, capacity, n, e);
}

static void pack_progress(void *self, uint64_t done, uint64_t total)
{
	ui_progress(self, "packing", done, total);
}

/* --- what is published: it gives the counter and the image to return to --- */

static bool pack_is_image(struct span path, const struct staging_name *name)
{
	struct release_path parts;
	return release_path_decode(path, &parts) == FAULT_NONE && !parts.is_return &&
	       span_is(parts.product, name->product);
}

/* The highest counter so far, and the release to return to: the one asked for, else the newest. */
static int pack_survey(const struct targets *targets, const struct pack_options *options, uint64_t *highest,
		       struct release *back, bool *found, struct error *e)
{
	*highest = 0;
	*found = false;
	for (uint32_t i = 0; i < targets->count; i++) {
		struct release release;
		if (release_decode(&targets->entries[i], &release) != FAULT_NONE)
			return error_set(e, "the published role p/%s lists a release that this version cannot read",
					 options->name.product);
		if (release.counter > *highest)
			*highest = release.counter;
		if (!pack_is_image(release.path, &options->name))
			continue;
		bool asked = options->return_version != NULL && span_is(release.version, options->return_version);
		if (asked || (options->return_version == NULL && (!*found || release.counter > back->counter))) {
			*back = release;
			*found = true;
		}
	}
	if (options->return_version != NULL && !*found)
		return error_set(e, "there is no published release %s/%s to return to", options->name.product,
				 options->return_version);
	return 0;
}

/* EPOCH.BUILD, both decimal; the build leaves room for the return release, which takes the number that follows. */
static bool pack_counter_parse(const char *text, uint64_t *out)
{
	static const struct number epochs = { "--counter", "epochs", 0, COUNTER_EPOCH_MAX };
	static const struct number builds = { "--counter", "builds", 1, UINT32_MAX - 1 };
	char epoch[24];
	const char *dot = strchr(text, '.');
	uint64_t high, low;
	if (dot == NULL || (size_t)(dot - text) >= sizeof epoch)
		return false;
	snprintf(epoch, sizeof epoch, "%.*s", (int)(dot - text), text);
	if (number_parse(&epochs, epoch, &high, NULL) != 0 || number_parse(&builds, dot + 1, &low, NULL) != 0)
		return false;
	*out = COUNTER_OF(high, low);
	return true;
}

static int pack_counter(const struct pack_options *options, uint64_t highest, uint64_t *out, struct error *e)
{
	if (options->counter == NULL) {
		*out = highest == 0 ? COUNTER_OF(0, 1) : highest + 1;
		return 0;
	}
	if (!pack_counter_parse(options->counter, out))
		return error_set(e, "counter '%s': write EPOCH.BUILD, such as 0.12", options->counter);
	if (*out <= highest)
		return error_set(e, "counter %s is not higher than %u.%u, which is published", options->counter,
				 COUNTER_EPOCH(highest), COUNTER_BUILD(highest));
	return 0;
}

/* --- the folder --- */

static void pack_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define PACK_FD __attribute__((cleanup(pack_close))) int

static int pack_create(const char *folder, const char *name, struct error *e)
{
	char path[FILE_PATH_MAX];
	if (file_join(path, folder, name, e) != 0)
		return -1;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	return fd >= 0 ? fd : error_errno(e, "cannot write %s", path);
}

static int pack_image_files(const struct pack_options *options, struct ui *ui, const char *folder,
			    struct packed_image *out, struct error *e)
{
	struct pack_ports ports = { &crypto_openssl, pack_compress, pack_progress, ui };
	PACK_FD image = open(options->artifact, O_RDONLY | O_CLOEXEC);
	if (image < 0)
		return error_errno(e, "cannot read %s", options->artifact);
	PACK_FD table = pack_create(folder, "table", e);
	PACK_FD payload = table < 0 ? -1 : pack_create(folder, "payload", e);
	if (payload < 0)
		return -1;
	if (image_pack(&ports, image, table, payload, options->segment_kib << 10, out, e) != 0)
		return error_within(e, "%s", options->artifact);
	if (fsync(table) != 0 || fsync(payload) != 0)
		return error_errno(e, "cannot make %s durable", folder);
	return 0;
}

static int pack_manifest(const struct packed *packed, const struct packed_image *image, const char *folder,
			 const char *file, struct error *e)
{
	uint8_t bytes[MANIFEST_BYTES_MAX];
	char path[FILE_PATH_MAX];
	struct writer w = writer_over(bytes, sizeof bytes);
	struct manifest manifest = { .sequence = image->counter,
				     .component_count = 1,
				     .component = { SPAN_LIT("slot") },
				     .image = image->image,
				     .image_bytes = image->image_bytes };
	memcpy(manifest.vendor, packed->compatible[0].vendor, sizeof manifest.vendor);
	memcpy(manifest.class, packed->compatible[0].class, sizeof manifest.class);
	manifest_encode_body(&w, &manifest);
	if (writer_end(&w) != FAULT_NONE || file_join(path, folder, file, e) != 0)
		return error_set(e, "the boot manifest would be larger than %d bytes", MANIFEST_BYTES_MAX);
	return file_write(path, writer_span(&w), 0644, e);
}

static int pack_write(const struct packed *packed, const char *folder, struct error *e)
{
	uint8_t bytes[PACKED_BYTES_MAX];
	char path[FILE_PATH_MAX];
	struct writer w = writer_over(bytes, sizeof bytes);
	packed_encode(&w, packed);
	if (writer_end(&w) != FAULT_NONE)
		return error_set(e, "the build id must be printable ASCII");
	if (pack_manifest(packed, &packed->release, folder, "manifest.body", e) != 0)
		return -1;
	if (packed->has_return && pack_manifest(packed, &packed->return_release, folder, "return.body", e) != 0)
		return -1;
	return file_join(path, folder, "packed.json", e) != 0 ? -1 : file_write(path, writer_span(&w), 0644, e);
}

static int pack_empty(const char *folder, struct error *e)
{
	static const char *const files[] = { "table", "payload", "manifest.body", "return.body", "packed.json" };
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char path[FILE_PATH_MAX];
		if (file_join(path, folder, files[i], e) != 0)
			return -1;
		unlink(path);
	}
	return 0;
}

/* Nothing is left of a pack that was refused; the error stays the one that is told. */
static int pack_undo(const char *fresh)
{
	struct error ignored;
	if (pack_empty(fresh, &ignored) == 0)
		rmdir(fresh);
	return -1;
}

/* A half-made folder of an interrupted pack is replaced; a finished one is not. */
static int pack_prepare(const struct site *site, const struct staging_name *name, char fresh[FILE_PATH_MAX],
			char final[FILE_PATH_MAX], struct error *e)
{
	char relative[160];
	if (staging_folder(site, name, final, e) != 0)
		return -1;
	if (access(final, F_OK) == 0)
		return error_set(
			e,
			"%s/%s is packed already in %s; a release never changes: give it a new version, or remove the "
			"folder if it was never signed",
			name->product, name->version, final);
	snprintf(relative, sizeof relative, "staging/%s/.%s.new", name->product, name->version);
	if (site_path(site, relative, fresh, e) != 0 || site_make(site, relative, 0755, e) != 0)
		return -1;
	return pack_empty(fresh, e);
}

static int pack_fill(struct publishing *p, const struct site_product *product, const struct pack_options *options,
		     struct packed *packed, struct error *e)
{
	struct targets targets = { 0 };
	struct release back = { 0 };
	char role[METADATA_ROLE_NAME_MAX];
	uint64_t highest;
	snprintf(role, sizeof role, "p/%s", product->name);
	if (repository_targets(&p->repository, role, &targets, e) < 0 ||
	    pack_survey(&targets, options, &highest, &back, &packed->has_return, e) != 0 ||
	    pack_counter(options, highest, &packed->release.counter, e) != 0)
		return -1;
	packed->product = span_of_text(product->name);
	packed->compatible_count = 1;
	packed->compatible[0] = product->compatible;
	packed->proof = options->proof;
	packed->log = options->log;
	packed->release.version = span_of_text(options->name.version);
	if (packed->has_return)
		packed->return_release = (struct packed_image){ .version = back.version,
								.image = back.image,
								.image_bytes = back.image_bytes,
								.table = back.table,
								.payload = back.payload,
								.counter = packed->release.counter + 1 };
	return 0;
}

static int pack_make(const struct site *site, const struct pack_options *options, struct ui *ui, struct packed *packed,
		     struct error *e)
{
	char fresh[FILE_PATH_MAX], final[FILE_PATH_MAX];
	static char build_id[17];
	if (pack_prepare(site, &options->name, fresh, final, e) != 0)
		return -1;
	if (pack_image_files(options, ui, fresh, &packed->release, e) != 0)
		return pack_undo(fresh);
	/* Without one from the build system, the artifact's own digest identifies the build. */
	hex_text((struct span){ packed->release.image.bytes, 8 }, build_id);
	packed->build_id = span_of_text(options->build_id != NULL ? options->build_id : build_id);
	if (pack_write(packed, fresh, e) != 0)
		return pack_undo(fresh);
	if (rename(fresh, final) == 0)
		return 0;
	error_errno(e, "cannot finish %s", final);
	return pack_undo(fresh);
}

static void pack_report(const struct ui *ui, const struct packed *packed, const char *name)
{
	char image[2 * DIGEST_BYTES + 1];
	hex_text(digest_span(&packed->release.image), image);
	if (ui->json)
		printf("{\"counter\":%llu,\"image\":\"%s\",\"image_bytes\":%llu,\"payload_bytes\":%llu,\"release\":\"%"
		       "s\"}\n",
		       (unsigned long long)packed->release.counter, image,
		       (unsigned long long)packed->release.image_bytes,
		       (unsigned long long)packed->release.payload.bytes, name);
	else
		printf("packed %s: counter %u.%u, image %llu bytes (SHA-256 %.16s...), %llu bytes travel%s%.*s\n"
		       "next: sealift release sign %s\n",
		       name, COUNTER_EPOCH(packed->release.counter), COUNTER_BUILD(packed->release.counter),
		       (unsigned long long)packed->release.image_bytes, image,
		       (unsigned long long)packed->release.payload.bytes, packed->has_return ? ", returns to " : "",
		       packed->has_return ? (int)packed->return_release.version.n : 0,
		       (const char *)packed->return_release.version.at, name);
}

static int pack_word(const char *text, const char *const *words, int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(words[i], text) == 0)
			return i;
	return -1;
}

static int pack_option(struct pack_options *o, const struct ui *ui, int option, const char *value)
{
	static const char *const proofs[] = { "none", "signed" };
	static const struct number segment = { "--segment-kib", "KiB", SEGMENT_BYTES_MIN >> 10,
					       SEGMENT_BYTES_MAX >> 10 };
	struct error e;
	int word = 0, failed = 0;
	if (option == 'p')
		failed = option_text("--product", value, o->name.product, sizeof o->name.product, &e);
	else if (option == 'v')
		failed = option_text("--version", value, o->name.version, sizeof o->name.version, &e);
	else if (option == 'b')
		o->build_id = value;
	else if (option == 'r')
		o->return_version = value;
	else if (option == 'c')
		o->counter = value;
	else if (option == 's')
		failed = number_parse_u32(&segment, value, &o->segment_kib, &e);
	else if (option == 'P')
		o->proof = (enum proof_level)(word = pack_word(value, proofs, 2));
	else
		return UI_USAGE;
	if (failed != 0)
		return ui_usage(ui, "%s", e.text);
	return word >= 0 ? UI_OK : ui_usage(ui, "'%s' is not one of the words that this option takes", value);
}

static int pack_parse(struct pack_options *o, struct ui *ui, int argc, char **argv)
{
	static const struct option options[] = {
		{ "product", required_argument, NULL, 'p' },  { "version", required_argument, NULL, 'v' },
		{ "build-id", required_argument, NULL, 'b' }, { "return", required_argument, NULL, 'r' },
		{ "counter", required_argument, NULL, 'c' },  { "segment-kib", required_argument, NULL, 's' },
		{ "proof", required_argument, NULL, 'P' },    { NULL, 0, NULL, 0 }
	};
	int option;
	while ((option = option_next(ui, argc, argv, options)) != -1) {
		int status = pack_option(o, ui, option, optarg);
		if (status != UI_OK)
			return status;
	}
	if (o->name.product[0] == '\0' || o->name.version[0] == '\0' || argc - optind != 1)
		return ui_usage(ui, "give --product, --version and one artifact");
	if (!release_is_version(span_of_text(o->name.version)))
		return ui_usage(ui, "version '%s': use letters, digits and . _ + -", o->name.version);
	o->artifact = argv[optind];
	return UI_OK;
}

static int pack_run(struct ui *ui, const char *site_path, int argc, char **argv)
{
	static struct site site;
	static struct publishing p;
	struct pack_options options = { .segment_kib = 1024, .proof = PROOF_SIGNED, .log = LOG_REQUIRED };
	struct packed packed = { 0 };
	struct error e = { 0 };
	char name[RELEASE_PRODUCT_MAX + RELEASE_VERSION_MAX + 2];
	int status = pack_parse(&options, ui, argc, argv);
	if (status != UI_OK)
		return status;
	if (site_load(&site, site_path, &e) != 0)
		return ui_fail(ui, &e);
	const struct site_product *product = site_product(&site, options.name.product, &e);
	if (product == NULL)
		return ui_fail(ui, &e);
	int failed = publishing_open(&site, &p, &e) != 0 || pack_fill(&p, product, &options, &packed, &e) != 0 ||
		     pack_make(&site, &options, ui, &packed, &e) != 0;
	snprintf(name, sizeof name, "%s/%s", options.name.product, options.name.version);
	if (!failed)
		pack_report(ui, &packed, name);
	publishing_close(&p);
	return failed ? ui_fail(ui, &e) : UI_OK;
}

const struct command command_pack = {
	"pack", "--product NAME --version VERSION [OPTION...] FILE", "turn an artifact into a release, not yet signed",
	"Cuts FILE into segments, compresses them, and describes the release: SHA-256, build id, compatible hardware,\n"
	"release counter, boot manifests, and the release to return to. The same input gives the same bytes.\n\n"
	"  --product NAME        one of the site's products\n"
	"  --version VERSION     as people write it; never used twice\n"
	"  --build-id TEXT       of the build system (default: from the artifact's SHA-256)\n"
	"  --return VERSION      the release to which an abort returns devices (default: the newest published)\n"
	"  --counter EPOCH.BUILD default: one more than the highest published\n"
	"  --segment-kib N       4, 8, 16 ... 1024 (default 1024; small for microcontrollers)\n"
	"  --proof none|signed   what counts as a success (default signed: the device's signed report)\n\n"
	"Example: sealift pack --product edge-gateway --version 1.2.0 --build-id ci-4711 build/firmware.img\n",
	pack_run
};
