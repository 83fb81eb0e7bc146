/* What must be refused is refused by its rule, before a byte of a slot or a record of the journal changes. */
#include "check.h"
#include "yard.h"

static struct yard *y;

struct before {
	uint32_t slots, journal, sequence;
};

static struct before look(void)
{
	struct before b = { y->slots[1].programs + y->slots[0].programs, y->journal.programs,
			    yard_journal(y).sequence };
	return b;
}

static bool is_about_time(const char *rule)
{
	static const char *const rules[] = { "plan-time", "expired", "directive-lifetime", "directive-nonce",
					     "directive-sequence" };
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (strcmp(rule, rules[i]) == 0)
			return true;
	return false;
}

/* One cycle that must end in this rule, with slots and journal as they were, and the factory image still running. */
static void refuses_now(const char *rule)
{
	enum installer_outcome out;
	CHECK_EQ(yard_start(y, &out), 0);
	struct before before = look();
	y->last_rule[0] = 0;
	out = yard_cycle(y);
	if (strcmp(y->last_rule, rule) != 0)
		printf("# refused by \"%s\", not \"%s\": %s\n", y->last_rule, rule, y->last_text);
	CHECK(strcmp(y->last_rule, rule) == 0);
	CHECK_EQ(out, INSTALLER_WAIT);
	struct before after = look();
	CHECK_EQ(after.slots, before.slots);
	CHECK_EQ(after.journal, before.journal);
	CHECK_EQ(after.sequence, before.sequence);
	CHECK_EQ(y->installer.state.running.counter, 10);
	CHECK_EQ(y->installer.state.target.counter, 0);
	CHECK(y->last_help[0] != 0);
	/* and the server hears of it: as evidence only where it speaks of the release and not of the hour */
	enum report_state state = is_about_time(rule) ? REPORT_FAILED : REPORT_REFUSED;
	CHECK_EQ(y->installer.state.report_state, state);
	CHECK(strncmp(y->installer.state.report_cause, rule, strlen(rule)) == 0);
	y->offers = false;
	yard_cycle(y);
	CHECK(yard_reported(y, state));
	CHECK(!yard_reported(y, is_about_time(rule) ? REPORT_REFUSED : REPORT_FAILED));
	yard_free(y);
}

static void refuses(const char *rule)
{
	yard_publish(y);
	refuses_now(rule);
}

static void twisted(void (*twist)(struct directive *), const char *rule)
{
	y = yard_new(1);
	y->twist = twist;
	refuses_now(rule);
}

static void other_device(struct directive *d)
{
	d->device = SPAN_LIT("device-2");
}

static void other_nonce(struct directive *d)
{
	d->nonce[5] ^= 1;
}

static void long_life(struct directive *d)
{
	d->lifetime_s = DIRECTIVE_LIFETIME_MAX_S + 1;
}

static void other_image(struct directive *d)
{
	d->image.bytes[0] ^= 1;
}

static void other_counter(struct directive *d)
{
	d->counter++;
}

static void other_plan(struct directive *d)
{
	d->plan.bytes[0] ^= 1;
}

static void no_plan(struct directive *d)
{
	d->plan_path = SPAN_LIT("plans/board/two.json");
}

static void return_without_plan(struct directive *d)
{
	d->action = DIRECTIVE_RETURN;
}

static void directives_that_are_not_ours(void)
{
	twisted(other_device, "directive-device");
	twisted(other_nonce, "directive-nonce");
	twisted(long_life, "directive-lifetime");
	twisted(other_image, "directive-target");
	twisted(other_counter, "directive-target");
	twisted(other_plan, "plan");
	twisted(no_plan, "not-listed");
	twisted(return_without_plan, "plan");
}

static void a_director_that_nobody_listed(void)
{
	y = yard_new(1);
	y->wrong_director = true;
	refuses_now("signature");
}

static void a_directive_that_was_spent(void)
{
	enum installer_outcome out;
	y = yard_new(1);
	y->confirms = false;
	CHECK_EQ(yard_start(y, &out), 0);
	CHECK_EQ(yard_cycle(y), INSTALLER_WAIT);
	y->replays = true;
	yard_cycle(y);
	CHECK(strcmp(y->last_rule, "directive-nonce") == 0);
	y->replays = false;
	y->installer.state.directive_sequence = 1000;
	uint32_t written = y->slots[1].programs;
	CHECK_EQ(yard_cycle(y), INSTALLER_WAIT);
	CHECK(strcmp(y->last_rule, "directive-sequence") == 0);
	CHECK_EQ(y->slots[1].programs, written);
	yard_free(y);
}

static void counters(void)
{
	y = yard_new(1);
	y->next.counter = 10;
	refuses("counter");
	y = yard_new(1);
	y->next.counter = 10 + COUNTER_BUILD_STEP_MAX + 1;
	refuses("counter-jump");
	y = yard_new(1);
	y->next.counter = COUNTER_OF(2, 1);
	refuses("counter-jump");
}

static void other_hardware(void)
{
	y = yard_new(1);
	y->next.release.compatible[0].class[0] ^= 1;
	refuses("hardware");
	y = yard_new(1);
	y->manifest_class = 0x23;
	refuses("hardware");
}

