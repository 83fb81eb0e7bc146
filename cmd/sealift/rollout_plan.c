#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "authority.h"
#include "client.h"
#include "command.h"
#include "crypto_openssl.h"
#include "identity.h"
#include "name.h"
#include "number.h"
#include "plan.h"
#include "publishing.h"
#include "rollout_power.h"
#include "staging.h"

#define ROLLOUT_PLAN_LIFETIME_S (90u * 86400)

struct rollout_plan {
	const struct site *site;
	struct staging_name name;
	char plan_name[RELEASE_VERSION_MAX + 1];
	struct plan plan;
	struct stage stages[PLAN_STAGES_MAX];
	struct span canaries[PLAN_DEVICES_MAX];
	uint32_t return_days, stage_hours, unknown_canaries;
	struct publishing publishing;
	const char *why;
};

/* --- options --- */

static int rollout_plan_order(const void *a, const void *b)
{
	return span_compare(*(const struct span *)a, *(const struct span *)b);
}

static int rollout_plan_canaries(struct rollout_plan *r, char *list, struct error *e)
{
	uint32_t n = 0;
	char *save = NULL;
	for (char *id = strtok_r(list, ",", &save); id != NULL; id = strtok_r(NULL, ",", &save)) {
		if (n == PLAN_DEVICES_MAX)
			return error_set(e, "at most %d canaries", PLAN_DEVICES_MAX);
		if (!name_is_word(span_of_text(id), IDENTITY_ID_MAX))
			return error_set(e, "canary '%.60s' is not a device id", id);
		r->canaries[n++] = span_of_text(id);
	}
	if (n == 0)
		return error_set(e, "--canary takes device ids, separated by commas");
	/* Ascending, as a plan lists them, so that none comes twice. */
	qsort(r->canaries, n, sizeof *r->canaries, rollout_plan_order);
	for (uint32_t i = 1; i < n; i++)
		if (span_equal(r->canaries[i - 1], r->canaries[i]))
			return error_set(e, "canary '%.*s' is named twice", (int)r->canaries[i].n,
					 (const char *)r->canaries[i].at);
	r->stages[0] = (struct stage){
		.name = SPAN_LIT("canary"), .devices = r->canaries, .device_count = n, .range_to_bp = STAGE_RANGE_ALL
	};
	if (r->plan.stage_count == 0)
		r->plan.stage_count = 1;
	return 0;
}

/* NAME=PERCENT%[,attribute=value]... ; the text is kept and cut */
static int rollout_plan_stage(struct rollout_plan *r, char *text, struct error *e)
{
	static const struct number share = { "--stage", "percent", 100, 1000000 };
	char *rest = strchr(text, '=');
	if (r->plan.stage_count == 0)
		return error_set(e, "give --canary before the first --stage");
	if (r->plan.stage_count == PLAN_STAGES_MAX || rest == NULL)
		return error_set(e, "stage '%s': write NAME=PERCENT%%[,attribute=value], at most %d of them", text,
				 PLAN_STAGES_MAX);
	*rest++ = '\0';
	struct stage *stage = &r->stages[r->plan.stage_count++];
	*stage = (struct stage){ .name = span_of_text(text) };
	char *save = NULL;
	uint32_t ppm = 0;
	char *percent = strtok_r(rest, ",", &save);
	if (!name_is_word(stage->name, 32))
		return error_set(e, "stage '%.60s': a name has letters, digits and . _ -, at most 32", text);
	if (percent == NULL || number_percent(&share, percent, &ppm, e) != 0 || ppm % 100 != 0)
		return error_set(e, "stage '%s': '%s' is not a percentage such as 10%% (0.01 to 100, two decimals)",
				 text, percent != NULL ? percent : "");
	stage->range_to_bp = ppm / 100;
	for (char *pair = strtok_r(NULL, ",", &save); pair != NULL; pair = strtok_r(NULL, ",", &save)) {
		char *value = strchr(pair, '=');
		if (value == NULL || stage->group_count == STAGE_GROUP_MAX)
			return error_set(e, "stage '%s': '%s' is not attribute=value (at most %d)", text, pair,
					 STAGE_GROUP_MAX);
		*value++ = '\0';
		stage->group[stage->group_count++] = (struct attribute){ span_of_text(pair), span_of_text(value) };
	}
	return 0;
}

