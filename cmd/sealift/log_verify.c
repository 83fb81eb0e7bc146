#include <stdio.h>

#include "command.h"
#include "publishing.h"

static int log_verify_run(struct ui *ui, const char *site_path, int argc, char **argv)
{
	static struct site site;
	static struct publishing p;
	struct error e = { 0 };
	if (argc > 1)
		return ui_usage(ui, "this command takes no arguments");
	if (site_load(&site, site_path, &e) != 0)
		return ui_fail(ui, &e);
	int failed = publishing_open(&site, &p, &e) != 0 || ledger_verify(&p.ledger, &site.log_key, &e) != 0;
	unsigned long long size = p.ledger.signed_size;
	publishing_close(&p);
	if (failed) {
		ui_fail(ui, &e);
		return UI_REFUSED;
	}
	if (!ui->json) {
		printf("log %s: %llu leaves, tiles and signed checkpoint agree\n", site.log_origin, size);
		return UI_OK;
	}
	fputs("{\"origin\":", stdout);
	ui_json_text(site.log_origin);
	printf(",\"size\":%llu,\"verified\":true}\n", size);
	return UI_OK;
}

const struct command command_log_verify = { "log verify", "", "check that the transparency log was not altered",
					    "Recomputes the Merkle tree from the published tiles and compares it with "
					    "the checkpoint that the log's key signed.\n"
					    "Exit status 3 where they disagree.\n\nExample: sealift log verify\n",
					    log_verify_run };
