/*
 * The gate's numbers: frontier, error rates and table of p1 were computed independently before the code was written
 * (docs/decisions/0003-sequential-gate.md), so that these tests compare two derivations.
 */
#include "gate.h"
#include "check.h"
#include "policy.h"

#include <math.h>

#define NOW 1800000000
#define MAX_DEVICES 4096

static struct gate_device rows[MAX_DEVICES];

/* p0 = 1 %, p1 = 10 %, alpha = 1 %, beta = 5 %, nothing but the evidence. */
static struct gate_policy textbook(void)
{
	struct gate_policy p = policy_usual();
	p.p1_ppm = 100000;
	p.soak_s = 0;
	p.coverage_percent = 0;
	return p;
}

static const struct gate_stage endless = { .planned = 4000, .devices = 4000, .stages = 1 };

static size_t add(size_t at, size_t n, enum gate_outcome outcome, int64_t seconds_ago)
{
	CHECK(at + n <= MAX_DEVICES);
	for (size_t i = 0; i < n; i++)
		rows[at + i] = (struct gate_device){ outcome, NOW - seconds_ago };
	return at + n;
}

/* A verdict over so many failures, successes and devices that have been silent for `silent_s`. */
static struct gate_verdict ask(const struct gate_policy *p, const struct gate_stage *s, size_t failed, size_t succeeded,
			       size_t silent, int64_t silent_s)
{
	size_t n = add(0, failed, GATE_FAILED, 0);
	n = add(n, succeeded, GATE_SUCCEEDED, 3600);
	n = add(n, silent, GATE_SILENT, silent_s);
	return gate_decide(p, s, rows, n, NULL, NOW);
}

static struct gate_stage stage_of_size(uint32_t n, uint32_t stages, bool is_last)
{
	return (struct gate_stage){ .planned = n, .devices = n, .stages = stages, .is_last = is_last };
}

static void abort_frontier_is_that_of_the_textbook(void)
{
	static const struct {
		size_t failures, last_report;
	} frontier[] = { { 2, 2 }, { 3, 27 }, { 4, 52 }, { 5, 77 } };
	struct gate_policy p = textbook();
	CHECK_EQ(ask(&p, &endless, 1, 0, 0, 0).action, GATE_WAIT);
	for (size_t i = 0; i < sizeof(frontier) / sizeof(frontier[0]); i++) {
		size_t k = frontier[i].failures, n = frontier[i].last_report;
		CHECK_EQ(ask(&p, &endless, k, n - k, 0, 0).action, GATE_ABORT);
		CHECK(ask(&p, &endless, k, n + 1 - k, 0, 0).action != GATE_ABORT);
	}
}

static void clean_reports_promote_at_32(void)
{
	struct gate_policy p = textbook();
	struct gate_verdict v = ask(&p, &endless, 0, 31, 0, 0);
	CHECK_EQ(v.action, GATE_WAIT);
	CHECK_EQ(v.reason, GATE_REASON_EVIDENCE);
	CHECK_EQ(v.clean_needed, 1);
	v = ask(&p, &endless, 0, 32, 0, 0);
	CHECK_EQ(v.action, GATE_PROMOTE);
	CHECK_EQ(v.clean_needed, 0);
	CHECK_EQ(ask(&p, &endless, 0, 0, 0, 0).clean_needed, 32);
}

static void clean_reports_for_other_rates(void)
{
	static const struct {
		uint32_t p0_ppm, p1_ppm, reports;
	} table[] = {
		{ 10000, 200000, 15 }, { 10000, 100000, 32 }, { 10000, 50000, 73 },
		{ 5000, 50000, 65 },   { 2000, 20000, 165 },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct gate_policy p = textbook();
		p.p0_ppm = table[i].p0_ppm;
		p.p1_ppm = table[i].p1_ppm;
		CHECK_EQ(gate_power(&p, 1000, 1).clean_needed, table[i].reports);
	}
}

static void numbers_in_micro_nats_are_exact(void)
{
	struct gate_policy p = textbook();
	struct gate_verdict v = ask(&p, &endless, 1, 1, 0, 0);
	CHECK_EQ(v.abort_at_unats, 4605170);
	CHECK_EQ(v.promote_at_unats, -2995732);
	CHECK_EQ(v.evidence_unats, 2302585 - 95310);
	CHECK_EQ(v.p1_ppm, 100000);
	CHECK_EQ(v.failures_to_abort, 2); /* one more comes to 4.510, not quite */
	struct gate_stage four = endless;
	four.stages = 4;
	CHECK_EQ(ask(&p, &four, 0, 0, 0, 0).abort_at_unats, 5991465); /* ln 400 */
}

