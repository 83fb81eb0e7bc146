/*
 * Attacks on the installer as a whole, as they were found in other implementations (docs/attacks.md): what the network
 * does to the root walk, what a stolen timestamp key does to the clock, counters, and what people are told.
 */
#include "check.h"
#include "fetcher.h"
#include "frame.h"
#include "ipc.h"
#include "yard.h"

#include <sys/socket.h>
#include <unistd.h>

static struct yard *y;

static void started(void)
{
	enum installer_outcome out;
	y = yard_new(1);
	CHECK_EQ(yard_start(y, &out), 0);
	CHECK_EQ(out, INSTALLER_WAIT);
}

static void root_2(void)
{
	y->world->root_version = 2;
	world_publish_root(y->world, NULL);
}

/* --- the end of the root walk: aktualizr and tough took any error for it --- */

/* Nothing was looked at behind the root, nothing was written, and the next cycle, on an honest line, ends well. */
static void cycle_ends_at_the_root(void)
{
	y->metadata_gets = 0;
	CHECK_EQ(yard_cycle(y), INSTALLER_WAIT);
	CHECK_EQ(y->metadata_gets, 1);
	CHECK_EQ(y->slots[1].programs, 0);
	CHECK(!y->installer.client.refreshed);
	CHECK(strstr(y->last_text, "2.root.json") != NULL);
	y->deny_status = 0;
	y->unreachable = false;
	CHECK_EQ(yard_cycle(y), INSTALLER_REBOOT);
}

/* [CLIENT-2]: root 2 is there, and an answer other than 404 must not make it look as if it were not. */
static void no_status_but_404_ends_the_root_walk(void)
{
	static const unsigned statuses[] = { 201, 204, 206, 300, 301, 302, 304, 307, 400, 401, 403,
					     405, 408, 410, 421, 425, 429, 451, 500, 502, 503, 504 };
	for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
		started();
		root_2();
		y->deny_path = "metadata/2.root.json";
		y->deny_status = statuses[i];
		printf("# status %u\n", statuses[i]);
		cycle_ends_at_the_root();
		CHECK_EQ(y->installer.client.root.version, 2);
		yard_free(y);
	}
}

static void a_dropped_connection_does_not_end_the_root_walk(void)
{
	started();
	root_2();
	y->deny_path = "metadata/2.root.json";
	y->unreachable = true;
	cycle_ends_at_the_root();
	yard_free(y);
}

/* At the end of the walk too, where there is no next root: only a clear "there is none" counts. */
static void the_last_question_needs_its_answer(void)
{
	started();
	y->deny_path = "metadata/2.root.json";
	y->deny_status = 403;
	cycle_ends_at_the_root();
	yard_free(y);
}

/* A root that is cut or empty is refused; it neither ends the walk nor is it kept. */
static void a_cut_root_is_refused(void)
{
	started();
	root_2();
	y->cut = "metadata/2.root.json";
	CHECK_EQ(yard_cycle(y), INSTALLER_WAIT);
	CHECK(strcmp(y->last_rule, "malformed") == 0);
	CHECK_EQ(y->installer.client.root.version, 1);
	y->cut = NULL;
	CHECK_EQ(yard_cycle(y), INSTALLER_REBOOT);
	yard_free(y);
}

/* --- endless data: a server that never stops sending is cut off at the room that was asked for --- */

static uint32_t pieces_sent;

static int never_stops(void *self, const struct transport_request *request,
		       int (*sink)(void *context, struct span piece), void *context, struct fetch_answer *out,
		       struct error *e)
{
	static const uint8_t piece[1000];
	out->status = 200;
	for (pieces_sent = 1; pieces_sent < 1000000; pieces_sent++)
		if (sink(context, SPAN_OF(piece)) < 0)
			return 0;
	return 0;
}

