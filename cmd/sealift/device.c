#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "identity.h"
#include "name.h"
#include "operator.h"

static void device_when(long long unix_s, char out[32])
{
	time_t when = (time_t)unix_s;
	struct tm utc;
	if (unix_s == 0) {
		snprintf(out, 32, "never");
		return;
	}
	gmtime_r(&when, &utc);
	strftime(out, 32, "%Y-%m-%d %H:%M:%SZ", &utc);
}

static void device_row(const struct json_node *d)
{
	struct span id = operator_text(d, "id"), state = operator_text(d, "state"),
		    version = operator_text(d, "version"), cause = operator_text(d, "cause");
	char reported[32];
	device_when(operator_number(d, "reported"), reported);
	printf("%-24.*s %-12.*s %-14.*s %-21s %.*s\n", (int)id.n, (const char *)id.at, (int)state.n,
	       (const char *)state.at, (int)version.n, (const char *)version.at, reported, (int)cause.n,
	       (const char *)cause.at);
}

static void device_head(const struct ui *ui)
{
	if (ui->json)
		fputs("{\"devices\":[", stdout);
	else
		printf("%-24s %-12s %-14s %-21s %s\n", "DEVICE", "STATE", "RUNS", "REPORTED", "CAUSE");
}

/* Page after page, so that a fleet of any size is listed in bounded memory. */
static int device_list_pages(const struct site *site, const struct ui *ui, const char *query, struct error *e)
{
	char path[512], after[IDENTITY_ID_MAX + 1] = "";
	long long shown = 0;
	bool headed = false;
	do {
		struct operator_answer answer;
		snprintf(path, sizeof path, "/v1/devices?limit=1000%s%s%s", after[0] != '\0' ? "&after=" : "", after,
			 query);
		if (operator_ask(site, "GET", path, NULL, &answer, e) != 0) {
			operator_answer_free(&answer);
			return -1;
		}
		const struct json_node *list = operator_member(answer.root, "devices");
		/* Not before there is an answer: an error is a document of its own. */
		if (!headed)
			device_head(ui);
		headed = true;
		for (const struct json_node *d = list != NULL ? list->child : NULL; d != NULL; d = d->next, shown++) {
			if (ui->json)
				printf("%s%.*s", shown > 0 ? "," : "", (int)d->text.n, (const char *)d->text.at);
			else
				device_row(d);
		}
		struct span next = operator_text(answer.root, "next");
		snprintf(after, sizeof after, "%.*s", (int)next.n, (const char *)next.at);
		operator_answer_free(&answer);
	} while (after[0] != '\0');
	if (ui->json)
		puts("]}");
	else
		printf("%lld devices\n", shown);
	return 0;
}

static int device_list_run(struct ui *ui, const char *site_path, int argc, char **argv)
{
	static const struct option options[] = { { "product", required_argument, NULL, 'p' },
						 { "state", required_argument, NULL, 's' },
						 { NULL, 0, NULL, 0 } };
	static struct site site;
	struct error e = { 0 };
	char query[256], *product = NULL, *state = NULL;
	int option;
	while ((option = option_next(ui, argc, argv, options)) != -1) {
		if (option == '?')
			return UI_USAGE;
		char **value = option == 'p' ? &product : &state;
		if (!name_is_word(span_of_text(optarg), 64))
			return ui_usage(ui, "'%s' is not a name", optarg);
		*value = optarg;
	}
	if (argc != optind)
		return ui_usage(ui, "this command takes no arguments");
	snprintf(query, sizeof query, "%s%s%s%s", product != NULL ? "&product=" : "", product != NULL ? product : "",
		 state != NULL ? "&state=" : "", state != NULL ? state : "");
	if (site_load(&site, site_path, &e) != 0 || device_list_pages(&site, ui, query, &e) != 0)
		return ui_fail(ui, &e);
	return UI_OK;
}

static void device_print(const struct json_node *d)
{
	static const struct {
		const char *name, *label;
	} texts[] = { { "id", "device" },   { "product", "product" }, { "uri", "identity" },
		      { "state", "state" }, { "version", "runs" },    { "path", "release" },
		      { "image", "image" }, { "target", "target" },   { "cause", "cause" } };
	char when[32];
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct span text = operator_text(d, texts[i].name);
		if (text.n > 0)
			printf("%-12s %.*s\n", texts[i].label, (int)text.n, (const char *)text.at);
	}
	printf("%-12s %u.%u\n%-12s %lld\n", "counter", COUNTER_EPOCH((uint64_t)operator_number(d, "counter")),
	       COUNTER_BUILD((uint64_t)operator_number(d, "counter")), "boots", operator_number(d, "boot_count"));
	device_when(operator_number(d, "polled"), when);
	printf("%-12s %s\n", "last poll", when);
	device_when(operator_number(d, "reported"), when);
	printf("%-12s %s (report %lld)\n", "last report", when, operator_number(d, "sequence"));
}

static int device_show_run(struct ui *ui, const char *site_path, int argc, char **argv)
{
	static struct site site;
	struct operator_answer answer = { 0 };
	struct error e = { 0 };
	char path[128];
	if (argc != 2 || !name_is_word(span_of_text(argv[1]), IDENTITY_ID_MAX))
		return ui_usage(ui, "name one device by its id");
	snprintf(path, sizeof path, "/v1/devices/%s", argv[1]);
	int failed = site_load(&site, site_path, &e) != 0 || operator_ask(&site, "GET", path, NULL, &answer, &e) != 0;
	if (!failed && ui->json)
		puts(answer.text);
	else if (!failed)
		device_print(answer.root);
	operator_answer_free(&answer);
	return failed ? ui_fail(ui, &e) : UI_OK;
}

const struct command command_device_list = {
	"device list", "[--product NAME] [--state STATE]", "list the devices that the server knows",
	"STATE is one of new, idle, installing, activating, confirmed, rolled-back, refused, failed.\n\n"
	"Example: sealift device list --state rolled-back\n",
	device_list_run
};
const struct command command_device_show = { "device show", "ID", "show one device",
					     "What it runs, what it last said, and when.\n\n"
					     "Example: sealift device show gw-001\n",
					     device_show_run };