struct chances {
	double aborts, promotes, failed_at_end;
};

#define DP_REPORTS 400
#define DP_FAILURES 24

static enum gate_action action_at[DP_REPORTS + 1][DP_FAILURES + 1];

/* The exact law of the test by its own decisions: one device reports at a time, and fails with chance p. */
static struct chances walk(double p)
{
	static double at[DP_REPORTS + 2][DP_FAILURES + 2];
	struct chances c = { 0 };
	memset(at, 0, sizeof(at));
	at[0][0] = 1;
	for (size_t n = 0; n <= DP_REPORTS; n++)
		for (size_t k = 0; k <= n && k <= DP_FAILURES; k++) {
			if (action_at[n][k] != GATE_WAIT) {
				*(action_at[n][k] == GATE_ABORT ? &c.aborts : &c.promotes) += at[n][k];
				c.failed_at_end += at[n][k] * (double)k;
				continue;
			}
			at[n + 1][k + 1] += at[n][k] * p;
			at[n + 1][k] += at[n][k] * (1 - p);
		}
	return c;
}

static void error_rates_are_those_promised(void)
{
	struct gate_policy p = textbook();
	for (size_t n = 0; n <= DP_REPORTS; n++)
		for (size_t k = 0; k <= n && k <= DP_FAILURES; k++)
			action_at[n][k] = ask(&p, &endless, k, n - k, 0, 0).action;
	struct chances good = walk(0.01), bad = walk(0.10), worse = walk(0.20), dead = walk(1.0);
	printf("# abort|p0 %.5f promote|p1 %.5f failed %.2f %.2f %.2f\n", good.aborts, bad.promotes, bad.failed_at_end,
	       worse.failed_at_end, dead.failed_at_end);
	CHECK(good.aborts + good.promotes > 0.999999 && bad.aborts + bad.promotes > 0.999999);
	CHECK(fabs(good.aborts - 0.0043) < 0.0001);
	CHECK(fabs(bad.promotes - 0.047) < 0.0005);
	CHECK(good.aborts <= 0.01 && bad.promotes <= 0.05);
	CHECK(fabs(bad.failed_at_end - 3.6) < 0.05);
	CHECK(fabs(worse.failed_at_end - 3.0) < 0.05);
	CHECK(fabs(dead.failed_at_end - 2.0) < 1e-9);
}

static void p1_follows_the_size_of_the_stage(void)
{
	static const struct {
		uint32_t devices, p1_permille;
	} table[] = { { 50, 122 }, { 150, 49 }, { 800, 30 }, { 5000, 30 }, { 1000000, 30 } };
	struct gate_policy p = policy_usual();
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		CHECK_EQ((gate_power(&p, table[i].devices, 4).p1_ppm + 500) / 1000, table[i].p1_permille);
	for (uint32_t n = 1; n < 1000; n++)
		CHECK(gate_power(&p, n, 4).p1_ppm >= gate_power(&p, n + 1, 4).p1_ppm);
}

/* Half of a stage's devices, rounded up, suffice; whatever beta, and down to a stage of one. */
static void every_stage_can_promote_on_its_own_devices(void)
{
	static const uint32_t betas[] = { 1, 1000, 50000, 500000 };
	for (size_t b = 0; b < sizeof(betas) / sizeof(betas[0]); b++)
		for (uint32_t n = 1; n <= 300; n++) {
			struct gate_policy p = policy_usual();
			p.beta_ppm = betas[b];
			struct gate_stage s = stage_of_size(n, 4, false);
			CHECK(gate_power(&p, n, 4).clean_needed <= (n + 1) / 2);
			CHECK_EQ(ask(&p, &s, 0, n, 0, 0).action, GATE_PROMOTE);
		}
}

/* 25 of 50 come to ln(beta) exactly: reaching the threshold is enough. */
static void half_of_a_stage_is_exactly_enough(void)
{
	struct gate_policy p = textbook();
	p.p1_ppm = 0;
	struct gate_stage s = stage_of_size(50, 4, false);
	CHECK_EQ(ask(&p, &s, 0, 25, 0, 0).evidence_unats, -2995732);
	CHECK_EQ(ask(&p, &s, 0, 24, 0, 0).action, GATE_WAIT);
	CHECK_EQ(ask(&p, &s, 0, 25, 0, 0).action, GATE_PROMOTE);
}

