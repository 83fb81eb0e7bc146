#include "trust_bundle.h"

#include "base64.h"
#include "note.h"

#define TRUST_BUNDLE_BASE64_MAX ((TRUST_BUNDLE_CERTIFICATE_BYTES_MAX + 2) / 3 * 4)

/* --- certificates --- */

/* [TB-4] */
static struct span trust_bundle_certificate(struct json_reader *r, const struct json_node *node, struct workspace *ws,
					    const char *name)
{
	struct span text = json_value_string(r, node, TRUST_BUNDLE_BASE64_MAX);
	uint8_t *der = workspace_take(ws, TRUST_BUNDLE_CERTIFICATE_BYTES_MAX);
	if (der == NULL)
		json_fail(r, FAULT_NO_SPACE, name);
	if (r->fault != FAULT_NONE)
		return SPAN_NONE;
	struct writer w = writer_over(der, TRUST_BUNDLE_CERTIFICATE_BYTES_MAX);
	enum fault fault = base64_decode(text, &w);
	if (fault == FAULT_NO_SPACE)
		fault = FAULT_TOO_LARGE;
	if (fault == FAULT_NONE && w.used == 0)
		fault = FAULT_MISSING;
	if (fault != FAULT_NONE)
		json_fail(r, fault, name);
	return writer_span(&w);
}

/* At least one: a device without a root would be out of reach [TB-3]. */
static void trust_bundle_certificates(struct json_reader *r, struct json_node *body, const char *name,
				      struct workspace *ws, struct trust_certificates *out)
{
	struct json_node *list = json_array(r, body, name, TRUST_BUNDLE_CERTIFICATES_MAX);
	if (list == NULL)
		return;
	if (list->count == 0)
		json_fail(r, FAULT_MISSING, name);
	for (struct json_node *n = list->child; n != NULL && r->fault == FAULT_NONE; n = n->next) {
		struct span der = trust_bundle_certificate(r, n, ws, name);
		for (uint32_t i = 0; i < out->count; i++)
			if (span_equal(out->der[i], der))
				json_fail(r, FAULT_DUPLICATE, name);
		out->der[out->count++] = der;
	}
}

/* --- log and witnesses --- */

static const char *const trust_bundle_policies[] = {
	[LOG_NONE] = "none",
	[LOG_REQUIRED] = "log",
	[LOG_WITNESSES] = "witnesses",
};

static enum log_policy trust_bundle_policy(struct json_reader *r, struct json_node *body)
{
	struct span word = json_string(r, body, "log_policy", 16);
	for (unsigned i = LOG_NONE; i <= LOG_WITNESSES; i++)
		if (span_is(word, trust_bundle_policies[i]))
			return (enum log_policy)i;
	json_fail(r, FAULT_VERSION, "log_policy");
	return LOG_WITNESSES;
}

static void trust_bundle_log(struct json_reader *r, struct json_node *node, struct trust_log *out)
{
	json_hex(r, node, "key", out->xy, sizeof out->xy);
	out->origin = json_string(r, node, "origin", NOTE_ORIGIN_MAX);
	if (r->fault == FAULT_NONE && !note_is_name(out->origin))
		json_fail(r, FAULT_RANGE, "origin");
	json_close(r, node);
}

/* [TB-5] */
static void trust_bundle_logs(struct json_reader *r, struct json_node *body, struct trust_bundle *out)
{
	struct json_node *list = json_array(r, body, "logs", TRUST_BUNDLE_LOGS_MAX);
	if (list == NULL)
		return;
	if (list->count == 0)
		json_fail(r, FAULT_MISSING, "logs");
	for (struct json_node *n = list->child; n != NULL && r->fault == FAULT_NONE; n = n->next) {
		trust_bundle_log(r, n, &out->logs[out->log_count]);
		if (out->log_count > 0 && span_equal(SPAN_OF(out->logs[0].xy), SPAN_OF(out->logs[1].xy)))
			json_fail(r, FAULT_DUPLICATE, "logs");
		out->log_count++;
	}
}

/* One key under two names would make a quorum of one witness [TB-6]. */
static void trust_bundle_witness(struct json_reader *r, struct json_node *node, struct trust_bundle *out)
{
	struct trust_witness *witness = &out->witnesses[out->witness_count];
	json_hex(r, node, "key", witness->ed25519, sizeof witness->ed25519);
	witness->name = json_string(r, node, "name", NOTE_ORIGIN_MAX);
	if (r->fault == FAULT_NONE && !note_is_name(witness->name))
		json_fail(r, FAULT_RANGE, "name");
	if (out->witness_count > 0 && span_compare(witness[-1].name, witness->name) >= 0)
		json_fail(r, FAULT_NOT_CANONICAL, "witnesses");
	for (uint32_t i = 0; i < out->witness_count; i++)
		if (span_equal(SPAN_OF(out->witnesses[i].ed25519), SPAN_OF(witness->ed25519)))
			json_fail(r, FAULT_DUPLICATE, "witnesses");
	json_close(r, node);
	out->witness_count++;
}

/* [TB-7] */
static void trust_bundle_witnesses(struct json_reader *r, struct json_node *body, struct trust_bundle *out)
{
	struct json_node *list = json_array(r, body, "witnesses", TRUST_BUNDLE_WITNESSES_MAX);
	out->witness_quorum = (uint32_t)json_uint(r, body, "witness_quorum", 0, TRUST_BUNDLE_WITNESSES_MAX);
	if (list == NULL)
		return;
	for (struct json_node *n = list->child; n != NULL && r->fault == FAULT_NONE; n = n->next)
		trust_bundle_witness(r, n, out);
	if (out->witness_quorum > out->witness_count || (out->witness_quorum == 0) != (out->witness_count == 0))
		json_fail(r, FAULT_RANGE, "witness_quorum");
	/* nothing could ever be installed */
	if (out->log_policy == LOG_WITNESSES && out->witness_count == 0)
		json_fail(r, FAULT_RANGE, "log_policy");
}

