#include "rollout_power.h"

#include <stdio.h>

#include "crypto_openssl.h"
#include "gate.h"
#include "identity.h"
#include "operator.h"

struct rollout_power_count {
	uint32_t sizes[PLAN_STAGES_MAX];
	bool seen[PLAN_DEVICES_MAX]; /* of the first stage's list */
};

static void rollout_power_see(const struct plan *plan, struct span id, struct rollout_power_count *count)
{
	for (uint32_t i = 0; i < plan->stages[0].device_count; i++)
		if (span_equal(plan->stages[0].devices[i], id))
			count->seen[i] = true;
}

/* The devices of a page, each counted in its stage. */
static void rollout_power_count_page(const struct plan *plan, const struct json_node *list,
				     struct rollout_power_count *count)
{
	struct stage_list stages = { plan->stages, plan->stage_count };
	for (const struct json_node *d = list != NULL ? list->child : NULL; d != NULL; d = d->next) {
		struct identity identity;
		if (identity_decode(operator_text(d, "uri"), &identity) != FAULT_NONE)
			continue;
		uint32_t position = stage_position(&crypto_openssl, SPAN_OF(plan->salt), identity.id);
		int stage = stage_of(&stages, identity.id, identity.attributes, identity.attribute_count, position);
		if (stage != STAGE_NONE)
			count->sizes[stage]++;
		rollout_power_see(plan, identity.id, count);
	}
}

/* 0, or -1 where nobody answers: not a failure of the plan. */
static int rollout_power_ask(const struct site *site, const struct plan *plan, struct rollout_power_count *count)
{
	char path[256], after[IDENTITY_ID_MAX + 1] = "";
	struct error ignored;
	do {
		struct operator_answer answer;
		snprintf(path, sizeof path, "/v1/devices?limit=1000%s%s&product=%.*s",
			 after[0] != '\0' ? "&after=" : "", after, (int)plan->product.n,
			 (const char *)plan->product.at);
		if (operator_ask(site, "GET", path, NULL, &answer, &ignored) != 0) {
			operator_answer_free(&answer);
			return -1;
		}
		rollout_power_count_page(plan, operator_member(answer.root, "devices"), count);
		struct span next = operator_text(answer.root, "next");
		snprintf(after, sizeof after, "%.*s", (int)next.n, (const char *)next.at);
		operator_answer_free(&answer);
	} while (after[0] != '\0');
	return 0;
}

static void rollout_power_line(const struct ui *ui, const struct plan *plan, const struct stage *stage, uint32_t size)
{
	struct gate_policy policy = { .p0_ppm = plan->p0_ppm,
				      .alpha_ppm = plan->alpha_ppm,
				      .beta_ppm = plan->beta_ppm,
				      .soak_s = plan->soak_s,
				      .coverage_percent = plan->coverage_percent,
				      .initial_in_flight = plan->in_flight,
				      .expected_s = plan->report_expected_s };
	struct gate_power power = gate_power(&policy, size, plan->stage_count);
	if (size == 0) {
		ui_say(ui, "stage %.*s: no device as of now", (int)stage->name.n, (const char *)stage->name.at);
		return;
	}
	ui_say(ui,
	       "stage %.*s, %u device%s: can see failure rates from %.3g %%; %u clean reports promote, %u failures "
	       "stop",
	       (int)stage->name.n, (const char *)stage->name.at, size, size == 1 ? "" : "s",
	       (double)power.p1_ppm / 10000, power.clean_needed, power.failures_to_abort);
}

/* A mistyped canary is one that never comes, and the rollout waits for it. */
static uint32_t rollout_power_unknown(const struct ui *ui, const struct plan *plan,
				      const struct rollout_power_count *count)
{
	uint32_t unknown = 0;
	const struct stage *canaries = &plan->stages[0];
	for (uint32_t i = 0; i < canaries->device_count; i++) {
		if (count->seen[i])
			continue;
		unknown++;
		ui_say(ui, "warning: the server knows no device %.*s of product %.*s; is the canary's id right?",
		       (int)canaries->devices[i].n, (const char *)canaries->devices[i].at, (int)plan->product.n,
		       (const char *)plan->product.at);
	}
	return unknown;
}

uint32_t rollout_power_say(const struct ui *ui, const struct site *site, const struct plan *plan)
{
	static struct rollout_power_count count;
	count = (struct rollout_power_count){ 0 };
	bool known = rollout_power_ask(site, plan, &count) == 0;
	for (uint32_t i = 0; i < plan->stage_count; i++) {
		const struct stage *stage = &plan->stages[i];
		if (known)
			rollout_power_line(ui, plan, stage, count.sizes[i]);
		else if (stage->device_count > 0)
			rollout_power_line(ui, plan, stage, stage->device_count);
		else
			ui_say(ui, "stage %.*s: its size is known once sealiftd runs", (int)stage->name.n,
			       (const char *)stage->name.at);
	}
	return known ? rollout_power_unknown(ui, plan, &count) : 0;
}