static void one_failure_never_aborts_by_itself(void)
{
	struct gate_policy p = policy_usual();
	for (uint32_t n = 1; n <= 300; n++)
		for (uint32_t stages = 1; stages <= 6; stages++) {
			struct gate_stage s = stage_of_size(n, stages, false);
			CHECK(ask(&p, &s, 1, 0, 0, 0).action != GATE_ABORT);
			CHECK(gate_power(&p, n, stages).failures_to_abort >= 2);
		}
}

/* Ten canaries of 100 devices in four stages, all of whose boots fail: two reports are enough. */
static void a_dead_release_is_stopped_within_the_canaries(void)
{
	struct gate_policy p = policy_usual();
	struct gate_stage s = stage_of_size(10, 4, false);
	CHECK_EQ(ask(&p, &s, 0, 0, 0, 0).may_offer, 8);
	CHECK_EQ(ask(&p, &s, 1, 0, 7, 0).may_offer, 0); /* the place of a failure stays taken */
	struct gate_verdict v = ask(&p, &s, 2, 0, 6, 0);
	CHECK_EQ(v.action, GATE_ABORT);
	CHECK_EQ(v.may_offer, 0);
}

static void silence_rises_smoothly_to_a_failure(void)
{
	struct gate_policy p = policy_usual();
	struct gate_stage s = stage_of_size(50, 4, false);
	int64_t failure = ask(&p, &s, 1, 0, 0, 0).evidence_unats, before = 0;
	CHECK_EQ(gate_silence_unats(&p, 50, NULL, 0), 0);
	CHECK_EQ(gate_silence_unats(&p, 50, NULL, p.expected_s), 0);
	for (int64_t u = 0; u < 4 * (int64_t)p.expected_s; u += 10) {
		int64_t w = gate_silence_unats(&p, 50, NULL, u);
		CHECK(w >= before && w - before < failure / 5);
		CHECK(w <= failure);
		before = w;
	}
	CHECK_EQ(gate_silence_unats(&p, 50, NULL, 4 * (int64_t)p.expected_s), failure);
	CHECK_EQ(gate_silence_unats(&p, 50, NULL, INT64_MAX), failure);
}

/* S = 1/2 at 1.25 times expected_s; b = 0.5, p1 = 12.18 %, p0 = 1 %: ln(0.530455 / 0.5025). */
static void silence_weighs_what_the_formula_says(void)
{
	struct gate_policy p = policy_usual();
	double p1 = 1 - 0.99 * pow(0.05, 2.0 / 50);
	double want = log((p1 / 2 + (1 - p1 / 2) / 2) / (0.005 + 0.995 / 2));
	CHECK(fabs((double)gate_silence_unats(&p, 50, NULL, 4500) - want * 1e6) <= 1);
	CHECK(fabs(want - log(0.530455 / 0.5025)) < 1e-4);
}

static void silent_bricks_abort_and_offers_stop_at_the_window(void)
{
	struct gate_policy p = policy_usual();
	struct gate_stage s = stage_of_size(1000, 6, false);
	CHECK_EQ(ask(&p, &s, 0, 0, 8, 60).may_offer, 0);
	bool aborted = false;
	for (int64_t u = 0; u <= 4 * (int64_t)p.expected_s && !aborted; u += 60) {
		struct gate_verdict v = ask(&p, &s, 0, 0, 8, u);
		aborted = v.action == GATE_ABORT;
		CHECK_EQ(v.may_offer, 0);
		CHECK(!aborted || u > p.expected_s);
	}
	CHECK(aborted);
}

static void a_late_return_corrects_the_evidence(void)
{
	struct gate_policy p = policy_usual();
	struct gate_stage s = stage_of_size(50, 4, false);
	struct gate_verdict lost = ask(&p, &s, 0, 10, 1, 1000000);
	struct gate_verdict back = ask(&p, &s, 0, 11, 0, 0);
	struct gate_verdict bad = ask(&p, &s, 1, 10, 0, 0);
	CHECK_EQ(lost.lost, 1);
	CHECK_EQ(lost.in_flight, 0);
	CHECK_EQ(lost.evidence_unats, bad.evidence_unats);
	CHECK(lost.evidence_unats > 0 && back.evidence_unats < 0);
	CHECK_EQ(back.evidence_unats, ask(&p, &s, 0, 11, 0, 0).evidence_unats);
}

