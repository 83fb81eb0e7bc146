#include "staging.h"

#include <stdio.h>
#include <string.h>

#include "option.h"

int staging_name_parse(const char *text, struct staging_name *out, struct error *e)
{
	const char *slash = strchr(text, '/');
	struct span product = { (const uint8_t *)text, slash != NULL ? (size_t)(slash - text) : 0 };
	struct span version = span_of_text(slash != NULL ? slash + 1 : "");
	if (!release_is_product(product) || !release_is_version(version))
		return error_set(e, "'%s' does not name a release; write PRODUCT/VERSION, such as edge-gateway/1.2.0",
				 text);
	snprintf(out->product, sizeof out->product, "%.*s", (int)product.n, text);
	snprintf(out->version, sizeof out->version, "%s", slash + 1);
	return 0;
}

int staging_words(const struct ui *ui, int argc, char **argv, const char **why, struct staging_name *out)
{
	static const struct option options[] = { { "why", required_argument, NULL, 'w' }, { NULL, 0, NULL, 0 } };
	struct error e = { 0 };
	int option;
	while ((option = option_next(ui, argc, argv, options)) != -1) {
		if (option != 'w' || option_why(ui, optarg, why) != UI_OK)
			return UI_USAGE;
	}
	if (argc - optind != 1)
		return ui_usage(ui, "name one release: PRODUCT/VERSION");
	return staging_name_parse(argv[optind], out, &e) == 0 ? UI_OK : ui_usage(ui, "%s", e.text);
}

int staging_folder(const struct site *site, const struct staging_name *name, char out[FILE_PATH_MAX], struct error *e)
{
	char relative[160];
	snprintf(relative, sizeof relative, "staging/%s/%s", name->product, name->version);
	return site_path(site, relative, out, e);
}

int staging_file(const struct staging *staging, const char *file, char out[FILE_PATH_MAX], struct error *e)
{
	return file_join(out, staging->folder, file, e);
}

int staging_load(const struct site *site, const struct staging_name *name, struct staging *out, struct error *e)
{
	char path[FILE_PATH_MAX];
	size_t n = 0;
	struct workspace ws = workspace_over(out->memory, sizeof out->memory);
	out->name = *name;
	if (staging_folder(site, name, out->folder, e) != 0 || staging_file(out, "packed.json", path, e) != 0)
		return -1;
	int got = file_read(path, out->text, sizeof out->text, &n, e);
	if (got > 0)
		return error_set(e, "%s/%s is not packed; 'sealift pack --product %s --version %s FILE' does that",
				 name->product, name->version, name->product, name->version);
	if (got < 0)
		return -1;
	enum fault fault = packed_decode((struct span){ out->text, n }, &ws, &out->packed);
	if (fault != FAULT_NONE)
		return error_set(e, "%s: %s; pack it again", path, fault_text(fault));
	if (!span_is(out->packed.product, name->product) || !span_is(out->packed.release.version, name->version))
		return error_set(e, "%s describes another release; pack it again", path);
	return 0;
}

void staging_target_path(const struct staging_name *name, bool is_return, char out[METADATA_PATH_MAX])
{
	snprintf(out, METADATA_PATH_MAX, "p/%s/%s/%s", name->product, name->version, is_return ? "return" : "image");
}
