#include "notary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "examine.h"
#include "trail.h"

#define NOTARY_WORKSPACE_BYTES (48u << 20) /* untouched pages cost nothing */
#define NOTARY_BACKDATE_S 3600             /* of a certificate: for devices whose clock is slow */

struct notary {
	struct notary_setup setup;
	struct trail *trail;
	struct standing standing;
	struct workspace ws; /* of the request in hand */
	struct refusal refusal;
};

static int notary_replay(void *context, const struct record *record)
{
	return standing_apply(context, record);
}

int notary_open(const struct notary_setup *setup, struct notary **out, bool *torn, struct error *e)
{
	struct notary *n = calloc(1, sizeof *n);
	if (n == NULL)
		return error_set(e, "signing authority: out of memory");
	n->setup = *setup;
	n->ws = workspace_over(malloc(NOTARY_WORKSPACE_BYTES), NOTARY_WORKSPACE_BYTES);
	if (n->ws.base == NULL) {
		notary_close(n);
		return error_set(e, "signing authority: out of memory");
	}
	if (trail_open(setup->journal_path, setup->crypto, notary_replay, &n->standing, &n->trail, torn, e) != 0) {
		notary_close(n);
		return -1;
	}
	*out = n;
	return 0;
}

void notary_close(struct notary *n)
{
	if (n == NULL)
		return;
	trail_close(n->trail);
	standing_clear(&n->standing);
	free(n->ws.base);
	free(n);
}

/* --- who asks --- */

static int notary_check_requester(struct notary *n, const struct signd_request *request, uint32_t uid,
				  const struct policy *policy)
{
	const struct notary_requester *found = NULL;
	for (uint32_t i = 0; i < n->setup.requester_count; i++)
		if (span_is(request->requester, n->setup.requesters[i].name))
			found = &n->setup.requesters[i];
	if (found == NULL)
		return refusal_set(&n->refusal, "signd-requester", "add a [requester] to signd's configuration",
				   "'%.*s' is no requester of this authority", (int)request->requester.n,
				   (const char *)request->requester.at);
	if (found->uid != uid)
		return refusal_set(&n->refusal, "signd-uid", "run the command as the user that the configuration names",
				   "user id %u is not that of requester '%s'", uid, found->name);
	if (request->kind == SIGND_PUBLIC_KEY || (policy->roles & found->roles) != 0)
		return 0;
	return refusal_set(&n->refusal, "signd-role", "ask as a requester that has the role",
			   "requester '%s' may not use the key '%.*s'", found->name, (int)request->key.n,
			   (const char *)request->key.at);
}

static int notary_check_key(struct notary *n, const struct signd_request *request, const struct policy **policy)
{
	*policy = policy_find_kind(request->key, request->kind);
	if (*policy == NULL)
		return refusal_set(&n->refusal, "signd-key", "sealift-signd --check lists the keys",
				   "'%.*s' is no key that this version knows", (int)request->key.n,
				   (const char *)request->key.at);
	return 0;
}

static int notary_check_kind(struct notary *n, const struct signd_request *request, const struct policy *policy)
{
	if (request->kind == policy->kind)
		return 0;
	return refusal_set(&n->refusal, "signd-kind", "a key signs one kind of object",
			   "the key '%.*s' does not sign a %s", (int)request->key.n, (const char *)request->key.at,
			   signd_kind_text(request->kind));
}

/* --- the record, then the signatures --- */

static int notary_refuse_effect(struct notary *n, const char *rule, const char *help, const struct error *e)
{
	(void)refusal_set(&n->refusal, rule, help, "%s", e->text);
	n->refusal.retry = e->retry;
	return -1;
}

static int notary_record(struct notary *n, const struct signd_request *request, uint32_t uid,
			 const struct examined *results, const struct digest *digests)
{
	struct error e = { 0 };
	struct record record = { .time_unix = n->setup.clock.unix_s(n->setup.clock.self),
				 .requester = request->requester,
				 .who = request->who,
				 .why = request->why,
				 .key = request->key,
				 .kind = span_of_text(signd_kind_text(request->kind)),
				 .summary = span_of_text(results[0].summary),
				 .uid = uid,
				 .digest_count = request->count,
				 .digests = digests,
				 .scope = results[0].scope,
				 .role_version = results[0].role_version,
				 .release_count = results[0].release_count,
				 .releases = results[0].releases,
				 .has_head = results[0].has_head,
				 .size = results[0].size,
				 .root = results[0].root };
	if (record.scope.n > 0 && !standing_has_room(&n->standing, record.scope, record.release_count))
		return refusal_set(&n->refusal, "signd-full", "start a new journal with a new key",
				   "this authority has signed more than it can remember");
	/*
	 * Nothing is signed that is not on stable storage first: a crash leaves a record too many, never one too few.
	 */
	if (trail_append(n->trail, &record, &e) != 0)
		return notary_refuse_effect(n, "signd-journal", "make room, or repair the disk, and start signd again",
					    &e);
	if (standing_apply(&n->standing, &record) != 0)
		return refusal_set(&n->refusal, "signd-full", "start signd again", "out of memory");
	return 0;
}

