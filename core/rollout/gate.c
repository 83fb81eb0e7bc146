#include "gate.h"

#include <math.h>

#define PPM 1e6

/* Share of the failing devices that never say so. The other half reports its failure. */
#define SILENT_SHARE 0.5
/* Below this share of healthy devices still silent, a silence is a failure until the device returns. */
#define LOST_BELOW 0.002
/* The model of silence halves each quarter of expected_s after expected_s: lost at 3.25 times expected_s. */
#define HALVINGS_PER_EXPECTED 4.0
/* Confidence 1 - d with which the measured times bound the true ones (Dvoretzky-Kiefer-Wolfowitz, d = 1 %). */
#define TIMES_DOUBT 0.01

/* The two claims, and what a report says for the second against the first, in nats. */
struct weights {
	double p0, p1;
	double failure; /* ln(p1/p0) */
	double success; /* ln((1-p0)/(1-p1)), counted against the release's failing */
};

struct tally {
	uint32_t succeeded, soaked, failed, silent, lost;
	int64_t silence_unats; /* a sum of rounded weights, so that the order of the rows does not matter */
};

static bool is_between(uint32_t value, uint32_t least, uint32_t most)
{
	return value >= least && value <= most;
}

bool gate_policy_is_valid(const struct gate_policy *policy)
{
	return is_between(policy->p0_ppm, 1, 250000) && is_between(policy->alpha_ppm, 1, 500000) &&
	       is_between(policy->beta_ppm, 1, 500000) &&
	       (policy->p1_ppm == 0 || is_between(policy->p1_ppm, policy->p0_ppm + 1, 999999)) &&
	       policy->coverage_percent <= 100 && policy->initial_in_flight >= 1 && policy->expected_s >= 1;
}

const char *gate_reason_text(enum gate_reason reason)
{
	switch (reason) {
	case GATE_REASON_NONE:
		return "the evidence suffices";
	case GATE_REASON_POLICY:
		return "the gate's policy is out of bounds, nothing is offered";
	case GATE_REASON_FAILURES:
		return "too many devices failed or fell silent";
	case GATE_REASON_EVIDENCE:
		return "not enough clean reports yet";
	case GATE_REASON_COVERAGE:
		return "too few devices of the stage confirmed the release";
	case GATE_REASON_SOAK:
		return "confirmed, but not for the soak time yet";
	case GATE_REASON_OPEN:
		return "devices of the last stage are still to be offered or heard";
	}
	return "unknown reason";
}

static int64_t unats(double nats)
{
	return (int64_t)llround(nats * GATE_MICRO);
}

static int64_t abort_at(const struct gate_policy *policy, uint32_t stages)
{
	return unats(log((double)stages * PPM / policy->alpha_ppm));
}

static int64_t promote_at(const struct gate_policy *policy)
{
	return unats(log(policy->beta_ppm / PPM));
}

/*
 * p1 = max(3 p0, 1 - (1-p0) beta^(2/planned)), reached by way of the weight of a success: half of the planned devices,
 * all clean, come to ln(beta). Said so it holds down to a stage of one, where p1 itself is too near 1 to subtract.
 */
static struct weights weigh(const struct gate_policy *policy, uint32_t planned)
{
	double p0 = policy->p0_ppm / PPM;
	double half = (planned > 0 ? planned : 1) / 2.0;
	double success = -log(policy->beta_ppm / PPM) / half;
	double least = log1p(-p0) - log1p(-3 * p0);
	if (policy->p1_ppm != 0)
		success = log1p(-p0) - log1p(-(policy->p1_ppm / PPM));
	else if (success < least)
		success = least;
	double p1 = -expm1(log1p(-p0) - success);
	return (struct weights){ .p0 = p0, .p1 = p1, .failure = log(p1 / p0), .success = success };
}

/* Linear to 4 s, then four buckets for each doubling. */
static size_t bucket_of(uint32_t seconds)
{
	if (seconds < 4)
		return seconds;
	unsigned exponent = 31 - (unsigned)__builtin_clz(seconds);
	return 4 * (size_t)(exponent - 1) + (seconds >> (exponent - 2) & 3);
}

void gate_times_add(struct gate_times *times, uint32_t seconds)
{
	if (times->total == UINT32_MAX)
		return;
	times->bucket[bucket_of(seconds)]++;
	times->total++;
}

/* The chance that a healthy device is still silent, as measured: never below the truth but with chance TIMES_DOUBT. */
static double still_silent_measured(const struct gate_times *times, uint32_t silent_s)
{
	uint64_t longer = 0;
	for (size_t i = bucket_of(silent_s); i < GATE_TIMES_BUCKETS; i++)
		longer += times->bucket[i];
	double share = (double)longer / times->total;
	if (share < LOST_BELOW)
		return 0;
	return fmin(1, share + sqrt(log(1 / TIMES_DOUBT) / (2.0 * times->total)));
}

