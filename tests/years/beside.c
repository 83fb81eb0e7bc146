/* What is no TUF role: the log's key, roots of TLS by the trust bundle, boot keys, emergencies, epochs; over years. */
#include "fleet.h"

#include "check.h"
#include "crypto_openssl.h"
#include "trust_bundle.h"

#define OFF_DAYS 548
#define STATEMENTS 100u
#define EPOCHS 7u /* more than statements can wait */

static struct fleet f;
static struct handshake_server server;
static struct yard *home;
static struct fleet_device *daily, *laggard;
static struct world_holder next_boot;

static struct world_holder new_key(void)
{
	uint32_t key = world_key_new(f.keeper.world);
	return world_holder_of(f.keeper.world, 1, 1, &key);
}

static const struct public_key *key_of(const struct world_holder *holder)
{
	return &f.keeper.world->keys[holder->keys[0]].key;
}

/* daily, and one that is off for 18 months; both know the boot keys "current" and "next". */
static void opened(void)
{
	fleet_open(&f);
	home = f.keeper.home;
	daily = &f.devices[0];
	next_boot = new_key();
	home->identity.keys[1] = (struct boot_key){ .present = true, .key = *key_of(&next_boot) };
	laggard = fleet_add(&f, "laggard");
	laggard->off_from = KEEPER_START + 8 * (int64_t)KEEPER_DAY;
	laggard->off_until = laggard->off_from + OFF_DAYS * (int64_t)KEEPER_DAY;
	fleet_days(&f, 5, 1);
	CHECK(fleet_is_all_newest(&f));
}

static void all_come_back(void)
{
	while (f.now_unix < laggard->off_until)
		fleet_days(&f, 30, 30);
	keeper_release(&f.keeper);
	fleet_days(&f, 2, 1);
	CHECK(fleet_is_all_newest(&f));
	fleet_close(&f);
}

/* --- the trust bundle --- */

static void publish_bundle(uint64_t sequence, uint32_t root_count, const struct certificate *roots, uint32_t log_count,
			   const struct world_holder *logs)
{
	static uint8_t text[TRUST_BUNDLE_BYTES_MAX];
	struct writer w = writer_over(text, sizeof text);
	struct trust_bundle b = { .sequence = sequence, .log_count = log_count, .log_policy = LOG_REQUIRED };
	b.device_cas = (struct trust_certificates){ 1, { SPAN_LIT("ca") } };
	b.server_roots = (struct trust_certificates){ 1, { SPAN_LIT("root") } };
	for (uint32_t i = 0; i < root_count; i++) {
		b.server_roots.count = root_count;
		b.server_roots.der[i] = (struct span){ roots[i].der, roots[i].n };
	}
	for (uint32_t i = 0; i < log_count; i++) {
		b.logs[i].origin = span_of_text(home->config.log_origin);
		memcpy(b.logs[i].xy, key_of(&logs[i])->xy, sizeof b.logs[i].xy);
	}
	trust_bundle_encode(&w, &b);
	CHECK_EQ(writer_end(&w), FAULT_NONE);
	yard_put_trust(home, TRUST_BUNDLE_PATH, writer_span(&w));
	keeper_renew(&f.keeper, KEEPER_TARGETS);
}

static void the_logs_key_changes_by_the_bundle(void)
{
	opened();
	struct world_holder both[2] = { home->log, new_key() };
	publish_bundle(1, 0, NULL, 2, both);
	fleet_days(&f, 3, 1);
	home->log = both[1];
	keeper_release(&f.keeper);
	fleet_days(&f, 2, 1);
	CHECK(fleet_is_newest(&f, daily));
	publish_bundle(2, 0, NULL, 1, &both[1]);
	all_come_back();
}

static void a_log_key_that_no_bundle_names_is_refused(void)
{
	opened();
	home->log = new_key();
	keeper_release(&f.keeper);
	fleet_days(&f, 2, 1);
	CHECK(!fleet_is_newest(&f, daily));
	CHECK(strcmp(fleet_rule(daily), "unlogged") == 0);
	publish_bundle(1, 0, NULL, 1, &home->log);
	all_come_back();
}

