#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "authority.h"
#include "command.h"
#include "json.h"
#include "operator.h"

#define ROLLOUT_BAR 24

static void rollout_bar(long long done, long long all, char out[ROLLOUT_BAR + 1])
{
	int filled = all > 0 ? (int)(done * ROLLOUT_BAR / all) : 0;
	memset(out, '.', ROLLOUT_BAR);
	memset(out, '#', (size_t)(filled > ROLLOUT_BAR ? ROLLOUT_BAR : filled));
	out[ROLLOUT_BAR] = '\0';
}

static void rollout_print(const struct json_node *r)
{
	struct span release = operator_text(r, "release"), state = operator_text(r, "state"),
		    stage = operator_text(r, "stage_name"), reason = operator_text(r, "reason"),
		    why = operator_text(r, "why");
	char bar[ROLLOUT_BAR + 1];
	rollout_bar(operator_number(r, "stage_succeeded"), operator_number(r, "stage_devices"), bar);
	printf("rollout %lld  %.*s  %.*s\n", operator_number(r, "id"), (int)release.n, (const char *)release.at,
	       (int)state.n, (const char *)state.at);
	printf("  stage %lld of %lld, %.*s  [%s] %lld of %lld succeeded, %lld failed, %lld in flight, %lld lost\n",
	       operator_number(r, "stage") + 1, operator_number(r, "stages"), (int)stage.n, (const char *)stage.at, bar,
	       operator_number(r, "stage_succeeded"), operator_number(r, "stage_devices"),
	       operator_number(r, "stage_failed"), operator_number(r, "in_flight"), operator_number(r, "lost"));
	if (span_is(state, "running") || span_is(state, "paused"))
		printf("  evidence %+.2f nats: aborts at %+.2f, may promote at %+.2f\n",
		       (double)operator_number(r, "evidence") / 1e6, (double)operator_number(r, "abort_at") / 1e6,
		       (double)operator_number(r, "promote_at") / 1e6);
	printf("  in all: %lld offered, %lld succeeded, %lld failed; %lld may have booted it, %lld of them returned\n",
	       operator_number(r, "offered"), operator_number(r, "succeeded"), operator_number(r, "failed"),
	       operator_number(r, "affected"), operator_number(r, "returned"));
	if (reason.n > 0)
		printf("  waiting: %.*s\n", (int)reason.n, (const char *)reason.at);
	if (why.n > 0)
		printf("  last change: %.*s\n", (int)why.n, (const char *)why.at);
}

static int rollout_ask(struct ui *ui, const char *site_path, const char *method, const char *path, const char *body,
		       void (*print)(const struct json_node *root))
{
	static struct site site;
	struct operator_answer answer = { 0 };
	struct error e = { 0 };
	int failed = site_load(&site, site_path, &e) != 0 || operator_ask(&site, method, path, body, &answer, &e) != 0;
	if (!failed && ui->json)
		puts(answer.text);
	else if (!failed)
		print(answer.root);
	operator_answer_free(&answer);
	return failed ? ui_fail(ui, &e) : UI_OK;
}

/* {"plan":..., "who":..., "why":...}; plan NULL: left out */
static int rollout_body(const char *plan, const char *why, char *out, size_t capacity)
{
	struct writer w = writer_over(out, capacity - 1);
	struct json_writer json = json_writer_over(&w);
	json_write_object(&json);
	if (plan != NULL)
		json_write_member_text(&json, "plan", plan);
	json_write_member_text(&json, "who", authority_who());
	json_write_member_text(&json, "why", why);
	json_write_object_end(&json);
	if (writer_end(&w) != FAULT_NONE)
		return -1;
	out[w.used] = '\0';
	return 0;
}

/* --why and one argument. */
static int rollout_parse(struct ui *ui, int argc, char **argv, const char **why, const char **argument,
			 const char *what)
{
	static const struct option options[] = { { "why", required_argument, NULL, 'w' }, { NULL, 0, NULL, 0 } };
	int option;
	while ((option = option_next(ui, argc, argv, options)) != -1) {
		if (option != 'w' || option_why(ui, optarg, why) != UI_OK)
			return UI_USAGE;
	}
	if (argc - optind != 1)
		return ui_usage(ui, "name %s", what);
	*argument = argv[optind];
	return UI_OK;
}

