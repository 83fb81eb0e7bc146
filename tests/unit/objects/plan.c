#include "plan.h"
#include "crypto_openssl.h"
#include "mangle.h"

#include "plan_sample.h"

static uint8_t memory[1 << 20];

static enum fault decode(struct span text, struct plan *out)
{
	struct workspace ws = workspace_over(memory, sizeof memory);
	return plan_decode(text, &ws, out);
}

static void plan_encode_gives_the_worked_example(void)
{
	static char out[4096];
	struct plan plan;
	CHECK_EQ(decode(SPAN_LIT(PLAN_SAMPLE), &plan), FAULT_NONE);
	struct writer w = writer_over(out, sizeof out);
	plan_encode(&w, &plan);
	CHECK_EQ(w.fault, FAULT_NONE);
	CHECK(span_is(writer_span(&w), PLAN_SAMPLE));
}

static void plan_decode_gives_the_members(void)
{
	struct plan p;
	CHECK_EQ(decode(SPAN_LIT(PLAN_SAMPLE), &p), FAULT_NONE);
	CHECK(span_is(p.product, "board") && span_is(p.name, "2.0"));
	CHECK(span_is(p.release.path, "p/board/2.0/image"));
	CHECK_EQ(p.release.counter, 7);
	CHECK_EQ(p.release.image.bytes[0], 0x11);
	CHECK(p.has_return && span_is(p.return_release.path, "p/board/2.0/return"));
	CHECK_EQ(p.return_release.counter, 8);
	CHECK_EQ(p.return_until_unix, 1798761600); /* 2027-01-01T00:00:00Z */
	CHECK_EQ(p.salt[31], 0x1f);
	CHECK_EQ(p.stage_count, 3);
	CHECK_EQ(p.stages[0].device_count, 2);
	CHECK(span_is(p.stages[0].devices[1], "dev-0002"));
	CHECK_EQ(p.stages[1].group_count, 2);
	CHECK(span_is(p.stages[1].group[0].name, "region") && span_is(p.stages[1].group[1].value, "c"));
	CHECK_EQ(p.stages[1].range_to_bp, 1000);
	CHECK_EQ(p.stages[2].device_count + p.stages[2].group_count, 0);
	CHECK_EQ(p.stages[0].earliest_unix, 0);
	CHECK_EQ(p.p0_ppm, 10000);
	CHECK_EQ(p.alpha_ppm, 10001);
	CHECK_EQ(p.beta_ppm, 50000);
	CHECK_EQ(p.soak_s, 600);
	CHECK_EQ(p.coverage_percent, 80);
	CHECK_EQ(p.report_expected_s, 3600);
	CHECK_EQ(p.in_flight, 8);
}

static bool round_trip(struct span in, struct writer *out)
{
	struct plan plan;
	if (decode(in, &plan) != FAULT_NONE)
		return false;
	plan_encode(out, &plan);
	return true;
}

static void plan_has_one_spelling(void)
{
	mangle(SPAN_LIT(PLAN_SAMPLE), round_trip);
}

/* One place of the example, other text there, and the fault that it must give. */
struct row {
	const char *from, *to;
	enum fault fault;
};

#define LONG32 "abcdefghijklmnopqrstuvwxyzabcdef"