/* The options that are numbers alone: bounds as a plan has them. */
static int rollout_plan_number(struct rollout_plan *r, int option, const char *value, struct error *e)
{
	const struct {
		int option;
		bool is_percent;
		struct number number;
		uint32_t *out;
	} numbers[] = {
		{ '0', true, { "--p0", "percent", 1, 250000 }, &r->plan.p0_ppm },
		{ 'a', true, { "--alpha", "percent", 1, 500000 }, &r->plan.alpha_ppm },
		{ 'b', true, { "--beta", "percent", 1, 500000 }, &r->plan.beta_ppm },
		{ 'S', false, { "--soak", "seconds", 0, 30 * 86400 }, &r->plan.soak_s },
		{ 'C', false, { "--coverage", "percent", 0, 100 }, &r->plan.coverage_percent },
		{ 'e', false, { "--expect-report", "seconds", 1, 30 * 86400 }, &r->plan.report_expected_s },
		{ 'i', false, { "--in-flight", "devices", 1, 1000000 }, &r->plan.in_flight },
		{ 'd', false, { "--return-days", "days", 1, 3650 }, &r->return_days },
		{ 'h', false, { "--stage-hours", "hours", 0, 8760 }, &r->stage_hours },
	};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		if (numbers[i].option != option)
			continue;
		return numbers[i].is_percent ? number_percent(&numbers[i].number, value, numbers[i].out, e)
					     : number_parse_u32(&numbers[i].number, value, numbers[i].out, e);
	}
	return error_set(e, "unknown option");
}

static int rollout_plan_name(struct rollout_plan *r, const char *value, struct error *e)
{
	if (!name_is_word(span_of_text(value), sizeof r->plan_name - 1))
		return error_set(e, "--name '%.60s': use letters, digits and . _ -, at most %zu", value,
				 sizeof r->plan_name - 1);
	return option_text("--name", value, r->plan_name, sizeof r->plan_name, e);
}

static int rollout_plan_option(struct rollout_plan *r, const struct ui *ui, int option, char *value)
{
	struct error e = { 0 };
	int failed = 0;
	if (option == '?')
		return UI_USAGE;
	if (option == 'r')
		failed = staging_name_parse(value, &r->name, &e);
	else if (option == 'c')
		failed = rollout_plan_canaries(r, value, &e);
	else if (option == 's')
		failed = rollout_plan_stage(r, value, &e);
	else if (option == 'n')
		failed = rollout_plan_name(r, value, &e);
	else if (option == 'w')
		return option_why(ui, value, &r->why);
	else
		failed = rollout_plan_number(r, option, value, &e);
	return failed != 0 ? ui_usage(ui, "%s", e.text) : UI_OK;
}

static int rollout_plan_parse(struct rollout_plan *r, struct ui *ui, int argc, char **argv)
{
	static const struct option options[] = { { "release", required_argument, NULL, 'r' },
						 { "canary", required_argument, NULL, 'c' },
						 { "stage", required_argument, NULL, 's' },
						 { "name", required_argument, NULL, 'n' },
						 { "p0", required_argument, NULL, '0' },
						 { "alpha", required_argument, NULL, 'a' },
						 { "beta", required_argument, NULL, 'b' },
						 { "soak", required_argument, NULL, 'S' },
						 { "coverage", required_argument, NULL, 'C' },
						 { "expect-report", required_argument, NULL, 'e' },
						 { "in-flight", required_argument, NULL, 'i' },
						 { "return-days", required_argument, NULL, 'd' },
						 { "stage-hours", required_argument, NULL, 'h' },
						 { "why", required_argument, NULL, 'w' },
						 { NULL, 0, NULL, 0 } };
	int option;
	while ((option = option_next(ui, argc, argv, options)) != -1) {
		int status = rollout_plan_option(r, ui, option, optarg);
		if (status != UI_OK)
			return status;
	}
	if (argc != optind || r->name.product[0] == '\0')
		return ui_usage(ui, "give --release PRODUCT/VERSION");
	if (r->plan.stage_count == 0)
		return ui_usage(ui, "give the canaries: --canary ID[,ID...]");
	return UI_OK;
}

/* --- the plan --- */

static int rollout_plan_release(struct rollout_plan *r, bool is_return, struct plan_release *out,
				struct release *release, struct error *e)
{
	static char paths[2][METADATA_PATH_MAX];
	char role[METADATA_ROLE_NAME_MAX];
	struct targets targets = { 0 };
	snprintf(role, sizeof role, "p/%s", r->name.product);
	staging_target_path(&r->name, is_return, paths[is_return]);
	if (repository_targets(&r->publishing.repository, role, &targets, e) != 0)
		return error_within(e, "product %s", r->name.product);
	const struct target *target = targets_find(&targets, span_of_text(paths[is_return]));
	if (target == NULL || release_decode(target, release) != FAULT_NONE)
		return error_set(e, "%s is not published; 'sealift release list' shows what is", paths[is_return]);
	*out = (struct plan_release){ span_of_text(paths[is_return]), release->image, release->counter };
	return 0;
}

