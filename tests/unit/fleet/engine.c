/* The fleet over a database in memory, a fake clock and a fake signer: offers, evidence, abort, return, restart. */
#include "engine.h"

#include <stdlib.h>

#include "check.h"
#include "crypto_openssl.h"
#include "keyfile.h"
#include "metadata.h"
#include "plan.h"
#include "report.h"
#include "role.h"
#include "signed.h"
#include "sqlite_db.h"

#define CANARIES 6
#define DEVICES 30

static int64_t now_unix;
static bool signer_fails;
static int signer_calls;
static int64_t issued_unix; /* of the published timestamp; 0: none is published */
static int64_t all_earliest_unix;
static struct sqlite_db *db;
static struct engine *engine;
static struct keyfile *report_keyfile;
static struct rollouts_question last;
static struct digest good_image = { { 1 } }, new_image = { { 2 } };

static int64_t fake_unix(void *self)
{
	return now_unix;
}

static uint64_t fake_boot(void *self)
{
	return (uint64_t)now_unix * 1000;
}

static int fake_sign_batch(void *self, const struct sign_request *requests, uint32_t n, struct signature *out,
			   struct error *e)
{
	signer_calls++;
	for (uint32_t i = 0; i < n; i++)
		out[i] = (struct signature){ .key = { { 7 } }, .raw = { 9, [32] = 9 } };
	return signer_fails ? error_retry(e, "no signer") : 0;
}

static int fake_read(void *files, const char *path, size_t max_bytes, uint8_t **out, size_t *n, struct error *e)
{
	uint8_t body[1024];
	struct timestamp timestamp = {
		.version = 1, .expires_unix = issued_unix + 86400, .issued_unix = issued_unix, .snapshot_version = 1
	};
	struct signed_by by = { .raw = { 1, [32] = 1 },
				.keyid_hex =
					SPAN_LIT("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef") };
	if (issued_unix == 0 || strcmp(path, "metadata/timestamp.json") != 0)
		return 1;
	struct writer w = writer_over(body, sizeof body);
	timestamp_encode(&w, &timestamp);
	*out = malloc(4096);
	struct writer envelope = writer_over(*out, 4096);
	signed_encode(&envelope, writer_span(&w), &by, 1);
	CHECK_EQ(writer_end(&envelope), FAULT_NONE);
	*n = envelope.used;
	return 0;
}

static void answered(struct rollouts_question *q)
{
}

static void ask(struct rollouts_question *q)
{
	struct rollouts rollouts = engine_rollouts(engine);
	q->answered = answered;
	CHECK(rollouts.ask(rollouts.self, q));
	sqlite_db_step(db);
}

static void attach(void)
{
	struct error e = { 0 };
	struct engine_config config = { .crypto = &crypto_openssl,
					.clock = { fake_unix, fake_boot, NULL },
					.db = sqlite_db_port(db),
					.signer = { .sign_batch = fake_sign_batch },
					.read_file = fake_read,
					.poll_s = 100,
					.lifetime_s = 600 };
	CHECK_EQ(engine_new(&engine, &config, &e), 0);
	struct db_batch batch = engine_batch(engine);
	sqlite_db_hook(db, &batch);
}

static void tick(void)
{
	last = (struct rollouts_question){ .kind = ROLLOUTS_TICK };
	ask(&last);
	CHECK_EQ(last.status, 200);
}

static const char *uri_of(int device)
{
	static char uri[64];
	snprintf(uri, sizeof uri, "urn:sealift:device:board:dev-%02d?region=eu", device);
	return uri;
}

/* --- a rollout, as a row --- */

static uint8_t plan_text[4096];
static size_t plan_n;

