/* TUF metadata: the role's type, paths, version, expiry and issue time, and the counters of releases. */
#include <stdio.h>
#include <string.h>

#include "examine.h"
#include "signed.h"

#define EXAMINE_BYTES_MAX (2u << 20)
#define EXAMINE_VERSION_STEP_MAX 1000u

struct examine_role {
	const char *type;
	uint64_t version;
	int64_t expires_unix;
	int64_t longest_s;
};

/* The form that is signed has line ends raw inside strings, where JSON has \n; elsewhere it has none. */
static struct span examine_as_json(struct span canonical, struct workspace *ws)
{
	uint8_t *bytes = workspace_take(ws, 2 * canonical.n);
	struct writer w = writer_over(bytes, bytes != NULL ? 2 * canonical.n : 0);
	for (size_t i = 0; i < canonical.n; i++) {
		if (canonical.at[i] == '\n')
			writer_u8(&w, '\\');
		writer_u8(&w, canonical.at[i] == '\n' ? 'n' : canonical.at[i]);
	}
	return writer_span(&w);
}

static int examine_is_malformed(struct refusal *why, enum fault fault)
{
	return refusal_set(why, "signd-metadata", "the canonical 'signed' body of the role, with no unknown members",
			   "metadata: %s", fault_text(fault));
}

/* Decodes and writes again: nothing is signed that this code does not understand. */
static enum fault examine_read(const struct examine_facts *facts, struct json_node *body, struct workspace *ws,
			       struct writer *again, struct targets *targets, struct examine_role *role,
			       int64_t *issued_unix)
{
	const struct policy_limits *limits = facts->limits;
	enum fault fault;
	struct root root;
	struct snapshot snapshot;
	struct timestamp timestamp;
	*issued_unix = facts->now_unix;
	switch ((int)facts->policy->body) {
	case POLICY_ROOT:
		fault = root_decode(body, ws, facts->crypto, &root);
		if (fault == FAULT_NONE)
			root_encode(again, &root);
		*role = (struct examine_role){ "root", root.version, root.expires_unix, limits->root_s };
		return fault;
	case POLICY_SNAPSHOT:
		fault = snapshot_decode(body, ws, &snapshot);
		if (fault == FAULT_NONE)
			snapshot_encode(again, &snapshot);
		*role = (struct examine_role){ "snapshot", snapshot.version, snapshot.expires_unix,
					       limits->snapshot_s };
		return fault;
	case POLICY_TIMESTAMP:
		fault = timestamp_decode(body, &timestamp);
		if (fault == FAULT_NONE)
			timestamp_encode(again, &timestamp);
		*issued_unix = timestamp.issued_unix;
		*role = (struct examine_role){ "timestamp", timestamp.version, timestamp.expires_unix,
					       limits->timestamp_s };
		return fault;
	default:
		fault = targets_decode(body, ws, facts->crypto, targets);
		if (fault == FAULT_NONE)
			targets_encode(again, targets);
		*role = (struct examine_role){ "targets", targets->version, targets->expires_unix, limits->targets_s };
		if (facts->policy->body == POLICY_PRODUCT)
			role->longest_s = limits->product_s;
		if (facts->policy->body == POLICY_PLANS)
			role->longest_s = limits->plans_s;
		return fault;
	}
}

static int examine_decode(const struct examine_facts *facts, struct span object, struct workspace *ws,
			  struct targets *targets, struct examine_role *role, int64_t *issued_unix, struct refusal *why)
{
	struct json_node *body;
	uint8_t *bytes = workspace_take(ws, EXAMINE_BYTES_MAX);
	struct writer again = writer_over(bytes, bytes != NULL ? EXAMINE_BYTES_MAX : 0);
	enum fault fault = json_parse(examine_as_json(object, ws), ws, &body);
	if (fault != FAULT_NONE)
		return examine_is_malformed(why, fault);
	struct json_reader r = { .fault = FAULT_NONE };
	struct json_node *type = body->type == JSON_OBJECT ? json_optional(&r, body, "_type") : NULL;
	const char *wanted = facts->policy->body == POLICY_ROOT        ? "root"
			     : facts->policy->body == POLICY_SNAPSHOT  ? "snapshot"
			     : facts->policy->body == POLICY_TIMESTAMP ? "timestamp"
								       : "targets";
	if (type == NULL || type->type != JSON_STRING || !span_is(type->text, wanted))
		return refusal_set(why, "signd-type", "each role has a key of its own",
				   "metadata: this key signs the type '%s' only", wanted);
	type->taken = false;
	fault = examine_read(facts, body, ws, &again, targets, role, issued_unix);
	if (fault == FAULT_NONE)
		fault = writer_end(&again);
	if (fault == FAULT_NONE && !span_equal(writer_span(&again), object))
		fault = FAULT_NOT_CANONICAL;
	return fault != FAULT_NONE ? examine_is_malformed(why, fault) : 0;
}

/* --- the checks that all roles share --- */

static int examine_times(const struct examine_facts *facts, const struct examine_role *role, int64_t issued_unix,
			 struct refusal *why)
{
	int64_t skew = issued_unix - facts->now_unix;
	if (role->expires_unix <= facts->now_unix)
		return refusal_set(why, "signd-expired", "give it a later expiry", "metadata: it has expired already");
	if (role->expires_unix > facts->now_unix + role->longest_s + facts->limits->clock_skew_s)
		return refusal_set(why, "signd-expiry", "a stolen key must not be good for long: expire it earlier",
				   "metadata: expires later than the %lld days that its role may",
				   (long long)(role->longest_s / 86400));
	if (skew > facts->limits->clock_skew_s || skew < -facts->limits->clock_skew_s)
		return refusal_set(why, "signd-issued", "correct the clock of the requester, or of this machine",
				   "metadata: x-issued is %lld s away from this machine's clock", (long long)skew);
	return 0;
}

