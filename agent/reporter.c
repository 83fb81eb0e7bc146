#include "reporter.h"

#include <stdio.h>
#include <string.h>

#define REPORT_PATH "v1/device/report"
#define ATTESTATION_PATH "v1/device/attestation"
#define ANSWER_MAX 4096

static void put_printable(char *out, size_t capacity, const char *text)
{
	snprintf(out, capacity, "%s", text);
	for (char *c = out; *c != 0; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
}

void reporter_note(struct installer *i, enum report_state state, const char *target, const char *cause)
{
	struct device_state *s = &i->state;
	s->report_sequence++;
	s->report_pending = true;
	s->report_state = state;
	put_printable(s->report_target, sizeof s->report_target, target);
	put_printable(s->report_cause, sizeof s->report_cause, cause);
}

int reporter_note_saved(struct installer *i, enum report_state state, const char *target, const char *cause,
			struct setback *s)
{
	reporter_note(i, state, target, cause);
	return device_state_save(&i->ports.store, &i->state, &s->error);
}

/* --- the report's bytes --- */

static void put_refusals(const struct device_state *state, struct report *report)
{
	for (uint32_t v = 0; v < VERDICT_COUNT_ && report->refusal_count < REPORT_REFUSALS_MAX; v++)
		if (state->refusals[v] > 0)
			report->refusals[report->refusal_count++] =
				(struct report_refusal){ span_of_text(verdict_rule((enum verdict)v)),
							 state->refusals[v] };
}

static void make_report(const struct installer *i, struct report *out)
{
	const struct device_state *state = &i->state;
	*out = (struct report){
		.device = i->facts.id,
		.sequence = state->report_sequence,
		.boot_count = state->boot_count,
		.running_path = span_of_text(state->running.path),
		.running_version = span_of_text(state->running.version),
		.running_image = state->running.image,
		.running_counter = state->running.counter,
		.state = state->report_state,
		.target_path = span_of_text(state->report_target),
		.cause = span_of_text(state->report_cause),
		.proof = span_of_text(i->config.key_place),
	};
	put_refusals(state, out);
}

static int sign_report(struct installer *i, struct writer *out, struct setback *s)
{
	uint8_t body_bytes[REPORT_BYTES_MAX];
	struct writer body = writer_over(body_bytes, sizeof body_bytes);
	struct report report;
	char keyid[ROLE_KEYID_HEX + 1];
	struct role_key key;
	struct signed_by by;
	make_report(i, &report);
	report_encode(&body, &report);
	if (writer_end(&body) != FAULT_NONE)
		return error_set(&s->error, "write a report: %s", fault_text(body.fault));
	struct digest digest = sha256_of(i->config.crypto, writer_span(&body));
	role_key_init(i->config.crypto, &i->config.report_key, keyid, &key);
	by.keyid_hex = key.keyid;
	if (i->ports.sign(i->ports.self, &digest, by.raw, &s->error) < 0)
		return -1;
	signed_encode(out, writer_span(&body), &by, 1);
	return writer_end(out) == FAULT_NONE ? 0 : error_set(&s->error, "sign a report: %s", fault_text(out->fault));
}

/* --- sending --- */

static int post(struct installer *i, const char *path, const char *type, struct span body, unsigned *status,
		struct setback *s)
{
	uint8_t answer[ANSWER_MAX];
	struct fetch_answer got = { 0 };
	if (i->ports.fetch.post(i->ports.fetch.self, path, type, body, answer, sizeof answer, &got, &s->error) < 0)
		return -1;
	if (got.retry_after_s > i->retry_after_s)
		i->retry_after_s = got.retry_after_s;
	*status = got.status;
	return 0;
}

static int deliver_attestation(struct installer *i, struct setback *s)
{
	unsigned status;
	if (i->state.attested || i->config.attestation_der.n == 0)
		return 0;
	if (post(i, ATTESTATION_PATH, "application/pkix-cert", i->config.attestation_der, &status, s) < 0)
		return -1;
	if (status != 204 && status != 409)
		return error_retry(&s->error, "the server did not take the report key's certificate: it answered %u",
				   status);
	i->state.attested = true;
	return device_state_save(&i->ports.store, &i->state, &s->error);
}

static int acknowledge(struct installer *i, unsigned status, struct setback *s)
{
	i->state.report_pending = false;
	if (status == 204) /* 409: this sequence was told before, perhaps with smaller counts */
		memset(i->state.refusals, 0, sizeof i->state.refusals);
	return device_state_save(&i->ports.store, &i->state, &s->error);
}

/*
 * These say that the report itself is wrong for this server; the same bytes again would not help, and would block us.
 */
static bool is_final(unsigned status)
{
	return status == 400 || status == 413 || status == 422;
}

int reporter_deliver(struct installer *i, struct setback *s)
{
	uint8_t envelope[REPORT_BYTES_MAX * 2];
	struct writer w = writer_over(envelope, sizeof envelope);
	unsigned status;
	if (deliver_attestation(i, s) < 0)
		return -1;
	if (!i->state.report_pending)
		return 0;
	if (sign_report(i, &w, s) < 0 || post(i, REPORT_PATH, "application/json", writer_span(&w), &status, s) < 0)
		return -1;
	if (status == 204 || status == 409 || is_final(status))
		return acknowledge(i, status, s);
	return error_retry(&s->error, "the server did not take the report: it answered %u", status);
}