static void measured_times_replace_the_expectation(void)
{
	struct gate_policy p = policy_usual();
	struct gate_times times = { 0 };
	for (uint32_t i = 0; i < GATE_TIMES_ENOUGH - 1; i++)
		gate_times_add(&times, 10 + i % 50);
	CHECK_EQ(gate_silence_unats(&p, 50, &times, 200), 0); /* still the hour of the policy */
	gate_times_add(&times, 30);
	int64_t failure = gate_silence_unats(&p, 50, NULL, INT64_MAX), before = 0;
	CHECK_EQ(gate_silence_unats(&p, 50, &times, 200), failure);
	CHECK_EQ(gate_silence_unats(&p, 50, &times, 5), 0);
	for (int64_t u = 0; u < 300; u++) {
		int64_t w = gate_silence_unats(&p, 50, &times, u);
		CHECK(w >= before);
		before = w;
	}
	/* 199 of 500 took as long; the slack is sqrt(ln(100)/1000). */
	double still = 199.0 / 500 + sqrt(log(100) / 1000), p1 = 1 - 0.99 * pow(0.05, 2.0 / 50);
	double want = log((p1 / 2 + (1 - p1 / 2) * still) / (0.005 + 0.995 * still));
	CHECK(fabs((double)gate_silence_unats(&p, 50, &times, 40) - want * 1e6) <= 1);
	CHECK_EQ(gate_silence_unats(&p, 50, &times, 4294967296 + 5), failure); /* no wrap to 5 s */
}

static void measured_times_take_any_seconds(void)
{
	static const uint32_t seconds[] = { 0, 1, 3, 4, 5, 7, 8, 3600, 86400, INT32_MAX, UINT32_MAX };
	struct gate_policy p = policy_usual();
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		struct gate_times times = { 0 };
		for (int n = 0; n < GATE_TIMES_ENOUGH; n++)
			gate_times_add(&times, seconds[i]);
		CHECK_EQ(times.total, GATE_TIMES_ENOUGH);
		/* nobody is late at a time at which all healthy devices were still silent */
		CHECK_EQ(gate_silence_unats(&p, 50, &times, seconds[i]), 0);
		if (seconds[i] < INT32_MAX)
			CHECK(gate_silence_unats(&p, 50, &times, 2 * (int64_t)seconds[i] + 4) > 2000000);
	}
}

static void window_grows_with_successes_and_shrinks_under_suspicion(void)
{
	struct gate_policy p = policy_usual();
	struct gate_stage s = stage_of_size(500, 4, false);
	CHECK_EQ(ask(&p, &s, 0, 0, 0, 0).window, 8);
	CHECK_EQ(ask(&p, &s, 0, 0, 5, 10).may_offer, 3);
	CHECK_EQ(ask(&p, &s, 0, 8, 0, 0).window, 16);
	CHECK_EQ(ask(&p, &s, 0, 8, 16, 10).may_offer, 0);
	struct gate_verdict v = ask(&p, &s, 1, 8, 4, 10);
	CHECK(v.evidence_unats > 0);
	CHECK_EQ(v.window, 8);
	CHECK_EQ(v.may_offer, 4);
	CHECK_EQ(ask(&p, &s, 1, 8, 12, 10).may_offer, 0);  /* more in flight than the window: no underflow */
	CHECK_EQ(ask(&p, &s, 0, 490, 8, 10).may_offer, 2); /* no more than the stage has */
	CHECK_EQ(ask(&p, &s, 2, 300, 0, 0).window, 306);
	p.initial_in_flight = 2;
	CHECK_EQ(ask(&p, &s, 0, 0, 0, 0).may_offer, 2);
	CHECK_EQ(ask(&p, &s, 0, 1, 0, 0).window, 3);
}

/* Under a very small alpha ten failures do not abort yet: one device at a time still goes, or nothing would end. */
static void window_never_closes_for_good(void)
{
	struct gate_policy p = policy_usual();
	p.alpha_ppm = 1;
	struct gate_stage s = stage_of_size(500, 4, false);
	struct gate_verdict v = ask(&p, &s, 10, 0, 0, 0);
	CHECK_EQ(v.action, GATE_WAIT);
	CHECK_EQ(v.window, 1);
	CHECK_EQ(v.may_offer, 1);
	CHECK_EQ(ask(&p, &s, 10, 0, 1, 0).may_offer, 0);
	CHECK_EQ(ask(&p, &s, 6, 0, 2, 1000000).window, 1); /* the lost hold their places too */
}

