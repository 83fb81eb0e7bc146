/*
 * The whole story, an install that boots and one that does not, with the k-th effect (store, flash, network) failing
 * once, and with the power cut there, for every k. However it went, the device must end on the release, or, where that
 * does not boot, on what it ran before; and never without an image that is whole.
 */
#include "check.h"
#include "crypto_openssl.h"
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

static bool with_news; /* of emergency holders and of the targets role, too */

static void make_news(void)
{
	static const struct digest key = { { 1 } };
	static uint8_t text[1024];
	struct writer w = writer_over(text, sizeof text);
	struct revocation_list list = { 7, 1, &key };
	struct emergency s = { .product = SPAN_LIT("board"), .sequence = 1, .why = SPAN_LIT("test") };
	s.does[EMERGENCY_REVOKE] = true;
	s.revoke_count = 1;
	s.revoke[0] = key_identity(&crypto_openssl, &y->world->keys[y->log.keys[0]].key);
	revocation_list_encode(&w, &list);
	CHECK_EQ(w.fault, FAULT_NONE);
	yard_state(y, &s, 2, 1);
	yard_put_trust(y, REVOCATIONS_PATH, writer_span(&w));
	yard_publish(y);
}

/* Runs until the fault was met; with a power cut the device then starts again. False: the story is shorter than k. */
static bool run_with_fault(uint32_t k, bool cut_power, bool boots, uint32_t erase_bytes)
{
	y = yard_new(erase_bytes);
	if (with_news)
		make_news();
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

/* The log's key is revoked for good: however it went, nothing is installed that it alone vouches for. */
static void news_with_each_effect_failing(void)
{
	bool met = true;
	with_news = true;
	for (uint32_t k = 1; met; k++) {
		met = run_with_fault(k, k % 2 == 0, true, 1);
		yard_run(y, true, CYCLES);
		CHECK_EQ(y->installer.trusted.emergency.sequence, 1);
		CHECK_EQ(y->installer.trusted.epoch, 7);
		CHECK_EQ(y->installer.trusted.all.count, 2);
		CHECK_EQ(y->installer.state.running.counter, 10);
		CHECK(!yard_reported(y, REPORT_ACTIVATING));
		yard_free(y);
	}
	with_news = false;
}

static const struct check_case cases[] = {
	CASE(news_with_each_effect_failing),
	CASE(a_good_release_with_each_effect_failing_once),
	CASE(a_good_release_with_the_power_cut_at_each_effect),
	CASE(the_same_on_flash_that_is_erased),
	CASE(a_bad_release_with_the_power_cut_at_each_effect),
};
CHECK_MAIN(cases)