/* His bundle has the last sequence that there is and a log of his own [TB-11]. */
static void a_stolen_threshold_of_targets_is_undone_by_other_keys(void)
{
	opened();
	struct world_holder his = new_key();
	publish_bundle(JSON_INTEGER_MAX, 0, NULL, 1, &his);
	keeper_release(&f.keeper);
	fleet_days(&f, 2, 1);
	CHECK(strcmp(fleet_rule(daily), "unlogged") == 0);
	publish_bundle(1, 0, NULL, 1, &home->log);
	fleet_days(&f, 2, 1);
	CHECK(strcmp(fleet_rule(daily), "rollback") == 0);
	CHECK(!fleet_is_newest(&f, daily));
	struct world_holder new = keeper_new_keys(&f.keeper, KEEPER_TARGETS);
	keeper_set_keys(&f.keeper, KEEPER_TARGETS, &new);
	fleet_days(&f, 2, 1);
	CHECK(fleet_is_newest(&f, daily));
	all_come_back();
}

static void take_roots(void *self, const struct trust_certificates *roots)
{
	struct handshake_device *d = self;
	d->root_count = roots->count;
	for (uint32_t i = 0; i < roots->count && i < HANDSHAKE_ROOTS_MAX; i++) {
		CHECK(roots->der[i].n <= sizeof d->roots[i].der);
		memcpy(d->roots[i].der, roots->der[i].at, roots->der[i].n);
		d->roots[i].n = roots->der[i].n;
	}
}

static void listen_to_roots(struct fleet_device *d)
{
	d->yard->roots_heard = take_roots;
	d->yard->roots_self = &d->tls;
}

/* B and C from now on, A is given up. A laggard that missed it all still knows B: B must stay as long as they do. */
static void server_roots_change_by_the_bundle(bool keeps_b)
{
	opened();
	handshake_server_open(&server, f.now_unix, CERTIFICATE_NO_EXPIRY);
	fleet_serve(&f, &server);
	listen_to_roots(daily);
	listen_to_roots(laggard);
	fleet_days(&f, 3, 1);
	handshake_new_root(&server, f.now_unix, CERTIFICATE_NO_EXPIRY);
	struct certificate b_and_c[2] = { server.roots[1].certificate, server.roots[2].certificate };
	publish_bundle(1, 2, b_and_c, 1, &home->log);
	fleet_days(&f, 10, 1);
	CHECK_EQ(daily->tls.root_count, 2);
	handshake_new_leaf(&server, keeps_b ? 1 : 2, f.now_unix, 1000);
	fleet_days(&f, 10, 1);
	CHECK(!daily->yard->unreachable);
}

static void a_root_of_tls_is_replaced_while_the_other_stays(void)
{
	server_roots_change_by_the_bundle(true);
	all_come_back();
}

static void a_laggard_that_knows_none_of_the_roots_is_stranded(void)
{
	server_roots_change_by_the_bundle(false);
	fleet_days(&f, OFF_DAYS, 60);
	keeper_release(&f.keeper);
	fleet_days(&f, 2, 1);
	CHECK(fleet_is_newest(&f, daily));
	CHECK(!fleet_is_newest(&f, laggard) && laggard->yard->unreachable);
	/* the key of B was not thrown away: its holder signs once more, until the laggards are through */
	handshake_new_leaf(&server, 1, f.now_unix, 100);
	all_come_back();
}

/* --- boot keys --- */

static void the_next_boot_key_takes_over(void)
{
	opened();
	home->boot = next_boot;
	keeper_release(&f.keeper);
	fleet_days(&f, 3, 1);
	CHECK(fleet_is_newest(&f, daily));
	all_come_back();
}

static void a_boot_key_that_was_never_provisioned_is_refused(void)
{
	opened();
	struct world_holder current = home->boot;
	home->boot = new_key();
	keeper_release(&f.keeper);
	fleet_days(&f, 3, 1);
	CHECK(!fleet_is_newest(&f, daily));
	home->boot = current;
	all_come_back();
}