/* [IPC-1] */
static void endless_data_is_cut_off(void)
{
	struct transport transport = { never_stops, NULL };
	struct error e = { 0 };
	uint8_t frame[2048];
	struct writer request = writer_over(frame, sizeof frame);
	int ends[2];
	size_t n, got = 0;
	writer_u8(&request, IPC_GET);
	writer_u64(&request, 0);
	writer_u64(&request, 0);
	writer_u64(&request, 4096); /* the room */
	writer_u64(&request, 0);
	writer_u16(&request, 1);
	writer_text(&request, "x");
	writer_u16(&request, 0);
	CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	CHECK_EQ(frame_send(ends[0], writer_span(&request), 1000, &e), 0);
	shutdown(ends[0], SHUT_WR);
	int result = fetcher_run(ends[1], &transport, &e);
	if (result != 0)
		printf("# %s\n", e.text);
	CHECK_EQ(result, 0);
	CHECK_EQ(pieces_sent, 5); /* of 1000 bytes, into a room of 4096 */
	for (;;) {
		CHECK_EQ(frame_receive(ends[0], frame, sizeof frame, &n, 1000, &e), 0);
		if (frame[0] != IPC_PIECE)
			break;
		got += n - 1;
	}
	CHECK_EQ(got, 4096);
	CHECK(frame[0] == IPC_END && frame[3] == 1); /* and the installer is told that it was more */
	close(ends[0]);
	close(ends[1]);
}

/* --- sigstore #1091: each poll asks anew, though nothing that is stored has expired --- */

static void each_poll_refreshes(void)
{
	started();
	y->offers = false;
	CHECK_EQ(yard_cycle(y), INSTALLER_WAIT);
	for (int poll = 0; poll < 3; poll++) {
		y->metadata_gets = 0;
		CHECK_EQ(yard_cycle(y), INSTALLER_WAIT);
		CHECK_EQ(y->metadata_gets, 2); /* the next root, and the timestamp */
	}
	/* so that what was signed a moment ago is known at the next poll */
	yard_publish(y);
	y->offers = true;
	CHECK_EQ(yard_cycle(y), INSTALLER_REBOOT);
	CHECK_EQ(y->installer.client.targets.version, y->world->targets_version);
	yard_free(y);
}

/* --- the clock floor: a stolen timestamp key, and what heals it --- */

static void a_poisoned_clock_is_bounded_and_healed(void)
{
	started();
	int64_t targets_end = y->world->expires_unix;
	y->offers = false;
	CHECK_EQ(yard_cycle(y), INSTALLER_WAIT);
	CHECK_EQ(y->installer.state.clock_floor_unix, y->world->issued_unix);
	/* the thief says that it is 50 days later; targets ends in 30 */
	y->world->expires_unix = WORLD_NOW + 60 * WORLD_DAY;
	y->world->issued_unix = WORLD_NOW + 50 * WORLD_DAY;
	y->world->timestamp_version++;
	world_publish_timestamp(y->world);
	CHECK_EQ(yard_cycle(y), INSTALLER_WAIT);
	CHECK_EQ(y->installer.state.clock_floor_unix, targets_end);
	/* all the thief got: honest metadata counts as expired */
	y->offers = true;
	CHECK_EQ(yard_cycle(y), INSTALLER_WAIT);
	CHECK(strcmp(y->last_rule, "expired") == 0);
	CHECK_EQ(y->slots[1].programs, 0);
	/* root takes the key away: the floor that it set goes with it, also over a restart */
	enum installer_outcome out;
	uint32_t key = world_key_new(y->world);
	y->world->timestamp = world_holder_of(y->world, 1, 1, &key);
	y->world->expires_unix = targets_end;
	y->world->issued_unix = WORLD_NOW - 30;
	root_2();
	world_publish_timestamp(y->world);
	CHECK_EQ(yard_start(y, &out), 0);
	CHECK_EQ(yard_cycle(y), INSTALLER_WAIT); /* under the old floor still */
	CHECK_EQ(yard_cycle(y), INSTALLER_REBOOT);
	CHECK_EQ(y->installer.state.clock_floor_unix, WORLD_NOW - 30);
	yard_free(y);
}

