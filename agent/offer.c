#include "offer.h"

#include <stdio.h>
#include <string.h>

#include "refresh.h"

#define POLL_PATH "v1/device/poll"
#define QUESTION_BYTES_MAX 1024
#define ROLE_BYTES (METADATA_ROLE_NAME_MAX + 1)

struct answer {
	struct span directive; /* canonical envelope; empty: none */
	struct signed_json envelope;
	struct directive decoded;
};

/* --- the question --- */

static int make_nonce(struct installer *i, struct setback *s)
{
	struct directive_question *q = &i->question;
	q->asked = false;
	if (i->ports.random(i->ports.self, q->nonce, sizeof q->nonce, &s->error) < 0)
		return -1;
	i->asked_ms = i->ports.clock.boot_ms(i->ports.clock.self);
	q->asked = true;
	return 0;
}

static struct span write_question(const struct installer *i, const char *want, const char *target, struct writer *out)
{
	struct json_writer w = json_writer_over(out);
	json_write_object(&w);
	json_write_member_hex(&w, "nonce", SPAN_OF(i->question.nonce));
	json_write_member_uint(&w, "running_counter", i->state.running.counter);
	json_write_member_text(&w, "target", target);
	json_write_member_text(&w, "want", want);
	json_write_object_end(&w);
	return writer_span(out);
}

static int post_question(struct installer *i, const char *want, const char *target, struct span *body,
			 struct setback *s)
{
	uint8_t text[QUESTION_BYTES_MAX];
	struct writer w = writer_over(text, sizeof text);
	struct fetch_answer got = { 0 };
	uint8_t *buffer = workspace_take(&i->task, OFFER_ANSWER_MAX);
	if (buffer == NULL)
		return error_set(&s->error, "poll: workspace too small");
	struct span question = write_question(i, want, target, &w);
	if (i->ports.fetch.post(i->ports.fetch.self, POLL_PATH, "application/json", question, buffer, OFFER_ANSWER_MAX,
				&got, &s->error) < 0)
		return -1;
	if (got.retry_after_s > i->retry_after_s)
		i->retry_after_s = got.retry_after_s;
	if (got.status != 200)
		return error_retry(&s->error, "poll: the server answered %u", got.status);
	if (got.too_big)
		return setback_malformed(s, FAULT_TOO_LARGE, "the poll's answer");
	*body = (struct span){ buffer, got.n };
	return 0;
}

/* --- the answer --- */

static int take_directive(struct installer *i, struct json_node *node, struct answer *out, struct setback *s)
{
	uint8_t *buffer = workspace_take(&i->task, DIRECTIVE_BYTES_MAX);
	if (buffer == NULL)
		return error_set(&s->error, "poll: workspace too small");
	struct writer w = writer_over(buffer, DIRECTIVE_BYTES_MAX);
	json_canonical(node, &w);
	enum fault fault = writer_end(&w);
	if (fault != FAULT_NONE)
		return setback_malformed(s, fault == FAULT_NO_SPACE ? FAULT_TOO_LARGE : fault, "the directive");
	out->directive = writer_span(&w);
	fault = signed_decode_strict(out->directive, &i->task, i->config.crypto, &out->envelope);
	if (fault != FAULT_NONE)
		return setback_malformed_at(s, fault, "the directive", out->envelope.where, out->envelope.at);
	fault = directive_decode(out->envelope.body, &out->decoded);
	return fault == FAULT_NONE ? 0 : setback_malformed_at(s, fault, "the directive", out->decoded.where, 0);
}

static int read_answer(struct installer *i, struct span body, struct answer *out, struct setback *s)
{
	struct json_node *top;
	struct json_reader r = { 0 };
	size_t at;
	enum fault fault = json_parse_at(body, &i->task, &top, &at);
	if (fault != FAULT_NONE)
		return setback_malformed_at(s, fault, "the poll's answer", NULL, at);
	struct json_node *directive = json_optional(&r, top, "directive");
	uint64_t poll_s = json_uint(&r, top, "poll_s", 0, JSON_INTEGER_MAX);
	json_uint(&r, top, "revocation_epoch", 0, JSON_INTEGER_MAX);
	json_close(&r, top);
	if (r.fault != FAULT_NONE)
		return setback_malformed_at(s, r.fault, "the poll's answer", r.where, 0);
	i->poll_s = poll_s < 1 ? 1 : poll_s > DEVICE_POLL_MAX_S ? DEVICE_POLL_MAX_S : (uint32_t)poll_s;
	if (directive == NULL || directive->type == JSON_NULL)
		return 0;
	return take_directive(i, directive, out, s);
}

/* --- the permission --- */

static void refresh_facts(struct installer *i)
{
	i->facts.counter_floor = i->state.counter_floor;
	i->facts.directive_sequence = i->state.directive_sequence;
	i->question.age_ms = i->ports.clock.boot_ms(i->ports.clock.self) - i->asked_ms;
}

