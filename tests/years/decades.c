/*
 * A fleet of many habits through years of accidents, in an order that is random but repeats by its seed:
 *
 *   decades YEARS SEED
 *
 * After each accident the operator does what docs/operate/rotation.md says; then every device that is on and not ahead
 * of the time must run the newest release. What must hold at every visit is checked by the fleet itself.
 */
#include "fleet.h"

#include <stdlib.h>

#include "check.h"

#define STEP_DAYS 15
#define LEAF_DAYS 730
#define SETTLE_DAYS 3

static struct fleet f;
static struct handshake_server server;
static uint64_t years, seed;

static uint32_t draw(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 11) % below;
}

static void replaced(enum keeper_role role)
{
	struct world_holder new = keeper_new_keys(&f.keeper, role);
	keeper_set_keys(&f.keeper, role, &new);
}

/* --- what happens to keys --- */

static void a_role_is_rotated(void)
{
	keeper_rotate(&f.keeper, (enum keeper_role)draw(KEEPER_ROLES));
}

static void the_timestamp_key_is_lost(void)
{
	f.keeper.idle[KEEPER_TIMESTAMP] = true;
	fleet_days(&f, 9, 3);
	f.keeper.idle[KEEPER_TIMESTAMP] = false;
	replaced(KEEPER_TIMESTAMP);
}

/* Some meet the liar, some do not. */
static void the_timestamp_key_lies(void)
{
	struct world *w = f.keeper.world;
	w->timestamp_version++;
	w->issued_unix = f.now_unix + (int64_t)draw(180) * KEEPER_DAY;
	w->expires_unix = w->issued_unix + 3600;
	world_publish_timestamp(w);
	for (uint32_t i = 0; i < f.count; i++)
		if (fleet_is_on(&f, &f.devices[i]) && draw(2) == 0)
			fleet_visit(&f, &f.devices[i]);
	handshake_new_leaf(&server, draw(2), f.now_unix, LEAF_DAYS);
	replaced(KEEPER_TIMESTAMP);
}

static void a_product_key_is_stolen(void)
{
	struct world_holder stolen = f.keeper.world->product;
	replaced(KEEPER_PRODUCT);
	fleet_days(&f, 2, 1);
	struct world_holder own = f.keeper.world->product;
	f.keeper.world->product = stolen;
	keeper_release(&f.keeper);
	fleet_forbid(&f);
	fleet_days(&f, 2, 1);
	f.keeper.world->product = own;
}

static void far_sequence(struct directive *directive)
{
	directive->sequence += DIRECTIVE_SEQUENCE_STEP_MAX / 2;
}

static void the_director_is_stolen(void)
{
	struct fleet_device *d = &f.devices[draw(f.count)];
	uint64_t sequence = d->yard->directive_sequence;
	keeper_release(&f.keeper);
	d->yard->twist = far_sequence;
	fleet_days(&f, 1, 1);
	d->yard->twist = NULL;
	d->yard->directive_sequence = sequence;
	replaced(KEEPER_DIRECTOR);
}

static void people_are_late(void)
{
	enum keeper_role role = draw(2) == 0 ? KEEPER_ROOT : KEEPER_TARGETS;
	f.keeper.idle[role] = true;
	fleet_days(&f, 375, STEP_DAYS);
	f.keeper.idle[role] = false;
	keeper_keep(&f.keeper, f.now_unix);
}

static void certificates_change(void)
{
	handshake_new_leaf(&server, draw(2), f.now_unix, LEAF_DAYS);
	handshake_new_device_ca(&server, f.now_unix, draw(2) == 0);
}

/* --- what happens to devices --- */

static void one_goes_into_a_drawer(void)
{
	struct fleet_device *d = &f.devices[draw(f.count)];
	d->off_from = f.now_unix;
	d->off_until = f.now_unix + (int64_t)(30 + draw(900)) * KEEPER_DAY;
}

static void one_loses_its_clock(void)
{
	struct fleet_device *d = &f.devices[draw(f.count)];
	d->has_dead_clock = !d->has_dead_clock;
}

static void one_is_ahead_for_a_while(void)
{
	struct fleet_device *d = &f.devices[draw(f.count)];
	d->clock_ahead_s = (int64_t)(1 + draw(25)) * KEEPER_YEAR;
	fleet_days(&f, 30, STEP_DAYS);
	d->clock_ahead_s = 0;
}

static const struct {
	const char *name;
	void (*happens)(void);
} accidents[] = {
	{ "a role is rotated", a_role_is_rotated },
	{ "a role is rotated", a_role_is_rotated },
	{ "the timestamp key is lost", the_timestamp_key_is_lost },
	{ "the timestamp key lies", the_timestamp_key_lies },
	{ "a product key is stolen", a_product_key_is_stolen },
	{ "the director is stolen", the_director_is_stolen },
	{ "people are late", people_are_late },
	{ "certificates change", certificates_change },
	{ "one goes into a drawer", one_goes_into_a_drawer },
	{ "one goes into a drawer", one_goes_into_a_drawer },
	{ "one loses its clock, or gets one", one_loses_its_clock },
	{ "one is ahead for a while", one_is_ahead_for_a_while },
};

/* --- the years --- */

static void opened(void)
{
	static const char *const names[] = { "b", "c", "d", "e", "f", "g", "h" };
	fleet_open(&f);
	handshake_server_open(&server, f.now_unix, CERTIFICATE_NO_EXPIRY);
	fleet_serve(&f, &server);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		fleet_add(&f, names[i])->has_dead_clock = i % 3 == 2;
}

static void whole_again(const char *after)
{
	keeper_release(&f.keeper);
	fleet_days(&f, SETTLE_DAYS, 1);
	if (!fleet_is_all_newest(&f))
		printf("# day %lld, after: %s\n", (long long)((f.now_unix - KEEPER_START) / KEEPER_DAY), after);
	CHECK(fleet_is_all_newest(&f));
}

static void the_fleet_survives(void)
{
	uint32_t happened = 0;
	int64_t leaf_unix = KEEPER_START;
	opened();
	while (f.now_unix < KEEPER_START + (int64_t)years * KEEPER_YEAR) {
		uint32_t n = draw(sizeof accidents / sizeof accidents[0]);
		accidents[n].happens();
		happened++;
		whole_again(accidents[n].name);
		fleet_days(&f, STEP_DAYS * (1 + draw(4)), STEP_DAYS);
		if (f.now_unix - leaf_unix > 200 * (int64_t)KEEPER_DAY) {
			handshake_new_leaf(&server, draw(2), f.now_unix, LEAF_DAYS);
			leaf_unix = f.now_unix;
		}
	}
	printf("# %llu years, %u accidents, %u releases, %u enrolments\n", (unsigned long long)years, happened,
	       f.keeper.releases, server.enrolments);
	for (uint32_t i = 0; i < f.count; i++) /* drawers are opened */
		f.devices[i].off_until = 0;
	whole_again("the drawers are opened");
	fleet_close(&f);
}

int main(int argc, char **argv)
{
	static const struct check_case cases[] = { CASE(the_fleet_survives) };
	if (argc != 3)
		return 2;
	years = strtoull(argv[1], NULL, 10);
	seed = strtoull(argv[2], NULL, 10) * 0x9e3779b97f4a7c15u;
	return check_main(1, argv, cases, 1);
}