static void make_plan(void)
{
	static char names[CANARIES][8];
	static struct span canaries[CANARIES];
	for (int i = 0; i < CANARIES; i++) {
		snprintf(names[i], sizeof names[i], "dev-%02d", i);
		canaries[i] = span_of_text(names[i]);
	}
	struct stage stages[] = {
		{ .name = SPAN_LIT("canary"),
		  .devices = canaries,
		  .device_count = CANARIES,
		  .range_to_bp = STAGE_RANGE_ALL },
		{ .name = SPAN_LIT("all"), .earliest_unix = all_earliest_unix, .range_to_bp = STAGE_RANGE_ALL },
	};
	struct plan plan = { .product = SPAN_LIT("board"),
			     .name = SPAN_LIT("two"),
			     .release = { SPAN_LIT("p/board/2.0.0/image"), new_image, 2 },
			     .has_return = true,
			     .return_release = { SPAN_LIT("p/board/2.0.0/return"), good_image, 3 },
			     .return_until_unix = 2000000000,
			     .stage_count = 2,
			     .stages = stages,
			     .p0_ppm = 10000,
			     .alpha_ppm = 50000,
			     .beta_ppm = 200000,
			     .soak_s = 10,
			     .coverage_percent = 80,
			     .report_expected_s = 600,
			     .in_flight = 4 };
	struct writer w = writer_over(plan_text, sizeof plan_text);
	plan_encode(&w, &plan);
	CHECK_EQ(writer_end(&w), FAULT_NONE);
	plan_n = w.used;
}

static int add_rollout(struct db_job *job, const struct db_rows *rows)
{
	struct error e = { 0 };
	struct db_rollout row = { .product = "board",
				  .plan_path = "plans/board/two.json",
				  .plan_text = { plan_text, plan_n },
				  .release_bytes = 10,
				  .return_bytes = 10,
				  .state = DB_RUNNING,
				  .started_unix = now_unix };
	return rows->rollout_save(rows->self, &row, &e) != 0 ||
			       rows->fact_save(rows->self, "planned/1/0", CANARIES, &e) != 0
		       ? -1
		       : 0;
}

static void ignore(struct db_job *job, bool durable)
{
	CHECK(durable);
}

/* --- devices --- */

static void poll(int device, bool confirm, const char *target, uint64_t counter)
{
	last = (struct rollouts_question){ .kind = ROLLOUTS_POLL, .confirm = confirm, .running_counter = counter };
	snprintf(last.uri, sizeof last.uri, "%s", uri_of(device));
	snprintf(last.target, sizeof last.target, "%s", target);
	last.nonce[0] = (uint8_t)device;
	ask(&last);
	CHECK_EQ(last.status, signer_fails ? 503 : 200);
}

static bool offered(int device)
{
	poll(device, false, "", 1);
	return last.directive_n > 0;
}

static uint64_t sequences[DEVICES + 100];

static const char *cause = "";

static unsigned report(int device, enum report_state state, const char *target, const struct digest *image,
		       uint64_t counter)
{
	uint8_t body[2048], envelope[4096];
	char id[16], keyid[ROLE_KEYID_HEX + 1];
	struct signed_by by = { 0 };
	struct public_key key;
	struct role_key role;
	struct error e;
	snprintf(id, sizeof id, "dev-%02d", device);
	struct report r = { .device = span_of_text(id),
			    .sequence = ++sequences[device],
			    .boot_count = 1,
			    .running_path = SPAN_LIT("p/board/1.0.0/image"),
			    .running_version = SPAN_LIT("1.0.0"),
			    .running_image = *image,
			    .running_counter = counter,
			    .state = state,
			    .target_path = span_of_text(target),
			    .cause = span_of_text(cause),
			    .proof = SPAN_LIT("file") };
	struct writer w = writer_over(body, sizeof body), out = writer_over(envelope, sizeof envelope);
	report_encode(&w, &r);
	CHECK_EQ(writer_end(&w), FAULT_NONE);
	struct digest digest = sha256_of(&crypto_openssl, writer_span(&w));
	CHECK_EQ(keyfile_sign(report_keyfile, &digest, by.raw, &e), 0);
	CHECK_EQ(keyfile_public(report_keyfile, &key, &e), 0);
	role_key_init(&crypto_openssl, &key, keyid, &role);
	by.keyid_hex = role.keyid;
	signed_encode(&out, writer_span(&w), &by, 1);
	last = (struct rollouts_question){ .kind = ROLLOUTS_REPORT, .report = writer_span(&out) };
	snprintf(last.uri, sizeof last.uri, "%s", uri_of(device));
	ask(&last);
	return last.status;
}

