/*
 * The whole story, an install that boots and one that does not, with the k-th effect (store, flash, network) failing
 * once, and with the power cut there, for every k. However it went, the device must end on the release, or, where that
 * does not boot, on what it ran before; and never without an image that is whole.
 */
#include "check.h"
#include "yard.h"

#define CYCLES 5u

static struct yard *y;

static bool is_whole(enum slot slot)
{
	static const uint8_t factory = 0x5a;
	if (slot == SLOT_A)
		return y->slots[0].durable[0] == factory && y->slots[0].durable[4999] == factory;
	return memcmp(y->slots[1].durable, y->next.image, sizeof y->next.image) == 0;
}

/* Runs until the fault was met; with a power cut the device then starts again. False: the story is shorter than k. */
static bool run_with_fault(uint32_t k, bool cut_power, bool boots, uint32_t erase_bytes)
{
	y = yard_new(erase_bytes);
	y->fail_at = k;
	y->cut_power = cut_power;
	y->effects = 0;
	y->step_ms = 1000; /* so slow that progress is saved on the way, too */
	enum installer_outcome out;
	bool started = yard_start(y, &out) == 0;
	for (int i = 0; i < 3; i++) {
		if (started && out != INSTALLER_REBOOT)
			out = yard_cycle(y);
		bool met = y->effects >= k;
		if (met)
			y->fail_at = 0; /* power is back */
		if ((met && cut_power) || !started || out == INSTALLER_REBOOT) {
			uint32_t keep = y->fail_at;
			y->fail_at = 0; /* the boot stage has tests of its own */
			uint32_t effects = y->effects;
			yard_power_cycle(y, boots);
			y->effects = effects;
			y->fail_at = keep;
			started = yard_start(y, &out) == 0;
		}
	}
	bool met = y->effects >= k;
	y->fail_at = 0;
	return met;
}

static void every_effect(bool cut_power, bool boots, uint32_t erase_bytes)
{
	uint32_t k = 1;
	for (;; k++) {
		CHECK(k < 2000);
		bool met = run_with_fault(k, cut_power, boots, erase_bytes);
		yard_run(y, boots, CYCLES);
		y->offers = false;
		yard_run(y, boots, 2);
		enum slot want = boots ? SLOT_B : SLOT_A;
		struct journal_state now = yard_journal(y);
		if (now.active != want || !is_whole(want) || y->running != want)
			printf("# effect %u%s: active %s, %s\n", k, cut_power ? " (cut)" : "", slot_name(now.active),
			       y->last_text);
		CHECK_EQ(now.active, want);
		CHECK_EQ(y->running, want);
		CHECK(is_whole(want));
		CHECK(yard_reported(y, boots ? REPORT_CONFIRMED : REPORT_ROLLED_BACK));
		CHECK_EQ(y->installer.state.running.counter, boots ? 11 : 10);
		CHECK(!y->installer.state.report_pending);
		yard_free(y);
		if (!met)
			break;
	}
	printf("# %u effects\n", k - 1);
	CHECK(k > 50);
}

static void a_good_release_with_each_effect_failing_once(void)
{
	every_effect(false, true, 1);
}

static void a_good_release_with_the_power_cut_at_each_effect(void)
{
	every_effect(true, true, 1);
}

static void the_same_on_flash_that_is_erased(void)
{
	every_effect(true, true, 4096);
}

static void a_bad_release_with_the_power_cut_at_each_effect(void)
{
	every_effect(true, false, 1);
}

static const struct check_case cases[] = {
	CASE(a_good_release_with_each_effect_failing_once),
	CASE(a_good_release_with_the_power_cut_at_each_effect),
	CASE(the_same_on_flash_that_is_erased),
	CASE(a_bad_release_with_the_power_cut_at_each_effect),
};
CHECK_MAIN(cases)