static void coverage_and_soak_hold_a_promotion_back(void)
{
	struct gate_policy p = policy_usual();
	struct gate_stage s = stage_of_size(50, 4, false);
	struct gate_verdict v = ask(&p, &s, 0, 39, 0, 0);
	CHECK(v.evidence_unats <= v.promote_at_unats);
	CHECK_EQ(v.action, GATE_WAIT);
	CHECK_EQ(v.reason, GATE_REASON_COVERAGE);
	CHECK_EQ(ask(&p, &s, 0, 40, 0, 0).action, GATE_PROMOTE);

	size_t n = add(0, 39, GATE_SUCCEEDED, p.soak_s);
	n = add(n, 11, GATE_SUCCEEDED, (int64_t)p.soak_s - 1);
	v = gate_decide(&p, &s, rows, n, NULL, NOW);
	CHECK_EQ(v.action, GATE_WAIT);
	CHECK_EQ(v.reason, GATE_REASON_SOAK);
	v = gate_decide(&p, &s, rows, n, NULL, NOW + 1);
	CHECK_EQ(v.action, GATE_PROMOTE);
	CHECK_EQ(v.reason, GATE_REASON_NONE);
}

/* Fifty heard, four failed: neither threshold is reached, so the stage asks for as many as clean reports would need. */
static void an_inconclusive_stage_is_extended(void)
{
	struct gate_policy p = policy_usual();
	struct gate_stage s = stage_of_size(50, 4, false);
	CHECK_EQ(ask(&p, &s, 2, 47, 1, 10).action, GATE_WAIT); /* one may still speak */
	struct gate_verdict v = ask(&p, &s, 2, 48, 0, 0);
	CHECK_EQ(v.action, GATE_EXTEND);
	CHECK_EQ(v.reason, GATE_REASON_EVIDENCE);
	CHECK_EQ(v.extend_by, v.clean_needed);
	s.devices += v.extend_by;
	CHECK_EQ(ask(&p, &s, 2, 48 + v.extend_by - 1, 0, 0).action, GATE_WAIT);
	CHECK_EQ(ask(&p, &s, 2, 48 + v.extend_by, 0, 0).action, GATE_PROMOTE);
}

/* A lost device never returns; the stage must not wait for it for ever, nor promote as if it were well. */
static void a_lost_canary_extends_its_stage(void)
{
	struct gate_policy p = policy_usual();
	struct gate_stage s = stage_of_size(3, 4, false);
	CHECK_EQ(ask(&p, &s, 0, 2, 1, p.expected_s).action, GATE_WAIT);
	struct gate_verdict v = ask(&p, &s, 0, 2, 1, 4 * (int64_t)p.expected_s);
	CHECK_EQ(v.action, GATE_EXTEND);
	CHECK_EQ(v.extend_by, 2);
	s.devices += v.extend_by;
	CHECK_EQ(ask(&p, &s, 0, 4, 1, 4 * (int64_t)p.expected_s).action, GATE_PROMOTE);
}

/* 8 of 10 clean and p0 high: the evidence is in, the coverage is not; extended until 80 % can be met. */
static void coverage_alone_can_extend(void)
{
	struct gate_policy p = policy_usual();
	p.coverage_percent = 90;
	p.p0_ppm = 200000;
	p.p1_ppm = 900000;
	struct gate_stage s = stage_of_size(10, 4, false);
	struct gate_verdict v = ask(&p, &s, 2, 8, 0, 0);
	CHECK_EQ(v.action, GATE_EXTEND);
	CHECK_EQ(v.reason, GATE_REASON_COVERAGE);
	CHECK_EQ(v.extend_by, 10); /* 18 of 20 */
	s.devices += v.extend_by;
	CHECK_EQ(ask(&p, &s, 2, 18, 0, 0).action, GATE_PROMOTE);
	p.coverage_percent = 70;
	s.devices = 10;
	CHECK_EQ(ask(&p, &s, 4, 6, 0, 0).extend_by, 4); /* 10 of 14; 9 of 13 is not enough */
	p.coverage_percent = 100;
	CHECK_EQ(ask(&p, &s, 2, 8, 0, 0).action, GATE_WAIT); /* nothing can mend it: a person decides */
}