static void succeed(int device)
{
	CHECK_EQ(report(device, REPORT_CONFIRMED, "p/board/2.0.0/image", &new_image, 2), 204);
}

static void fail(int device)
{
	CHECK_EQ(report(device, REPORT_ROLLED_BACK, "p/board/2.0.0/image", &good_image, 1), 204);
}

static struct rollouts_view view(void)
{
	struct rollouts rollouts = engine_rollouts(engine);
	struct rollouts_view v;
	CHECK(rollouts.view(rollouts.self, 1, &v));
	return v;
}

static void attest(int device)
{
	struct error e;
	last = (struct rollouts_question){ .kind = ROLLOUTS_ATTEST };
	CHECK_EQ(keyfile_public(report_keyfile, &last.report_key, &e), 0);
	snprintf(last.uri, sizeof last.uri, "%s", uri_of(device));
	ask(&last);
	CHECK_EQ(last.status, 204);
}

static void set_up(void)
{
	struct error e = { 0 };
	struct db_job job = { .run = add_rollout, .done = ignore };
	engine_free(engine);
	sqlite_db_close(db);
	engine = NULL;
	db = NULL;
	now_unix = 1000000;
	signer_fails = false;
	issued_unix = 0;
	memset(sequences, 0, sizeof sequences);
	CHECK_EQ(sqlite_db_open(&db, ":memory:", &e), 0);
	attach();
	for (int i = 0; i < DEVICES; i++)
		attest(i);
	make_plan();
	struct db port = sqlite_db_port(db);
	CHECK(port.submit(port.self, &job));
	sqlite_db_step(db);
	engine_free(engine);
	attach();
	tick();
}

/* --- cases --- */

static void offers_to_the_stage_within_the_window(void)
{
	int count = 0;
	set_up();
	CHECK(!offered(10)); /* not in the open stage */
	for (int i = 0; i < CANARIES; i++)
		count += offered(i);
	CHECK_EQ(count, 4);
	CHECK(offered(0)); /* asked again, told again */
	succeed(0);
	CHECK(!offered(0));
	CHECK(offered(4));
	CHECK(!offered(10));
}

static void directive_echoes_and_rises(void)
{
	static uint8_t memory[65536];
	uint64_t before = 0;
	set_up();
	for (int i = 0; i < 3; i++) {
		struct workspace ws = workspace_over(memory, sizeof memory);
		struct signed_json envelope;
		struct directive d;
		CHECK(offered(1));
		CHECK_EQ(signed_decode_strict((struct span){ last.directive, last.directive_n }, &ws, &crypto_openssl,
					      &envelope),
			 FAULT_NONE);
		CHECK_EQ(directive_decode(envelope.body, &d), FAULT_NONE);
		CHECK(span_is(d.device, "dev-01"));
		CHECK_EQ(d.nonce[0], 1);
		CHECK(d.sequence > before);
		CHECK_EQ(d.lifetime_s, 600);
		CHECK(span_is(d.target_path, "p/board/2.0.0/image"));
		before = d.sequence;
		CHECK(last.poll_s >= 90 && last.poll_s <= 110);
	}
}

static void confirms_only_what_still_stands(void)
{
	set_up();
	poll(0, true, "p/board/2.0.0/image", 1);
	CHECK_EQ(last.directive_n, 0); /* never offered */
	CHECK(offered(0));
	poll(0, true, "p/board/2.0.0/image", 1);
	CHECK(last.directive_n > 0);
	poll(0, true, "p/board/9.0.0/image", 1);
	CHECK_EQ(last.directive_n, 0);
	last = (struct rollouts_question){ .kind = ROLLOUTS_PAUSE, .rollout = 1, .who = "ann", .why = "lunch" };
	ask(&last);
	CHECK_EQ(last.status, 200);
	poll(0, true, "p/board/2.0.0/image", 1);
	CHECK_EQ(last.directive_n, 0);
	CHECK(!offered(1));
	last = (struct rollouts_question){ .kind = ROLLOUTS_RESUME, .rollout = 1, .who = "ann", .why = "back" };
	ask(&last);
	poll(0, true, "p/board/2.0.0/image", 1);
	CHECK(last.directive_n > 0);
}

