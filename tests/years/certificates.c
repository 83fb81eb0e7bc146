/* Certificates over the years: the server's under roots A and B, devices' operational ones, and their authority. */
#include "fleet.h"

#include "check.h"
#include "enrolment.h"
#include "refresh.h"

#define OFF_DAYS 548

static struct fleet f;
static struct handshake_server server;
static struct fleet_device *daily, *laggard, *clockless;

static void off_for_18_months(struct fleet_device *d)
{
	d->off_from = KEEPER_START + 20 * (int64_t)KEEPER_DAY;
	d->off_until = d->off_from + OFF_DAYS * (int64_t)KEEPER_DAY;
}

/* daily; one that is off for 18 months; one that is off as long and has no clock besides. */
static void opened(int64_t root_a_end_unix)
{
	fleet_open(&f);
	handshake_server_open(&server, f.now_unix, root_a_end_unix);
	fleet_serve(&f, &server);
	daily = &f.devices[0];
	laggard = fleet_add(&f, "laggard");
	clockless = fleet_add(&f, "clockless-laggard");
	clockless->has_dead_clock = true;
	off_for_18_months(laggard);
	off_for_18_months(clockless);
	fleet_days(&f, 10, 1);
	CHECK(fleet_is_all_newest(&f));
}

/* Until the laggards are back. */
static void all_come_back(void)
{
	while (f.now_unix < laggard->off_until)
		fleet_days(&f, 30, 30);
	keeper_release(&f.keeper);
	fleet_days(&f, 2, 1);
	CHECK(fleet_is_all_newest(&f));
	fleet_close(&f);
}

static int64_t time_of(const struct fleet_device *d)
{
	return refresh_now(&d->yard->installer);
}

static struct span der_of(const struct certificate *c)
{
	return (struct span){ c->der, c->n };
}

/* --- operational certificates of 90 days --- */

static void an_expired_ldevid_is_replaced_by_the_birth_certificate(void)
{
	struct x509_facts facts;
	opened(CERTIFICATE_NO_EXPIRY);
	CHECK_EQ(server.enrolments, 3);
	fleet_days(&f, OFF_DAYS - 20, 24);
	CHECK(server.enrolments > 3 + 5); /* daily has renewed, at a third of its life */
	/* by its own time the clockless one's is good: only the server's refusal tells it */
	CHECK_EQ(x509_read(der_of(&clockless->tls.operational), &facts, NULL), 0);
	CHECK_EQ(enrolment_judge(&facts, KEEPER_START + 20 * (int64_t)KEEPER_DAY), ENROLMENT_GOOD);
	CHECK(facts.not_after_unix < f.now_unix);
	all_come_back();
}

static void another_device_ca_is_met_by_enrolling_anew(void)
{
	opened(CERTIFICATE_NO_EXPIRY);
	uint32_t before = server.enrolments;
	handshake_new_device_ca(&server, f.now_unix, true);
	fleet_days(&f, 1, 1);
	CHECK_EQ(server.enrolments, before); /* with overlap nobody notices */
	handshake_new_device_ca(&server, f.now_unix, false);
	fleet_days(&f, 1, 1);
	CHECK_EQ(server.enrolments, before + 3);
	all_come_back();
}

/* --- the server's --- */

static void an_expired_server_certificate_is_refused_until_the_next(void)
{
	opened(CERTIFICATE_NO_EXPIRY);
	struct fleet_device *dead = fleet_add(&f, "dead-clock");
	dead->has_dead_clock = true;
	handshake_new_leaf(&server, 0, f.now_unix, 30);
	fleet_days(&f, 29, 1);
	keeper_release(&f.keeper);
	fleet_days(&f, 5, 1);
	CHECK(!fleet_is_newest(&f, daily));
	CHECK(daily->yard->unreachable);
	/* a clock that stands still at 1970 does not help a thief for long: what was verified is later */
	CHECK(time_of(dead) > KEEPER_START + 30 * (int64_t)KEEPER_DAY);
	handshake_new_leaf(&server, 0, f.now_unix, 730);
	fleet_days(&f, 2, 1);
	CHECK(fleet_is_newest(&f, daily) && fleet_is_newest(&f, dead));
	all_come_back();
}

