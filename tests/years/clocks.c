/* Clocks that are wrong, and years that really passed. */
#include "fleet.h"

#include "check.h"
#include "refresh.h"

#define STEP_DAYS 120u
#define LEAF_DAYS 730

static struct fleet f;
static struct handshake_server server;

static void opened(int64_t root_a_end_unix)
{
	fleet_open(&f);
	handshake_server_open(&server, f.now_unix, root_a_end_unix);
	fleet_serve(&f, &server);
}

static int64_t floor_of(const struct fleet_device *d)
{
	return d->yard->installer.state.clock_floor_unix;
}

/* --- wrong --- */

static void a_clock_at_1970_is_as_good_as_what_was_verified(void)
{
	opened(CERTIFICATE_NO_EXPIRY);
	struct fleet_device *dead = fleet_add(&f, "dead-clock");
	dead->has_dead_clock = true;
	for (int quarter = 0; quarter < 8; quarter++) {
		fleet_days(&f, 90, 45);
		keeper_rotate(&f.keeper, KEEPER_TIMESTAMP);
		keeper_release(&f.keeper);
		fleet_days(&f, 1, 1);
		CHECK(fleet_is_all_newest(&f));
		CHECK_EQ(refresh_now(&dead->yard->installer), f.now_unix);
		handshake_new_leaf(&server, 0, f.now_unix, LEAF_DAYS);
	}
	fleet_close(&f);
}

/* What a clock that stands still cannot notice: that the server shows it the same moment for ever. */
static void a_clock_at_1970_can_be_held_in_a_moment(void)
{
	fleet_open(&f);
	struct fleet_device *dead = fleet_add(&f, "dead-clock");
	dead->has_dead_clock = true;
	f.keeper.idle[KEEPER_TIMESTAMP] = true;
	fleet_days(&f, 100, 10);
	CHECK(strcmp(fleet_rule(&f.devices[0]), "expired") == 0);
	CHECK(strcmp(fleet_rule(dead), "") == 0);
	f.keeper.idle[KEEPER_TIMESTAMP] = false;
	keeper_release(&f.keeper);
	fleet_days(&f, 2, 1);
	CHECK(fleet_is_all_newest(&f));
	fleet_close(&f);
}

/* Nothing new is believed, nothing is lost, and nothing of it stays: the floor never follows a clock. */
static void is_ahead(int64_t years)
{
	opened(CERTIFICATE_NO_EXPIRY);
	struct fleet_device *d = fleet_add(&f, "ahead");
	fleet_days(&f, 10, 1);
	CHECK(fleet_is_all_newest(&f));
	d->clock_ahead_s = years * KEEPER_YEAR;
	uint64_t before = d->counter;
	keeper_release(&f.keeper);
	fleet_days(&f, 6, 2);
	CHECK_EQ(d->counter, before);
	CHECK(!fleet_is_newest(&f, d));
	CHECK(d->yard->unreachable || strcmp(fleet_rule(d), "expired") == 0);
	CHECK(floor_of(d) <= f.now_unix);
	d->clock_ahead_s = 0;
	fleet_days(&f, 1, 1);
	CHECK(fleet_is_all_newest(&f));
	fleet_close(&f);
}

static void a_clock_one_year_ahead(void)
{
	is_ahead(1);
}

static void a_clock_five_years_ahead(void)
{
	is_ahead(5);
}

static void a_clock_ten_years_ahead(void)
{
	is_ahead(10);
}

static void a_clock_twenty_five_years_ahead(void)
{
	is_ahead(25);
}

/* --- right --- */

/* Every key but root's own is changed each year, root's each second year; the server's certificate each year. */
static void a_year_passes(int year)
{
	fleet_days(&f, 360, STEP_DAYS);
	for (enum keeper_role role = KEEPER_TARGETS; role < KEEPER_ROLES; role++)
		keeper_rotate(&f.keeper, role);
	if (year % 2 == 0)
		keeper_rotate(&f.keeper, KEEPER_ROOT);
	handshake_new_leaf(&server, year < 9 ? 0 : 1, f.now_unix, LEAF_DAYS);
	keeper_release(&f.keeper);
	fleet_days(&f, 1, 1);
	CHECK(fleet_is_newest(&f, &f.devices[0]));
}

/* Devices from a drawer, with a clock and without one; root A of the server's ended meanwhile. */
static void are_found_after(int years)
{
	opened(KEEPER_START + 10 * KEEPER_YEAR);
	struct fleet_device *found = fleet_add(&f, "drawer"), *clockless = fleet_add(&f, "clockless-drawer");
	clockless->has_dead_clock = true;
	fleet_days(&f, 2, 1);
	found->off_from = clockless->off_from = f.now_unix;
	found->off_until = clockless->off_until = f.now_unix + years * 361 * (int64_t)KEEPER_DAY;
	for (int year = 0; year < years; year++)
		a_year_passes(year);
	fleet_days(&f, 2, 1);
	CHECK(f.now_unix >= found->off_until);
	CHECK(fleet_is_all_newest(&f));
	fleet_close(&f);
}

static void devices_found_after_one_year(void)
{
	are_found_after(1);
}

static void devices_found_after_five_years(void)
{
	are_found_after(5);
}

static void devices_found_after_ten_years(void)
{
	are_found_after(10);
}

static void devices_found_after_twenty_five_years(void)
{
	are_found_after(25);
}

static const struct check_case cases[] = {
	CASE(a_clock_at_1970_is_as_good_as_what_was_verified),
	CASE(a_clock_at_1970_can_be_held_in_a_moment),
	CASE(a_clock_one_year_ahead),
	CASE(a_clock_five_years_ahead),
	CASE(a_clock_ten_years_ahead),
	CASE(a_clock_twenty_five_years_ahead),
	CASE(devices_found_after_one_year),
	CASE(devices_found_after_five_years),
	CASE(devices_found_after_ten_years),
	CASE(devices_found_after_twenty_five_years),
};
CHECK_MAIN(cases)
