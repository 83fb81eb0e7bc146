/*
 * May this device install this? A directive's envelope, a plan and a product role, all of the fuzzer's making, against
 * a device of its making. Every signature is good here; what is allowed must agree in all that core/trust/authorize.h
 * promises. Parts of the input (sections.h):
 *
 *   options  digits: question (0 asked, 1 not), its age (in quarters of the lifetime), how far the floor lies below
 *            the release's counter (9: above it), which vendor and class (0: the release's first), x-issued (as clocks)
 *   device's id | product | attributes "name=value name=value" | directive's envelope | plan | body of the product role
 */
#include "authorize.h"
#include "crypto_openssl.h"
#include "fuzz.h"
#include "sections.h"

#include <string.h>

static const int64_t clocks[] = { 1800000000, 0, 1, 1700000000, INT64_MAX, -1 };

struct scene {
	struct span options;
	struct device_facts device;
	struct attribute attributes[2];
	struct signed_json envelope;
	struct directive directive;
	struct plan plan;
	struct targets role;
	struct release release;
	struct directive_question question;
	int64_t issued_unix;
};

static bool every(const uint8_t xy[64], const struct digest *digest, const uint8_t signature[64])
{
	return true;
}

static struct crypto accepting(void)
{
	struct crypto crypto = crypto_openssl;
	crypto.p256_verify = every;
	return crypto;
}

static void attributes_of(struct scene *s, struct span text)
{
	while (text.n > 0 && s->device.attribute_count < 2) {
		struct attribute *a = &s->attributes[s->device.attribute_count++];
		size_t end = 0, equals = 0;
		while (end < text.n && text.at[end] != ' ')
			end++;
		while (equals < end && text.at[equals] != '=')
			equals++;
		a->name = span_sub(text, 0, equals);
		a->value = equals < end ? span_sub(text, equals + 1, end - equals - 1) : SPAN_NONE;
		text = end < text.n ? span_sub(text, end + 1, text.n) : SPAN_NONE;
	}
	s->device.attributes = s->attributes;
}

static bool decode(struct scene *s, struct sections *parts, struct workspace *ws, const struct crypto *crypto)
{
	struct json_node *body;
	s->device.id = sections_next(parts);
	s->device.product = sections_next(parts);
	attributes_of(s, sections_next(parts));
	struct span directive = sections_next(parts), plan = sections_next(parts), role = sections_next(parts);
	if (signed_decode_strict(directive, ws, crypto, &s->envelope) != FAULT_NONE ||
	    directive_decode(s->envelope.body, &s->directive) != FAULT_NONE ||
	    plan_decode(plan, ws, &s->plan) != FAULT_NONE || json_parse(role, ws, &body) != FAULT_NONE ||
	    targets_decode(body, ws, crypto, &s->role) != FAULT_NONE)
		return false;
	const struct target *target = targets_find(&s->role, s->directive.target_path);
	return target != NULL && release_decode(target, &s->release) == FAULT_NONE;
}

static void facts(struct scene *s)
{
	static const uint64_t below[] = { 1, 2, 9999, 10000, 10001, 1ull << 32, 2ull << 32, 1ull << 31, 0 };
	unsigned step = sections_digit(s->options, 2);
	uint64_t counter = s->release.counter;
	s->device.counter_floor = step == 9 ? counter + 1 : below[step] > counter ? 0 : counter - below[step];
	s->device.directive_sequence = s->directive.sequence - 1 - (sections_digit(s->options, 5) != 0 ? 1u << 20 : 0);
	unsigned which = sections_digit(s->options, 3);
	if (which < s->release.compatible_count)
		s->device.compatible = s->release.compatible[which];
	memcpy(s->question.nonce, s->directive.nonce, sizeof s->question.nonce);
	s->question.asked = sections_digit(s->options, 0) == 0;
	s->question.nonce[15] ^= sections_digit(s->options, 0) == 2;
	s->question.age_ms = (uint64_t)s->directive.lifetime_s * 250 * sections_digit(s->options, 1);
	s->issued_unix = clocks[sections_digit(s->options, 4) % (sizeof clocks / sizeof clocks[0])];
}