static void promotes_after_clean_canaries(void)
{
	set_up();
	for (int i = 0; i < CANARIES; i++) {
		CHECK(offered(i));
		succeed(i);
	}
	CHECK(!offered(10));
	now_unix += 60;
	tick();
	CHECK(strcmp(view().stage_name, "all") == 0);
	CHECK(offered(10));
}

/* Devices judge by the published timestamp: however late it is here, they would refuse a stage that opened ahead. */
static void opens_a_stage_by_the_published_time(void)
{
	all_earliest_unix = 1000600;
	set_up();
	all_earliest_unix = 0;
	for (int i = 0; i < CANARIES; i++) {
		CHECK(offered(i));
		succeed(i);
	}
	issued_unix = 1000599;
	now_unix += 3600;
	tick();
	CHECK(strcmp(view().stage_name, "all") == 0);
	CHECK(!offered(10));
	issued_unix = 1000600;
	CHECK(!offered(10)); /* not read again within the second */
	now_unix++;
	CHECK(offered(10));
}

static void untimely_refusals_are_no_evidence(void)
{
	static const char *const causes[] = { "plan-time: early", "expired", "directive-lifetime: old",
					      "directive-nonce", "directive-sequence: 3" };
	set_up();
	CHECK(offered(0));
	for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
		cause = causes[i];
		CHECK_EQ(report(0, REPORT_REFUSED, "p/board/2.0.0/image", &good_image, 1), 204);
		CHECK_EQ(view().failed, 0);
		CHECK(offered(0));
	}
	cause = "expired-key: not that rule";
	CHECK_EQ(report(0, REPORT_REFUSED, "p/board/2.0.0/image", &good_image, 1), 204);
	cause = "";
	CHECK_EQ(view().failed, 1);
}

static void aborts_and_brings_back_the_affected(void)
{
	set_up();
	for (int i = 0; i < 4; i++)
		CHECK(offered(i));
	CHECK_EQ(report(3, REPORT_REFUSED, "p/board/2.0.0/image", &good_image, 1), 204);
	fail(0);
	fail(1);
	fail(2);
	CHECK(!offered(4));
	poll(3, true, "p/board/2.0.0/image", 1);
	CHECK_EQ(last.directive_n, 0);
	poll(0, false, "", 1);
	CHECK(last.directive_n > 0);
	CHECK(memmem(last.directive, last.directive_n, "2.0.0/return", 12) != NULL);
	CHECK(!offered(3)); /* refused before it booted: left alone */
	CHECK_EQ(report(0, REPORT_CONFIRMED, "p/board/2.0.0/return", &good_image, 3), 204);
	poll(0, false, "", 3);
	CHECK_EQ(last.directive_n, 0);
	CHECK_EQ(view().returned, 1);
	CHECK_EQ(view().affected, 3);
}

static void operator_abort_is_final(void)
{
	set_up();
	CHECK(offered(0));
	last = (struct rollouts_question){ .kind = ROLLOUTS_ABORT, .rollout = 1, .who = "ann", .why = "bad" };
	ask(&last);
	CHECK_EQ(last.status, 200);
	CHECK(!offered(0));
	last = (struct rollouts_question){ .kind = ROLLOUTS_RESUME, .rollout = 1, .who = "ann", .why = "no" };
	ask(&last);
	CHECK_EQ(last.status, 409);
	CHECK(!offered(1));
}

static void stop(unsigned status)
{
	last = (struct rollouts_question){ .kind = ROLLOUTS_ABORT, .rollout = 1, .who = "ann", .why = "found late" };
	ask(&last);
	CHECK_EQ(last.status, status);
}

static void end_it(void)
{
	set_up();
	for (int i = 0; i < DEVICES; i++) {
		CHECK(offered(i));
		succeed(i);
		if (i != CANARIES - 1)
			continue;
		now_unix += 60;
		tick();
	}
	now_unix += 60;
	tick();
	last = (struct rollouts_question){ .kind = ROLLOUTS_PAUSE, .rollout = 1, .who = "ann", .why = "too late" };
	ask(&last);
	CHECK_EQ(last.status, 409); /* it is done */
}