/* Of the scope itself or, for plans, of any scope of that approver: an empty role does not say which it continues. */
static uint64_t examine_reached(const struct examine_facts *facts, struct span key, struct span scope)
{
	const struct standing_scope *last = standing_find(facts->standing, scope);
	return facts->policy->body == POLICY_PLANS ? standing_reached(facts->standing, key)
	       : last != NULL                      ? last->role_version
						   : 0;
}

/* Whoever sees a version takes no lower one, ever: one that is far ahead would freeze the role. [SIGND-8] */
static int examine_version(const struct examine_facts *facts, struct span key, struct examined *out,
			   struct refusal *why)
{
	bool names_no_product = facts->policy->body == POLICY_PLANS && span_equal(out->scope, key);
	const struct standing_scope *last = names_no_product ? NULL : standing_find(facts->standing, out->scope);
	uint64_t from = examine_reached(facts, key, out->scope);
	if (out->role_version > from && out->role_version - from > EXAMINE_VERSION_STEP_MAX)
		return refusal_set(why, "signd-version-jump",
				   "take the next version number; one far ahead would leave none for what follows",
				   "metadata: version %llu, more than %u above the last signed one, %llu",
				   (unsigned long long)out->role_version, EXAMINE_VERSION_STEP_MAX,
				   (unsigned long long)from);
	if (last == NULL || out->role_version > last->role_version)
		return 0;
	if (out->role_version == last->role_version && digest_equal(&out->digest, &last->digest))
		return 0;
	return refusal_set(why, "signd-version", "take the next version number",
			   "metadata: version %llu, but version %llu of this role was signed",
			   (unsigned long long)out->role_version, (unsigned long long)last->role_version);
}

/* plans/<product>: the role whose paths these are. */
static struct span examine_plans_role(struct span path)
{
	size_t n = sizeof "plans/" - 1;
	if (!span_starts(path, SPAN_LIT("plans/")))
		return SPAN_NONE;
	while (n < path.n && path.at[n] != '/')
		n++;
	return n < path.n ? span_sub(path, 0, n) : SPAN_NONE;
}

static int examine_plans(const struct targets *targets, struct examined *out, struct refusal *why)
{
	out->scope = targets->count > 0 ? examine_plans_role(targets->entries[0].path) : SPAN_NONE;
	for (uint32_t i = 0; i < targets->count; i++)
		if (out->scope.n == 0 || !span_equal(examine_plans_role(targets->entries[i].path), out->scope))
			return refusal_set(why, "signd-path", "an approver signs plans/<product>/ of one product",
					   "metadata: the path '%.*s' is not one of this role",
					   (int)targets->entries[i].path.n, (const char *)targets->entries[i].path.at);
	if (targets->delegation_count > 0)
		return refusal_set(why, "signd-delegation", "only the top-level targets role delegates",
				   "metadata: a role of plans has delegations");
	return 0;
}

static int examine_trust(const struct targets *targets, struct refusal *why)
{
	for (uint32_t i = 0; i < targets->count; i++)
		if (!span_starts(targets->entries[i].path, SPAN_LIT("trust/")))
			return refusal_set(why, "signd-path",
					   "releases belong to p/<product>, plans to plans/<product>",
					   "metadata: top-level targets hold trust/ only, not '%.*s'",
					   (int)targets->entries[i].path.n, (const char *)targets->entries[i].path.at);
	return 0;
}

static int examine_paths(const struct examine_facts *facts, struct span key, const struct targets *targets,
			 struct workspace *ws, struct examined *out, struct refusal *why)
{
	if (facts->policy->body == POLICY_PRODUCT)
		return examine_products(facts, key, targets, ws, out, why);
	if (facts->policy->body == POLICY_PLANS)
		return examine_plans(targets, out, why);
	return facts->policy->body == POLICY_TARGETS ? examine_trust(targets, why) : 0;
}

int examine_metadata(const struct examine_facts *facts, const struct signd_request *request, struct span object,
		     struct workspace *ws, struct examined *out, struct refusal *why)
{
	struct targets targets = { 0 };
	struct examine_role role = { 0 };
	int64_t issued_unix = 0;
	if (examine_decode(facts, object, ws, &targets, &role, &issued_unix, why) != 0)
		return -1;
	out->digest = sha256_of(facts->crypto, object);
	out->role_version = role.version;
	out->scope = request->key;
	if (examine_times(facts, &role, issued_unix, why) != 0 ||
	    examine_paths(facts, request->key, &targets, ws, out, why) != 0)
		return -1;
	/*
	 * Each approver has a standing of his own in each product's role. An empty role of plans names no product: it
	 * stands under the key alone.
	 */
	if (facts->policy->body == POLICY_PLANS && out->scope.n == 0)
		out->scope = request->key;
	else if (facts->policy->body == POLICY_PLANS) {
		uint8_t *name = workspace_take(ws, STANDING_SCOPE_TEXT);
		struct writer w = writer_over(name, name != NULL ? STANDING_SCOPE_TEXT - 1 : 0);
		writer_bytes(&w, request->key);
		writer_u8(&w, ' ');
		writer_bytes(&w, out->scope);
		if (writer_end(&w) != FAULT_NONE)
			return examine_is_malformed(why, w.fault);
		out->scope = writer_span(&w);
	}
	snprintf(out->summary, sizeof out->summary, "%s version %llu, %u targets, %u new counters", role.type,
		 (unsigned long long)role.version, targets.count, out->release_count);
	return examine_version(facts, request->key, out, why);
}