/* The version; a plan's name has neither + nor ~. */
static void rollout_plan_name_of(struct rollout_plan *r)
{
	snprintf(r->plan_name, sizeof r->plan_name, "%s", r->name.version);
	for (char *p = r->plan_name; *p != '\0'; p++)
		if (*p == '+' || *p == '~')
			*p = '_';
}

static int rollout_plan_fill(struct rollout_plan *r, struct error *e)
{
	struct release release, back;
	int64_t now = r->publishing.repository.now_unix;
	if (rollout_plan_release(r, false, &r->plan.release, &release, e) != 0)
		return -1;
	r->plan.has_return = release.return_path.n > 0;
	if (r->plan.has_return && rollout_plan_release(r, true, &r->plan.return_release, &back, e) != 0)
		return -1;
	if (r->plan.has_return)
		r->plan.return_until_unix = now + (int64_t)r->return_days * 86400;
	if (getrandom(r->plan.salt, sizeof r->plan.salt, 0) != (ssize_t)sizeof r->plan.salt)
		return error_errno(e, "no random bytes");
	for (uint32_t i = 0; i < r->plan.stage_count; i++)
		r->stages[i].earliest_unix = now + (int64_t)i * r->stage_hours * 3600;
	if (r->plan_name[0] == '\0')
		rollout_plan_name_of(r);
	r->plan.product = span_of_text(r->name.product);
	r->plan.name = span_of_text(r->plan_name);
	r->plan.stages = r->stages;
	return 0;
}

/* Signed by the approvers' own tokens, threshold m: the role's keys are theirs. */
static int rollout_plan_sign(struct rollout_plan *r, const char *role, const struct target *target,
			     struct envelope_reason reason, struct span *envelope, uint64_t *version, struct error *e)
{
	static const char *const approvers[] = { "approver/1", "approver/2" };
	struct publishing *p = &r->publishing;
	struct authority offline;
	struct writer body = publishing_buffer(p, STAGING_ROLE_BYTES_MAX),
		      out = publishing_buffer(p, STAGING_ROLE_BYTES_MAX);
	int failed = repository_next_version(&p->repository, role, version, e) != 0 ||
		     plan_role_body(&p->repository, role, *version, p->repository.now_unix + ROLLOUT_PLAN_LIFETIME_S,
				    target, &body, e) != 0;
	if (failed)
		return -1;
	if (authority_open_tokens(r->site, AUTHORITY_OFFLINE, &offline, e) != 0) {
		authority_close(&offline);
		return -1;
	}
	struct envelope_keys keys = { &offline.signer, approvers, SITE_APPROVER_THRESHOLD };
	failed = envelope_sign(&crypto_openssl, &keys, reason, writer_span(&body), &out, e);
	authority_close(&offline);
	*envelope = writer_span(&out);
	return failed == 0 ? 0 : error_within(e, "role %s", role);
}

/* The log, then the metadata, timestamp last. */
static int rollout_plan_commit(struct rollout_plan *r, const struct target *target, struct envelope_reason reason,
			       const struct signer *online, struct error *e)
{
	struct publishing *p = &r->publishing;
	uint8_t salt[32];
	uint64_t index;
	if (publishing_record(r->site, p, &target->sha256, "plan", target->path, reason, salt, &index, e) != 0 ||
	    ledger_commit(&p->ledger, online, reason, e) != 0)
		return -1;
	return repository_commit(&p->repository, online, reason, publishing_lifetimes, e);
}

static int rollout_plan_publish(struct rollout_plan *r, struct span text, char path[METADATA_PATH_MAX], struct error *e)
{
	struct publishing *p = &r->publishing;
	struct envelope_reason reason = { authority_who(), r->why };
	char role[METADATA_ROLE_NAME_MAX], stored[METADATA_PATH_MAX + 80] = "targets/";
	struct authority online = { 0 };
	struct span envelope;
	uint64_t version;
	snprintf(role, sizeof role, "plans/%s", r->name.product);
	struct target target = { span_of_text(path), text.n, sha256_of(&crypto_openssl, text), NULL };
	if (client_target_name(&target, stored + 8, sizeof stored - 8) != FAULT_NONE)
		return error_set(e, "the plan's name is too long");
	if (rollout_plan_sign(r, role, &target, reason, &envelope, &version, e) != 0 ||
	    tree_put_new(&p->tree, stored, text, e) != 0 ||
	    repository_stage(&p->repository, role, version, envelope, e) != 0)
		return -1;
	int failed = authority_open_signd(r->site, "online", "publisher", &online, e) != 0 ||
		     rollout_plan_commit(r, &target, reason, &online.signer, e) != 0;
	authority_close(&online);
	return failed ? -1 : 0;
}

