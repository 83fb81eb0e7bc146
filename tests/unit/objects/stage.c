#include "stage.h"
#include "check.h"

#define TEXT(literal)                                           \
	{                                                       \
		(const uint8_t *)(literal), sizeof(literal) - 1 \
	}
#define IS(name, value)                 \
	{                               \
		TEXT(name), TEXT(value) \
	}

static const struct span canaries[] = { TEXT("canary-1"), TEXT("canary-2") };
static const struct span mixed[] = { TEXT("lab-7") };
static const struct span held_back[] = { TEXT("crown-jewel") };

/* canary ids -> a tenth of eu rev-c, and lab-7 -> eu -> all -> one device that is named to be last */
static const struct stage stages[] = {
	{ .name = TEXT("canary"), .devices = canaries, .device_count = 2, .range_to_bp = STAGE_RANGE_ALL },
	{ .name = TEXT("small"),
	  .devices = mixed,
	  .device_count = 1,
	  .group = { IS("region", "eu"), IS("hw", "rev-c") },
	  .group_count = 2,
	  .range_from_bp = 1000,
	  .range_to_bp = 2000 },
	{ .name = TEXT("region"), .group = { IS("region", "eu") }, .group_count = 1, .range_to_bp = STAGE_RANGE_ALL },
	{ .name = TEXT("global"), .range_to_bp = 9000 },
	{ .name = TEXT("last"), .devices = held_back, .device_count = 1 },
};
static const struct stage_list plan = { stages, sizeof(stages) / sizeof(stages[0]) };

static const struct attribute eu_c[] = { IS("hw", "rev-c"), IS("region", "eu") };
static const struct attribute eu_b[] = { IS("region", "eu"), IS("hw", "rev-b") };
static const struct attribute us_c[] = { IS("region", "us"), IS("hw", "rev-c") };
static const struct attribute swapped[] = { IS("eu", "region"), IS("rev-c", "hw") };
static const struct attribute longer[] = { IS("region", "eux"), IS("hw", "rev-c") };

struct row {
	const char *id;
	const struct attribute *attributes;
	uint32_t position_bp;
	int stage;
};

static const struct row table[] = {
	{ "canary-1", us_c, 9999, 0 }, /* a list does not ask for position or group */
	{ "canary-2", eu_c, 1500, 0 }, /* nor does a later match take it away */
	{ "canary-", us_c, 0, 3 },     /* the whole id counts */
	{ "canary-10", us_c, 0, 3 },
	{ "a", eu_c, 1000, 1 }, /* the range takes in its start */
	{ "a", eu_c, 1999, 1 },
	{ "a", eu_c, 2000, 2 }, /* and leaves out its end */
	{ "a", eu_c, 999, 2 },
	{ "a", eu_b, 1500, 2 }, /* every attribute of the group must match */
	{ "a", us_c, 1500, 3 },
	{ "lab-7", us_c, 9999, 1 }, /* a listed id, in a stage that has a group too */
	{ "a", swapped, 1500, 3 },  /* a name is not a value */
	{ "a", longer, 1500, 3 },   /* nor is a prefix */
	{ "a", us_c, 8999, 3 },
	{ "a", us_c, 9000, STAGE_NONE }, /* outside of every range */
	{ "a", eu_b, 9999, 2 },
	{ "crown-jewel", eu_c, 1500, 4 }, /* named in the last stage: held back from all that match before */
};

static void stage_of_follows_the_table(void)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct row *r = &table[i];
		int got = stage_of(&plan, span_of_text(r->id), r->attributes, 2, r->position_bp);
		if (got != r->stage)
			printf("# row %zu (%s, %u)\n", i, r->id, r->position_bp);
		CHECK_EQ(got, r->stage);
	}
}

static void stage_of_needs_attributes_for_a_group(void)
{
	CHECK_EQ(stage_of(&plan, span_of_text("a"), NULL, 0, 1500), 3);
	CHECK_EQ(stage_of(&plan, span_of_text("a"), eu_c, 1, 1500), 3); /* only the first of the two: hw */
	CHECK_EQ(stage_of(&plan, SPAN_NONE, NULL, 0, 0), 3);
}

static void stage_of_an_empty_plan_is_none(void)
{
	struct stage_list empty = { NULL, 0 };
	CHECK_EQ(stage_of(&empty, span_of_text("a"), eu_c, 2, 0), STAGE_NONE);
}

static void stage_of_refuses_a_group_beyond_the_maximum(void)
{
	struct stage broken = stages[2];
	broken.group_count = STAGE_GROUP_MAX + 1;
	struct stage_list list = { &broken, 1 };
	CHECK_EQ(stage_of(&list, span_of_text("a"), eu_c, 2, 0), STAGE_NONE);
}

/* The value under another name is another attribute; a group longer than a plan has takes in nobody. */
static void a_group_is_met_name_by_name(void)
{
	static const struct attribute elsewhere[] = { IS("site", "eu") };
	struct stage one = { .name = TEXT("one"), .group = { IS("region", "eu") }, .group_count = 1 };
	struct stage_list list = { &one, 1 };
	one.range_to_bp = STAGE_RANGE_ALL;
	CHECK_EQ(stage_of(&list, SPAN_LIT("d"), elsewhere, 1, 0), STAGE_NONE);
	for (uint32_t i = 1; i < STAGE_GROUP_MAX; i++)
		one.group[i] = one.group[0];
	one.group_count = STAGE_GROUP_MAX;
	CHECK_EQ(stage_of(&list, SPAN_LIT("d"), eu_c, 2, 0), 0);
	one.group_count = STAGE_GROUP_MAX + 1;
	/* Whoever looked behind the group would take this for the length of "region", and fall. */
	one.range_to_bp = sizeof "region" - 1;
	CHECK_EQ(stage_of(&list, SPAN_LIT("d"), eu_c, 2, 0), STAGE_NONE);
}

/* One listed device is a list: its stage has nobody else, however wide its range. */
static void a_list_of_one_takes_in_one(void)
{
	struct stage one = { .name = TEXT("one"), .devices = mixed, .device_count = 1, .range_to_bp = STAGE_RANGE_ALL };
	struct stage_list list = { &one, 1 };
	CHECK_EQ(stage_of(&list, mixed[0], eu_c, 2, 0), 0);
	CHECK_EQ(stage_of(&list, SPAN_LIT("d"), eu_c, 2, 0), STAGE_NONE);
	one.group[0] = (struct attribute)IS("region", "eu");
	one.group_count = 1;
	CHECK_EQ(stage_of(&list, SPAN_LIT("d"), eu_c, 2, 0), 0);
}

static const struct check_case cases[] = {
	CASE(stage_of_follows_the_table),     CASE(stage_of_needs_attributes_for_a_group),
	CASE(stage_of_an_empty_plan_is_none), CASE(stage_of_refuses_a_group_beyond_the_maximum),
	CASE(a_group_is_met_name_by_name),    CASE(a_list_of_one_takes_in_one),
};

CHECK_MAIN(cases)