static const struct row rows[] = {
	{ "\"type\":\"plan\"", "\"type\":\"directive\"", FAULT_VERSION },
	{ "\"version\":1}", "\"version\":2}", FAULT_VERSION },
	{ "\"version\":1}", "\"version\":1,\"x\":0}", FAULT_UNKNOWN },
	{ "\"version\":1}", "\"version\":1} ", FAULT_NOT_CANONICAL },
	{ "\"version\":1}", "\"version\": 1}", FAULT_NOT_CANONICAL },
	{ "\"version\":1}", "\"version\":1}x", FAULT_TRAILING },
	{ "\"type\":\"plan\",", "", FAULT_MISSING },
	{ "\"name\":\"2.0\",\"product\":\"board\"", "\"product\":\"board\",\"name\":\"2.0\"", FAULT_NOT_CANONICAL },
	{ "\"name\":\"2.0\"", "\"name\":\"\"", FAULT_RANGE },
	{ "\"name\":\"2.0\"", "\"name\":\"../x\"", FAULT_RANGE },
	{ "\"product\":\"board\"", "\"product\":\"bo/rd\"", FAULT_RANGE },
	{ "\"product\":\"board\"", "\"product\":\"" LONG32 "x\"", FAULT_TOO_LARGE },
	{ "\"product\":\"board\"", "\"product\":\"boards\"", FAULT_RANGE }, /* the releases are the board's */
	{ "p/board/2.0/image", "p/board/2.0/return", FAULT_RANGE },
	{ "p/board/2.0/image", "p/board//image", FAULT_RANGE },
	{ "p/board/2.0/image", "p/board/../image", FAULT_RANGE },
	{ "p/board/2.0/image", "p/board/2/0/image", FAULT_RANGE },
	{ "p/board/2.0/image", "p/board/2.0/images", FAULT_RANGE },
	{ "p/board/2.0/image", "p/board/2.0", FAULT_RANGE },
	{ "p/board/2.0/image", "/board/2.0/image", FAULT_RANGE },
	{ "p/board/2.0/return", "p/board/2.0/image", FAULT_RANGE },
	{ "\"counter\":7,", "\"counter\":0,", FAULT_RANGE },
	{ "\"counter\":7,", "\"counter\":9007199254740992,", FAULT_RANGE },
	{ "\"counter\":7,", "\"counter\":8,", FAULT_RANGE }, /* the return release is not above it */
	{ "\"counter\":7,", "", FAULT_MISSING },
	{ "2027-01-01T00:00:00Z", "2027-01-01T00:00:60Z", FAULT_RANGE },
	{ "2027-01-01T00:00:00Z", "2027-01-01", FAULT_TRUNCATED },
	{ "2027-01-01T00:00:00Z", "2027-01-01T00:00:00ZZ", FAULT_TOO_LARGE },
	{ "\"path\":\"p/board/2.0/image\"", "\"path\":\"p/board/2.0/image\",\"z\":1", FAULT_UNKNOWN },
	{ "\"until\":\"2027-01-01T00:00:00Z\"", "\"until\":\"2027-01-01T00:00:00Z\",\"z\":1", FAULT_UNKNOWN },
	{ ",\"until\":\"2027-01-01T00:00:00Z\"", "", FAULT_MISSING },
	{ "\"salt\":\"00", "\"salt\":\"", FAULT_TRUNCATED },
	{ "1e1f\"", "1e1F\"", FAULT_NOT_CANONICAL },
	{ "\"devices\":[\"dev-0001\",\"dev-0002\"]", "\"devices\":[]", FAULT_MISSING },
	{ "\"devices\":[\"dev-0001\",\"dev-0002\"]", "\"devices\":[\"dev-0001\",\"dev-0001\"]", FAULT_NOT_CANONICAL },
	{ "\"devices\":[\"dev-0001\",\"dev-0002\"]", "\"devices\":[\"dev-0002\",\"dev-0001\"]", FAULT_NOT_CANONICAL },
	{ "\"devices\":[\"dev-0001\",\"dev-0002\"]", "\"devices\":[1]", FAULT_TYPE },
	{ "\"devices\":[\"dev-0001\",\"dev-0002\"]", "\"devices\":{}", FAULT_TYPE },
	{ "\"dev-0002\"", "\"dev 0002\"", FAULT_RANGE },
	{ "\"from_bp\":0,\"name\":\"canary\"", "\"from_bp\":10000,\"name\":\"canary\"", FAULT_RANGE },
	{ "\"name\":\"canary\",\"to_bp\":10000", "\"name\":\"canary\",\"to_bp\":10001", FAULT_RANGE },
	{ "\"name\":\"canary\",\"to_bp\":10000", "\"name\":\"canary\",\"to_bp\":0", FAULT_RANGE },
	{ "\"from_bp\":0,\"name\":\"canary\",\"to_bp\":10000", "\"from_bp\":5,\"name\":\"canary\",\"to_bp\":5",
	  FAULT_RANGE },
	{ "\"name\":\"everyone\"", "\"name\":\"canary\"", FAULT_DUPLICATE },
	{ "{\"region\":\"eu\",\"revision\":\"c\"}", "{}", FAULT_MISSING },
	{ "{\"region\":\"eu\",\"revision\":\"c\"}", "[]", FAULT_TYPE },
	{ "{\"region\":\"eu\",\"revision\":\"c\"}", "{\"a\":\"1\",\"b\":\"1\",\"c\":\"1\",\"d\":\"1\"}", FAULT_NONE },
	{ "\"alpha_ppm\":10001", "\"alpha_ppm\":500000", FAULT_NONE },
	{ "\"alpha_ppm\":10001", "\"alpha_ppm\":1", FAULT_NONE },
	{ "\"beta_ppm\":50000", "\"beta_ppm\":500000", FAULT_NONE },
	{ "\"beta_ppm\":50000", "\"beta_ppm\":500001", FAULT_RANGE },
	{ "\"beta_ppm\":50000", "\"beta_ppm\":1", FAULT_NONE },
	{ "\"p0_ppm\":10000", "\"p0_ppm\":250000", FAULT_NONE },
	{ "\"p0_ppm\":10000", "\"p0_ppm\":1", FAULT_NONE },
	{ "\"p0_ppm\":10000", "\"p0_ppm\":0", FAULT_RANGE },
	{ "\"coverage_percent\":80", "\"coverage_percent\":0", FAULT_NONE },
	{ "\"coverage_percent\":80", "\"coverage_percent\":100", FAULT_NONE },
	{ "\"in_flight\":8", "\"in_flight\":1", FAULT_NONE },
	{ "\"in_flight\":8", "\"in_flight\":1000000", FAULT_NONE },
	{ "\"in_flight\":8", "\"in_flight\":1000001", FAULT_RANGE },
	{ "\"report_expected_s\":3600", "\"report_expected_s\":1", FAULT_NONE },
	{ "\"report_expected_s\":3600", "\"report_expected_s\":2592000", FAULT_NONE },
	{ "\"report_expected_s\":3600", "\"report_expected_s\":2592001", FAULT_RANGE },
	{ "\"soak_s\":600", "\"soak_s\":0", FAULT_NONE },
	{ "\"soak_s\":600", "\"soak_s\":2592000", FAULT_NONE },
	{ "\"counter\":7,", "\"counter\":1,", FAULT_NONE },
	{ "\"counter\":7,", "\"counter\":0,", FAULT_RANGE },
	{ "\"from_bp\":0,\"name\":\"canary\"", "\"from_bp\":9999,\"name\":\"canary\"", FAULT_NONE },
	{ "\"from_bp\":0,\"name\":\"canary\",\"to_bp\":10000", "\"from_bp\":0,\"name\":\"canary\",\"to_bp\":1",
	  FAULT_NONE },
	{ "{\"region\":\"eu\",\"revision\":\"c\"}", "{\"Region\":\"eu\"}", FAULT_RANGE },
	{ "{\"region\":\"eu\",\"revision\":\"c\"}", "{\"region\":\"\"}", FAULT_RANGE },
	{ "{\"region\":\"eu\",\"revision\":\"c\"}", "{\"region\":1}", FAULT_TYPE },
	{ "{\"region\":\"eu\",\"revision\":\"c\"}", "{\"a\":\"1\",\"b\":\"1\",\"c\":\"1\",\"d\":\"1\",\"e\":\"1\"}",
	  FAULT_TOO_LARGE },
	{ "\"alpha_ppm\":10001", "\"alpha_ppm\":0", FAULT_RANGE },
	{ "\"alpha_ppm\":10001", "\"alpha_ppm\":500001", FAULT_RANGE },
	{ "\"beta_ppm\":50000", "\"beta_ppm\":0", FAULT_RANGE },
	{ "\"p0_ppm\":10000", "\"p0_ppm\":250001", FAULT_RANGE },
	{ "\"coverage_percent\":80", "\"coverage_percent\":101", FAULT_RANGE },
	{ "\"in_flight\":8", "\"in_flight\":0", FAULT_RANGE },
	{ "\"report_expected_s\":3600", "\"report_expected_s\":0", FAULT_RANGE },
	{ "\"soak_s\":600", "\"soak_s\":2592001", FAULT_RANGE },
	{ "\"soak_s\":600", "\"soak_s\":600,\"z\":1", FAULT_UNKNOWN },
};

