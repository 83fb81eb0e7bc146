#include "authorize.h"
#include "check.h"
#include "fake_signer.h"

/* One agreed install; each row of the tables changes one fact and names the rule that must say no. */
struct scene {
	struct device_facts device;
	struct directive directive;
	struct directive_question question;
	struct plan plan;
	struct stage stages[2];
	struct release release;
	struct target plan_target;
	int64_t issued_unix;
	struct public_key signer;
	bool break_digest; /* the envelope covers other bytes than were signed */
};

#define COUNTER COUNTER_OF(3, 20)
#define ISSUED 1800000000

static const struct span canaries[] = { { (const uint8_t *)"dev-1", 5 } };
static const struct attribute eu[] = { { { (const uint8_t *)"region", 6 }, { (const uint8_t *)"eu", 2 } } };

static struct digest digest(uint8_t seed)
{
	struct digest d;
	memset(d.bytes, seed, sizeof d.bytes);
	return d;
}

static void scene_plan(struct scene *s)
{
	s->stages[0] = (struct stage){ .name = SPAN_LIT("canary"),
				       .devices = canaries,
				       .device_count = 1,
				       .range_to_bp = STAGE_RANGE_ALL,
				       .earliest_unix = ISSUED - 100 };
	s->stages[1] = (struct stage){ .name = SPAN_LIT("all"),
				       .range_to_bp = STAGE_RANGE_ALL,
				       .earliest_unix = ISSUED + 100 };
	s->plan = (struct plan){ .product = SPAN_LIT("board"),
				 .name = SPAN_LIT("r1"),
				 .has_return = true,
				 .release = { SPAN_LIT("p/board/2/image"), digest(1), COUNTER },
				 .return_release = { SPAN_LIT("p/board/2/return"), digest(2), COUNTER + 1 },
				 .return_until_unix = ISSUED,
				 .stage_count = 2 };
	s->plan_target = (struct target){ .path = SPAN_LIT("plans/board/r1.json"), .sha256 = digest(9) };
}

static void scene_init(struct scene *s)
{
	*s = (struct scene){ .issued_unix = ISSUED, .signer = fake_key(7) };
	scene_plan(s);
	s->device = (struct device_facts){ .id = SPAN_LIT("dev-1"),
					   .product = SPAN_LIT("board"),
					   .attribute_count = 1,
					   .attributes = eu,
					   .counter_floor = COUNTER - 1,
					   .directive_sequence = 4 };
	s->release = (struct release){ .path = s->plan.release.path,
				       .image = digest(1),
				       .image_bytes = 1000,
				       .product = SPAN_LIT("board"),
				       .counter = COUNTER,
				       .compatible_count = 2 };
	s->release.compatible[0].vendor[0] = 99;
	s->directive = (struct directive){ .device = SPAN_LIT("dev-1"),
					   .sequence = 5,
					   .target_path = s->release.path,
					   .image = digest(1),
					   .image_bytes = 1000,
					   .counter = COUNTER,
					   .plan_path = SPAN_LIT("plans/board/r1.json"),
					   .plan = digest(9),
					   .stage = 0,
					   .lifetime_s = 60 };
	memset(s->directive.nonce, 0xaa, DIRECTIVE_NONCE_BYTES);
	memset(s->question.nonce, 0xaa, DIRECTIVE_NONCE_BYTES);
	s->question.asked = true;
	s->question.age_ms = 60000;
}

/* The same, as a return from the release that runs. */
static void to_return(struct scene *s)
{
	s->directive.action = DIRECTIVE_RETURN;
	s->directive.target_path = s->release.path = s->plan.return_release.path;
	s->directive.image = s->release.image = digest(2);
	s->directive.counter = s->release.counter = COUNTER + 1;
	s->device.counter_floor = COUNTER;
}

/* --- the directive by itself --- */

static enum verdict directive_verdict(struct scene *s)
{
	struct crypto crypto = fake_crypto();
	char keyid[ROLE_KEYID_HEX + 1];
	struct public_key director = fake_key(7);
	struct role_key key;
	role_key_init(&crypto, &director, keyid, &key);
	struct role role = { .threshold = 1, .count = 1, .keys = &key };
	struct signed_signature signature = { .keyid = key.keyid, .usable = true };
	struct signed_json envelope = { .digest = digest(0x55), .count = 1, .signatures = &signature };
	fake_sign(s->signer.xy, &envelope.digest, signature.raw);
	if (s->break_digest)
		envelope.digest.bytes[0] ^= 1;
	return authorize_directive(&crypto, &role, &envelope, &s->directive, &s->device, &s->question, NULL);
}

