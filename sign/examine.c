#include "examine.h"

#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "directive.h"
#include "emergency.h"
#include "identity.h"
#include "manifest.h"
#include "merkle.h"
#include "note.h"

#define EXAMINE_DAY_S 86400
/* No fleet gets there by counting; a device that took one far ahead would hear no directive again. [SIGND-11] */
#define EXAMINE_SEQUENCE_MAX (UINT64_C(1) << 40)

/* --- boot manifests --- */

static int examine_manifest(const struct examine_facts *facts, struct span body, struct examined *out,
			    struct refusal *why)
{
	struct manifest manifest = { 0 };
	const char *component = facts->policy->body == POLICY_SLOT ? "slot" : "recovery";
	enum fault fault = body.n <= MANIFEST_BYTES_MAX ? manifest_decode_body(body, &manifest) : FAULT_TOO_LARGE;
	if (fault != FAULT_NONE)
		return refusal_set(why, "signd-manifest", "have it made by 'sealift pack'", "boot manifest: %s",
				   fault_text(fault));
	if (manifest.component_count != 1 || !span_is(manifest.component[0], component))
		return refusal_set(why, "signd-component",
				   "boot keys sign slots, emergency keys sign the recovery image",
				   "boot manifest: this key signs the component '%s' only", component);
	out->digest = manifest_signed_digest(facts->crypto, body);
	snprintf(out->summary, sizeof out->summary, "boot manifest, component %s, counter %llu, %llu bytes", component,
		 (unsigned long long)manifest.sequence, (unsigned long long)manifest.image_bytes);
	return 0;
}

/* --- directives --- */

static int examine_directive(const struct examine_facts *facts, struct span text, struct workspace *ws,
			     struct examined *out, struct refusal *why)
{
	uint8_t bytes[DIRECTIVE_BYTES_MAX];
	struct writer w = writer_over(bytes, sizeof bytes);
	struct json_node *body;
	struct directive directive;
	enum fault fault = text.n <= DIRECTIVE_BYTES_MAX ? json_parse(text, ws, &body) : FAULT_TOO_LARGE;
	if (fault == FAULT_NONE)
		fault = directive_decode(body, &directive);
	if (fault == FAULT_NONE) {
		directive_encode(&w, &directive);
		fault = writer_end(&w);
	}
	if (fault == FAULT_NONE && !span_equal(writer_span(&w), text))
		fault = FAULT_NOT_CANONICAL;
	if (fault != FAULT_NONE)
		return refusal_set(why, "signd-directive", "protocol/directive.md has the format", "directive: %s",
				   fault_text(fault));
	if (directive.lifetime_s > facts->limits->directive_s)
		return refusal_set(why, "signd-lifetime", "ask for a shorter lifetime, or raise directive_s",
				   "directive: a lifetime of %u s, at most %u s are allowed", directive.lifetime_s,
				   facts->limits->directive_s);
	if (directive.sequence > EXAMINE_SEQUENCE_MAX)
		return refusal_set(why, "signd-sequence", "count directives one by one",
				   "directive: its sequence %llu is above %llu", (unsigned long long)directive.sequence,
				   (unsigned long long)EXAMINE_SEQUENCE_MAX);
	out->digest = sha256_of(facts->crypto, text);
	snprintf(out->summary, sizeof out->summary, "directive %llu for %.*s: %s %.*s",
		 (unsigned long long)directive.sequence, (int)directive.device.n, (const char *)directive.device.at,
		 directive.action == DIRECTIVE_INSTALL ? "install" : "return", (int)directive.target_path.n,
		 (const char *)directive.target_path.at);
	return 0;
}

/* --- emergency statements --- */

static void examine_say_emergency(const struct emergency *statement, struct examined *out)
{
	int n = snprintf(out->summary, sizeof out->summary,
			 "emergency statement %llu for %.*s:", (unsigned long long)statement->sequence,
			 (int)statement->product.n, (const char *)statement->product.at);
	for (unsigned i = 0; i < EMERGENCY_ACTIONS && n > 0 && (size_t)n < sizeof out->summary; i++)
		if (statement->does[i])
			n += snprintf(out->summary + n, sizeof out->summary - (size_t)n, " %s",
				      emergency_action_text((enum emergency_action)i));
}

