/*
 * Small fleets driven through the gate as a server drives it: offers within the window, reports that come late or
 * never, stages that are extended, an abort that is final. All chance is from a seeded generator.
 */
#include "check.h"
#include "gate.h"
#include "policy.h"

#define FLEET 100
#define STAGES 4
#define EXPECTED_S 60
#define GIVE_UP_S 100000

static const uint32_t growing[STAGES] = { 5, 15, 30, 50 };
static const uint32_t hasty[STAGES] = { 60, 20, 10, 10 };

struct world {
	uint64_t random;
	uint32_t fail_ppm; /* a device that gets the release fails */
	uint32_t mute_ppm; /* a device that failed never says so */
	uint32_t late_ppm; /* a healthy device takes up to twice EXPECTED_S */
	int64_t now;
	struct gate_device rows[FLEET];
	int64_t reports_at[FLEET]; /* -1: never */
	enum gate_outcome will[FLEET];
	uint32_t first[STAGES], end[STAGES], offered[STAGES]; /* devices of a stage: first..end-1 */
	uint32_t planned[STAGES];
	uint32_t stage, harmed;
	bool is_aborted, is_finished;
};

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint32_t below(struct world *w, uint32_t bound)
{
	uint64_t z = w->random += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (uint32_t)(((z ^ z >> 31) >> 32) * bound >> 32);
}

static void start(struct world *w, const uint32_t *sizes, uint64_t seed, uint32_t fail_ppm, uint32_t mute_ppm)
{
	*w = (struct world){
		.random = seed, .fail_ppm = fail_ppm, .mute_ppm = mute_ppm, .late_ppm = 100000, .now = 1000
	};
	for (uint32_t s = 0, at = 0; s < STAGES; at = w->end[s], s++) {
		w->first[s] = at;
		w->end[s] = at + sizes[s];
		w->planned[s] = sizes[s];
	}
}

static void offer(struct world *w, uint32_t stage)
{
	uint32_t i = w->first[stage] + w->offered[stage]++;
	bool fails = below(w, 1000000) < w->fail_ppm, is_mute = below(w, 1000000) < w->mute_ppm;
	bool is_late = below(w, 1000000) < w->late_ppm;
	w->harmed += fails;
	w->will[i] = fails ? GATE_FAILED : GATE_SUCCEEDED;
	w->reports_at[i] = fails && is_mute ? -1 : w->now + 5 + below(w, is_late ? 2 * EXPECTED_S : EXPECTED_S - 5);
	w->rows[i] = (struct gate_device){ GATE_SILENT, w->now };
}

static void hear(struct world *w)
{
	for (uint32_t s = 0; s <= w->stage && s < STAGES; s++)
		for (uint32_t i = w->first[s]; i < w->first[s] + w->offered[s]; i++)
			if (w->rows[i].outcome == GATE_SILENT && w->reports_at[i] >= 0 && w->reports_at[i] <= w->now)
				w->rows[i] = (struct gate_device){ w->will[i], w->now };
}

/* Devices of later stages move into this one, in order: here that is to shift the borders. */
static void extend(struct world *w, uint32_t stage, uint32_t by)
{
	w->end[stage] = w->end[stage] + by < FLEET ? w->end[stage] + by : FLEET;
	for (uint32_t s = stage + 1; s < STAGES; s++) {
		w->first[s] = w->first[s] > w->end[s - 1] ? w->first[s] : w->end[s - 1];
		w->end[s] = w->end[s] > w->first[s] ? w->end[s] : w->first[s];
	}
}

static void tick(struct world *w, const struct gate_policy *policy)
{
	hear(w);
	for (uint32_t s = 0; s <= w->stage; s++) {
		bool is_current = s == w->stage, is_last = w->end[s] == FLEET;
		struct gate_stage stage = { w->planned[s], w->end[s] - w->first[s], STAGES, is_last };
		struct gate_verdict v = gate_decide(policy, &stage, &w->rows[w->first[s]], w->offered[s], NULL, w->now);
		w->is_aborted = w->is_aborted || v.action == GATE_ABORT;
		if (w->is_aborted)
			return;
		for (uint32_t i = 0; i < v.may_offer; i++)
			offer(w, s);
		if (is_current && v.action == GATE_EXTEND)
			extend(w, s, v.extend_by);
		if (is_current && v.action == GATE_PROMOTE) {
			w->is_finished = is_last;
			w->stage += !is_last;
			return;
		}
	}
}