static void other_signer(struct scene *s)
{
	s->signer = fake_key(8);
}
static void other_bytes(struct scene *s)
{
	s->break_digest = true;
}
static void other_device(struct scene *s)
{
	s->directive.device = SPAN_LIT("dev-2");
}
static void other_device_longer(struct scene *s)
{
	s->directive.device = SPAN_LIT("dev-10");
}
static void not_asked(struct scene *s)
{
	s->question.asked = false;
}
static void other_nonce(struct scene *s)
{
	s->question.nonce[15] ^= 1;
}
static void one_ms_late(struct scene *s)
{
	s->question.age_ms = 60001;
}
static void lives_too_long(struct scene *s)
{
	s->directive.lifetime_s = DIRECTIVE_LIFETIME_MAX_S + 1;
}
static void lives_longest(struct scene *s)
{
	s->directive.lifetime_s = DIRECTIVE_LIFETIME_MAX_S;
}
static void lives_forever(struct scene *s)
{
	s->directive.lifetime_s = UINT32_MAX;
}
static void same_sequence(struct scene *s)
{
	s->directive.sequence = 4;
}
static void far_sequence(struct scene *s)
{
	s->directive.sequence = 4 + DIRECTIVE_SEQUENCE_STEP_MAX + 1;
}
static void farthest_sequence(struct scene *s)
{
	s->directive.sequence = 4 + DIRECTIVE_SEQUENCE_STEP_MAX;
}
static void old_sequence(struct scene *s)
{
	s->directive.sequence = 1;
}
static void nothing(struct scene *s)
{
	(void)s;
}

struct row {
	const char *what;
	void (*change)(struct scene *s);
	enum verdict verdict;
};

static const struct row directive_rows[] = {
	{ "as it should be", nothing, VERDICT_OK },
	{ "another key", other_signer, VERDICT_SIGNATURE },
	{ "other bytes", other_bytes, VERDICT_SIGNATURE },
	{ "another device", other_device, VERDICT_DIRECTIVE_DEVICE },
	{ "a longer id", other_device_longer, VERDICT_DIRECTIVE_DEVICE },
	{ "not asked since boot", not_asked, VERDICT_DIRECTIVE_NONCE },
	{ "another nonce", other_nonce, VERDICT_DIRECTIVE_NONCE },
	{ "a millisecond late", one_ms_late, VERDICT_DIRECTIVE_LIFETIME },
	{ "a lifetime over the ceiling", lives_too_long, VERDICT_DIRECTIVE_LIFETIME },
	{ "a lifetime at the ceiling", lives_longest, VERDICT_OK },
	{ "a lifetime of 136 years", lives_forever, VERDICT_DIRECTIVE_LIFETIME },
	{ "the same sequence again", same_sequence, VERDICT_DIRECTIVE_SEQUENCE },
	{ "an old sequence", old_sequence, VERDICT_DIRECTIVE_SEQUENCE },
	{ "the longest step of the sequence", farthest_sequence, VERDICT_OK },
	{ "a sequence far ahead", far_sequence, VERDICT_DIRECTIVE_SEQUENCE },
};

/* --- together --- */

static enum verdict install_verdict(struct scene *s)
{
	struct authorized_install out;
	s->plan.stages = s->stages;
	enum verdict verdict = authorize_install(&crypto_openssl, &s->device, &s->directive, &s->plan, &s->release,
						 s->issued_unix, &out);
	CHECK((verdict == VERDICT_OK) == (out.release.path.n > 0));
	if (verdict == VERDICT_OK)
		CHECK(out.is_return == (s->directive.action == DIRECTIVE_RETURN));
	return verdict;
}