static void a_done_rollout_can_be_aborted(void)
{
	end_it();
	stop(200);
	poll(3, false, "", 2);
	CHECK(memmem(last.directive, last.directive_n, "2.0.0/return", 12) != NULL);
	stop(409);
	end_it();
	now_unix = 2000000000; /* the way back is closed */
	stop(409);
}

/* Devices that became known after the end are offered within the window, and their failures count. */
static void a_done_rollout_is_watched(void)
{
	int count = 0;
	end_it();
	for (int i = 20; i < DEVICES; i++) /* after their success */
		fail(i);
	poll(25, false, "", 1);
	CHECK(memmem(last.directive, last.directive_n, "2.0.0/return", 12) != NULL);
	end_it();
	for (int i = DEVICES; i < DEVICES + 60; i++)
		attest(i);
	for (int i = DEVICES; i < DEVICES + 60; i++)
		count += offered(i);
	CHECK(count > 0);
	CHECK(count < 60);
}

static int count_rollouts(void)
{
	struct rollouts rollouts = engine_rollouts(engine);
	struct rollouts_view v;
	int n = 0;
	for (uint64_t id = 1; id <= 3; id++)
		n += rollouts.view(rollouts.self, id, &v);
	return n;
}

static void add_one(void)
{
	struct db_job job = { .run = add_rollout, .done = ignore };
	struct db port = sqlite_db_port(db);
	CHECK(port.submit(port.self, &job));
	sqlite_db_step(db);
	engine_free(engine);
	attach();
	tick();
}

/* Its row and its view stay. */
static void forgets_what_ended_long_ago(void)
{
	set_up();
	CHECK(offered(0));
	CHECK_EQ(report(0, REPORT_ACTIVATING, "p/board/2.0.0/image", &good_image, 1), 204);
	stop(200);
	add_one();
	CHECK_EQ(count_rollouts(), 2);
	poll(0, false, "", 2);
	CHECK(last.directive_n > 0); /* the way back from the first */
	CHECK_EQ(engine_kept(engine), 2);
	now_unix = 2000000000;
	tick();
	CHECK_EQ(engine_kept(engine), 1);
	CHECK_EQ(count_rollouts(), 2);
	stop(409);
}

static void silence_aborts_in_the_end(void)
{
	set_up();
	for (int i = 0; i < 4; i++)
		CHECK(offered(i));
	now_unix += 600 * 100;
	tick();
	CHECK(!offered(4));
	CHECK(!offered(0));
}

static void no_signature_no_offer(void)
{
	set_up();
	signer_fails = true;
	CHECK(!offered(0));
	CHECK(last.error.text[0] != '\0'); /* not "there is nothing for you", which would withdraw an offer */
	CHECK(last.help != NULL);
	CHECK_EQ(view().offered, 0);
	signer_fails = false;
	CHECK(offered(0));
	CHECK_EQ(view().offered, 1);
}

/* More questions than one request to the signer takes, then a stop: it runs first, nobody waits a second time. */
static void a_lost_signer_does_not_hold_up_a_stop(void)
{
	enum { POLLS = 300 };
	static struct rollouts_question polls[POLLS], stop;
	struct rollouts rollouts = engine_rollouts(engine);
	for (int round = 0; round < 2; round++) {
		set_up();
		rollouts = engine_rollouts(engine);
		CHECK(offered(0));
		signer_fails = true;
		signer_calls = 0;
		for (int i = 0; i < POLLS; i++) {
			polls[i] = (struct rollouts_question){ .kind = ROLLOUTS_POLL,
							       .running_counter = 1,
							       .answered = answered };
			snprintf(polls[i].uri, sizeof polls[i].uri, "%s", uri_of(0));
			CHECK(rollouts.ask(rollouts.self, &polls[i]));
		}
		stop = (struct rollouts_question){
			.kind = ROLLOUTS_ABORT, .rollout = 1, .who = "ann", .why = "bad", .answered = answered
		};
		CHECK(round == 0 || rollouts.ask(rollouts.self, &stop));
		for (int i = 0; i < 20; i++)
			sqlite_db_step(db);
		CHECK_EQ(polls[0].status, round == 0 ? 503 : 200);
		CHECK_EQ(polls[POLLS - 1].status, round == 0 ? 503 : 200);
		CHECK(round == 0 || stop.status == 200);
		CHECK_EQ(signer_calls, round == 0 ? 1 : 0);
		signer_fails = false;
	}
}