/* A lie within the life of what was signed expires nothing; new keys take it back in the same cycle. */
static void a_small_lie_goes_with_its_key(void)
{
	started();
	y->offers = false;
	y->world->issued_unix = WORLD_NOW + 20 * WORLD_DAY;
	y->world->timestamp_version++;
	world_publish_timestamp(y->world);
	CHECK_EQ(yard_cycle(y), INSTALLER_WAIT);
	CHECK_EQ(y->installer.state.clock_floor_unix, WORLD_NOW + 20 * WORLD_DAY);
	uint32_t key = world_key_new(y->world);
	y->world->timestamp = world_holder_of(y->world, 1, 1, &key);
	y->world->issued_unix = WORLD_NOW - 30;
	root_2();
	world_publish_timestamp(y->world);
	CHECK_EQ(yard_cycle(y), INSTALLER_WAIT);
	CHECK_EQ(y->installer.state.clock_floor_unix, WORLD_NOW - 30);
	yard_free(y);
}

/* Nor above root's end; and an honest timestamp never moves the floor back. */
static void the_floor_only_rises_and_never_above_root(void)
{
	started();
	y->offers = false;
	y->world->root_expires_unix = WORLD_NOW + 5 * WORLD_DAY;
	root_2();
	y->world->issued_unix = WORLD_NOW + 6 * WORLD_DAY;
	y->world->timestamp_version++;
	world_publish_timestamp(y->world);
	CHECK_EQ(yard_cycle(y), INSTALLER_WAIT);
	CHECK(strcmp(y->last_rule, "malformed") == 0);
	CHECK(y->installer.state.clock_floor_unix <= WORLD_NOW);
	y->world->issued_unix = WORLD_NOW + 2 * WORLD_DAY;
	world_publish_timestamp(y->world);
	CHECK_EQ(yard_cycle(y), INSTALLER_WAIT);
	CHECK_EQ(y->installer.state.clock_floor_unix, WORLD_NOW + 2 * WORLD_DAY);
	y->world->issued_unix = WORLD_NOW - WORLD_DAY;
	y->world->timestamp_version++;
	world_publish_timestamp(y->world);
	CHECK_EQ(yard_cycle(y), INSTALLER_WAIT);
	CHECK_EQ(y->installer.state.clock_floor_unix, WORLD_NOW + 2 * WORLD_DAY);
	y->unix_s = 0; /* the device's own clock is at 1970: the floor is what it goes by */
	CHECK_EQ(yard_cycle(y), INSTALLER_WAIT);
	CHECK(strstr(y->last_text, "refused") == NULL);
	yard_free(y);
}

/* --- counters: back, jumping, by two epochs; with everybody's signature on it --- */

static void counters_after_an_update(void)
{
	static const struct {
		uint64_t counter;
		const char *rule;
	} rows[] = {
		{ 11, "counter" }, /* what runs, another image */
		{ 10, "counter" },
		{ 1, "counter" },
		{ 11 + COUNTER_BUILD_STEP_MAX + 1, "counter-jump" },
		{ COUNTER_OF(0, 0xffffffff), "counter-jump" },
		{ COUNTER_OF(2, 12), "counter-jump" },
		{ COUNTER_OF(COUNTER_EPOCH_MAX, 1), "counter-jump" },
	};
	y = yard_new(1);
	yard_run(y, true, 4);
	CHECK_EQ(y->installer.state.counter_floor, 11);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint32_t programs = y->slots[0].programs + y->slots[1].programs;
		y->next.image[0] ^= 1;
		y->next.counter = rows[i].counter;
		yard_publish(y);
		y->last_rule[0] = '\0';
		CHECK_EQ(yard_cycle(y), INSTALLER_WAIT);
		if (strcmp(y->last_rule, rows[i].rule) != 0)
			printf("# counter %llu: %s\n", (unsigned long long)rows[i].counter, y->last_text);
		CHECK(strcmp(y->last_rule, rows[i].rule) == 0);
		CHECK_EQ(y->slots[0].programs + y->slots[1].programs, programs);
		CHECK_EQ(y->installer.state.counter_floor, 11);
	}
	y->next.image[0] ^= 1;
	y->next.counter = 11 + COUNTER_BUILD_STEP_MAX;
	yard_publish(y);
	CHECK_EQ(yard_cycle(y), INSTALLER_REBOOT);
	yard_free(y);
}