/*
 * A number may be signed again with another content: a statement that was never published must not leave a gap, over
 * which no device would get. The journal shows both.
 */
static int examine_emergency(const struct examine_facts *facts, struct span text, struct workspace *ws,
			     struct examined *out, struct refusal *why)
{
	struct json_node *body;
	struct emergency statement;
	enum fault fault = text.n <= EMERGENCY_BYTES_MAX ? json_parse_canonical(text, ws, &body) : FAULT_TOO_LARGE;
	if (fault == FAULT_NONE)
		fault = emergency_decode(body, &statement);
	if (fault != FAULT_NONE)
		return refusal_set(why, "signd-emergency", "protocol/emergency.md has the format",
				   "emergency statement: %s", fault_text(fault));
	out->digest = sha256_of(facts->crypto, text);
	examine_say_emergency(&statement, out);
	return 0;
}

/* --- checkpoints --- */

struct examine_proof {
	struct span text; /* of the checkpoint */
	uint32_t count;
	struct digest path[MERKLE_PATH_MAX];
};

/* Text, an empty line, the consistency path as lines of base64. */
static enum fault examine_split(struct span object, struct examine_proof *out)
{
	size_t at = 0;
	out->count = 0;
	while (at + 1 < object.n && (object.at[at] != '\n' || object.at[at + 1] != '\n'))
		at++;
	if (at + 1 >= object.n)
		return FAULT_TRUNCATED;
	out->text = span_sub(object, 0, at + 1);
	struct span rest = span_sub(object, at + 2, object.n);
	while (rest.n > 0) {
		const uint8_t *end = memchr(rest.at, '\n', rest.n);
		if (end == NULL)
			return FAULT_TRUNCATED;
		if (out->count == MERKLE_PATH_MAX)
			return FAULT_TOO_LARGE;
		struct writer w = writer_over(out->path[out->count++].bytes, DIGEST_BYTES);
		size_t n = (size_t)(end - rest.at);
		enum fault fault = base64_decode(span_sub(rest, 0, n), &w);
		if (fault != FAULT_NONE || w.used != DIGEST_BYTES)
			return fault != FAULT_NONE ? fault : FAULT_RANGE;
		rest = span_sub(rest, n + 1, rest.n);
	}
	return FAULT_NONE;
}

/* [LOG-13] */
static int examine_consistent(const struct examine_facts *facts, const struct checkpoint *head,
			      const struct examine_proof *proof, struct span scope, struct refusal *why)
{
	static const char help[] = "the log never forks or shrinks: rebuild the request from the newest checkpoint";
	const struct standing_scope *last = standing_find(facts->standing, scope);
	if (last == NULL || !last->has_head || last->size == 0)
		return 0;
	if (head->size < last->size)
		return refusal_set(why, "signd-log-shrinks", help, "checkpoint: size %llu, but %llu was signed",
				   (unsigned long long)head->size, (unsigned long long)last->size);
	if (head->size == last->size && digest_equal(&head->root, &last->root))
		return 0;
	if (head->size == last->size || !merkle_consistent(facts->crypto, last->size, &last->root, head->size,
							   &head->root, proof->path, proof->count))
		return refusal_set(why, "signd-log-fork", help,
				   "checkpoint: not proven to extend the one of size %llu that was signed",
				   (unsigned long long)last->size);
	return 0;
}

/* The scope holds the origin: another log is another tree. */
static int examine_log_scope(struct span origin, struct workspace *ws, struct span *out)
{
	uint8_t *name = workspace_take(ws, STANDING_SCOPE_TEXT);
	struct writer w = writer_over(name, name != NULL ? STANDING_SCOPE_TEXT - 1 : 0);
	writer_text(&w, "log ");
	writer_bytes(&w, origin);
	*out = writer_span(&w);
	return writer_end(&w) == FAULT_NONE ? 0 : -1;
}

