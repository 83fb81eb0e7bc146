/* Keys that are lost or stolen. Each theft is shown to work where nobody does anything about it. */
#include "fleet.h"

#include "check.h"

#define FAR_SEQUENCE (1u << 20)

static struct fleet f;
static struct fleet_device *daily;

/* daily, one that was never right about the time, and one that was off when it happened. */
static void opened(void)
{
	fleet_open(&f);
	fleet_add(&f, "dead-clock")->has_dead_clock = true;
	struct fleet_device *laggard = fleet_add(&f, "laggard");
	laggard->off_from = KEEPER_START + 10 * (int64_t)KEEPER_DAY;
	laggard->off_until = KEEPER_START + 560 * (int64_t)KEEPER_DAY;
	daily = &f.devices[0];
	fleet_days(&f, 20, 1);
	CHECK(fleet_is_all_newest(&f));
}

/* The laggard comes back too, after everything, and the fleet is whole. */
static void all_come_back(void)
{
	keeper_release(&f.keeper);
	fleet_days(&f, 2, 1);
	CHECK(fleet_is_all_newest(&f));
	fleet_days(&f, 550, 50);
	keeper_release(&f.keeper);
	fleet_days(&f, 2, 1);
	CHECK(f.now_unix >= f.devices[2].off_until);
	CHECK(fleet_is_all_newest(&f));
	fleet_close(&f);
}

static void replaced(enum keeper_role role)
{
	struct world_holder new = keeper_new_keys(&f.keeper, role);
	keeper_set_keys(&f.keeper, role, &new);
}

/* --- the timestamp key --- */

static void a_lost_timestamp_key_stops_installs_until_root_names_another(void)
{
	opened();
	f.keeper.idle[KEEPER_TIMESTAMP] = true;
	uint64_t before = daily->counter;
	fleet_days(&f, 10, 1);
	CHECK(strcmp(fleet_rule(daily), "expired") == 0);
	CHECK_EQ(daily->counter, before);
	f.keeper.idle[KEEPER_TIMESTAMP] = false;
	replaced(KEEPER_TIMESTAMP);
	all_come_back();
}

/* The thief's timestamp over the keeper's snapshot: an hour before the end of root and targets, "now". */
static void thief_says_time(const struct world_holder *stolen, uint64_t version)
{
	struct world *w = f.keeper.world;
	struct world_holder own = w->timestamp;
	int64_t end = w->root_expires_unix < w->targets_expires_unix ? w->root_expires_unix : w->targets_expires_unix;
	w->timestamp = *stolen;
	w->timestamp_version = version;
	w->issued_unix = end - 3600;
	w->expires_unix = end;
	world_publish_timestamp(w);
	w->timestamp = own;
}

static void devices_visit(void)
{
	for (uint32_t i = 0; i < 2; i++)
		fleet_visit(&f, &f.devices[i]);
}

/*
 * A floor near the end of root and targets: all that is true has expired for those who believed it, so nothing new is
 * installed, for as long as the key is trusted. New timestamp keys in root start a new floor.
 */
static void a_timestamp_key_that_lies_about_time_is_undone_by_another(void)
{
	opened();
	struct world_holder stolen = f.keeper.world->timestamp;
	thief_says_time(&stolen, f.keeper.world->timestamp_version + 1);
	devices_visit();
	CHECK(daily->yard->installer.state.clock_floor_unix > f.now_unix + 100 * KEEPER_DAY);
	keeper_release(&f.keeper);
	fleet_days(&f, 20, 1);
	CHECK(strcmp(fleet_rule(daily), "expired") == 0);
	CHECK(!fleet_is_newest(&f, daily)); /* without a new key: for most of a year */
	replaced(KEEPER_TIMESTAMP);
	fleet_days(&f, 2, 1);
	CHECK(fleet_is_all_newest(&f));
	CHECK(daily->yard->installer.state.clock_floor_unix <= f.now_unix);
	/* the thief goes on; nobody who heard of the new root listens */
	uint64_t version = f.keeper.world->timestamp_version;
	thief_says_time(&stolen, version + 7);
	devices_visit();
	CHECK(strcmp(fleet_rule(daily), "signature") == 0);
	CHECK(daily->yard->installer.state.clock_floor_unix <= f.now_unix);
	f.keeper.world->timestamp_version = version;
	all_come_back();
}