static int rollout_plan_make(struct rollout_plan *r, const struct ui *ui, char path[METADATA_PATH_MAX], struct error *e)
{
	if (publishing_open(r->site, &r->publishing, e) != 0 || rollout_plan_fill(r, e) != 0)
		return -1;
	struct writer w = publishing_buffer(&r->publishing, PLAN_BYTES_MAX);
	struct plan check;
	plan_encode(&w, &r->plan);
	if (writer_end(&w) != FAULT_NONE)
		return error_set(e, "the plan cannot be written: %s", fault_text(w.fault));
	enum fault fault = plan_decode(writer_span(&w), &r->publishing.ws, &check);
	if (fault != FAULT_NONE)
		return error_set(e, "devices would refuse this plan: %s; check names, percentages and rates",
				 fault_text(fault));
	snprintf(path, METADATA_PATH_MAX, "plans/%s/%s.json", r->name.product, r->plan_name);
	r->unknown_canaries = rollout_power_say(ui, r->site, &r->plan);
	ui_say(ui,
	       "signing with this site's demonstration tokens of %d approvers, %s; in production each signs with "
	       "a token of their own",
	       SITE_APPROVER_THRESHOLD, "keys/offline approver/1 and approver/2");
	return rollout_plan_publish(r, writer_span(&w), path, e);
}

static int rollout_plan_run(struct ui *ui, const char *site_path, int argc, char **argv)
{
	static struct site site;
	static struct rollout_plan r;
	struct error e = { 0 };
	char path[METADATA_PATH_MAX];
	r = (struct rollout_plan){ .site = &site, .return_days = 14, .why = "rollout plan" };
	r.plan.p0_ppm = 10000;
	r.plan.alpha_ppm = 10000;
	r.plan.beta_ppm = 50000;
	r.plan.soak_s = 3600;
	r.plan.coverage_percent = 80;
	r.plan.report_expected_s = 7200;
	r.plan.in_flight = 8;
	int status = rollout_plan_parse(&r, ui, argc, argv);
	if (status != UI_OK)
		return status;
	if (site_load(&site, site_path, &e) != 0)
		return ui_fail(ui, &e);
	int failed = rollout_plan_make(&r, ui, path, &e);
	publishing_close(&r.publishing);
	if (failed != 0)
		return ui_fail(ui, &e);
	if (ui->json)
		printf("{\"demonstration\":true,\"plan\":\"%s\",\"unknown_canaries\":%u}\n", path, r.unknown_canaries);
	else
		printf("plan %s signed for %d of %d approvers and published\nnext: sealift rollout start %s\n", path,
		       SITE_APPROVER_THRESHOLD, SITE_APPROVER_KEYS, path);
	return UI_OK;
}

const struct command command_rollout_plan = {
	"rollout plan", "--release PRODUCT/VERSION --canary ID[,ID...] [--stage ...] [OPTION...]",
	"write, approve and publish the plan of a rollout",
	"A plan says who may get the release, in which order and not before when; approvers sign it with their own "
	"keys,\n"
	"and devices obey nothing that runs ahead of it. Stages open in the order given; a device belongs to the "
	"first\n"
	"that matches. Each stage is left only when the evidence says so. This version signs with the demonstration\n"
	"tokens of two approvers, which 'sealift init' made: who may run it here approves alone.\n\n"
	"  --canary ID[,ID...]                 the first stage, by device id\n"
	"  --stage NAME=PERCENT%[,attr=value]  a further stage: a share of all devices, or of those with the "
	"attribute\n"
	"  --name NAME                         of the plan (default: the version)\n"
	"  --p0 PERCENT                        failures that are tolerated (default 1)\n"
	"  --alpha PERCENT                     chance of a false abort, whole rollout (default 1)\n"
	"  --beta PERCENT                      chance to miss a bad release, each stage (default 5)\n"
	"  --soak SECONDS                      that a success must last (default 3600)\n"
	"  --coverage PERCENT                  of a stage that must have succeeded (default 80)\n"
	"  --expect-report SECONDS             in which a healthy device reports (default 7200)\n"
	"  --in-flight N                       unresolved devices at the start of a stage (default 8)\n"
	"  --stage-hours N                     at least so long between the stages (default 0)\n"
	"  --return-days N                     in which an abort may return devices (default 14)\n"
	"  --why TEXT                          for the journals\n\n"
	"Example: sealift rollout plan --release edge-gateway/1.2.0 --canary gw-001,gw-002 \\\n"
	"           --stage small=10% --stage regional=100%,region=eu --stage global=100%\n",
	rollout_plan_run
};