static void ahead_of_the_plan(void)
{
	y = yard_new(1);
	y->stage.earliest_unix = WORLD_NOW + 3600;
	refuses("plan-time");
	y = yard_new(1);
	y->stage.range_to_bp = 1;
	refuses("plan-stage");
}

static void unlogged(void)
{
	char path[128], hex[65];
	y = yard_new(1);
	for (uint32_t i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", y->next.detail.bytes[i]);
	snprintf(path, sizeof path, "log/proof/%s", hex);
	world_drop(&y->site, path);
	refuses_now("unlogged");
	y = yard_new(1);
	y->corrupt = "log/proof/";
	y->corrupt_at = 600;
	refuses_now("unlogged");
	y = yard_new(1);
	snprintf(y->config.log_origin, sizeof y->config.log_origin, "log.elsewhere");
	refuses_now("unlogged");
	y = yard_new(1);
	y->log_policy = LOG_WITNESSES; /* and nobody named one */
	refuses("unwitnessed");
}

static void a_manifest_of_another_release(void)
{
	y = yard_new(1);
	y->manifest_counter = 12;
	refuses("manifest");
	y = yard_new(1);
	y->identity.keys[0].revoked = true;
	refuses_now("key-revoked");
	y = yard_new(1);
	y->identity.keys[0].key.xy[0] ^= 1;
	refuses_now("signature");
}

static void expired_metadata(void)
{
	y = yard_new(1);
	y->unix_s = WORLD_NOW + 40 * WORLD_DAY;
	refuses_now("expired");
}

/* Everything that is fetched by digest: a flipped byte or a missing one is found before a write. */
static void bytes_changed_on_the_way(void)
{
	static const char *const paths[] = { "targets/", "metadata/2.targets.json", "metadata/2.p%2Fboard.json",
					     "metadata/2.snapshot.json" };
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		y = yard_new(1);
		y->corrupt = paths[i];
		y->corrupt_at = 40;
		refuses_now("digest");
		y = yard_new(1);
		y->cut = paths[i];
		refuses_now("length");
	}
}

static void objects_changed_on_the_way(void)
{
	const struct object *objects[] = { NULL, NULL };
	for (int o = 0; o < 2; o++) {
		char path[128];
		y = yard_new(1);
		objects[0] = &y->next.release.manifest;
		objects[1] = &y->next.release.table;
		int n = snprintf(path, sizeof path, "objects/");
		for (uint32_t i = 0; i < 32; i++)
			n += snprintf(path + n, sizeof path - (size_t)n, "%02x", objects[o]->sha256.bytes[i]);
		y->corrupt = path;
		y->corrupt_at = 70;
		refuses_now("digest");
	}
}

/* The payload is judged segment by segment: the flipped one is never decompressed, nor written, nor activated. */
static void a_segment_changed_on_the_way(void)
{
	enum installer_outcome out;
	char path[128];
	y = yard_new(1);
	int n = snprintf(path, sizeof path, "objects/");
	for (uint32_t i = 0; i < 32; i++)
		n += snprintf(path + n, sizeof path - (size_t)n, "%02x", y->next.release.payload.sha256.bytes[i]);
	y->corrupt = path;
	y->corrupt_at = 3;
	CHECK_EQ(yard_start(y, &out), 0);
	CHECK_EQ(yard_cycle(y), INSTALLER_WAIT);
	CHECK(strcmp(y->last_rule, "segment") == 0);
	CHECK_EQ(y->slots[1].programs, 0);
	CHECK_EQ(yard_journal(y).slots[SLOT_B].state, SLOT_WRITING);
	CHECK_EQ(yard_journal(y).active, SLOT_A);
	/* the next cycle, on an honest line, ends well */
	y->corrupt = NULL;
	CHECK_EQ(yard_cycle(y), INSTALLER_REBOOT);
	yard_free(y);
}

static void a_server_that_ignores_ranges(void)
{
	enum installer_outcome out;
	y = yard_new(1);
	y->deny_status = 503;
	CHECK_EQ(yard_start(y, &out), 0);
	CHECK_EQ(yard_cycle(y), INSTALLER_WAIT);
	CHECK_EQ(y->slots[1].programs, 0);
	CHECK(y->installer.failures == 1);
	y->deny_status = 0;
	CHECK_EQ(yard_cycle(y), INSTALLER_REBOOT);
	yard_free(y);
}

static const struct check_case cases[] = {
	CASE(directives_that_are_not_ours),
	CASE(a_director_that_nobody_listed),
	CASE(a_directive_that_was_spent),
	CASE(counters),
	CASE(other_hardware),
	CASE(ahead_of_the_plan),
	CASE(unlogged),
	CASE(a_manifest_of_another_release),
	CASE(expired_metadata),
	CASE(bytes_changed_on_the_way),
	CASE(objects_changed_on_the_way),
	CASE(a_segment_changed_on_the_way),
	CASE(a_server_that_ignores_ranges),
};
CHECK_MAIN(cases)