/* --- emergencies --- */

static struct emergency statement_of(uint64_t sequence)
{
	return (struct emergency){ .product = SPAN_LIT("board"), .sequence = sequence, .why = SPAN_LIT("test") };
}

static void revoke(const struct world_holder *holder, uint64_t sequence)
{
	struct emergency s = statement_of(sequence);
	s.does[EMERGENCY_REVOKE] = true;
	s.revoke_count = 1;
	s.revoke[0] = key_identity(&crypto_openssl, key_of(holder));
	yard_state(home, &s, 2, sequence);
}

/* The current boot key is stolen. Images that run are signed by it and go on; the next one must not be. */
static void a_stolen_boot_key_is_revoked_by_an_emergency(void)
{
	opened();
	struct world_holder stolen = home->boot;
	revoke(&stolen, 1);
	fleet_days(&f, 2, 1);
	keeper_release(&f.keeper); /* the thief's: signed by the key that was revoked */
	fleet_forbid(&f);
	fleet_days(&f, 2, 1);
	CHECK(!fleet_is_newest(&f, daily));
	home->boot = next_boot;
	keeper_release(&f.keeper);
	fleet_days(&f, 2, 1);
	CHECK(fleet_is_newest(&f, daily));
	all_come_back();
}

/* Every TUF role is dead, and it is heard all the same. Then new keys, in peace. */
static void a_stolen_product_key_is_revoked_while_tuf_is_dead(void)
{
	opened();
	struct world_holder stolen = f.keeper.world->product;
	f.keeper.idle[KEEPER_TIMESTAMP] = true;
	revoke(&stolen, 1);
	fleet_days(&f, 10, 1);
	CHECK(strcmp(fleet_rule(daily), "expired") == 0);
	f.keeper.idle[KEEPER_TIMESTAMP] = false;
	keeper_release(&f.keeper);
	fleet_forbid(&f);
	fleet_days(&f, 2, 1);
	CHECK(strcmp(fleet_rule(daily), "key-revoked") == 0);
	f.keeper.world->product = keeper_new_keys(&f.keeper, KEEPER_PRODUCT);
	keeper_renew(&f.keeper, KEEPER_TARGETS);
	keeper_release(&f.keeper); /* another image: the thief's stays forbidden */
	all_come_back();
}

/*
 * A root holder's token is stolen: root goes on without it, and then the emergency holders revoke it everywhere. For a
 * laggard it is still one of root's, which no statement may touch: it must walk to the present root all the same.
 */
static void a_laggards_old_root_lists_what_an_emergency_revoked(void)
{
	opened();
	fleet_days(&f, 10, 1);
	struct world_holder stolen = f.keeper.world->root;
	keeper_rotate(&f.keeper, KEEPER_ROOT);
	fleet_days(&f, 10, 1);
	revoke(&stolen, 1);
	keeper_release(&f.keeper);
	fleet_days(&f, 2, 1);
	CHECK(fleet_is_newest(&f, daily));
	CHECK_EQ(daily->yard->installer.trusted.emergency.sequence, 1);
	while (f.now_unix < laggard->off_until)
		fleet_days(&f, 30, 30);
	fleet_days(&f, 2, 1);
	CHECK_EQ(laggard->yard->installer.trusted.emergency.sequence, 1);
	all_come_back();
}

