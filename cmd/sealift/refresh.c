#include <stdio.h>

#include "authority.h"
#include "command.h"
#include "publishing.h"

/* Snapshot too, once half of its life is over. */
static int refresh_sign(struct publishing *p, const struct authority *online, struct error *e)
{
	struct envelope_reason reason = { authority_who(), "refresh" };
	int64_t left = p->repository.snapshot.expires_unix - p->repository.now_unix;
	if (left < (int64_t)publishing_lifetimes.snapshot_s / 2)
		return repository_commit(&p->repository, &online->signer, reason, publishing_lifetimes, e);
	return repository_refresh(&p->repository, &online->signer, reason, publishing_lifetimes, e);
}

static int refresh_run(struct ui *ui, const char *site_path, int argc, char **argv)
{
	static struct site site;
	static struct publishing p;
	struct authority online = { 0 };
	struct error e = { 0 };
	if (argc > 1)
		return ui_usage(ui, "this command takes no arguments");
	if (site_load(&site, site_path, &e) != 0)
		return ui_fail(ui, &e);
	int failed = publishing_open(&site, &p, &e) != 0 ||
		     authority_open_signd(&site, "online", "publisher", &online, &e) != 0 ||
		     refresh_sign(&p, &online, &e) != 0;
	unsigned long long timestamp = p.repository.timestamp.version, snapshot = p.repository.snapshot.version;
	authority_close(&online);
	publishing_close(&p);
	if (failed)
		return ui_fail(ui, &e);
	if (ui->json)
		printf("{\"snapshot\":%llu,\"timestamp\":%llu}\n", snapshot, timestamp);
	else
		printf("timestamp %llu over snapshot %llu published\n", timestamp, snapshot);
	return UI_OK;
}

const struct command command_refresh = {
	"refresh", "", "sign a new timestamp before the old one expires",
	"Devices install nothing new under an expired timestamp (72 hours). Publishing signs a new one; between two\n"
	"publications run this at least once a day, from a timer. The snapshot is renewed once half of its 30 days "
	"are\n"
	"over. Needs the online sealift-signd.\n\nExample: sealift refresh\n",
	refresh_run
};