static void plan_decode_follows_the_table(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static char text[8192];
		struct plan plan;
		const char *at = strstr(PLAN_SAMPLE, rows[i].from);
		CHECK(at != NULL);
		snprintf(text, sizeof text, "%.*s%s%s", (int)(at - PLAN_SAMPLE), PLAN_SAMPLE, rows[i].to,
			 at + strlen(rows[i].from));
		enum fault fault = decode(span_of_text(text), &plan);
		if (fault != rows[i].fault)
			printf("# %s -> %s\n", rows[i].from, rows[i].to);
		CHECK_EQ(fault, rows[i].fault);
	}
}

static void plan_without_a_return_is_a_plan(void)
{
	static char text[8192];
	struct plan plan;
	const char *from = strstr(PLAN_SAMPLE, "\"return\":"), *to = strstr(PLAN_SAMPLE, "\"salt\":");
	snprintf(text, sizeof text, "%.*s%s", (int)(from - PLAN_SAMPLE), PLAN_SAMPLE, to);
	CHECK_EQ(decode(span_of_text(text), &plan), FAULT_NONE);
	CHECK(!plan.has_return);
}

/* Plans at their ceilings: n stages, n devices, encoded and read again. */
static enum fault with_counts(uint32_t stages, uint32_t devices)
{
	static char text[PLAN_BYTES_MAX + 4096], names[PLAN_STAGES_MAX + 1][8], ids[PLAN_DEVICES_MAX + 1][16];
	static struct span list[PLAN_DEVICES_MAX + 1];
	static struct stage stage[PLAN_STAGES_MAX + 1];
	struct plan plan;
	CHECK_EQ(decode(SPAN_LIT(PLAN_SAMPLE), &plan), FAULT_NONE);
	for (uint32_t i = 0; i < devices; i++) {
		snprintf(ids[i], sizeof ids[i], "dev-%05u", i);
		list[i] = span_of_text(ids[i]);
	}
	for (uint32_t i = 0; i < stages; i++) {
		snprintf(names[i], sizeof names[i], "s%u", i);
		stage[i] = (struct stage){ .name = span_of_text(names[i]), .range_to_bp = 1 };
	}
	stage[0].devices = list;
	stage[0].device_count = devices;
	plan.stages = stage;
	plan.stage_count = stages;
	struct writer w = writer_over(text, sizeof text);
	plan_encode(&w, &plan);
	CHECK_EQ(w.fault, FAULT_NONE);
	return decode(writer_span(&w), &plan);
}