/* So many that one cycle does not hear them all: until the last is heard, nothing is installed. */
static void a_laggard_hears_every_statement_before_it_installs(void)
{
	opened();
	fleet_days(&f, 5, 1);
	struct world_holder stolen = f.keeper.world->product, own = keeper_new_keys(&f.keeper, KEEPER_PRODUCT);
	for (uint64_t sequence = 1; sequence < STATEMENTS; sequence++) {
		struct world_holder nobody = new_key();
		revoke(&nobody, sequence);
	}
	revoke(&stolen, STATEMENTS);
	fleet_days(&f, 10, 1);
	while (f.now_unix + 31 * KEEPER_DAY < laggard->off_until)
		fleet_days(&f, 30, 30);
	laggard->off_until = f.now_unix;
	keeper_release(&f.keeper); /* by the key that only the last statement revokes */
	fleet_forbid(&f);
	fleet_days(&f, 3, 1);
	CHECK_EQ(laggard->yard->installer.trusted.emergency.sequence, STATEMENTS);
	CHECK(strcmp(fleet_rule(laggard), "key-revoked") == 0);
	f.keeper.world->product = own;
	keeper_renew(&f.keeper, KEEPER_TARGETS);
	keeper_release(&f.keeper);
	all_come_back();
}

/* One that names a root key of today is refused by all, and stops them until its file is replaced. */
static void a_statement_against_root_is_refused_until_it_is_replaced(void)
{
	opened();
	revoke(&f.keeper.world->root, 1);
	keeper_release(&f.keeper);
	fleet_days(&f, 2, 1);
	CHECK(!fleet_is_newest(&f, daily));
	CHECK(strcmp(fleet_rule(daily), "emergency-forbidden") == 0);
	struct world_holder nobody = new_key();
	revoke(&nobody, 1);
	all_come_back();
}

/* --- epochs --- */

static void raise_epoch(uint32_t epoch)
{
	struct emergency s = statement_of(epoch);
	s.does[EMERGENCY_RAISE_EPOCH] = true;
	s.epoch = epoch;
	yard_state(home, &s, 2, epoch);
}

static void release_in(uint32_t epoch, uint32_t build)
{
	home->next.counter = COUNTER_OF(epoch, build) - 1;
	keeper_release(&f.keeper);
	fleet_days(&f, 2, 1);
}

/* A laggard must take each epoch by itself: one release of each is kept for it. */
static void epochs_are_climbed_one_by_one(bool by_emergency)
{
	opened();
	for (uint32_t epoch = 1; epoch <= EPOCHS; epoch++) {
		release_in(epoch, 100 * epoch);
		CHECK(fleet_is_newest(&f, daily));
		if (by_emergency)
			raise_epoch(epoch);
		fleet_days(&f, 30, 10);
	}
	while (f.now_unix < laggard->off_until)
		fleet_days(&f, 30, 30);
	fleet_days(&f, 2, 1);
	CHECK(!fleet_is_newest(&f, laggard));
	CHECK(strcmp(fleet_rule(laggard), "counter-jump") == 0);
	for (uint32_t epoch = 1; epoch <= EPOCHS; epoch++) {
		release_in(epoch, 1000 * epoch);
		CHECK(fleet_is_newest(&f, laggard));
	}
	all_come_back();
}

static void a_laggard_climbs_epochs_one_by_one(void)
{
	epochs_are_climbed_one_by_one(false);
}

static void a_laggard_climbs_epochs_that_an_emergency_raised(void)
{
	epochs_are_climbed_one_by_one(true);
}

static const struct check_case cases[] = {
	CASE(the_logs_key_changes_by_the_bundle),
	CASE(a_log_key_that_no_bundle_names_is_refused),
	CASE(a_stolen_threshold_of_targets_is_undone_by_other_keys),
	CASE(a_root_of_tls_is_replaced_while_the_other_stays),
	CASE(a_laggard_that_knows_none_of_the_roots_is_stranded),
	CASE(the_next_boot_key_takes_over),
	CASE(a_boot_key_that_was_never_provisioned_is_refused),
	CASE(a_stolen_boot_key_is_revoked_by_an_emergency),
	CASE(a_stolen_product_key_is_revoked_while_tuf_is_dead),
	CASE(a_laggards_old_root_lists_what_an_emergency_revoked),
	CASE(a_laggard_hears_every_statement_before_it_installs),
	CASE(a_statement_against_root_is_refused_until_it_is_replaced),
	CASE(a_laggard_climbs_epochs_one_by_one),
	CASE(a_laggard_climbs_epochs_that_an_emergency_raised),
};
CHECK_MAIN(cases)