static void the_last_stage_ends_when_all_are_heard(void)
{
	struct gate_policy p = policy_usual();
	struct gate_stage s = stage_of_size(50, 4, true);
	CHECK_EQ(ask(&p, &s, 0, 49, 0, 0).reason, GATE_REASON_OPEN);   /* one not offered yet */
	CHECK_EQ(ask(&p, &s, 0, 49, 1, 10).reason, GATE_REASON_OPEN);  /* one not heard yet */
	CHECK_EQ(ask(&p, &s, 0, 49, 1, 1000000).action, GATE_PROMOTE); /* one lost */
	CHECK_EQ(ask(&p, &s, 2, 48, 0, 0).action, GATE_PROMOTE);       /* inconclusive, and nothing left to ask */
	CHECK_EQ(ask(&p, &s, 5, 45, 0, 0).action, GATE_ABORT);
	size_t n = add(0, 50, GATE_SUCCEEDED, 1);
	CHECK_EQ(gate_decide(&p, &s, rows, n, NULL, NOW).reason, GATE_REASON_SOAK);
}

static void an_empty_stage_is_not_evidence(void)
{
	struct gate_policy p = policy_usual();
	struct gate_stage s = stage_of_size(0, 4, false);
	struct gate_verdict v = gate_decide(&p, &s, NULL, 0, NULL, NOW);
	CHECK_EQ(v.action, GATE_EXTEND);
	CHECK_EQ(v.extend_by, 1);
	s.is_last = true;
	CHECK_EQ(gate_decide(&p, &s, NULL, 0, NULL, NOW).action, GATE_PROMOTE);
}

static void order_of_rows_does_not_matter(void)
{
	struct gate_policy p = policy_usual();
	struct gate_stage s = stage_of_size(500, 4, false);
	for (size_t i = 0; i < 300; i++)
		rows[i] = (struct gate_device){ i % 100 == 7 ? GATE_FAILED
						: i % 3 == 0 ? GATE_SILENT
							     : GATE_SUCCEEDED,
						NOW - (int64_t)(i * 40) };
	struct gate_verdict forward = gate_decide(&p, &s, rows, 300, NULL, NOW);
	for (size_t i = 0; i < 150; i++) {
		struct gate_device swap = rows[i];
		rows[i] = rows[299 - i];
		rows[299 - i] = swap;
	}
	struct gate_verdict backward = gate_decide(&p, &s, rows, 300, NULL, NOW);
	CHECK_EQ(backward.evidence_unats, forward.evidence_unats);
	CHECK_EQ(backward.may_offer, forward.may_offer);
	CHECK_EQ(backward.action, forward.action);
	CHECK(forward.lost > 0 && forward.in_flight > 0 && forward.failed == 3);
}

/* A clock that went back makes devices young, not lost, and no arithmetic overflows. */
static void times_out_of_order_are_harmless(void)
{
	struct gate_policy p = policy_usual();
	struct gate_stage s = stage_of_size(50, 4, false);
	rows[0] = (struct gate_device){ GATE_SILENT, INT64_MAX };
	rows[1] = (struct gate_device){ GATE_SILENT, INT64_MIN };
	rows[2] = (struct gate_device){ GATE_SUCCEEDED, NOW + 5 };
	struct gate_verdict v = gate_decide(&p, &s, rows, 3, NULL, NOW);
	CHECK_EQ(v.in_flight, 1);
	CHECK_EQ(v.lost, 1);
	CHECK_EQ(v.succeeded, 1);
	p.soak_s = 0;
	p.coverage_percent = 2;
	s = stage_of_size(1, 4, false);
	CHECK_EQ(gate_decide(&p, &s, &rows[2], 1, NULL, NOW).action, GATE_PROMOTE);
}