static double still_silent_expected(const struct gate_policy *policy, uint32_t silent_s)
{
	if (silent_s <= policy->expected_s)
		return 1;
	double late = ((double)silent_s - policy->expected_s) / policy->expected_s;
	double share = exp2(-HALVINGS_PER_EXPECTED * late);
	return share < LOST_BELOW ? 0 : share;
}

/* The control group joins here: S is at least the share of devices without the release that are late as well. */
static double still_silent(const struct gate_policy *policy, const struct gate_times *times, int64_t silent_s)
{
	if (silent_s <= 0)
		return 1;
	uint32_t seconds = silent_s > UINT32_MAX ? UINT32_MAX : (uint32_t)silent_s;
	if (times != NULL && times->total >= GATE_TIMES_ENOUGH)
		return still_silent_measured(times, seconds);
	return still_silent_expected(policy, seconds);
}

static int64_t silence(const struct weights *w, double still)
{
	double bad = w->p1 * SILENT_SHARE, good = w->p0 * SILENT_SHARE;
	return unats(log((bad + (1 - bad) * still) / (good + (1 - good) * still)));
}

int64_t gate_silence_unats(const struct gate_policy *policy, uint32_t planned, const struct gate_times *times,
			   int64_t silent_s)
{
	if (!gate_policy_is_valid(policy))
		return 0;
	struct weights w = weigh(policy, planned);
	return silence(&w, still_silent(policy, times, silent_s));
}

/* Seconds from then to now, 0 if the clock went back. */
static int64_t age(int64_t then_unix, int64_t now_unix)
{
	int64_t seconds;
	if (then_unix >= now_unix)
		return 0;
	return __builtin_sub_overflow(now_unix, then_unix, &seconds) ? INT64_MAX : seconds;
}

static struct tally count_devices(const struct gate_policy *policy, const struct weights *w,
				  const struct gate_device *devices, size_t count, const struct gate_times *times,
				  int64_t now_unix)
{
	struct tally t = { 0 };
	for (size_t i = 0; i < count; i++) {
		int64_t seconds = age(devices[i].since_unix, now_unix);
		if (devices[i].outcome == GATE_FAILED) {
			t.failed++;
			continue;
		}
		if (devices[i].outcome == GATE_SUCCEEDED) {
			t.succeeded++;
			t.soaked += seconds >= policy->soak_s;
			continue;
		}
		double still = still_silent(policy, times, seconds);
		t.silent++;
		t.lost += still <= 0;
		t.silence_unats += silence(w, still);
	}
	return t;
}

/* Rounded once for all reports, so that a million of them add no more error than one. */
static int64_t evidence(const struct weights *w, double failed, double succeeded, int64_t silence_unats)
{
	return unats(failed * w->failure - succeeded * w->success) + silence_unats;
}

/* The least number of successes that bring L to `goal`; asks evidence() itself, so that the two cannot differ. */
static uint32_t clean_needed(const struct weights *w, const struct tally *t, int64_t goal)
{
	double have = (double)(evidence(w, t->failed, t->succeeded, t->silence_unats) - goal);
	if (have <= 0)
		return 0;
	double more = fmax(0, floor(have / GATE_MICRO / w->success) - 1);
	while (more < UINT32_MAX && evidence(w, t->failed, t->succeeded + more, t->silence_unats) > goal)
		more++;
	return (uint32_t)fmin(more, UINT32_MAX);
}

static uint32_t failures_to(const struct weights *w, const struct tally *t, int64_t goal)
{
	double lacks = (double)(goal - evidence(w, t->failed, t->succeeded, t->silence_unats));
	if (lacks <= 0)
		return 0;
	double more = fmax(0, floor(lacks / GATE_MICRO / w->failure) - 1);
	while (more < UINT32_MAX && evidence(w, t->failed + more, t->succeeded, t->silence_unats) < goal)
		more++;
	return (uint32_t)fmin(more, UINT32_MAX);
}

static bool covers(const struct gate_policy *policy, uint32_t confirmed, uint32_t devices)
{
	return (uint64_t)confirmed * 100 >= (uint64_t)policy->coverage_percent * devices;
}

/*
 * How many more devices the stage wants, all of them clean, to reach both the evidence and the coverage; 0 when no
 * number would do: a coverage of 100 % after a failure is for a person to settle.
 */
static uint32_t extension(const struct gate_policy *policy, const struct gate_verdict *v, uint32_t devices)
{
	uint32_t percent = policy->coverage_percent;
	if (covers(policy, v->succeeded + v->clean_needed, devices + v->clean_needed))
		return v->clean_needed;
	if (percent == 100)
		return 0;
	uint64_t lacks = (uint64_t)percent * devices - (uint64_t)v->succeeded * 100;
	return (uint32_t)((lacks + (100 - percent) - 1) / (100 - percent));
}