static void plan_has_ceilings(void)
{
	static char text[PLAN_BYTES_MAX + 2];
	struct plan plan;
	CHECK_EQ(with_counts(PLAN_STAGES_MAX, PLAN_DEVICES_MAX), FAULT_NONE);
	CHECK_EQ(with_counts(PLAN_STAGES_MAX + 1, 1), FAULT_TOO_LARGE);
	CHECK_EQ(with_counts(0, 0), FAULT_MISSING);
	CHECK_EQ(with_counts(1, PLAN_DEVICES_MAX + 1), FAULT_TOO_LARGE);
	memset(text, ' ', sizeof text);
	CHECK_EQ(decode((struct span){ (const uint8_t *)text, PLAN_BYTES_MAX + 1 }, &plan), FAULT_TOO_LARGE);
	CHECK(decode((struct span){ (const uint8_t *)text, PLAN_BYTES_MAX }, &plan) != FAULT_TOO_LARGE);
}

static void plan_decode_says_when_the_workspace_is_small(void)
{
	struct plan plan;
	for (size_t room = 0; room < 200000; room += 64) {
		struct workspace ws = workspace_over(memory, room);
		enum fault fault = plan_decode(SPAN_LIT(PLAN_SAMPLE), &ws, &plan);
		if (fault == FAULT_NONE) {
			CHECK(room > 1024);
			return;
		}
		CHECK_EQ(fault, FAULT_NO_SPACE);
	}
	CHECK(false && "a plan of 2 KB needs over 200 KB");
}

static void plan_encode_refuses_unsorted_devices(void)
{
	static char out[4096];
	struct span devices[] = { SPAN_LIT("b"), SPAN_LIT("a") };
	struct stage stage = { .name = SPAN_LIT("s"), .devices = devices, .device_count = 2, .range_to_bp = 1 };
	struct plan plan;
	CHECK_EQ(decode(SPAN_LIT(PLAN_SAMPLE), &plan), FAULT_NONE);
	plan.stages = &stage;
	plan.stage_count = 1;
	struct writer w = writer_over(out, sizeof out);
	plan_encode(&w, &plan);
	CHECK_EQ(w.fault, FAULT_NOT_CANONICAL);
	devices[1] = devices[0]; /* nor the same twice */
	w = writer_over(out, sizeof out);
	plan_encode(&w, &plan);
	CHECK_EQ(w.fault, FAULT_NOT_CANONICAL);
}

static void plan_encode_refuses_times_that_have_no_text(void)
{
	static char out[4096];
	struct plan plan;
	CHECK_EQ(decode(SPAN_LIT(PLAN_SAMPLE), &plan), FAULT_NONE);
	plan.return_until_unix = INT64_MAX;
	struct writer w = writer_over(out, sizeof out);
	plan_encode(&w, &plan);
	CHECK_EQ(w.fault, FAULT_RANGE);
}

static const struct check_case cases[] = {
	CASE(plan_encode_gives_the_worked_example),
	CASE(plan_decode_gives_the_members),
	CASE(plan_has_one_spelling),
	CASE(plan_decode_follows_the_table),
	CASE(plan_without_a_return_is_a_plan),
	CASE(plan_has_ceilings),
	CASE(plan_decode_says_when_the_workspace_is_small),
	CASE(plan_encode_refuses_unsorted_devices),
	CASE(plan_encode_refuses_times_that_have_no_text),
};

CHECK_MAIN(cases)
