/*
 * No input makes the core take more than linear time: here sixteen times the input may take 64 times as long. Linear
 * work with sorting in it takes 16 to 25, what is quadratic 256: no load of the machine makes the one look like the
 * other, and the best of a few runs counts.
 */
#include <time.h>

#include "check.h"
#include "crypto_openssl.h"
#include "inputs.h"
#include "metadata.h"
#include "segments.h"
#include "world.h"

#define FACTOR 16
#define RATIO_MAX 64
#define RUNS 5
#define MEMORY ((size_t)512 << 20)

static struct workspace memory(void)
{
	static void *base;
	if (base == NULL)
		base = malloc(MEMORY); /* touched only as far as it is used */
	if (base == NULL)
		abort();
	return workspace_over(base, MEMORY);
}

static double cpu_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The best of some runs; a short piece of work is done several times over. */
static double seconds(void (*work)(const void *), const void *input, int times)
{
	double best = 1e9;
	for (int run = 0; run < RUNS; run++) {
		double begin = cpu_s();
		for (int i = 0; i < times; i++)
			work(input);
		double took = (cpu_s() - begin) / times;
		best = took < best ? took : best;
	}
	return best;
}

static void compare(const char *what, void (*work)(const void *), const void *little, const void *much)
{
	double small = seconds(work, little, FACTOR), large = seconds(work, much, 1);
	printf("# %s: %.0f us, %.0f us: x %.1f\n", what, small * 1e6, large * 1e6, large / small);
	CHECK(large < small * RATIO_MAX);
}

/* --- JSON --- */

static void parse(const void *input)
{
	const struct span *text = input;
	struct workspace ws = memory();
	struct json_node *node;
	if (json_parse(*text, &ws, &node) != FAULT_NONE)
		return;
	struct digest digest;
	CHECK_EQ(signed_digest(&crypto_openssl, node, &digest), FAULT_NONE);
}

static void json(void)
{
	static const struct {
		const char *name;
		struct span (*make)(size_t bytes);
	} inputs[] = { { "names ascending", input_names_ascending },
		       { "names descending", input_names_descending },
		       { "names shuffled", input_names_shuffled },
		       { "names alike", input_names_alike },
		       { "names equal", input_names_equal },
		       { "elements", input_elements },
		       { "nested", input_nested },
		       { "escapes", input_escapes },
		       { "digits", input_digits },
		       { "cut off", input_cut_off } };
	for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
		struct span little = inputs[i].make(16 << 10), much = inputs[i].make(FACTOR * 16 << 10);
		compare(inputs[i].name, parse, &little, &much);
		free((void *)(uintptr_t)little.at);
		free((void *)(uintptr_t)much.at);
	}
}

/* --- metadata --- */

static void decode_targets(const void *input)
{
	const struct span *text = input;
	struct workspace ws = memory();
	struct json_node *node;
	struct targets targets;
	CHECK_EQ(json_parse(*text, &ws, &node), FAULT_NONE);
	CHECK_EQ(targets_decode(node, &ws, &crypto_openssl, &targets), FAULT_NONE);
	for (uint32_t i = 0; i < targets.count; i++)
		CHECK(targets_find(&targets, targets.entries[i].path) == &targets.entries[i]);
}

static void targets(void)
{
	struct span little = input_targets(500), much = input_targets(FACTOR * 500);
	compare("targets", decode_targets, &little, &much);
	free((void *)(uintptr_t)little.at);
	free((void *)(uintptr_t)much.at);
}

static void delegations(void)
{
	struct span little = input_delegations(METADATA_DELEGATIONS_MAX / FACTOR);
	struct span much = input_delegations(METADATA_DELEGATIONS_MAX);
	compare("delegations and their keys", decode_targets, &little, &much);
	free((void *)(uintptr_t)little.at);
	free((void *)(uintptr_t)much.at);
}

/* --- the client --- */

