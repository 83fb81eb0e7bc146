#include <stdio.h>
#include <string.h>

#include "command.h"
#include "hex.h"
#include "publishing.h"
#include "staging.h"

/* Calls back for each release of each product; returns 0, or -1. */
static int release_each(const struct site *site, void (*each)(void *self, const struct release *release), void *self,
			struct error *e)
{
	static struct publishing p;
	struct targets targets[SITE_PRODUCTS_MAX] = { 0 };
	int failed = publishing_open(site, &p, e) != 0;
	/* All is read before anything is shown: an error is a document of its own. */
	for (uint32_t i = 0; i < site->product_count && !failed; i++) {
		char role[METADATA_ROLE_NAME_MAX];
		snprintf(role, sizeof role, "p/%s", site->products[i].name);
		failed = repository_targets(&p.repository, role, &targets[i], e) < 0;
	}
	for (uint32_t i = 0; i < site->product_count && !failed; i++) {
		for (uint32_t t = 0; t < targets[i].count; t++) {
			struct release release;
			if (release_decode(&targets[i].entries[t], &release) == FAULT_NONE)
				each(self, &release);
		}
	}
	publishing_close(&p);
	return failed ? -1 : 0;
}

struct release_output {
	const struct ui *ui;
	const struct staging_name *only; /* NULL: all */
	int shown;
};

static void release_print_json(const struct release *r)
{
	char image[65], manifest[65], table[65], payload[65];
	hex_text(digest_span(&r->image), image);
	hex_text(digest_span(&r->manifest.sha256), manifest);
	hex_text(digest_span(&r->table.sha256), table);
	hex_text(digest_span(&r->payload.sha256), payload);
	fputs("{\"build_id\":", stdout);
	ui_json_span(r->build_id);
	printf(",\"counter\":%llu,\"image\":\"%s\",\"image_bytes\":%llu,\"manifest\":\"%s\","
	       "\"path\":\"%.*s\",\"payload\":\"%s\",\"payload_bytes\":%llu,\"return\":\"%.*s\",\"table\":\"%s\","
	       "\"version\":\"%.*s\"}",
	       (unsigned long long)r->counter, image, (unsigned long long)r->image_bytes, manifest, (int)r->path.n,
	       (const char *)r->path.at, payload, (unsigned long long)r->payload.bytes, (int)r->return_path.n,
	       (const char *)r->return_path.at, table, (int)r->version.n, (const char *)r->version.at);
}

static void release_list_one(void *self, const struct release *r)
{
	struct release_output *out = self;
	char image[65];
	hex_text(digest_span(&r->image), image);
	if (out->ui->json) {
		fputs(out->shown == 0 ? "{\"releases\":[" : ",", stdout);
		release_print_json(r);
	} else {
		if (out->shown == 0)
			printf("%-44s %10s %12s %12s  %s\n", "RELEASE", "COUNTER", "IMAGE", "TRAVELS", "SHA-256");
		printf("%-44.*s %5u.%-4u %12llu %12llu  %.16s\n", (int)r->path.n, (const char *)r->path.at,
		       COUNTER_EPOCH(r->counter), COUNTER_BUILD(r->counter), (unsigned long long)r->image_bytes,
		       (unsigned long long)r->payload.bytes, image);
	}
	out->shown++;
}

static int release_list_run(struct ui *ui, const char *site_path, int argc, char **argv)
{
	static struct site site;
	struct error e = { 0 };
	struct release_output out = { .ui = ui };
	if (argc > 1)
		return ui_usage(ui, "this command takes no arguments");
	if (site_load(&site, site_path, &e) != 0)
		return ui_fail(ui, &e);
	if (release_each(&site, release_list_one, &out, &e) != 0)
		return ui_fail(ui, &e);
	if (ui->json)
		puts(out.shown == 0 ? "{\"releases\":[]}" : "]}");
	else if (out.shown == 0)
		puts("nothing is published yet; begin with 'sealift pack'");
	return UI_OK;
}

static void release_show_one(void *self, const struct release *r)
{
	struct release_output *out = self;
	char path[METADATA_PATH_MAX], back[METADATA_PATH_MAX], hex[65];
	staging_target_path(out->only, false, path);
	staging_target_path(out->only, true, back);
	if (!span_is(r->path, path) && !span_is(r->path, back))
		return;
	if (out->ui->json) {
		fputs(out->shown++ == 0 ? "{\"releases\":[" : ",", stdout);
		release_print_json(r);
		return;
	}
	printf("%s%.*s\n  version   %.*s\n  build id  %.*s\n  counter   %u.%u\n", out->shown++ == 0 ? "" : "\n",
	       (int)r->path.n, (const char *)r->path.at, (int)r->version.n, (const char *)r->version.at,
	       (int)r->build_id.n, (const char *)r->build_id.at, COUNTER_EPOCH(r->counter), COUNTER_BUILD(r->counter));
	hex_text(digest_span(&r->image), hex);
	printf("  image     %s (%llu bytes)\n", hex, (unsigned long long)r->image_bytes);
	hex_text(digest_span(&r->manifest.sha256), hex);
	printf("  manifest  %s\n", hex);
	hex_text(digest_span(&r->table.sha256), hex);
	printf("  table     %s\n", hex);
	hex_text(digest_span(&r->payload.sha256), hex);
	printf("  payload   %s (%llu bytes travel)\n", hex, (unsigned long long)r->payload.bytes);
}

static int release_show_run(struct ui *ui, const char *site_path, int argc, char **argv)
{
	static struct site site;
	struct staging_name name;
	struct error e = { 0 };
	struct release_output out = { .ui = ui, .only = &name };
	if (argc != 2)
		return ui_usage(ui, "name one release: PRODUCT/VERSION");
	if (staging_name_parse(argv[1], &name, &e) != 0)
		return ui_usage(ui, "%s", e.text);
	if (site_load(&site, site_path, &e) != 0)
		return ui_fail(ui, &e);
	int failed = release_each(&site, release_show_one, &out, &e);
	if (failed == 0 && out.shown == 0)
		failed = error_set(&e, "%s is not published; 'sealift release list' shows what is", argv[1]);
	if (failed == 0 && ui->json)
		puts("]}");
	return failed != 0 ? ui_fail(ui, &e) : UI_OK;
}

const struct command command_release_list = {
	"release list", "", "list what is published",
	"Reads the repository; needs no daemon.\n\nExample: sealift --json release list\n", release_list_run
};

const struct command command_release_show = {
	"release show", "PRODUCT/VERSION", "show one published release and its return release",
	"Digests, counter, sizes.\n\nExample: sealift release show edge-gateway/1.2.0\n", release_show_run
};