/* What a stolen director used up is given back with its replacement; replays are stopped by the nonce. [DIR-10] */
static void heed_director(struct installer *i, const struct role *role)
{
	struct digest keys = refresh_role_keys(i, role);
	if (digest_equal(&keys, &i->state.director_keys))
		return;
	i->state.director_keys = keys;
	i->state.directive_sequence = 0;
}

static int check_directive(struct installer *i, const struct answer *answer, struct setback *s)
{
	const struct delegation *director = client_delegation(&i->client, "directive");
	if (director == NULL)
		return setback_refuse(s, VERDICT_NOT_LISTED, "the director's key");
	heed_director(i, &director->role);
	refresh_facts(i);
	enum verdict verdict = authorize_directive(i->config.crypto, &director->role, &answer->envelope,
						   &answer->decoded, &i->facts, &i->question, &i->trusted.all);
	return verdict == VERDICT_OK ? 0 : setback_refuse(s, verdict, "the directive");
}

static int get_plan(struct installer *i, const struct directive *directive, struct plan *plan, struct setback *s)
{
	char role[ROLE_BYTES], name[METADATA_PATH_MAX + 80], path[METADATA_PATH_MAX + 96];
	const struct target *target;
	struct span text;
	snprintf(role, sizeof role, "plans/%s", i->config.device->product);
	if (refresh_look_up(i, directive->plan_path, role, &target, s) < 0)
		return -1;
	enum verdict verdict = authorize_plan(directive, target);
	if (verdict != VERDICT_OK)
		return setback_refuse(s, verdict, "the plan of the directive");
	if (target->length > PLAN_BYTES_MAX)
		return setback_refuse(s, VERDICT_LENGTH, "the plan");
	enum fault fault = client_target_name(target, name, sizeof name);
	if (fault != FAULT_NONE)
		return setback_malformed(s, fault, "the plan's path");
	snprintf(path, sizeof path, "targets/%s", name);
	if (refresh_object(i, path, target->length, &target->sha256, &text, s) < 0)
		return -1;
	fault = plan_decode(text, &i->task, plan);
	return fault == FAULT_NONE ? 0 : setback_malformed_at(s, fault, "the plan", plan->where, 0);
}

static int get_release(struct installer *i, const struct directive *directive, struct offer *out,
		       struct release *release, struct setback *s)
{
	char role[ROLE_BYTES];
	snprintf(role, sizeof role, "p/%s", i->config.device->product);
	if (refresh_look_up(i, directive->target_path, role, &out->target, s) < 0)
		return -1;
	enum fault fault = release_decode(out->target, release);
	return fault == FAULT_NONE ? 0 : setback_malformed_at(s, fault, "the release", release->where, 0);
}

/* What failed its trial here is not tried again under the same counter: that would be a loop without an end. */
static int check_not_failed_here(const struct installer *i, const struct release *release, struct setback *s)
{
	const struct device_release *failed = &i->state.failed;
	if (failed->counter == 0 || !digest_equal(&failed->image, &release->image) ||
	    release->counter > failed->counter)
		return 0;
	return setback_refuse(s, VERDICT_COUNTER, "this image failed its trial on this device");
}

static int permit(struct installer *i, const struct answer *answer, struct offer *out, struct setback *s)
{
	struct plan plan;
	struct release release;
	const struct directive *directive = &answer->decoded;
	if (check_directive(i, answer, s) < 0 || get_plan(i, directive, &plan, s) < 0 ||
	    get_release(i, directive, out, &release, s) < 0)
		return -1;
	enum verdict verdict = authorize_install(i->config.crypto, &i->facts, directive, &plan, &release,
						 i->client.timestamp.issued_unix, &out->install);
	if (verdict != VERDICT_OK)
		return setback_refuse(s, verdict, "release %.*s", (int)release.path.n, (const char *)release.path.at);
	return check_not_failed_here(i, &release, s);
}

int offer_get(struct installer *i, const char *want, const char *target, struct offer *out, struct setback *s)
{
	struct answer answer = { 0 };
	struct span body;
	*out = (struct offer){ 0 };
	i->task.used = 0;
	if (refresh_metadata(i, s) < 0 || make_nonce(i, s) < 0 || post_question(i, want, target, &body, s) < 0 ||
	    read_answer(i, body, &answer, s) < 0)
		return -1;
	if (answer.directive.n == 0)
		return 0;
	snprintf(out->claimed, sizeof out->claimed, "%.*s", (int)answer.decoded.target_path.n,
		 (const char *)answer.decoded.target_path.at);
	if (permit(i, &answer, out, s) < 0)
		return -1;
	/* spent before it is obeyed: a cut from here on must not make it worth a second time */
	i->question.asked = false;
	i->state.directive_sequence = answer.decoded.sequence;
	if (device_state_save(&i->ports.store, &i->state, &s->error) < 0)
		return -1;
	out->is_there = true;
	return 0;
}