static void refresh(const void *input)
{
	struct world *w = (struct world *)(uintptr_t)input;
	world_put(&w->store, "snapshot.json", world_get(&w->remote, "1.snapshot.json"));
	world_drop(&w->store, "timestamp.json");
	CHECK_EQ(world_refresh(w), CLIENT_DONE);
	CHECK(w->client.has_old_snapshot);
}

/* A stored snapshot, and another one after it: every entry of the one is looked for in the other. */
static struct world *snapshots(size_t entries)
{
	struct world *w = world_new();
	struct span one = input_snapshot(1, entries), two = input_snapshot(2, entries);
	free(w->memory);
	w->memory_bytes = (size_t)128 << 20;
	w->memory = malloc(w->memory_bytes);
	CHECK(w->memory != NULL);
	world_put_body(w, "1.snapshot.json", one, &w->snapshot);
	world_put_body(w, "2.snapshot.json", two, &w->snapshot);
	w->timestamp_version = w->snapshot_version = 2;
	world_publish_timestamp(w);
	free((void *)(uintptr_t)one.at);
	free((void *)(uintptr_t)two.at);
	return w;
}

static void snapshot(void)
{
	struct world *little = snapshots(3500), *much = snapshots(FACTOR * 3500);
	CHECK(world_get(&much->remote, "2.snapshot.json").n > SNAPSHOT_BYTES_MAX / 2);
	compare("snapshot after snapshot", refresh, little, much);
	world_free(little);
	world_free(much);
}

static void look_up(const void *input)
{
	struct world *w = (struct world *)(uintptr_t)input;
	char path[METADATA_PATH_MAX] = { 0 };
	memset(path, 'a', sizeof path - 1);
	CHECK_EQ(world_look_up(w, path), CLIENT_DONE);
	CHECK(w->client.found == NULL);
}

static struct world *patterns(size_t count)
{
	struct world *w = world_new();
	struct span body = input_patterns(count);
	world_put_body(w, "1.targets.json", body, &w->targets);
	world_relist(w, "targets", 1);
	world_republish(w);
	free((void *)(uintptr_t)body.at);
	CHECK_EQ(world_refresh(w), CLIENT_DONE);
	return w;
}

static void path_patterns(void)
{
	struct world *little = patterns(METADATA_DELEGATIONS_MAX / FACTOR), *much = patterns(METADATA_DELEGATIONS_MAX);
	compare("patterns that nearly match", look_up, little, much);
	world_free(little);
	world_free(much);
}

/* --- our own objects --- */

static struct span table_of(uint32_t count)
{
	size_t room = (size_t)count * 80 + 64;
	uint8_t *bytes = malloc(room);
	CHECK(bytes != NULL);
	struct writer w = writer_over(bytes, room);
	struct segments table = { .segment_bytes = SEGMENT_BYTES_MIN, .count = count };
	table.image_bytes = (uint64_t)count * SEGMENT_BYTES_MIN;
	segments_encode_header(&w, &table);
	for (uint32_t i = 0; i < count; i++)
		segments_encode_record(&w, &(struct segment){ .op = SEGMENT_FULL, .travel_bytes = 1 });
	CHECK_EQ(writer_end(&w), FAULT_NONE);
	return writer_span(&w);
}

static void read_table(const void *input)
{
	const struct span *text = input;
	struct segments table;
	struct segment segment;
	uint32_t count = 0;
	CHECK_EQ(segments_decode(*text, 1 << 20, &table), FAULT_NONE);
	while (segments_next(&table, &segment))
		count++;
	CHECK_EQ(count, table.count);
}

static void segment_table(void)
{
	struct span little = table_of(10000), much = table_of(FACTOR * 10000);
	compare("segment table", read_table, &little, &much);
	free((void *)(uintptr_t)little.at);
	free((void *)(uintptr_t)much.at);
}

static const struct check_case cases[] = {
	CASE(json), CASE(targets), CASE(delegations), CASE(snapshot), CASE(path_patterns), CASE(segment_table),
};
CHECK_MAIN(cases)