static enum verdict directive_verdict(struct scene *s, const struct crypto *crypto)
{
	struct role_key key = { .usable = true };
	struct role director = { .threshold = 1, .count = 1, .keys = &key };
	if (s->envelope.count > 0)
		key.keyid = s->envelope.signatures[0].keyid;
	return authorize_directive(crypto, &director, &s->envelope, &s->directive, &s->device, &s->question, NULL);
}

static void check_directive(const struct scene *s)
{
	const struct directive *d = &s->directive;
	FUZZ_CHECK(s->envelope.count > 0 && s->question.asked && span_equal(d->device, s->device.id));
	FUZZ_CHECK(memcmp(d->nonce, s->question.nonce, sizeof d->nonce) == 0);
	FUZZ_CHECK(d->lifetime_s <= DIRECTIVE_LIFETIME_MAX_S && s->question.age_ms <= 1000ull * d->lifetime_s);
	FUZZ_CHECK(d->sequence > s->device.directive_sequence);
	FUZZ_CHECK(d->sequence - s->device.directive_sequence <= DIRECTIVE_SEQUENCE_STEP_MAX);
}

static bool is_hardware(const struct scene *s)
{
	for (uint32_t i = 0; i < s->release.compatible_count; i++)
		if (memcmp(&s->release.compatible[i], &s->device.compatible, sizeof s->device.compatible) == 0)
			return true;
	return false;
}

static void check_counter(uint64_t floor, uint64_t counter)
{
	uint64_t epochs = (counter >> 32) - (floor >> 32);
	FUZZ_CHECK(counter > floor && epochs <= 1);
	FUZZ_CHECK(epochs == 1 || counter - floor <= COUNTER_BUILD_STEP_MAX);
}

static void check_install(const struct scene *s, const struct authorized_install *out)
{
	const struct directive *d = &s->directive;
	const struct release *r = &out->release;
	bool is_return = d->action == DIRECTIVE_RETURN;
	const struct plan_release *planned = is_return ? &s->plan.return_release : &s->plan.release;
	FUZZ_CHECK(out->is_return == is_return && (!is_return || s->plan.has_return));
	FUZZ_CHECK(span_equal(r->path, d->target_path) && span_equal(r->path, planned->path));
	FUZZ_CHECK(digest_equal(&r->image, &d->image) && digest_equal(&r->image, &planned->image));
	FUZZ_CHECK(r->counter == d->counter && r->counter == planned->counter && r->image_bytes == d->image_bytes);
	FUZZ_CHECK(span_equal(s->plan.product, s->device.product) && span_equal(r->product, s->device.product));
	FUZZ_CHECK(is_hardware(s));
	check_counter(s->device.counter_floor, r->counter);
	FUZZ_CHECK(d->stage < s->plan.stage_count);
	if (is_return)
		FUZZ_CHECK(s->issued_unix > 0 && s->issued_unix <= s->plan.return_until_unix);
	else
		FUZZ_CHECK(s->issued_unix >= s->plan.stages[d->stage].earliest_unix);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static _Alignas(max_align_t) uint8_t memory[24 << 20];
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct crypto crypto = accepting();
	struct sections parts = sections_over(data, size);
	struct scene s = { .options = sections_next(&parts) };
	struct authorized_install out;
	if (!decode(&s, &parts, &ws, &crypto))
		return 0;
	facts(&s);
	if (directive_verdict(&s, &crypto) == VERDICT_OK)
		check_directive(&s);
	struct target plan = { .path = s.directive.plan_path, .sha256 = s.directive.plan };
	FUZZ_CHECK(authorize_plan(&s.directive, &plan) == VERDICT_OK);
	plan.sha256.bytes[31] ^= 1;
	FUZZ_CHECK(authorize_plan(&s.directive, &plan) == VERDICT_PLAN);
	if (authorize_install(&crypto, &s.device, &s.directive, &s.plan, &s.release, s.issued_unix, &out) == VERDICT_OK)
		check_install(&s, &out);
	else
		FUZZ_CHECK(out.release.path.n == 0 && out.release.counter == 0);
	return 0;
}
