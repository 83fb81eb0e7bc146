/*
 * Each object with every number and every text at its bound: it is read; and with any one of them a step beyond, it is
 * refused.
 */
#include "check.h"
#include "directive.h"
#include "emergency.h"
#include "name.h"
#include "packed.h"
#include "plan.h"
#include "report.h"
#include "trust_bundle.h"

#define MOST ((uint64_t)JSON_INTEGER_MAX)

typedef enum fault bounds_decode(struct span text);

static _Alignas(max_align_t) uint8_t memory[4 << 20];
static uint8_t text[1 << 17], beyond[1 << 17];
static uint8_t letters[4096];

static struct span letters_of(size_t n)
{
	memset(letters, 'x', sizeof letters);
	return (struct span){ letters, n };
}

/* A path of a release with a version of 64 letters, as long as a path may be for a long product. */
static struct span path_of(size_t n)
{
	static uint8_t path[METADATA_PATH_MAX];
	memset(path, 'x', sizeof path);
	memcpy(path, "p/", 2);
	return (struct span){ path, n };
}

static enum fault with_body(struct span in, enum fault (*decode)(struct json_node *body))
{
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct json_node *body;
	enum fault fault = json_parse(in, &ws, &body);
	return fault != FAULT_NONE ? fault : decode(body);
}

/* Where the member's value, a number that ends at `end`, begins. */
static bool is_number_end(struct span in, size_t at)
{
	bool digit = in.at[at] >= '0' && in.at[at] <= '9';
	bool ends = at + 1 < in.n && (in.at[at + 1] == ',' || in.at[at + 1] == '}' || in.at[at + 1] == ']');
	return digit && ends;
}

static struct span number_moved(struct span in, size_t last, int by)
{
	memcpy(beyond, in.at, in.n);
	beyond[last] = (uint8_t)(beyond[last] + by);
	return (struct span){ beyond, in.n };
}

static struct span text_longer(struct span in, size_t at)
{
	memcpy(beyond, in.at, at);
	beyond[at] = 'x';
	memcpy(beyond + at + 1, in.at + at, in.n - at);
	return (struct span){ beyond, in.n + 1 };
}

static bool is_fine(struct span in, bounds_decode *decode)
{
	enum fault fault = decode(in);
	if (fault != FAULT_NONE)
		printf("# %s: %.*s\n", fault_text(fault), (int)(in.n < 800 ? in.n : 800), (const char *)in.at);
	return fault == FAULT_NONE;
}

static void no_number_moves(struct span in, int by, bounds_decode *decode)
{
	CHECK(is_fine(in, decode));
	for (size_t i = 0; i < in.n; i++) {
		if (!is_number_end(in, i) || (by > 0 && in.at[i] == '9'))
			continue;
		enum fault fault = decode(number_moved(in, i, by));
		if (fault == FAULT_NONE)
			printf("# the number before %.*s has room\n", (int)(in.n - i < 60 ? in.n - i : 60),
			       (const char *)in.at + i);
		CHECK(fault == FAULT_RANGE || fault == FAULT_VERSION || fault == FAULT_SYNTAX);
	}
}

/* Texts of letters are those that are at their most. */
static void no_text_grows(struct span in, bounds_decode *decode)
{
	for (size_t i = 2; i < in.n; i++) {
		if (in.at[i] != '"' || memcmp(in.at + i - 2, "xx", 2) != 0)
			continue;
		enum fault fault = decode(text_longer(in, i));
		if (fault != FAULT_TOO_LARGE)
			printf("# the text before %.*s: %s\n", (int)(in.n - i < 60 ? in.n - i : 60),
			       (const char *)in.at + i, fault_text(fault));
		CHECK_EQ(fault, FAULT_TOO_LARGE);
	}
}

static struct span encoded(struct writer *w)
{
	CHECK_EQ(writer_end(w), FAULT_NONE);
	return writer_span(w);
}

/* --- directive --- */

static enum fault directive_body(struct json_node *body)
{
	struct directive out;
	memset(&out, 0xff, sizeof out);
	enum fault fault = directive_decode(body, &out);
	CHECK_EQ(out.where != NULL, fault != FAULT_NONE);
	return fault;
}
static enum fault directive_text(struct span in)
{
	return with_body(in, directive_body);
}

