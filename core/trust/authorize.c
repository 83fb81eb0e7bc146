#include "authorize.h"

#include <string.h>

/* --- the directive by itself --- */

/* [DIR-7] [DIR-8]: asked, and by this very nonce, since the last boot. */
static enum verdict authorize_answer(const struct directive *directive, const struct directive_question *question)
{
	if (!question->asked || memcmp(directive->nonce, question->nonce, DIRECTIVE_NONCE_BYTES) != 0)
		return VERDICT_DIRECTIVE_NONCE;
	/* [DIR-9]: no clock of day here, so that nobody who sets one can stretch it. */
	if (directive->lifetime_s > DIRECTIVE_LIFETIME_MAX_S ||
	    question->age_ms > (uint64_t)directive->lifetime_s * 1000)
		return VERDICT_DIRECTIVE_LIFETIME;
	return VERDICT_OK;
}

enum verdict authorize_directive(const struct crypto *crypto, const struct role *director,
				 const struct signed_json *envelope, const struct directive *directive,
				 const struct device_facts *device, const struct directive_question *question,
				 const struct revocations *revoked)
{
	/* [DIR-5] */
	enum verdict verdict = threshold_check(crypto, director, envelope, revoked);
	if (verdict != VERDICT_OK)
		return verdict;
	/* [DIR-6] */
	if (!span_equal(directive->device, device->id))
		return VERDICT_DIRECTIVE_DEVICE;
	verdict = authorize_answer(directive, question);
	if (verdict != VERDICT_OK)
		return verdict;
	/* [DIR-10] */
	if (directive->sequence <= device->directive_sequence ||
	    directive->sequence - device->directive_sequence > DIRECTIVE_SEQUENCE_STEP_MAX)
		return VERDICT_DIRECTIVE_SEQUENCE;
	return VERDICT_OK;
}

/* [DIR-11] */
enum verdict authorize_plan(const struct directive *directive, const struct target *plan)
{
	if (!span_equal(plan->path, directive->plan_path) || !digest_equal(&plan->sha256, &directive->plan))
		return VERDICT_PLAN;
	return VERDICT_OK;
}

/* --- directive, plan and release together --- */

/* [DIR-12] */
static bool authorize_is_target(const struct directive *directive, const struct release *release)
{
	return span_equal(directive->target_path, release->path) && digest_equal(&directive->image, &release->image) &&
	       directive->image_bytes == release->image_bytes && directive->counter == release->counter;
}

/* [DIR-13]: a plan names no length; the digest does. */
static bool authorize_is_planned(const struct plan_release *planned, const struct release *release)
{
	return span_equal(planned->path, release->path) && digest_equal(&planned->image, &release->image) &&
	       planned->counter == release->counter;
}

/* [REL-6] */
static bool authorize_is_compatible(const struct compatible *device, const struct release *release)
{
	for (uint32_t i = 0; i < release->compatible_count && i < RELEASE_COMPATIBLE_MAX; i++) {
		const struct compatible *entry = &release->compatible[i];
		if (memcmp(entry->vendor, device->vendor, sizeof entry->vendor) == 0 &&
		    memcmp(entry->class, device->class, sizeof entry->class) == 0)
			return true;
	}
	return false;
}

/* [DIR-15] [DIR-16] */
static enum verdict authorize_counter(uint64_t floor, uint64_t counter)
{
	if (counter <= floor)
		return VERDICT_COUNTER;
	if (COUNTER_EPOCH(counter) > COUNTER_EPOCH(floor))
		return COUNTER_EPOCH(counter) - COUNTER_EPOCH(floor) == 1 ? VERDICT_OK : VERDICT_COUNTER_JUMP;
	return counter - floor <= COUNTER_BUILD_STEP_MAX ? VERDICT_OK : VERDICT_COUNTER_JUMP;
}

/* [DIR-14] to [DIR-16] */
static enum verdict authorize_release(const struct device_facts *device, const struct release *release)
{
	if (!span_equal(release->product, device->product) || !authorize_is_compatible(&device->compatible, release))
		return VERDICT_HARDWARE;
	return authorize_counter(device->counter_floor, release->counter);
}

/* [DIR-17] */
static bool authorize_is_stage(const struct crypto *crypto, const struct device_facts *device, const struct plan *plan,
			       uint32_t stage)
{
	struct stage_list list = { plan->stages, plan->stage_count };
	uint32_t position = stage_position(crypto, SPAN_OF(plan->salt), device->id);
	int own = stage_of(&list, device->id, device->attributes, device->attribute_count, position);
	return own != STAGE_NONE && (uint32_t)own == stage;
}

/* [DIR-18] [DIR-19] [REL-7]: an issued_unix of 0 says that no time is known, which opens no window. */
static enum verdict authorize_time(const struct directive *directive, const struct plan *plan, int64_t issued_unix)
{
	if (directive->action == DIRECTIVE_RETURN) {
		bool in_window = issued_unix > 0 && issued_unix <= plan->return_until_unix;
		return in_window ? VERDICT_OK : VERDICT_RETURN_WINDOW;
	}
	return issued_unix >= plan->stages[directive->stage].earliest_unix ? VERDICT_OK : VERDICT_PLAN_TIME;
}

static enum verdict authorize_planned(const struct directive *directive, const struct plan *plan,
				      const struct release *release, struct span product)
{
	bool is_return = directive->action == DIRECTIVE_RETURN;
	if (is_return && !plan->has_return)
		return VERDICT_PLAN;
	if (!span_equal(plan->product, product))
		return VERDICT_PLAN;
	if (!authorize_is_planned(is_return ? &plan->return_release : &plan->release, release))
		return VERDICT_PLAN;
	return VERDICT_OK;
}

enum verdict authorize_install(const struct crypto *crypto, const struct device_facts *device,
			       const struct directive *directive, const struct plan *plan,
			       const struct release *release, int64_t issued_unix, struct authorized_install *out)
{
	*out = (struct authorized_install){ 0 };
	if (!authorize_is_target(directive, release))
		return VERDICT_DIRECTIVE_TARGET;
	enum verdict verdict = authorize_planned(directive, plan, release, device->product);
	if (verdict != VERDICT_OK)
		return verdict;
	verdict = authorize_release(device, release);
	if (verdict != VERDICT_OK)
		return verdict;
	if (!authorize_is_stage(crypto, device, plan, directive->stage))
		return VERDICT_PLAN_STAGE;
	verdict = authorize_time(directive, plan, issued_unix);
	if (verdict != VERDICT_OK)
		return verdict;
	*out = (struct authorized_install){
		.release = *release,
		.directive = *directive,
		.is_return = directive->action == DIRECTIVE_RETURN,
	};
	return VERDICT_OK;
}
