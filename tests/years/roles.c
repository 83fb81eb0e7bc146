/* The scheduled changes of keys, over years, and that leaving a step out of them would be noticed. */
#include "fleet.h"

#include "check.h"

static struct fleet f;

/* A second device, which is off for 18 months from day 60. */
static struct fleet_device *laggard_added(void)
{
	struct fleet_device *laggard = fleet_add(&f, "laggard");
	laggard->off_from = KEEPER_START + 60 * (int64_t)KEEPER_DAY;
	laggard->off_until = laggard->off_from + 548 * (int64_t)KEEPER_DAY;
	return laggard;
}

/* --- root --- */

static void root_changes_all_its_keys_each_half_year(void)
{
	fleet_open(&f);
	const struct fleet_device *laggard = laggard_added();
	for (int half = 0; half < 5; half++) {
		fleet_days(&f, 182, 26);
		keeper_rotate(&f.keeper, KEEPER_ROOT);
		keeper_release(&f.keeper);
		fleet_step(&f, KEEPER_DAY);
		CHECK(fleet_is_newest(&f, &f.devices[0]));
	}
	CHECK(fleet_is_all_newest(&f));
	CHECK(laggard->counter == f.keeper.home->next.counter);
	fleet_close(&f);
}

/* Roots are kept for ever: one that a laggard never saw and that is gone from the server strands it till it is back. */
static void a_root_that_was_thrown_away_strands_laggards(void)
{
	static uint8_t bytes[ROOT_BYTES_MAX];
	fleet_open(&f);
	const struct fleet_device *laggard = laggard_added();
	fleet_days(&f, 70, 7);
	keeper_rotate(&f.keeper, KEEPER_ROOT);
	fleet_step(&f, KEEPER_DAY);
	struct world_shelf *remote = &f.keeper.world->remote;
	struct span root = world_get(remote, "3.root.json");
	CHECK(root.n > 0 && root.n <= sizeof bytes);
	memcpy(bytes, root.at, root.n);
	size_t n = root.n;
	world_drop(remote, "3.root.json");
	keeper_rotate(&f.keeper, KEEPER_TIMESTAMP);
	fleet_days(&f, 560, 56);
	keeper_release(&f.keeper);
	fleet_step(&f, KEEPER_DAY);
	CHECK(fleet_is_newest(&f, &f.devices[0]));
	CHECK(!fleet_is_newest(&f, laggard));
	world_put(remote, "3.root.json", (struct span){ bytes, n });
	fleet_step(&f, KEEPER_DAY);
	CHECK(fleet_is_all_newest(&f));
	fleet_close(&f);
}

/* Two of five are lost for good: three still sign the next root. With one more lost, nobody could; hence at once. */
static void two_lost_root_keys_are_replaced_by_the_other_three(void)
{
	fleet_open(&f);
	struct world_holder left = f.keeper.world->root, new = keeper_new_keys(&f.keeper, KEEPER_ROOT);
	left.count = 2;
	f.keeper.root_signers = left;
	keeper_set_keys(&f.keeper, KEEPER_ROOT, &new);
	keeper_release(&f.keeper);
	fleet_step(&f, KEEPER_DAY);
	CHECK(!fleet_is_newest(&f, &f.devices[0]));
	CHECK(strcmp(fleet_rule(&f.devices[0]), "signature") == 0);
	left.count = 3;
	f.keeper.root_signers = left;
	f.keeper.world->root_version--; /* nobody has accepted it */
	keeper_set_keys(&f.keeper, KEEPER_ROOT, &new);
	fleet_step(&f, KEEPER_DAY);
	CHECK(fleet_is_all_newest(&f));
	fleet_close(&f);
}

/* --- the other roles --- */

static void changes_hands(enum keeper_role role)
{
	fleet_open(&f);
	laggard_added();
	for (int quarter = 0; quarter < 8; quarter++) {
		fleet_days(&f, 90, 45);
		keeper_rotate(&f.keeper, role);
		keeper_release(&f.keeper);
		fleet_step(&f, KEEPER_DAY);
		CHECK(fleet_is_all_newest(&f));
	}
	CHECK(fleet_is_newest(&f, &f.devices[1]));
	fleet_close(&f);
}

static void targets_changes_hands(void)
{
	changes_hands(KEEPER_TARGETS);
}

static void snapshot_changes_hands(void)
{
	changes_hands(KEEPER_SNAPSHOT);
}

static void timestamp_changes_hands(void)
{
	changes_hands(KEEPER_TIMESTAMP);
}

static void a_product_key_changes_hands(void)
{
	changes_hands(KEEPER_PRODUCT);
}

static void the_approvers_change(void)
{
	changes_hands(KEEPER_PLANS);
}

static void the_director_changes_hands(void)
{
	changes_hands(KEEPER_DIRECTOR);
}

/* --- a product is given up --- */

static void list_old_product(bool is_listed)
{
	struct world *w = f.keeper.world;
	struct targets nothing = { .version = 1, .expires_unix = f.now_unix + KEEPER_YEAR };
	world_publish_targets(w, "p/a-retired", &nothing, &w->product); /* its entry is the first */
	if (!is_listed) {
		w->entry_count--;
		memmove(w->entries, w->entries + 1, w->entry_count * sizeof w->entries[0]);
		memmove(w->entry_names, w->entry_names + 1, w->entry_count * sizeof w->entry_names[0]);
		for (uint32_t i = 0; i < w->entry_count; i++)
			w->entries[i].name = span_of_text(w->entry_names[i]);
	}
	keeper_publish_snapshot(&f.keeper);
}

/* A role that vanished from the snapshot is a rollback to all who saw it there; new snapshot keys forget it. */
static void a_role_that_was_listed_stays_listed(void)
{
	fleet_open(&f);
	list_old_product(true);
	fleet_days(&f, 2, 1);
	CHECK(fleet_is_all_newest(&f));
	list_old_product(false);
	keeper_release(&f.keeper);
	fleet_days(&f, 2, 1);
	CHECK(strcmp(fleet_rule(&f.devices[0]), "rollback") == 0);
	CHECK(!fleet_is_newest(&f, &f.devices[0]));
	keeper_rotate(&f.keeper, KEEPER_SNAPSHOT);
	fleet_days(&f, 2, 1);
	CHECK(fleet_is_all_newest(&f));
	fleet_close(&f);
}

static const struct check_case cases[] = {
	CASE(a_role_that_was_listed_stays_listed),
	CASE(root_changes_all_its_keys_each_half_year),
	CASE(a_root_that_was_thrown_away_strands_laggards),
	CASE(two_lost_root_keys_are_replaced_by_the_other_three),
	CASE(targets_changes_hands),
	CASE(snapshot_changes_hands),
	CASE(timestamp_changes_hands),
	CASE(a_product_key_changes_hands),
	CASE(the_approvers_change),
	CASE(the_director_changes_hands),
};
CHECK_MAIN(cases)