static void remembers_over_a_restart(void)
{
	set_up();
	for (int i = 0; i < 4; i++)
		CHECK(offered(i));
	fail(0);
	fail(1);
	fail(2);
	CHECK(!offered(4));
	engine_free(engine);
	attach();
	tick();
	CHECK(!offered(4));
	poll(1, false, "", 1);
	CHECK(last.directive_n > 0); /* the way back */
	CHECK_EQ(report(1, REPORT_IDLE, "", &good_image, 1), 204);
	sequences[1] = 0;
	CHECK_EQ(report(1, REPORT_IDLE, "", &good_image, 1), 409);
}

static void wrong_image_is_a_failure(void)
{
	set_up();
	for (int i = 2; i < 4; i++) { /* evidence enough that one failure does not end it */
		CHECK(offered(i));
		succeed(i);
	}
	CHECK(offered(0));
	CHECK_EQ(report(0, REPORT_CONFIRMED, "p/board/2.0.0/image", &good_image, 2), 204);
	CHECK_EQ(view().failed, 1);
	CHECK(offered(1));
	CHECK_EQ(report(1, REPORT_FAILED, "p/board/2.0.0/image", &good_image, 1), 204);
	CHECK_EQ(view().failed, 1);
	CHECK(offered(1)); /* will be tried again */
}

static uint32_t events;
static uint64_t first_event;

static bool count_event(void *context, const struct db_event *event)
{
	if (events++ == 0)
		first_event = event->id;
	return true;
}

static int add_events(struct db_job *job, const struct db_rows *rows)
{
	struct db_event event = { .kind = "report", .device = "dev-00", .text = "idle" };
	struct error e = { 0 };
	for (int i = 0; i < SQLITE_EVENTS_KEPT + 5; i++)
		if (rows->event_add(rows->self, &event, &e) != 0)
			return -1;
	return rows->event_each(rows->self, 0, UINT32_MAX, count_event, NULL, &e);
}

static void forgets_old_events(void)
{
	struct error e = { 0 };
	struct sqlite_db *own;
	struct db_job job = { .run = add_events, .done = ignore };
	CHECK_EQ(sqlite_db_open(&own, ":memory:", &e), 0);
	struct db port = sqlite_db_port(own);
	CHECK(port.submit(port.self, &job));
	sqlite_db_step(own);
	sqlite_db_close(own);
	CHECK_EQ(events, SQLITE_EVENTS_KEPT);
	CHECK_EQ(first_event, 6);
}

int main(int argc, char **argv)
{
	static const struct check_case cases[] = {
		CASE(offers_to_the_stage_within_the_window),
		CASE(directive_echoes_and_rises),
		CASE(confirms_only_what_still_stands),
		CASE(promotes_after_clean_canaries),
		CASE(opens_a_stage_by_the_published_time),
		CASE(untimely_refusals_are_no_evidence),
		CASE(aborts_and_brings_back_the_affected),
		CASE(operator_abort_is_final),
		CASE(a_done_rollout_can_be_aborted),
		CASE(a_done_rollout_is_watched),
		CASE(forgets_what_ended_long_ago),
		CASE(silence_aborts_in_the_end),
		CASE(no_signature_no_offer),
		CASE(a_lost_signer_does_not_hold_up_a_stop),
		CASE(remembers_over_a_restart),
		CASE(wrong_image_is_a_failure),
		CASE(forgets_old_events),
	};
	struct error e;
	if (keyfile_new(&report_keyfile, &e) != 0)
		return 1;
	int failed = check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
	sqlite_db_close(db);
	engine_free(engine);
	keyfile_free(report_keyfile);
	return failed;
}