static void a_policy_out_of_bounds_offers_nothing(void)
{
	struct gate_policy good = policy_usual(), bad[13];
	CHECK(gate_policy_is_valid(&good));
	for (size_t i = 0; i < 13; i++)
		bad[i] = good;
	bad[0].p0_ppm = 0;
	bad[1].p0_ppm = 250001;
	bad[2].alpha_ppm = 0;
	bad[3].alpha_ppm = 500001;
	bad[4].beta_ppm = 0;
	bad[5].beta_ppm = 500001;
	bad[6].p1_ppm = good.p0_ppm;
	bad[7].p1_ppm = 1000000;
	bad[8].coverage_percent = 101;
	bad[9].initial_in_flight = 0;
	bad[10].expected_s = 0;
	bad[11].p0_ppm = UINT32_MAX;
	bad[12].p1_ppm = 1;
	struct gate_stage s = stage_of_size(50, 4, false);
	for (size_t i = 0; i < 13; i++) {
		CHECK(!gate_policy_is_valid(&bad[i]));
		struct gate_verdict v = ask(&bad[i], &s, 0, 50, 0, 0);
		CHECK_EQ(v.action, GATE_WAIT);
		CHECK_EQ(v.reason, GATE_REASON_POLICY);
		CHECK_EQ(v.may_offer, 0);
		CHECK_EQ(gate_power(&bad[i], 50, 4).p1_ppm, 0);
	}
	s.stages = 0;
	CHECK_EQ(ask(&good, &s, 0, 50, 0, 0).reason, GATE_REASON_POLICY);
	CHECK_EQ(gate_power(&good, 50, 0).clean_needed, 0);
	s.stages = 4;
	CHECK_EQ(gate_decide(&good, &s, rows, (size_t)UINT32_MAX + 1, NULL, NOW).reason, GATE_REASON_POLICY);
	CHECK_EQ(gate_silence_unats(&bad[0], 50, NULL, INT64_MAX), 0);
}

static void measured_times_stop_at_the_most(void)
{
	struct gate_times times = { .total = UINT32_MAX };
	gate_times_add(&times, 0);
	CHECK_EQ(times.total, UINT32_MAX);
	CHECK_EQ(times.bucket[0], 0);
}

static void each_reason_has_its_words(void)
{
	for (int i = GATE_REASON_NONE; i <= GATE_REASON_OPEN; i++)
		for (int j = GATE_REASON_NONE; j <= GATE_REASON_OPEN + 1; j++) {
			const char *a = gate_reason_text((enum gate_reason)i),
				   *b = gate_reason_text((enum gate_reason)j);
			CHECK_EQ(strcmp(a, b) == 0, i == j);
		}
}

/* 4,000 failures at the least weight of a success ask for more clean reports than a number holds. */
static void clean_reports_are_counted_up_to_the_most(void)
{
	struct gate_policy p = textbook();
	p.p0_ppm = 249999;
	p.p1_ppm = 250000;
	CHECK(ask(&p, &endless, 0, 0, 0, 0).clean_needed < UINT32_MAX);
	p.p0_ppm = 1;
	p.p1_ppm = 2;
	CHECK(ask(&p, &endless, 4000, 0, 0, 0).clean_needed > 2000000000);
}

static const struct check_case cases[] = {
	CASE(abort_frontier_is_that_of_the_textbook),
	CASE(clean_reports_promote_at_32),
	CASE(clean_reports_for_other_rates),
	CASE(numbers_in_micro_nats_are_exact),
	CASE(error_rates_are_those_promised),
	CASE(p1_follows_the_size_of_the_stage),
	CASE(every_stage_can_promote_on_its_own_devices),
	CASE(half_of_a_stage_is_exactly_enough),
	CASE(one_failure_never_aborts_by_itself),
	CASE(a_dead_release_is_stopped_within_the_canaries),
	CASE(silence_rises_smoothly_to_a_failure),
	CASE(silence_weighs_what_the_formula_says),
	CASE(silent_bricks_abort_and_offers_stop_at_the_window),
	CASE(a_late_return_corrects_the_evidence),
	CASE(measured_times_replace_the_expectation),
	CASE(measured_times_take_any_seconds),
	CASE(window_grows_with_successes_and_shrinks_under_suspicion),
	CASE(window_never_closes_for_good),
	CASE(coverage_and_soak_hold_a_promotion_back),
	CASE(an_inconclusive_stage_is_extended),
	CASE(a_lost_canary_extends_its_stage),
	CASE(coverage_alone_can_extend),
	CASE(the_last_stage_ends_when_all_are_heard),
	CASE(an_empty_stage_is_not_evidence),
	CASE(order_of_rows_does_not_matter),
	CASE(times_out_of_order_are_harmless),
	CASE(a_policy_out_of_bounds_offers_nothing),
	CASE(measured_times_stop_at_the_most),
	CASE(each_reason_has_its_words),
	CASE(clean_reports_are_counted_up_to_the_most),
};

CHECK_MAIN(cases)