static void directive_path(struct scene *s)
{
	s->directive.target_path = SPAN_LIT("p/board/3/image");
}
static void directive_image(struct scene *s)
{
	s->directive.image.bytes[31] ^= 1;
}
static void directive_length(struct scene *s)
{
	s->directive.image_bytes++;
}
static void directive_counter(struct scene *s)
{
	s->directive.counter++;
}
static void plan_path(struct scene *s)
{
	s->plan.release.path = SPAN_LIT("p/board/3/image");
}
static void plan_image(struct scene *s)
{
	s->plan.release.image.bytes[0] ^= 1;
}
static void plan_counter(struct scene *s)
{
	s->plan.release.counter++;
}
static void plan_product(struct scene *s)
{
	s->plan.product = SPAN_LIT("boards");
}
static void return_not_planned(struct scene *s)
{
	to_return(s);
	s->plan.has_return = false;
}
static void no_return_planned(struct scene *s)
{
	s->plan.has_return = false;
}
static void return_as_install(struct scene *s)
{
	to_return(s);
	s->directive.action = DIRECTIVE_INSTALL;
}
static void install_as_return(struct scene *s)
{
	s->directive.action = DIRECTIVE_RETURN;
}
static void release_product(struct scene *s)
{
	s->release.product = SPAN_LIT("other");
}
static void other_vendor(struct scene *s)
{
	s->device.compatible.vendor[15] = 1;
}
static void other_class(struct scene *s)
{
	s->device.compatible.class[0] = 1;
}
static void split_compatible(struct scene *s)
{
	s->release.compatible[0].class[0] = 5;
	s->release.compatible[1].vendor[0] = 5;
}
static void no_hardware(struct scene *s)
{
	s->release.compatible_count = 0;
}
static void counter_same(struct scene *s)
{
	s->device.counter_floor = COUNTER;
}
static void counter_lower(struct scene *s)
{
	s->device.counter_floor = COUNTER + 1;
}
static void epoch_lower(struct scene *s)
{
	s->device.counter_floor = COUNTER_OF(4, 0);
}
static void epoch_next(struct scene *s)
{
	s->device.counter_floor = COUNTER_OF(2, 4000000000u);
}
static void epoch_jumps(struct scene *s)
{
	s->device.counter_floor = COUNTER_OF(1, 20);
}
static void build_step_most(struct scene *s)
{
	s->directive.counter = s->release.counter = s->plan.release.counter =
		s->device.counter_floor + COUNTER_BUILD_STEP_MAX;
}
static void build_jumps(struct scene *s)
{
	s->directive.counter = s->release.counter = s->plan.release.counter =
		s->device.counter_floor + COUNTER_BUILD_STEP_MAX + 1;
}
static void stage_claimed(struct scene *s)
{
	s->directive.stage = 1;
}
static void stage_not_there(struct scene *s)
{
	s->directive.stage = 7;
}
static void stage_is_another(struct scene *s)
{
	s->stages[0].device_count = 0;
	s->stages[0].range_to_bp = 1;
	s->stages[0].range_from_bp = 0;
}
static void stage_none(struct scene *s)
{
	s->plan.stage_count = 1;
	s->stages[0].devices = NULL;
	s->stages[0].device_count = 0;
	s->stages[0].range_to_bp = 0;
}
static void stage_none_claimed(struct scene *s)
{
	stage_none(s);
	s->directive.stage = (uint32_t)STAGE_NONE;
}
static void stage_too_early(struct scene *s)
{
	s->issued_unix = ISSUED - 101;
}
static void stage_just_open(struct scene *s)
{
	s->issued_unix = ISSUED - 100;
}
static void return_too_late(struct scene *s)
{
	to_return(s);
	s->issued_unix = ISSUED + 1;
}
static void return_without_time(struct scene *s)
{
	to_return(s);
	s->issued_unix = 0;
}
static void return_at_first_time(struct scene *s)
{
	to_return(s);
	s->issued_unix = 1;
}
static void return_early(struct scene *s)
{
	to_return(s);
	s->issued_unix = ISSUED - 1000;
}
static void return_other_stage(struct scene *s)
{
	to_return(s);
	s->directive.stage = 1;
}
static void return_older(struct scene *s)
{
	to_return(s);
	s->device.counter_floor = COUNTER + 1;
}