static void directive_is_read_at_its_bounds(void)
{
	struct directive d = { .device = letters_of(DEVICE_ID_MAX), .sequence = MOST, .counter = MOST };
	static uint8_t plan[METADATA_PATH_MAX];
	memset(plan, 'x', sizeof plan);
	memcpy(plan, "plans/", 6);
	d.target_path = path_of(METADATA_PATH_MAX);
	d.plan_path = SPAN_OF(plan);
	d.image_bytes = MOST;
	d.stage = UINT32_MAX;
	d.lifetime_s = UINT32_MAX;
	struct writer w = writer_over(text, sizeof text);
	directive_encode(&w, &d);
	struct span most = encoded(&w);
	no_number_moves(most, 1, directive_text);
	no_text_grows(most, directive_text);
	d.sequence = d.counter = d.image_bytes = d.lifetime_s = 1;
	d.stage = 0;
	w = writer_over(text, sizeof text);
	directive_encode(&w, &d);
	no_number_moves(encoded(&w), -1, directive_text);
}

/* --- report --- */

static enum fault report_body(struct json_node *body)
{
	struct report out;
	memset(&out, 0xff, sizeof out);
	return report_decode(body, &out);
}
static enum fault report_text(struct span in)
{
	return with_body(in, report_body);
}

static void report_is_read_at_its_bounds(void)
{
	struct report r = { .device = letters_of(DEVICE_ID_MAX), .sequence = MOST, .boot_count = MOST };
	r.running_counter = MOST;
	r.running_path = r.target_path = path_of(METADATA_PATH_MAX);
	r.running_version = letters_of(RELEASE_VERSION_MAX);
	r.state = REPORT_CONFIRMED;
	r.cause = letters_of(REPORT_CAUSE_MAX);
	r.proof = SPAN_LIT("tpm");
	r.refusal_count = 1;
	r.refusals[0] = (struct report_refusal){ letters_of(48), MOST };
	struct writer w = writer_over(text, sizeof text);
	report_encode(&w, &r);
	struct span most = encoded(&w);
	no_number_moves(most, 1, report_text);
	no_text_grows(most, report_text);
	r.sequence = r.refusals[0].count = 1;
	r.boot_count = r.running_counter = 0;
	w = writer_over(text, sizeof text);
	report_encode(&w, &r);
	no_number_moves(encoded(&w), -1, report_text);
}

/* --- emergency --- */

static enum fault emergency_body(struct json_node *body)
{
	struct emergency out;
	memset(&out, 0xff, sizeof out);
	return emergency_decode(body, &out);
}
static enum fault emergency_text_of(struct span in)
{
	return with_body(in, emergency_body);
}

static void emergency_is_read_at_its_bounds(void)
{
	struct emergency e = { .product = letters_of(RELEASE_PRODUCT_MAX), .sequence = MOST };
	e.why = letters_of(EMERGENCY_WHY_MAX);
	e.does[EMERGENCY_RAISE_EPOCH] = e.does[EMERGENCY_REVOKE] = true;
	e.epoch = COUNTER_EPOCH_MAX;
	e.revoke_count = EMERGENCY_REVOKE_MAX;
	for (uint32_t i = 0; i < EMERGENCY_REVOKE_MAX; i++)
		e.revoke[i].bytes[0] = (uint8_t)i;
	struct writer w = writer_over(text, sizeof text);
	emergency_encode(&w, &e);
	struct span most = encoded(&w);
	no_number_moves(most, 1, emergency_text_of);
	no_text_grows(most, emergency_text_of);
	e.sequence = e.epoch = 1;
	w = writer_over(text, sizeof text);
	emergency_encode(&w, &e);
	no_number_moves(encoded(&w), -1, emergency_text_of);
	e.revoke_count++;
	w = writer_over(text, sizeof text);
	emergency_encode(&w, &e);
	CHECK_EQ(writer_end(&w), FAULT_RANGE);
}

/* --- packed --- */

static enum fault packed_text_of(struct span in)
{
	struct packed out;
	struct workspace ws = workspace_over(memory, sizeof memory);
	memset(&out, 0xff, sizeof out);
	return packed_decode(in, &ws, &out);
}