/* --- what people are told: the object, the rule, and where --- */

/* The event of a refusal has its rule and its help, and its text names the object and what is said of it. */
static void told(const char *rule, const char *object, const char *detail)
{
	y->last_rule[0] = '\0';
	CHECK_EQ(yard_cycle(y), INSTALLER_WAIT);
	printf("# %s\n", y->last_text);
	CHECK(strcmp(y->last_rule, rule) == 0);
	CHECK(strstr(y->last_text, object) != NULL);
	CHECK(strstr(y->last_text, detail) != NULL);
	CHECK(y->last_help[0] != '\0');
	yard_free(y);
}

static void a_refusal_says_where(void)
{
	struct world *w;
	started();
	w = y->world;
	w->timestamp_version++;
	world_publish_timestamp(w);
	world_edit(w, "timestamp.json", "\"x-issued\":\"2027", "\"x-issued\":\"2029", &w->timestamp);
	told("malformed", "timestamp.json", "out of range at \"x-issued\"");
	started();
	y->corrupt = "metadata/timestamp.json";
	y->corrupt_at = 1;
	told("malformed", "timestamp.json", "at byte ");
	started();
	w = y->world;
	root_2();
	world_edit(w, "2.root.json", "\"threshold\":1", "\"threshold\":0", &w->root);
	told("malformed", "2.root.json", "at \"threshold\"");
	started();
	w = y->world;
	world_patch(&w->remote, "timestamp.json", "\"sig\":", "\"sig\":\"\",\"sig\":");
	told("malformed", "timestamp.json", "a name given twice at byte ");
	started();
	w = y->world;
	char find[32];
	snprintf(find, sizeof find, "\"version\":%llu}", (unsigned long long)w->product_version);
	char name[64];
	snprintf(name, sizeof name, "%llu.p%%2Fboard.json", (unsigned long long)w->product_version);
	world_edit(w, name, find, "\"version\":\"9\"}", &w->product);
	world_relist(w, "p/board", w->product_version);
	world_republish(w);
	told("malformed", "p%2Fboard.json", "wrong type at \"version\"");
}

static void twist_stage(struct directive *d)
{
	d->stage = 3;
}

static void each_refusal_names_its_object(void)
{
	started();
	y->wrong_director = true;
	told("signature", "the directive", "Too few of the keys");
	started();
	y->twist = twist_stage;
	told("plan-stage", "p/board/2.0/image", "stage");
	started();
	y->unix_s = WORLD_NOW + 40 * WORLD_DAY;
	told("expired", "timestamp.json", "expired");
	started();
	y->world->snapshot_version++;
	y->world->timestamp_version++;
	world_publish_snapshot(y->world);
	world_publish_timestamp(y->world);
	y->corrupt = "metadata/3.snapshot.json";
	y->corrupt_at = 40;
	told("digest", "3.snapshot.json", "not those that signed metadata names");
	started();
	y->offers = false;
	CHECK_EQ(yard_cycle(y), INSTALLER_WAIT);
	world_relist(y->world, "p/board", 1);
	world_republish(y->world);
	told("rollback", "3.snapshot.json", "entry p/board.json");
}

static const struct check_case cases[] = {
	CASE(no_status_but_404_ends_the_root_walk),
	CASE(a_dropped_connection_does_not_end_the_root_walk),
	CASE(the_last_question_needs_its_answer),
	CASE(a_cut_root_is_refused),
	CASE(each_poll_refreshes),
	CASE(a_poisoned_clock_is_bounded_and_healed),
	CASE(a_small_lie_goes_with_its_key),
	CASE(the_floor_only_rises_and_never_above_root),
	CASE(endless_data_is_cut_off),
	CASE(counters_after_an_update),
	CASE(a_refusal_says_where),
	CASE(each_refusal_names_its_object),
};
CHECK_MAIN(cases)
