#include <stdio.h>
#include <time.h>

#include "command.h"
#include "iso8601.h"
#include "publishing.h"

static void status_expiry(const struct ui *ui, const char *role, unsigned long long version, int64_t expires_unix)
{
	char when[ISO8601_BYTES + 1] = "?";
	int64_t left = expires_unix - time(NULL);
	if (iso8601_encode(expires_unix, when) != FAULT_NONE)
		return;
	if (!ui->json)
		printf("  %-28s version %-6llu expires %s%s\n", role, version, when,
		       left < 0       ? "  EXPIRED: publish, or sign it again"
		       : left < 86400 ? "  in less than a day"
				      : "");
	else
		printf(",{\"expires\":\"%s\",\"role\":\"%s\",\"version\":%llu}", when, role, version);
}

static int status_roles(const struct ui *ui, const struct site *site, struct publishing *p, struct error *e)
{
	status_expiry(ui, "snapshot", p->repository.snapshot.version, p->repository.snapshot.expires_unix);
	for (uint32_t i = 0; i < 1 + 2 * site->product_count; i++) {
		char role[METADATA_ROLE_NAME_MAX] = "targets";
		struct targets targets;
		if (i > 0)
			snprintf(role, sizeof role, "%s/%s", i % 2 == 1 ? "p" : "plans",
				 site->products[(i - 1) / 2].name);
		if (repository_targets(&p->repository, role, &targets, e) != 0)
			return error_within(e, "role %s", role);
		status_expiry(ui, role, targets.version, targets.expires_unix);
	}
	return 0;
}

static int status_run(struct ui *ui, const char *site_path, int argc, char **argv)
{
	static struct site site;
	static struct publishing p;
	struct error e = { 0 };
	if (argc > 1)
		return ui_usage(ui, "this command takes no arguments");
	if (site_load(&site, site_path, &e) != 0)
		return ui_fail(ui, &e);
	int failed = publishing_open(&site, &p, &e);
	if (failed == 0 && !ui->json) {
		printf("site %s, vendor %s\nproducts:\n", site.path, site.vendor);
		for (uint32_t i = 0; i < site.product_count; i++)
			printf("  %s (hardware class %s)\n", site.products[i].name, site.products[i].class_name);
		printf("metadata:\n");
	}
	if (failed == 0 && ui->json)
		printf("{\"log_size\":%llu,\"roles\":[{\"expires_unix\":%lld,\"role\":\"timestamp\",\"version\":%llu}",
		       (unsigned long long)p.ledger.signed_size, (long long)p.repository.timestamp.expires_unix,
		       (unsigned long long)p.repository.timestamp.version);
	else if (failed == 0)
		status_expiry(ui, "timestamp", p.repository.timestamp.version, p.repository.timestamp.expires_unix);
	if (failed == 0)
		failed = status_roles(ui, &site, &p, &e);
	if (failed == 0 && ui->json)
		puts("]}");
	else if (failed == 0)
		printf("log: %llu leaves\n", (unsigned long long)p.ledger.signed_size);
	publishing_close(&p);
	return failed != 0 ? ui_fail(ui, &e) : UI_OK;
}

const struct command command_status = { "status", "", "show the site: products, metadata and when it expires",
					"Needs no daemon.\n\nExample: sealift status\n", status_run };