/* By a clock that is behind, all that is new begins in the future: a rule that cared would strand the clockless. */
static void a_new_server_certificate_is_taken_by_a_clock_that_is_behind(void)
{
	struct error why;
	opened(CERTIFICATE_NO_EXPIRY);
	fleet_days(&f, 300, 30);
	handshake_new_leaf(&server, 0, f.now_unix, 730);
	CHECK_EQ(x509_check_chain(der_of(&server.leaf), NULL, 0, clockless->tls.roots, 2, time_of(clockless), &why),
		 -1);
	all_come_back();
}

static void root_a_ends_and_b_carries_on(void)
{
	int64_t end = KEEPER_START + 200 * (int64_t)KEEPER_DAY;
	opened(end);
	struct fleet_device *one_root = fleet_add(&f, "only-root-a");
	one_root->tls.root_count = 1;
	fleet_days(&f, 180, 20);
	CHECK(fleet_is_newest(&f, one_root));
	handshake_new_leaf(&server, 1, f.now_unix, 730);
	keeper_release(&f.keeper);
	fleet_days(&f, 20, 10);
	CHECK(fleet_is_newest(&f, daily));
	CHECK(!fleet_is_newest(&f, one_root)); /* that is what B is for */
	one_root->tls.roots[1] = one_root->tls.roots[0];
	one_root->tls.roots[0] = server.roots[1].certificate;
	one_root->tls.root_count = 2;
	all_come_back();
}

/* The end of a root's own certificate counts: nobody may plan on staying under A. */
static void a_leaf_under_an_ended_root_is_refused(void)
{
	opened(KEEPER_START + 200 * (int64_t)KEEPER_DAY);
	fleet_days(&f, 200, 25);
	keeper_release(&f.keeper);
	fleet_days(&f, 2, 1);
	CHECK(!fleet_is_newest(&f, daily));
	handshake_new_leaf(&server, 1, f.now_unix, 730);
	all_come_back();
}

/*
 * A stolen timestamp key moves the floor to the end of root or targets, at most a year ahead: a server certificate that
 * ends before that is refused, and with it the new root. It must be issued anew, too.
 */
static void a_lie_about_time_reaches_the_server_certificate(void)
{
	opened(CERTIFICATE_NO_EXPIRY);
	handshake_new_leaf(&server, 0, f.now_unix, 60);
	struct world *w = f.keeper.world;
	w->timestamp_version++;
	w->issued_unix = KEEPER_START + 300 * (int64_t)KEEPER_DAY;
	w->expires_unix = w->issued_unix + 3600;
	world_publish_timestamp(w);
	fleet_visit(&f, daily);
	CHECK(time_of(daily) > f.now_unix + 200 * (int64_t)KEEPER_DAY);
	struct world_holder new = keeper_new_keys(&f.keeper, KEEPER_TIMESTAMP);
	keeper_set_keys(&f.keeper, KEEPER_TIMESTAMP, &new);
	keeper_release(&f.keeper);
	fleet_days(&f, 2, 1);
	CHECK(!fleet_is_newest(&f, daily) && daily->yard->unreachable);
	handshake_new_leaf(&server, 0, f.now_unix, 730);
	fleet_days(&f, 2, 1);
	CHECK(fleet_is_newest(&f, daily));
	all_come_back();
}

static const struct check_case cases[] = {
	CASE(an_expired_ldevid_is_replaced_by_the_birth_certificate),
	CASE(another_device_ca_is_met_by_enrolling_anew),
	CASE(an_expired_server_certificate_is_refused_until_the_next),
	CASE(a_new_server_certificate_is_taken_by_a_clock_that_is_behind),
	CASE(root_a_ends_and_b_carries_on),
	CASE(a_leaf_under_an_ended_root_is_refused),
	CASE(a_lie_about_time_reaches_the_server_certificate),
};
CHECK_MAIN(cases)