static void packed_is_read_at_its_bounds(void)
{
	struct packed p = { .product = letters_of(RELEASE_PRODUCT_MAX), .build_id = letters_of(RELEASE_BUILD_ID_MAX) };
	p.compatible_count = RELEASE_COMPATIBLE_MAX;
	p.release = (struct packed_image){ .version = letters_of(RELEASE_VERSION_MAX), .image_bytes = MOST };
	p.release.table.bytes = p.release.payload.bytes = p.release.counter = MOST;
	p.has_return = true;
	p.return_release = p.release;
	struct writer w = writer_over(text, sizeof text);
	packed_encode(&w, &p);
	struct span most = encoded(&w);
	no_number_moves(most, 1, packed_text_of);
	no_text_grows(most, packed_text_of);
	p.release.image_bytes = p.release.table.bytes = p.release.payload.bytes = p.release.counter = 1;
	p.return_release = p.release;
	w = writer_over(text, sizeof text);
	packed_encode(&w, &p);
	no_number_moves(encoded(&w), -1, packed_text_of);
	for (size_t longer = 0; longer < 2; longer++) {
		memset(text, ' ', sizeof text);
		w = writer_over(text, sizeof text);
		packed_encode(&w, &p);
		text[w.used] = ' ';
		CHECK_EQ(packed_text_of((struct span){ text, PACKED_BYTES_MAX + longer }),
			 longer == 0 ? FAULT_NONE : FAULT_TOO_LARGE);
	}
}

/* --- plan --- */

static enum fault plan_text(struct span in)
{
	struct plan out;
	struct workspace ws = workspace_over(memory, sizeof memory);
	memset(&out, 0xff, sizeof out);
	enum fault fault = plan_decode(in, &ws, &out);
	CHECK(fault != FAULT_RANGE || out.where != NULL);
	return fault;
}

static struct plan plan_most(struct stage *stage, const struct span *device)
{
	static char path[METADATA_PATH_MAX + 1];
	struct plan p = { .product = letters_of(RELEASE_PRODUCT_MAX), .name = letters_of(64) };
	snprintf(path, sizeof path, "p/%.*s/%.64s/image", RELEASE_PRODUCT_MAX, (const char *)letters, letters);
	p.release = (struct plan_release){ .path = span_of_text(path), .counter = MOST };
	*stage = (struct stage){ .name = letters_of(32), .devices = device, .device_count = 1 };
	stage->group_count = 1;
	stage->group[0] = (struct attribute){ SPAN_LIT("region"), letters_of(64) };
	stage->range_from_bp = STAGE_RANGE_ALL - 1;
	stage->range_to_bp = STAGE_RANGE_ALL;
	p.stage_count = 1;
	p.stages = stage;
	p.p0_ppm = 250000;
	p.alpha_ppm = p.beta_ppm = 500000;
	p.soak_s = p.report_expected_s = 30 * 86400;
	p.coverage_percent = 100;
	p.in_flight = 1000000;
	return p;
}

static void plan_is_read_at_its_bounds(void)
{
	struct stage stage;
	struct span device = letters_of(64);
	struct plan p = plan_most(&stage, &device);
	struct writer w = writer_over(text, sizeof text);
	plan_encode(&w, &p);
	struct span most = encoded(&w);
	no_number_moves(most, 1, plan_text);
	no_text_grows(most, plan_text);
	p.release.counter = p.p0_ppm = p.alpha_ppm = p.beta_ppm = p.report_expected_s = p.in_flight = 1;
	p.soak_s = p.coverage_percent = 0;
	stage.range_from_bp = 0;
	stage.range_to_bp = 1;
	w = writer_over(text, sizeof text);
	plan_encode(&w, &p);
	no_number_moves(encoded(&w), -1, plan_text);
}

static const struct check_case cases[] = {
	CASE(directive_is_read_at_its_bounds), CASE(report_is_read_at_its_bounds),
	CASE(emergency_is_read_at_its_bounds), CASE(packed_is_read_at_its_bounds),
	CASE(plan_is_read_at_its_bounds),
};
CHECK_MAIN(cases)