/* An overlap would leave the thief in: the key goes at once. */
static void a_stolen_timestamp_key_must_not_overlap(void)
{
	opened();
	struct world_holder stolen = f.keeper.world->timestamp;
	struct world_holder new = keeper_new_keys(&f.keeper, KEEPER_TIMESTAMP);
	struct world_holder both = keeper_both(&stolen, &new);
	keeper_set_keys(&f.keeper, KEEPER_TIMESTAMP, &both);
	fleet_days(&f, 2, 1);
	thief_says_time(&stolen, f.keeper.world->timestamp_version + 1);
	devices_visit();
	CHECK(daily->yard->installer.state.clock_floor_unix > f.now_unix + 100 * KEEPER_DAY);
	replaced(KEEPER_TIMESTAMP);
	all_come_back();
}

/* Versions used up to the last: rotation forgets them. */
static void a_timestamp_key_that_uses_up_versions_is_undone_by_another(void)
{
	opened();
	struct world_holder stolen = f.keeper.world->timestamp;
	uint64_t version = f.keeper.world->timestamp_version;
	thief_says_time(&stolen, (1ull << 53) - 1);
	devices_visit();
	f.keeper.world->timestamp_version = version;
	keeper_release(&f.keeper);
	fleet_days(&f, 2, 1);
	CHECK(!fleet_is_newest(&f, daily));
	replaced(KEEPER_TIMESTAMP);
	all_come_back();
}

/* --- the product key --- */

/* A thief of all but the delegation: an image of his own, with a plan, logged, offered by the server. */
static void thief_releases(const struct world_holder *product)
{
	struct world_holder own = f.keeper.world->product;
	f.keeper.world->product = *product;
	keeper_release(&f.keeper);
	f.keeper.world->product = own;
}

static void a_stolen_product_key_works_until_it_is_replaced(void)
{
	opened();
	thief_releases(&f.keeper.world->product);
	fleet_days(&f, 2, 1);
	CHECK(fleet_is_newest(&f, daily)); /* with plan, log and director it is the owner */
	fleet_close(&f);
}

static void a_replaced_product_key_signs_nothing_any_more(void)
{
	opened();
	struct world_holder stolen = f.keeper.world->product;
	replaced(KEEPER_PRODUCT);
	fleet_days(&f, 2, 1);
	uint64_t before = daily->counter;
	thief_releases(&stolen);
	fleet_forbid(&f);
	fleet_days(&f, 2, 1);
	CHECK(strcmp(fleet_rule(daily), "signature") == 0);
	CHECK_EQ(daily->counter, before);
	all_come_back();
}

/* Without overlap: between the delegation and the role's next file nothing can be installed, and nothing is lost. */
static void a_product_key_without_overlap_pauses_installs(void)
{
	opened();
	struct world_holder old = f.keeper.world->product, new = keeper_new_keys(&f.keeper, KEEPER_PRODUCT);
	f.keeper.world->product = old;
	keeper_release(&f.keeper);
	f.keeper.world->product = new;
	keeper_renew(&f.keeper, KEEPER_TARGETS);
	fleet_days(&f, 2, 1);
	CHECK(strcmp(fleet_rule(daily), "signature") == 0);
	CHECK(!fleet_is_newest(&f, daily));
	keeper_renew(&f.keeper, KEEPER_PRODUCT);
	fleet_days(&f, 1, 1);
	CHECK(fleet_is_newest(&f, daily));
	all_come_back();
}

/* --- the director --- */

static void far_sequence(struct directive *directive)
{
	directive->sequence += FAR_SEQUENCE - 100;
}