/*
 * One place more for each success, one less for each failure: a place that a failure took is not given again, or a dead
 * release would be offered past the first window. Never none, or a stage under suspicion could not clear itself.
 */
static uint32_t window_of(const struct gate_policy *policy, const struct gate_verdict *v)
{
	int64_t most = v->evidence_unats > 0 ? policy->initial_in_flight : UINT32_MAX;
	int64_t window = (int64_t)policy->initial_in_flight + v->succeeded - v->failed - v->lost;
	if (window < 1)
		return 1;
	return (uint32_t)(window < most ? window : most);
}

static struct gate_verdict with(struct gate_verdict v, enum gate_action action, enum gate_reason reason)
{
	v.action = action;
	v.reason = reason;
	return v;
}

/* Nothing comes after the last stage that more evidence could spare, so it ends when there is no one left to hear. */
static struct gate_verdict decide_last(struct gate_verdict v, bool is_settled, uint32_t soaked)
{
	if (!is_settled)
		return with(v, GATE_WAIT, GATE_REASON_OPEN);
	if (soaked < v.succeeded)
		return with(v, GATE_WAIT, GATE_REASON_SOAK);
	return with(v, GATE_PROMOTE, GATE_REASON_NONE);
}

static struct gate_verdict decide_between(const struct gate_policy *policy, struct gate_verdict v, uint32_t devices,
					  bool is_settled, uint32_t soaked)
{
	bool is_inconclusive = v.evidence_unats > v.promote_at_unats;
	if (is_inconclusive || !covers(policy, v.succeeded, devices)) {
		v.extend_by = is_settled ? extension(policy, &v, devices) : 0;
		return with(v, v.extend_by > 0 ? GATE_EXTEND : GATE_WAIT,
			    is_inconclusive ? GATE_REASON_EVIDENCE : GATE_REASON_COVERAGE);
	}
	if (!covers(policy, soaked, devices))
		return with(v, GATE_WAIT, GATE_REASON_SOAK);
	return with(v, GATE_PROMOTE, GATE_REASON_NONE);
}

static struct gate_verdict measure(const struct gate_policy *policy, const struct gate_stage *stage,
				   const struct weights *w, const struct tally *t)
{
	struct gate_verdict v = {
		.p1_ppm = (uint32_t)llround(w->p1 * PPM),
		/*
		 * One stratum. With G of them: ln(1/2 e^L + 1/(2G) sum e^Lg), a mean of e-values, against the same
		 * bound.
		 */
		.evidence_unats = evidence(w, t->failed, t->succeeded, t->silence_unats),
		.abort_at_unats = abort_at(policy, stage->stages),
		.promote_at_unats = promote_at(policy),
		.succeeded = t->succeeded,
		.failed = t->failed,
		.in_flight = t->silent - t->lost,
		.lost = t->lost,
	};
	v.clean_needed = clean_needed(w, t, v.promote_at_unats);
	v.failures_to_abort = failures_to(w, t, v.abort_at_unats);
	v.window = window_of(policy, &v);
	return v;
}

struct gate_verdict gate_decide(const struct gate_policy *policy, const struct gate_stage *stage,
				const struct gate_device *devices, size_t count, const struct gate_times *times,
				int64_t now_unix)
{
	if (!gate_policy_is_valid(policy) || stage->stages == 0 || count > UINT32_MAX)
		return (struct gate_verdict){ .action = GATE_WAIT, .reason = GATE_REASON_POLICY };

	struct weights w = weigh(policy, stage->planned);
	struct tally t = count_devices(policy, &w, devices, count, times, now_unix);
	struct gate_verdict v = measure(policy, stage, &w, &t);
	if (v.evidence_unats >= v.abort_at_unats)
		return with(v, GATE_ABORT, GATE_REASON_FAILURES);

	uint32_t size = stage->devices > count ? stage->devices : (uint32_t)count;
	uint32_t unoffered = size - (uint32_t)count;
	uint32_t room = v.window > v.in_flight ? v.window - v.in_flight : 0;
	v.may_offer = room < unoffered ? room : unoffered;
	bool is_settled = unoffered == 0 && v.in_flight == 0;
	if (stage->is_last)
		return decide_last(v, is_settled, t.soaked);
	return decide_between(policy, v, size, is_settled, t.soaked);
}

struct gate_power gate_power(const struct gate_policy *policy, uint32_t planned, uint32_t stages)
{
	if (!gate_policy_is_valid(policy) || stages == 0)
		return (struct gate_power){ 0 };
	struct weights w = weigh(policy, planned);
	struct tally none = { 0 };
	return (struct gate_power){
		.p1_ppm = (uint32_t)llround(w.p1 * PPM),
		.clean_needed = clean_needed(&w, &none, promote_at(policy)),
		.failures_to_abort = failures_to(&w, &none, abort_at(policy, stages)),
	};
}