static int examine_checkpoint(const struct examine_facts *facts, struct span object, struct workspace *ws,
			      struct examined *out, struct refusal *why)
{
	static const char help[] = "a checkpoint's text, an empty line, the consistency path in base64 lines";
	struct examine_proof *proof = workspace_take(ws, sizeof *proof);
	struct checkpoint head;
	enum fault fault = proof != NULL ? examine_split(object, proof) : FAULT_NO_SPACE;
	if (fault == FAULT_NONE)
		fault = checkpoint_decode(proof->text, &head);
	if (fault != FAULT_NONE)
		return refusal_set(why, "signd-checkpoint", help, "checkpoint: %s", fault_text(fault));
	if (facts->log_origin.n > 0 && !span_equal(head.origin, facts->log_origin))
		return refusal_set(why, "signd-log-origin", "this key signs one log",
				   "checkpoint: of another log, '%.*s'", (int)head.origin.n,
				   (const char *)head.origin.at);
	if (examine_log_scope(head.origin, ws, &out->scope) != 0)
		return refusal_set(why, "signd-checkpoint", help, "checkpoint: its origin is too long");
	if (examine_consistent(facts, &head, proof, out->scope, why) != 0)
		return -1;
	out->digest = sha256_of(facts->crypto, proof->text);
	out->has_head = true;
	out->size = head.size;
	out->root = head.root;
	snprintf(out->summary, sizeof out->summary, "checkpoint of size %llu", (unsigned long long)head.size);
	return 0;
}

/* --- certificates --- */

/* The report key's certificate is asked for under the common name "report <id>"; no id has a space. */
static enum certificate_use examine_use(const struct examine_facts *facts, const struct certificate_request *request)
{
	bool is_report = facts->policy->body == POLICY_FACTORY && strncmp(request->common_name, "report ", 7) == 0;
	return is_report ? CERTIFICATE_REPORT : CERTIFICATE_DEVICE;
}

static int examine_certificate(const struct examine_facts *facts, const struct signd_request *request, struct span csr,
			       struct examined *out, struct refusal *why)
{
	struct error e;
	struct identity identity;
	if (identity_decode(request->device_uri, &identity) != FAULT_NONE)
		return refusal_set(why, "signd-identity", "urn:sealift:device:<product>:<id>?<attributes>",
				   "certificate: '%.*s' is not a device's identity", (int)request->device_uri.n,
				   (const char *)request->device_uri.at);
	if (facts->certifier->check_request(csr, &out->request, &e) != 0)
		return refusal_set(why, "signd-request", "make the request anew on the device", "%.400s", e.text);
	if (!span_is(request->device_uri, out->request.uri))
		return refusal_set(why, "signd-identity", "a device asks for its own identity only",
				   "certificate: the request names another identity than '%.*s'",
				   (int)request->device_uri.n, (const char *)request->device_uri.at);
	bool is_device = facts->policy->body == POLICY_DEVICE;
	if (is_device && (request->days == 0 || request->days > facts->limits->device_days))
		return refusal_set(why, "signd-days", "ask for fewer days; devices renew in time",
				   "certificate: %u days, 1 to %u are allowed", request->days,
				   facts->limits->device_days);
	out->digest = sha256_of(facts->crypto, csr);
	out->use = examine_use(facts, &out->request);
	out->not_after_unix =
		request->days == 0 ? CERTIFICATE_NO_EXPIRY : facts->now_unix + (int64_t)request->days * EXAMINE_DAY_S;
	snprintf(out->summary, sizeof out->summary, "certificate for %.*s, %u days", (int)request->device_uri.n,
		 (const char *)request->device_uri.at, request->days);
	return 0;
}

int examine_object(const struct examine_facts *facts, const struct signd_request *request, struct span object,
		   struct workspace *ws, struct examined *out, struct refusal *why)
{
	memset(out, 0, sizeof *out);
	switch (facts->policy->kind) {
	case SIGND_METADATA:
		return examine_metadata(facts, request, object, ws, out, why);
	case SIGND_MANIFEST:
		return examine_manifest(facts, object, out, why);
	case SIGND_DIRECTIVE:
		return examine_directive(facts, object, ws, out, why);
	case SIGND_EMERGENCY:
		return examine_emergency(facts, object, ws, out, why);
	case SIGND_CHECKPOINT:
		return examine_checkpoint(facts, object, ws, out, why);
	case SIGND_CERTIFICATE:
		return examine_certificate(facts, request, object, out, why);
	case SIGND_PUBLIC_KEY:
	case SIGND_KINDS:
		break;
	}
	return refusal_set(why, "signd-kind", "this key is kept, but signs nothing in this version",
			   "the key signs nothing");
}
