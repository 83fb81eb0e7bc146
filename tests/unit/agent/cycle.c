/* The installer's whole cycle over a repository, a director and slots in memory. */
#include "check.h"
#include "yard.h"

static struct yard *y;

static bool holds_image(const struct yard_flash *slot)
{
	return memcmp(slot->bytes, y->next.image, sizeof y->next.image) == 0;
}

static void installs_boots_and_confirms(uint32_t erase_bytes)
{
	enum installer_outcome out;
	y = yard_new(erase_bytes);
	CHECK_EQ(yard_start(y, &out), 0);
	CHECK_EQ(out, INSTALLER_WAIT);
	out = yard_cycle(y);
	if (out != INSTALLER_REBOOT)
		printf("# %s\n", y->last_text);
	CHECK_EQ(out, INSTALLER_REBOOT);
	CHECK_EQ(yard_journal(y).slots[SLOT_B].state, SLOT_READY);
	CHECK(holds_image(&y->slots[1]));
	CHECK(yard_reported(y, REPORT_ACTIVATING));
	CHECK(!yard_reported(y, REPORT_CONFIRMED));
	yard_power_cycle(y, true);
	CHECK_EQ(y->running, SLOT_B);
	CHECK_EQ(yard_start(y, &out), 0);
	CHECK_EQ(out, INSTALLER_WAIT);
	CHECK_EQ(yard_journal(y).active, SLOT_B);
	y->offers = false;
	CHECK_EQ(yard_cycle(y), INSTALLER_WAIT);
	CHECK(yard_reported(y, REPORT_CONFIRMED));
	CHECK_EQ(y->reports[y->report_count - 1].running_counter, 11);
	CHECK(digest_equal(&y->reports[y->report_count - 1].running_image, &y->next.digest));
	CHECK_EQ(y->installer.state.counter_floor, 11);
	yard_free(y);
}

static void a_release_is_installed(void)
{
	installs_boots_and_confirms(1);
}

static void a_release_is_installed_on_flash_that_is_erased(void)
{
	installs_boots_and_confirms(4096);
}

static void a_lost_trial_is_reported_and_not_tried_again(void)
{
	y = yard_new(1);
	yard_run(y, false, 4);
	CHECK(yard_reported(y, REPORT_ROLLED_BACK));
	CHECK(!yard_reported(y, REPORT_CONFIRMED));
	CHECK_EQ(y->running, SLOT_A);
	uint32_t written = y->slots[1].programs;
	yard_run(y, true, 3);
	CHECK_EQ(y->slots[1].programs, written);
	CHECK(strcmp(y->last_rule, "counter") == 0);
	CHECK_EQ(yard_journal(y).slots[SLOT_B].state, SLOT_REJECTED);
	/* the same bytes under a higher counter are another release */
	y->next.counter = 12;
	yard_publish(y);
	yard_run(y, true, 4);
	CHECK_EQ(yard_journal(y).active, SLOT_B);
	CHECK(yard_reported(y, REPORT_CONFIRMED));
	yard_free(y);
}

static void an_unhealthy_image_goes_back_by_itself(void)
{
	enum installer_outcome out;
	y = yard_new(1);
	CHECK_EQ(yard_start(y, &out), 0);
	CHECK_EQ(yard_cycle(y), INSTALLER_REBOOT);
	yard_power_cycle(y, true);
	y->sick = true;
	CHECK_EQ(yard_start(y, &out), 0);
	CHECK_EQ(out, INSTALLER_REBOOT);
	/* the agent starts again before the reboot: it must ask again, and not settle down in the rejected image */
	CHECK_EQ(yard_start(y, &out), 0);
	CHECK_EQ(out, INSTALLER_REBOOT);
	CHECK_EQ(y->installer.state.report_state == REPORT_IDLE, false);
	yard_power_cycle(y, true);
	CHECK_EQ(y->running, SLOT_A);
	CHECK_EQ(yard_start(y, &out), 0);
	y->offers = false;
	yard_cycle(y);
	CHECK_EQ(y->reports[y->report_count - 1].state, REPORT_ROLLED_BACK);
	CHECK(strstr(y->reports[y->report_count - 1].cause, "health") != NULL);
	CHECK_EQ(y->reports[y->report_count - 1].running_counter, 10);
	yard_free(y);
}

static void an_abort_before_activation_stops_it(void)
{
	enum installer_outcome out;
	y = yard_new(1);
	y->confirms = false;
	CHECK_EQ(yard_start(y, &out), 0);
	CHECK_EQ(yard_cycle(y), INSTALLER_WAIT);
	CHECK_EQ(yard_journal(y).slots[SLOT_B].state, SLOT_WRITING);
	uint32_t gets = y->gets;
	y->confirms = true;
	CHECK_EQ(yard_cycle(y), INSTALLER_REBOOT);
	/* what was written was found, not fetched again: the payload comes in one request here */
	CHECK(y->gets > gets);
	yard_free(y);
}

static void nothing_offered_changes_nothing(void)
{
	enum installer_outcome out;
	y = yard_new(1);
	y->offers = false;
	CHECK_EQ(yard_start(y, &out), 0);
	CHECK_EQ(yard_cycle(y), INSTALLER_WAIT);
	CHECK_EQ(y->slots[1].programs, 0);
	CHECK_EQ(y->report_count, 1);
	CHECK_EQ(y->reports[0].state, REPORT_IDLE);
	yard_free(y);
}

static const struct check_case cases[] = {
	CASE(a_release_is_installed),
	CASE(a_release_is_installed_on_flash_that_is_erased),
	CASE(a_lost_trial_is_reported_and_not_tried_again),
	CASE(an_unhealthy_image_goes_back_by_itself),
	CASE(an_abort_before_activation_stops_it),
	CASE(nothing_offered_changes_nothing),
};
CHECK_MAIN(cases)