static void run(struct world *w)
{
	struct gate_policy policy = policy_usual();
	policy.expected_s = EXPECTED_S;
	policy.soak_s = 30;
	for (; w->now < GIVE_UP_S && !w->is_aborted && !w->is_finished; w->now += 5)
		tick(w, &policy);
}

struct summary {
	uint32_t aborted, finished, most_harmed, harmed;
	int64_t longest_s;
};

static struct summary run_many(const uint32_t *sizes, uint32_t runs, uint32_t fail_ppm, uint32_t mute_ppm)
{
	struct summary s = { 0 };
	for (uint32_t i = 0; i < runs; i++) {
		static struct world w;
		start(&w, sizes, i + 1, fail_ppm, mute_ppm);
		run(&w);
		s.aborted += w.is_aborted;
		s.finished += w.is_finished;
		s.harmed += w.harmed;
		s.most_harmed = w.harmed > s.most_harmed ? w.harmed : s.most_harmed;
		s.longest_s = w.now > s.longest_s ? w.now : s.longest_s;
	}
	printf("# fail %u ppm, mute %u ppm: %u aborted, %u finished of %u, harmed %.1f (at most %u), longest %lld s\n",
	       fail_ppm, mute_ppm, s.aborted, s.finished, runs, (double)s.harmed / runs, s.most_harmed,
	       (long long)s.longest_s);
	return s;
}

static void a_good_release_reaches_everyone(void)
{
	struct summary s = run_many(growing, 200, 0, 0);
	CHECK_EQ(s.finished, 200);
	CHECK_EQ(s.aborted, 0);
}

/* At the tolerated rate, with half of the failures silent: no more than alpha of the rollouts may stop, none hang. */
static void a_tolerable_release_is_let_through(void)
{
	struct summary s = run_many(growing, 1000, 10000, 500000);
	CHECK(s.aborted <= 10);
	CHECK_EQ(s.finished + s.aborted, 1000);
}

static void a_dead_release_stops_at_the_canaries(void)
{
	struct summary loud = run_many(growing, 200, 1000000, 0), mute = run_many(growing, 200, 1000000, 1000000);
	CHECK_EQ(loud.aborted, 200);
	CHECK_EQ(mute.aborted, 200);
	CHECK(loud.most_harmed <= 5 && mute.most_harmed <= 5); /* all of the canaries, no one else */
}

/* Even where no small stage comes first: the window of eight is the bound. */
static void a_dead_release_harms_no_more_than_the_first_window(void)
{
	struct summary loud = run_many(hasty, 200, 1000000, 0), half_mute = run_many(hasty, 200, 1000000, 500000);
	struct summary mute = run_many(hasty, 200, 1000000, 1000000);
	CHECK_EQ(loud.aborted + half_mute.aborted + mute.aborted, 600);
	CHECK(loud.most_harmed <= 8 && half_mute.most_harmed <= 8 && mute.most_harmed <= 8);
}

/* Half of the devices brick: five canaries may be lucky once in 32, the rest of the line may not. */
static void a_half_dead_release_harms_few(void)
{
	struct summary s = run_many(growing, 200, 500000, 500000);
	CHECK_EQ(s.aborted, 200);
	CHECK(s.harmed <= 200 * 8);
}

static void silent_bricks_are_found(void)
{
	struct summary s = run_many(growing, 200, 300000, 1000000);
	CHECK(s.aborted >= 195);
	CHECK(s.harmed <= 200 * 12);
}

static const struct check_case cases[] = {
	CASE(a_good_release_reaches_everyone),      CASE(a_tolerable_release_is_let_through),
	CASE(a_dead_release_stops_at_the_canaries), CASE(a_dead_release_harms_no_more_than_the_first_window),
	CASE(a_half_dead_release_harms_few),        CASE(silent_bricks_are_found),
};

CHECK_MAIN(cases)
