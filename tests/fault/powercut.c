/*
 * Power fails at every operation of an update, in four ways, and then at a sampled second one. Whatever happens, the
 * device boots a whole image that it was given, a slot is never called ready without being so, an image that never
 * comes up is tried a bounded number of times, and what was confirmed stays.
 */
#include "board.h"

enum { TRIES = 3, CYCLES = 12, PAIRS = 3000, OPERATIONS_MAX = 400 };

struct scenario {
	const char *name;
	uint64_t counter;
	bool comes_up;
	enum slboot_image ends_in;
	uint32_t ends_at_epoch;
};

static const struct scenario scenarios[] = {
	{ "a good image", COUNTER_OF(0, 3), true, SLBOOT_SLOT_B, 0 },
	{ "a good image of a higher epoch", COUNTER_OF(1, 3), true, SLBOOT_SLOT_B, 1 },
	{ "an image that never comes up", COUNTER_OF(1, 3), false, SLBOOT_SLOT_A, 0 },
};

static struct board board, start;
static uint8_t images[3][1500]; /* running, its predecessor, the new one */
static uint8_t envelopes[3][MANIFEST_BYTES_MAX];
static struct span manifests[3];
/* Facts of the run that no power cut takes back. */
static const struct scenario *scenario;
static uint32_t new_boots;
static bool is_confirmed, is_installed;

static struct span image_of(int i)
{
	return (struct span){ images[i], sizeof images[i] };
}

static void make_image(int i, uint64_t counter)
{
	struct manifest m;
	for (size_t at = 0; at < sizeof images[i]; at++)
		images[i][at] = (uint8_t)ram_random(&board.power);
	m = signing_manifest("slot", counter, image_of(i));
	manifests[i] = signing_by(KEY_CURRENT, &m, envelopes[i], sizeof envelopes[i]);
}

/* Slot A runs image 0; slot B still holds its predecessor, confirmed once. Near a change of sectors. */
static void make_start(void)
{
	struct journal j;
	board_init(&board);
	make_image(0, COUNTER_OF(0, 2));
	make_image(1, COUNTER_OF(0, 1));
	make_image(2, scenario->counter);
	CHECK_EQ(journal_format(&j, &board.journal.flash, SLOT_B), JOURNAL_OK);
	CHECK_EQ(board_write(&board, SLBOOT_SLOT_B, image_of(1), manifests[1]), 0);
	CHECK_EQ(journal_begin_write(&j, SLOT_A), JOURNAL_OK);
	CHECK_EQ(board_write(&board, SLBOOT_SLOT_A, image_of(0), manifests[0]), 0);
	CHECK_EQ(journal_ready(&j, SLOT_A, TRIES), JOURNAL_OK);
	CHECK_EQ(journal_trial(&j, SLOT_A), JOURNAL_OK);
	CHECK_EQ(journal_confirm(&j, SLOT_A), JOURNAL_OK);
	start = board;
}

/* Which image a region holds whole, or -1. */
static int held(enum slboot_image image)
{
	uint8_t out[MANIFEST_BYTES_MAX];
	struct span envelope;
	if (slot_manifest_read(&board.regions[image].flash, out, sizeof out, &envelope) != FAULT_NONE)
		return -1;
	for (int i = 0; i < 3; i++)
		if (span_equal(envelope, manifests[i]) &&
		    memcmp(board.regions_bytes[image], images[i], sizeof images[i]) == 0)
			return i;
	return -1;
}

/* What the journal promises about slots is true of their bytes. */
static void check_promises(void)
{
	struct journal j;
	CHECK_EQ(journal_open(&j, &board.journal.flash), JOURNAL_OK);
	for (enum slot slot = SLOT_A; slot < SLOT_NONE; slot++) {
		enum slot_state state = journal_state(&j).slots[slot].state;
		if (state == SLOT_READY || state == SLOT_TRIAL || state == SLOT_CONFIRMED)
			CHECK(held((enum slboot_image)slot) >= 0);
	}
	CHECK(journal_state(&j).active != SLOT_NONE);
	CHECK_EQ(board.journal.broken_rules + board.regions[0].broken_rules + board.regions[1].broken_rules, 0);
}

/* As an installer does it: the promise is taken back before the first byte changes, and given last. */
static void install(void)
{
	struct journal j;
	CHECK_EQ(journal_open(&j, &board.journal.flash), JOURNAL_OK);
	/*
	 * Power failed after the last record of an install: the journal, not a memory of ours, knows what came of it.
	 */
	is_installed = journal_state(&j).active == SLOT_B || journal_state(&j).slots[SLOT_B].state == SLOT_REJECTED;
	if (is_installed)
		return;
	CHECK_EQ(journal_begin_write(&j, SLOT_B), JOURNAL_OK);
	CHECK_EQ(board_write(&board, SLBOOT_SLOT_B, image_of(2), manifests[2]), 0);
	CHECK_EQ(journal_ready(&j, SLOT_B, TRIES), JOURNAL_OK);
	is_installed = true;
}