/* It can send nobody where the plan does not; but the sequences that it used up stay used. */
static void a_stolen_director_is_replaced_and_its_sequences_are_forgotten(void)
{
	opened();
	struct world_holder stolen = f.keeper.home->director;
	uint64_t true_sequence = daily->yard->directive_sequence;
	keeper_release(&f.keeper);
	daily->yard->twist = far_sequence;
	fleet_visit(&f, daily);
	CHECK(fleet_is_newest(&f, daily));
	daily->yard->twist = NULL;
	daily->yard->directive_sequence = true_sequence;
	keeper_release(&f.keeper);
	fleet_days(&f, 5, 1);
	CHECK(strcmp(fleet_rule(daily), "directive-sequence") == 0);
	CHECK(!fleet_is_newest(&f, daily)); /* a million polls away */
	replaced(KEEPER_DIRECTOR);
	fleet_days(&f, 2, 1);
	CHECK(fleet_is_newest(&f, daily));
	daily->yard->stolen_director = &stolen;
	keeper_release(&f.keeper);
	fleet_visit(&f, daily);
	CHECK(strcmp(fleet_rule(daily), "signature") == 0);
	CHECK(!fleet_is_newest(&f, daily));
	daily->yard->stolen_director = NULL;
	all_come_back();
}

/* Its database is gone, or an old copy is back: each poll that it answers is one sequence further. */
static void a_server_that_forgot_its_sequences_catches_up(void)
{
	opened();
	uint64_t spent = daily->yard->directive_sequence;
	CHECK(spent >= 2);
	daily->yard->directive_sequence = 0;
	keeper_release(&f.keeper);
	fleet_visit(&f, daily);
	CHECK(fleet_is_newest(&f, daily) || strcmp(fleet_rule(daily), "directive-sequence") == 0);
	fleet_days(&f, (uint32_t)spent, 1);
	CHECK(fleet_is_newest(&f, daily));
	all_come_back();
}

/* --- people who are late --- */

static void an_expired_root_stops_installs_until_the_next(void)
{
	opened();
	f.keeper.idle[KEEPER_ROOT] = true;
	fleet_days(&f, 380, 38);
	keeper_release(&f.keeper);
	fleet_days(&f, 2, 1);
	CHECK(strcmp(fleet_rule(daily), "expired") == 0);
	CHECK(!fleet_is_newest(&f, daily));
	f.keeper.idle[KEEPER_ROOT] = false;
	fleet_days(&f, 2, 1);
	CHECK(fleet_is_newest(&f, daily));
	all_come_back();
}

static void expired_targets_stop_installs_until_the_next(void)
{
	opened();
	f.keeper.idle[KEEPER_TARGETS] = true;
	fleet_days(&f, 380, 38);
	keeper_release(&f.keeper);
	fleet_days(&f, 2, 1);
	CHECK(strcmp(fleet_rule(daily), "expired") == 0);
	CHECK(!fleet_is_newest(&f, daily));
	f.keeper.idle[KEEPER_TARGETS] = false;
	fleet_days(&f, 2, 1);
	CHECK(fleet_is_newest(&f, daily));
	all_come_back();
}

static const struct check_case cases[] = {
	CASE(a_lost_timestamp_key_stops_installs_until_root_names_another),
	CASE(a_timestamp_key_that_lies_about_time_is_undone_by_another),
	CASE(a_stolen_timestamp_key_must_not_overlap),
	CASE(a_timestamp_key_that_uses_up_versions_is_undone_by_another),
	CASE(a_stolen_product_key_works_until_it_is_replaced),
	CASE(a_replaced_product_key_signs_nothing_any_more),
	CASE(a_product_key_without_overlap_pauses_installs),
	CASE(a_stolen_director_is_replaced_and_its_sequences_are_forgotten),
	CASE(a_server_that_forgot_its_sequences_catches_up),
	CASE(an_expired_root_stops_installs_until_the_next),
	CASE(expired_targets_stop_installs_until_the_next),
};
CHECK_MAIN(cases)