static void trust_bundle_emergency(struct json_reader *r, struct json_node *body, struct trust_bundle *out)
{
	struct json_node *list = json_array(r, body, "emergency", TRUST_BUNDLE_EMERGENCY_MAX);
	if (list == NULL)
		return;
	for (struct json_node *n = list->child; n != NULL && r->fault == FAULT_NONE; n = n->next) {
		struct digest *key = &out->emergency[out->emergency_count];
		json_value_hex(r, n, key->bytes, DIGEST_BYTES);
		if (out->emergency_count > 0 && span_compare(digest_span(key - 1), digest_span(key)) >= 0)
			json_fail(r, FAULT_NOT_CANONICAL, "emergency");
		out->emergency_count++;
	}
}

/* --- the whole --- */

/* [TB-1] [TB-2] */
enum fault trust_bundle_decode(struct span text, struct workspace *ws, struct trust_bundle *out)
{
	struct json_reader r = { 0 };
	struct json_node *body;
	*out = (struct trust_bundle){ 0 };
	if (text.n > TRUST_BUNDLE_BYTES_MAX)
		return FAULT_TOO_LARGE;
	enum fault fault = json_parse_canonical(text, ws, &body);
	if (fault != FAULT_NONE)
		return fault;
	json_expect(&r, body, "type", "trust-bundle");
	if (json_uint(&r, body, "version", 1, JSON_INTEGER_MAX) != 1)
		json_fail(&r, FAULT_VERSION, "version");
	out->sequence = json_uint(&r, body, "sequence", 1, JSON_INTEGER_MAX);
	trust_bundle_certificates(&r, body, "device_cas", ws, &out->device_cas);
	trust_bundle_certificates(&r, body, "server_roots", ws, &out->server_roots);
	out->log_policy = trust_bundle_policy(&r, body);
	trust_bundle_logs(&r, body, out);
	trust_bundle_witnesses(&r, body, out);
	trust_bundle_emergency(&r, body, out);
	json_close(&r, body);
	return r.fault;
}

static void trust_bundle_write_certificates(struct json_writer *j, const char *name,
					    const struct trust_certificates *certificates)
{
	if (certificates->count == 0 || certificates->count > TRUST_BUNDLE_CERTIFICATES_MAX) {
		writer_fail(j->out, FAULT_RANGE);
		return;
	}
	json_write_name(j, name);
	json_write_array(j);
	for (uint32_t i = 0; i < certificates->count; i++) {
		uint8_t text[TRUST_BUNDLE_BASE64_MAX];
		struct writer w = writer_over(text, sizeof text);
		base64_write(&w, certificates->der[i]);
		if (w.fault != FAULT_NONE)
			writer_fail(j->out, FAULT_TOO_LARGE);
		json_write_string(j, writer_span(&w));
	}
	json_write_array_end(j);
}

static void trust_bundle_write_logs(struct json_writer *j, const struct trust_bundle *bundle)
{
	json_write_name(j, "logs");
	json_write_array(j);
	for (uint32_t i = 0; i < bundle->log_count; i++) {
		json_write_object(j);
		json_write_member_hex(j, "key", SPAN_OF(bundle->logs[i].xy));
		json_write_member_string(j, "origin", bundle->logs[i].origin);
		json_write_object_end(j);
	}
	json_write_array_end(j);
}

static void trust_bundle_write_witnesses(struct json_writer *j, const struct trust_bundle *bundle)
{
	json_write_member_uint(j, "witness_quorum", bundle->witness_quorum);
	json_write_name(j, "witnesses");
	json_write_array(j);
	for (uint32_t i = 0; i < bundle->witness_count; i++) {
		json_write_object(j);
		json_write_member_hex(j, "key", SPAN_OF(bundle->witnesses[i].ed25519));
		json_write_member_string(j, "name", bundle->witnesses[i].name);
		json_write_object_end(j);
	}
	json_write_array_end(j);
}

static void trust_bundle_write_emergency(struct json_writer *j, const struct trust_bundle *bundle)
{
	json_write_name(j, "emergency");
	json_write_array(j);
	for (uint32_t i = 0; i < bundle->emergency_count; i++)
		json_write_hex(j, digest_span(&bundle->emergency[i]));
	json_write_array_end(j);
}

void trust_bundle_encode(struct writer *w, const struct trust_bundle *bundle)
{
	struct json_writer j = json_writer_over(w);
	if (bundle->log_count > TRUST_BUNDLE_LOGS_MAX || bundle->witness_count > TRUST_BUNDLE_WITNESSES_MAX ||
	    bundle->emergency_count > TRUST_BUNDLE_EMERGENCY_MAX || (unsigned)bundle->log_policy > LOG_WITNESSES) {
		writer_fail(w, FAULT_TOO_LARGE);
		return;
	}
	json_write_object(&j);
	trust_bundle_write_certificates(&j, "device_cas", &bundle->device_cas);
	trust_bundle_write_emergency(&j, bundle);
	json_write_member_text(&j, "log_policy", trust_bundle_policies[bundle->log_policy]);
	trust_bundle_write_logs(&j, bundle);
	json_write_member_uint(&j, "sequence", bundle->sequence);
	trust_bundle_write_certificates(&j, "server_roots", &bundle->server_roots);
	json_write_member_text(&j, "type", "trust-bundle");
	json_write_member_uint(&j, "version", 1);
	trust_bundle_write_witnesses(&j, bundle);
	json_write_object_end(&j);
}