static int notary_sign_all(struct notary *n, const char *key, const struct digest *digests, uint32_t count,
			   struct signd_answer *out)
{
	const struct hsm *hsm = &n->setup.hsm;
	struct error e = { 0 };
	out->signatures = workspace_array(&n->ws, count, sizeof *out->signatures);
	if (out->signatures == NULL)
		return refusal_set(&n->refusal, "signd-size", "ask for fewer at once", "out of workspace");
	for (uint32_t i = 0; i < count; i++)
		if (hsm->sign(hsm->self, key, &digests[i], out->signatures[i], &e) != 0)
			return notary_refuse_effect(n, "signd-hsm", "see the message of the token", &e);
	out->count = count;
	return 0;
}

struct notary_key {
	const struct hsm *hsm;
	const char *name;
};

static int notary_sign_tbs(void *self, const struct digest *digest, uint8_t raw[64], struct error *e)
{
	const struct notary_key *key = self;
	return key->hsm->sign(key->hsm->self, key->name, digest, raw, e);
}

static int notary_issue(struct notary *n, const char *key, const struct policy *policy, const struct examined *result,
			struct signd_answer *out)
{
	struct notary_key holder = { &n->setup.hsm, key };
	struct certificate_signer signer = { notary_sign_tbs, &holder, out->key };
	struct certificate *made = workspace_take(&n->ws, sizeof *made);
	struct span issuer = policy->body == POLICY_DEVICE ? n->setup.device_ca : n->setup.factory_ca;
	bool is_named = result->request.common_name[0] != '\0';
	struct certificate_terms terms = { .use = result->use,
					   .common_name = is_named ? result->request.common_name : "device",
					   .uri = result->request.uri,
					   .not_before_unix =
						   n->setup.clock.unix_s(n->setup.clock.self) - NOTARY_BACKDATE_S,
					   .not_after_unix = result->not_after_unix };
	struct error e = { 0 };
	if (made == NULL || n->setup.certifier->issue(&terms, &result->request.key, issuer, &signer, made, &e) != 0)
		return notary_refuse_effect(n, "signd-hsm", "see the message", &e);
	out->certificate = (struct span){ made->der, made->n };
	return 0;
}

/* --- one request --- */

static int notary_examine(struct notary *n, const struct signd_request *request, const struct policy *policy,
			  struct examined *results, struct digest *digests)
{
	struct examine_facts facts = { .crypto = n->setup.crypto,
				       .certifier = n->setup.certifier,
				       .policy = policy,
				       .limits = &n->setup.limits,
				       .standing = &n->standing,
				       .log_origin = n->setup.log_origin,
				       .now_unix = n->setup.clock.unix_s(n->setup.clock.self) };
	for (uint32_t i = 0; i < request->count; i++) {
		if (examine_object(&facts, request, request->objects[i], &n->ws, &results[i], &n->refusal) != 0)
			return -1;
		digests[i] = results[i].digest;
	}
	return 0;
}

static int notary_run(struct notary *n, const struct signd_request *request, uint32_t uid, struct signd_answer *out)
{
	const struct policy *policy;
	char key[SIGNER_KEY_MAX + 1];
	struct error e = { 0 };
	if (notary_check_key(n, request, &policy) != 0 || notary_check_requester(n, request, uid, policy) != 0)
		return -1;
	if (request->kind != SIGND_PUBLIC_KEY && notary_check_kind(n, request, policy) != 0)
		return -1;
	snprintf(key, sizeof key, "%.*s", (int)request->key.n, (const char *)request->key.at);
	if (n->setup.hsm.public_key(n->setup.hsm.self, key, &out->key, &e) != 0)
		return notary_refuse_effect(n, "signd-key", "sealift-signd --check lists the keys", &e);
	if (request->kind == SIGND_PUBLIC_KEY)
		return 0;
	struct examined *results = workspace_array(&n->ws, request->count, sizeof *results);
	struct digest *digests = workspace_array(&n->ws, request->count, sizeof *digests);
	if (results == NULL || digests == NULL || request->count == 0)
		return refusal_set(&n->refusal, "signd-size", "ask for fewer at once", "nothing to sign, or too much");
	if (notary_examine(n, request, policy, results, digests) != 0 ||
	    notary_record(n, request, uid, results, digests) != 0)
		return -1;
	if (request->kind == SIGND_CERTIFICATE)
		return notary_issue(n, key, policy, &results[0], out);
	return notary_sign_all(n, key, digests, request->count, out);
}

void notary_answer(struct notary *n, const struct signd_request *request, uint32_t uid, struct signd_answer *out)
{
	*out = (struct signd_answer){ 0 };
	n->ws.used = 0;
	if (notary_run(n, request, uid, out) == 0)
		return;
	*out = (struct signd_answer){ .refused = true,
				      .retry = n->refusal.retry,
				      .error = span_of_text(n->refusal.text),
				      .rule = span_of_text(n->refusal.rule),
				      .help = span_of_text(n->refusal.help) };
}