static void app(struct board *b, const struct slboot_choice *choice)
{
	struct journal j;
	int image = held(choice->image);
	CHECK(image >= 0);
	CHECK(COUNTER_EPOCH(choice->counter) >= b->counter);
	if (image != 2) {
		/* The predecessor is no fallback before the new image was written over it, and never needed. */
		CHECK_EQ(image, 0);
		CHECK(!is_confirmed);
		return;
	}
	new_boots++;
	if (!is_confirmed)
		CHECK(new_boots <= TRIES);
	if (!scenario->comes_up || !choice->trial)
		return;
	CHECK_EQ(journal_open(&j, &b->journal.flash), JOURNAL_OK);
	CHECK_EQ(journal_confirm(&j, (enum slot)choice->image), JOURNAL_OK);
	is_confirmed = true;
}

static bool is_settled(const struct slboot_outcome *out)
{
	return is_installed && !out->choice.trial;
}

/* The life of the device from power-on; what runs the old image installs the new one if it has not yet. */
static void live(void)
{
	struct slboot_outcome out = { 0 };
	for (int i = 0; i < CYCLES; i++) {
		check_promises();
		board_power_cycle(&board, &out);
		CHECK_EQ(out.decision, SLBOOT_BOOTED);
		CHECK(out.choice.image < SLBOOT_RECOVERY);
		if (!is_installed && !out.choice.trial)
			install();
		else if (is_settled(&out))
			return;
	}
	CHECK(false);
}

static void begin(uint32_t cut_at, enum ram_cut kind, uint64_t random)
{
	for (int i = 0; i < 3; i++)
		ram_sync(&board.regions[i]);
	ram_sync(&board.journal);
	memcpy(board.regions_bytes, start.regions_bytes, sizeof board.regions_bytes);
	memcpy(board.journal_bytes, start.journal_bytes, sizeof board.journal_bytes);
	board.counter = start.counter;
	board_wire(&board);
	board.app = app;
	board.power.cut_at = cut_at;
	board.power.kind = kind;
	board.power.random ^= random * 0x2545f4914f6cdd1d;
	new_boots = 0;
	is_confirmed = false;
	is_installed = false;
}

static void check_end(void)
{
	struct journal j;
	CHECK_EQ(journal_open(&j, &board.journal.flash), JOURNAL_OK);
	enum slboot_image active = (enum slboot_image)journal_state(&j).active;
	CHECK(active == SLBOOT_SLOT_A || active == SLBOOT_SLOT_B);
	if (is_confirmed)
		CHECK_EQ(active, SLBOOT_SLOT_B);
	int image = held(active);
	CHECK(image == 0 || image == 2);
	CHECK_EQ(board.counter, image == 2 ? scenario->ends_at_epoch : 0);
	if (!scenario->comes_up)
		CHECK_EQ(image, 0);
}

/* Runs to the end through one or two cuts; false when the first was never reached. */
static bool run(uint32_t first, uint32_t second, enum ram_cut kind, enum ram_cut second_kind, uint64_t random)
{
	static bool was_cut;
	static uint32_t next;
	static enum ram_cut next_kind;
	was_cut = false;
	next = second;
	next_kind = second_kind;
	begin(first, kind, random);
	if (setjmp(board.power.escape) != 0) {
		was_cut = true;
		board.power.operations = 0;
		board.power.cut_at = next;
		board.power.kind = next_kind;
		next = 0;
	}
	live();
	board.power.cut_at = 0;
	check_end();
	return was_cut;
}

static uint32_t every_single_cut(void)
{
	uint32_t reached = 0;
	CHECK(!run(0, 0, RAM_CUT_BEFORE, RAM_CUT_BEFORE, 0));
	uint32_t operations = board.power.operations;
	int image = scenario->ends_in == SLBOOT_SLOT_B ? 2 : 0;
	CHECK_EQ(held(scenario->ends_in), image);
	for (uint32_t at = 1; at <= operations; at++)
		for (enum ram_cut kind = RAM_CUT_BEFORE; kind < RAM_CUTS; kind++)
			for (uint64_t random = 0; random < (kind == RAM_CUT_TORN ? 4 : 1); random++)
				reached += run(at, 0, kind, RAM_CUT_BEFORE, random);
	CHECK_EQ(reached, operations * 7);
	return operations;
}

static void sampled_pairs(uint32_t operations)
{
	struct ram_power dice = { .random = 20261122 };
	for (int i = 0; i < PAIRS; i++) {
		uint32_t first = 1 + ram_random(&dice) % operations, second = 1 + ram_random(&dice) % operations;
		enum ram_cut kind = (enum ram_cut)(ram_random(&dice) % RAM_CUTS);
		enum ram_cut second_kind = (enum ram_cut)(ram_random(&dice) % RAM_CUTS);
		CHECK(run(first, second, kind, second_kind, (uint64_t)i));
	}
}

static void through(size_t i)
{
	scenario = &scenarios[i];
	make_start();
	uint32_t operations = every_single_cut();
	CHECK(operations > 20 && operations < OPERATIONS_MAX);
	sampled_pairs(operations);
	printf("# %s: %u operations, %u single cuts, %d pairs\n", scenario->name, operations, operations * 7, PAIRS);
}

static void a_good_image_survives_power_cuts(void)
{
	through(0);
}

static void a_higher_epoch_survives_power_cuts(void)
{
	through(1);
}

static void a_bad_image_never_stays(void)
{
	through(2);
}

static const struct check_case cases[] = {
	CASE(a_good_image_survives_power_cuts),
	CASE(a_higher_epoch_survives_power_cuts),
	CASE(a_bad_image_never_stays),
};
CHECK_MAIN(cases)