static const struct row install_rows[] = {
	{ "as it should be", nothing, VERDICT_OK },
	{ "a return", to_return, VERDICT_OK },
	{ "directive: path", directive_path, VERDICT_DIRECTIVE_TARGET },
	{ "directive: image", directive_image, VERDICT_DIRECTIVE_TARGET },
	{ "directive: length", directive_length, VERDICT_DIRECTIVE_TARGET },
	{ "directive: counter", directive_counter, VERDICT_DIRECTIVE_TARGET },
	{ "plan: path", plan_path, VERDICT_PLAN },
	{ "plan: image", plan_image, VERDICT_PLAN },
	{ "plan: counter", plan_counter, VERDICT_PLAN },
	{ "plan: product", plan_product, VERDICT_PLAN },
	{ "a return that the plan does not have", return_not_planned, VERDICT_PLAN },
	{ "a plan without a return", no_return_planned, VERDICT_OK },
	{ "the return release as an install", return_as_install, VERDICT_PLAN },
	{ "the release as a return", install_as_return, VERDICT_PLAN },
	{ "another product", release_product, VERDICT_HARDWARE },
	{ "another vendor", other_vendor, VERDICT_HARDWARE },
	{ "another class", other_class, VERDICT_HARDWARE },
	{ "vendor of one entry, class of another", split_compatible, VERDICT_HARDWARE },
	{ "for no hardware", no_hardware, VERDICT_HARDWARE },
	{ "the same counter", counter_same, VERDICT_COUNTER },
	{ "a lower counter", counter_lower, VERDICT_COUNTER },
	{ "a lower epoch", epoch_lower, VERDICT_COUNTER },
	{ "the next epoch, a low build", epoch_next, VERDICT_OK },
	{ "an epoch left out", epoch_jumps, VERDICT_COUNTER_JUMP },
	{ "the longest step", build_step_most, VERDICT_OK },
	{ "a step too long", build_jumps, VERDICT_COUNTER_JUMP },
	{ "another stage claimed", stage_claimed, VERDICT_PLAN_STAGE },
	{ "a stage that is not there", stage_not_there, VERDICT_PLAN_STAGE },
	{ "the plan puts the device in another stage", stage_is_another, VERDICT_PLAN_STAGE },
	{ "the plan puts the device in none", stage_none, VERDICT_PLAN_STAGE },
	{ "in none, and no stage is claimed", stage_none_claimed, VERDICT_PLAN_STAGE },
	{ "a second early", stage_too_early, VERDICT_PLAN_TIME },
	{ "at the earliest time", stage_just_open, VERDICT_OK },
	{ "a return a second late", return_too_late, VERDICT_RETURN_WINDOW },
	{ "a return when no time is known", return_without_time, VERDICT_RETURN_WINDOW },
	{ "a return at the first second that is known", return_at_first_time, VERDICT_OK },
	{ "a return before the stage's earliest time", return_early, VERDICT_OK },
	{ "a return with another stage", return_other_stage, VERDICT_PLAN_STAGE },
	{ "a return to what is not newer", return_older, VERDICT_COUNTER },
};

static void run(const struct row *rows, size_t n, enum verdict (*verdict_of)(struct scene *))
{
	for (size_t i = 0; i < n; i++) {
		static struct scene scene;
		scene_init(&scene);
		rows[i].change(&scene);
		enum verdict got = verdict_of(&scene);
		if (got != rows[i].verdict)
			printf("# %s\n", rows[i].what);
		CHECK_EQ(got, rows[i].verdict);
	}
}

static void authorize_directive_follows_the_table(void)
{
	run(directive_rows, sizeof(directive_rows) / sizeof(directive_rows[0]), directive_verdict);
}

static void authorize_install_follows_the_table(void)
{
	run(install_rows, sizeof(install_rows) / sizeof(install_rows[0]), install_verdict);
}

static void authorize_plan_wants_path_and_digest(void)
{
	static struct scene s;
	scene_init(&s);
	CHECK_EQ(authorize_plan(&s.directive, &s.plan_target), VERDICT_OK);
	s.plan_target.sha256.bytes[7] ^= 1;
	CHECK_EQ(authorize_plan(&s.directive, &s.plan_target), VERDICT_PLAN);
	s.plan_target.sha256.bytes[7] ^= 1;
	s.plan_target.path = SPAN_LIT("plans/board/r2.json");
	CHECK_EQ(authorize_plan(&s.directive, &s.plan_target), VERDICT_PLAN);
}

/* A count that no decoder gives leads nowhere outside the list. */
static void authorize_looks_at_no_more_hardware_than_a_release_has(void)
{
	struct scene s;
	struct crypto crypto = fake_crypto();
	struct authorized_install install;
	scene_init(&s);
	s.plan.stages = s.stages;
	for (uint32_t i = 0; i < RELEASE_COMPATIBLE_MAX; i++)
		s.release.compatible[i].vendor[0] = 99;
	s.release.compatible_count = UINT32_MAX;
	CHECK_EQ(authorize_install(&crypto, &s.device, &s.directive, &s.plan, &s.release, s.issued_unix, &install),
		 VERDICT_HARDWARE);
	memset(&s.release.compatible[RELEASE_COMPATIBLE_MAX - 1], 0, sizeof s.release.compatible[0]);
	CHECK_EQ(authorize_install(&crypto, &s.device, &s.directive, &s.plan, &s.release, s.issued_unix, &install),
		 VERDICT_OK);
}

static const struct check_case cases[] = {
	CASE(authorize_directive_follows_the_table),
	CASE(authorize_install_follows_the_table),
	CASE(authorize_plan_wants_path_and_digest),
	CASE(authorize_looks_at_no_more_hardware_than_a_release_has),
};

CHECK_MAIN(cases)