static int rollout_start_run(struct ui *ui, const char *site_path, int argc, char **argv)
{
	const char *why = "start", *plan = NULL;
	char body[1024];
	int status = rollout_parse(ui, argc, argv, &why, &plan, "one plan, such as plans/edge-gateway/1.2.0.json");
	if (status != UI_OK)
		return status;
	if (rollout_body(plan, why, body, sizeof body) != 0)
		return ui_usage(ui, "the plan and the reason must be printable ASCII, and short");
	return rollout_ask(ui, site_path, "POST", "/v1/rollouts", body, rollout_print);
}

static void rollout_print_all(const struct json_node *root)
{
	const struct json_node *list = operator_member(root, "rollouts");
	if (list == NULL || list->child == NULL)
		puts("no rollout was started yet; 'sealift rollout plan', then 'sealift rollout start'");
	for (const struct json_node *r = list != NULL ? list->child : NULL; r != NULL; r = r->next)
		rollout_print(r);
}

static int rollout_status_run(struct ui *ui, const char *site_path, int argc, char **argv)
{
	char path[64];
	if (argc > 2 || (argc == 2 && strspn(argv[1], "0123456789") != strlen(argv[1])))
		return ui_usage(ui, "name one rollout by its number, or none for all");
	snprintf(path, sizeof path, "/v1/rollouts%s%s", argc == 2 ? "/" : "", argc == 2 ? argv[1] : "");
	return rollout_ask(ui, site_path, "GET", path, NULL, argc == 2 ? rollout_print : rollout_print_all);
}

static int rollout_change(struct ui *ui, const char *site_path, int argc, char **argv, const char *verb)
{
	const char *why = NULL, *id = NULL;
	char path[96], body[1024];
	int status = rollout_parse(ui, argc, argv, &why, &id,
				   "one rollout by its number ('sealift rollout status' lists them)");
	if (status != UI_OK)
		return status;
	if (strspn(id, "0123456789") != strlen(id) || strlen(id) > 18 || *id == '\0')
		return ui_usage(ui, "'%s' is not the number of a rollout", id);
	if (why == NULL)
		return ui_usage(ui, "give the reason: --why TEXT; the audit trail keeps it");
	snprintf(path, sizeof path, "/v1/rollouts/%s/%s", id, verb);
	if (rollout_body(NULL, why, body, sizeof body) != 0)
		return ui_usage(ui, "the reason must be printable ASCII, and short");
	return rollout_ask(ui, site_path, "POST", path, body, rollout_print);
}

static int rollout_pause_run(struct ui *ui, const char *site_path, int argc, char **argv)
{
	return rollout_change(ui, site_path, argc, argv, "pause");
}

static int rollout_resume_run(struct ui *ui, const char *site_path, int argc, char **argv)
{
	return rollout_change(ui, site_path, argc, argv, "resume");
}

static int rollout_abort_run(struct ui *ui, const char *site_path, int argc, char **argv)
{
	return rollout_change(ui, site_path, argc, argv, "abort");
}

const struct command command_rollout_start = { "rollout start", "[--why TEXT] PLAN", "let a published plan begin",
					       "The server begins to offer the release to the first stage. It can hold "
					       "back and stop, never run ahead of the plan.\n\n"
					       "Example: sealift rollout start plans/edge-gateway/1.2.0.json\n",
					       rollout_start_run };
const struct command command_rollout_status = {
	"rollout status", "[NUMBER]", "show how far rollouts are, and what the evidence says",
	"Evidence rises with each failure and with silence, falls with each proven success. At the abort line the "
	"rollout\n"
	"stops by itself and affected devices return; below the promote line the next stage may open.\n\n"
	"Example: sealift rollout status\n",
	rollout_status_run
};
const struct command command_rollout_pause = {
	"rollout pause", "--why TEXT NUMBER", "stop offers for now",
	"Devices that have downloaded but not activated the release wait too.\n\n"
	"Example: sealift rollout pause --why 'INC-7: looking at crash reports' 3\n",
	rollout_pause_run
};
const struct command command_rollout_resume = {
	"rollout resume", "--why TEXT NUMBER", "go on with a paused rollout",
	"Evidence is kept.\n\nExample: sealift rollout resume --why 'INC-7: not ours' 3\n", rollout_resume_run
};
const struct command command_rollout_abort = {
	"rollout abort", "--why TEXT NUMBER", "stop a rollout for good and return affected devices",
	"Offers stop at once; each device that may have booted the release gets the plan's return release, which was\n"
	"signed together with it. No new signature of the release authority is needed. It cannot be undone.\n\n"
	"Example: sealift rollout abort --why 'INC-7: loses its network' 3\n",
	rollout_abort_run
};
