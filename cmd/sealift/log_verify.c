#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "note.h"
#include "publishing.h"

#define LOG_VERIFY_REMEMBERED "publish/log.verified"

struct log_verify {
	struct site site;
	struct publishing publishing;
	const char *since; /* NULL: not asked for */
	uint64_t since_size, remembered_size;
	bool has_remembered;
	bool unread; /* there was nothing to compare with: no verdict on the log */
};

static void log_verify_free(uint8_t **bytes)
{
	free(*bytes);
}

/* 1: there is no such file. */
static int log_verify_earlier(struct log_verify *v, const char *path, uint64_t *size, struct error *e)
{
	__attribute__((cleanup(log_verify_free))) uint8_t *bytes = NULL;
	size_t n = 0;
	struct note note;
	int got = file_read_all(path, NOTE_BYTES_MAX, &bytes, &n, e);
	v->unread = got != 0;
	if (got != 0)
		return got;
	if (note_decode((struct span){ bytes, n }, &note) != FAULT_NONE) {
		v->unread = true;
		return error_set(e, "%s holds no checkpoint; give a copy of repo/log/checkpoint", path);
	}
	return ledger_verify_since(&v->publishing.ledger, &v->site.log_key, (struct span){ bytes, n }, path, size, e);
}

/* The head that this command saw last is one more witness: it is not in the folder that is published. */
static int log_verify_remembered(struct log_verify *v, struct error *e)
{
	char path[FILE_PATH_MAX];
	const struct ledger *ledger = &v->publishing.ledger;
	if (site_path(&v->site, LOG_VERIFY_REMEMBERED, path, e) != 0)
		return -1;
	int got = log_verify_earlier(v, path, &v->remembered_size, e);
	v->has_remembered = got == 0;
	if (got < 0)
		return -1;
	v->unread = false;
	return file_write(path, (struct span){ (const uint8_t *)ledger->checkpoint, ledger->checkpoint_bytes }, 0600,
			  e);
}

static int log_verify_all(struct log_verify *v, struct error *e)
{
	if (publishing_open(&v->site, &v->publishing, e) != 0 ||
	    ledger_verify(&v->publishing.ledger, &v->site.log_key, e) != 0)
		return -1;
	int got = v->since != NULL ? log_verify_earlier(v, v->since, &v->since_size, e) : 0;
	if (got > 0)
		return error_set(e, "there is no %s", v->since);
	return got < 0 ? -1 : log_verify_remembered(v, e);
}

static void log_verify_report(const struct log_verify *v, const struct ui *ui, unsigned long long size)
{
	if (ui->json) {
		fputs("{\"origin\":", stdout);
		ui_json_text(v->site.log_origin);
		if (v->since != NULL)
			printf(",\"since\":%llu", (unsigned long long)v->since_size);
		printf(",\"size\":%llu,\"verified\":true}\n", size);
		return;
	}
	printf("log %s: %llu leaves, tiles and signed checkpoint agree\n", v->site.log_origin, size);
	if (v->since != NULL)
		printf("it begins with the %llu leaves of %s\n", (unsigned long long)v->since_size, v->since);
	if (v->has_remembered)
		printf("it begins with the %llu leaves that were verified last time\n",
		       (unsigned long long)v->remembered_size);
}

static int log_verify_run(struct ui *ui, const char *site_path, int argc, char **argv)
{
	static const struct option options[] = { { "since", required_argument, NULL, 's' }, { NULL, 0, NULL, 0 } };
	static struct log_verify v;
	struct error e = { 0 };
	int option;
	while ((option = option_next(ui, argc, argv, options)) != -1) {
		if (option != 's')
			return UI_USAGE;
		v.since = optarg;
	}
	if (argc != optind)
		return ui_usage(ui, "this command takes options alone");
	if (site_load(&v.site, site_path, &e) != 0)
		return ui_fail(ui, &e);
	int failed = log_verify_all(&v, &e);
	unsigned long long size = v.publishing.ledger.signed_size;
	publishing_close(&v.publishing);
	if (failed && v.unread)
		return ui_fail(ui, &e);
	if (failed) {
		ui_fail(ui, &e);
		return UI_REFUSED;
	}
	log_verify_report(&v, ui, size);
	return UI_OK;
}

const struct command command_log_verify = {
	"log verify", "[--since FILE]", "check that the transparency log was not altered",
	"Recomputes the Merkle tree, compares it with every published tile and with the checkpoint that the log's key\n"
	"signed, and checks that the log begins with what this command verified last time. Exit status 3 where they\n"
	"disagree, 1 where FILE cannot be read or holds no checkpoint.\n\n"
	"  --since FILE   and that it begins with this earlier checkpoint: a copy of repo/log/checkpoint that you "
	"kept\n"
	"                 elsewhere\n\n"
	"Example: sealift log verify --since /mnt/auditor/checkpoint\n",
	log_verify_run
};
