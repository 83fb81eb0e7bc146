#include "trust_change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hex.h"
#include "note.h"

/* --- options --- */

static const char *const trust_change_policies[] = { "none", "log", "witnesses" };

const char *trust_change_policy_text(enum log_policy policy)
{
	return trust_change_policies[policy];
}

int trust_change_policy(struct trust_change *change, const char *value, struct error *e)
{
	for (int i = LOG_NONE; i <= LOG_WITNESSES; i++) {
		if (strcmp(value, trust_change_policies[i]) != 0)
			continue;
		change->policy = (enum log_policy)i;
		change->has_policy = true;
		return 0;
	}
	return error_set(e, "--log-policy '%.40s': give none, log or witnesses", value);
}

int trust_change_witness(struct trust_change *change, char *value, struct error *e)
{
	char *key = strchr(value, '=');
	if (change->added_count == TRUST_BUNDLE_WITNESSES_MAX)
		return error_set(e, "at most %d witnesses", TRUST_BUNDLE_WITNESSES_MAX);
	struct trust_witness *witness = &change->added[change->added_count];
	if (key != NULL)
		*key++ = '\0';
	witness->name = span_of_text(value);
	if (key == NULL || !note_is_name(witness->name) ||
	    hex_decode(span_of_text(key), witness->ed25519, sizeof witness->ed25519) != FAULT_NONE)
		return error_set(e, "--witness '%.100s': give NAME=KEY, the Ed25519 key as 64 hexadecimal digits",
				 value);
	for (uint32_t i = 0; i < change->added_count; i++)
		if (span_equal(change->added[i].name, witness->name))
			return error_set(e, "--witness '%.100s' is given twice", value);
	change->added_count++;
	return 0;
}

int trust_change_drop(struct trust_change *change, const char *name, struct error *e)
{
	if (change->dropped_count == TRUST_BUNDLE_WITNESSES_MAX)
		return error_set(e, "at most %d witnesses", TRUST_BUNDLE_WITNESSES_MAX);
	change->dropped[change->dropped_count++] = name;
	return 0;
}

/* --- the next bundle --- */

static struct trust_witness *trust_change_find(struct trust_bundle *bundle, struct span name)
{
	for (uint32_t i = 0; i < bundle->witness_count; i++)
		if (span_equal(bundle->witnesses[i].name, name))
			return &bundle->witnesses[i];
	return NULL;
}

static int trust_change_order(const void *a, const void *b)
{
	const struct trust_witness *x = a, *y = b;
	return span_compare(x->name, y->name);
}

static int trust_change_remove(const struct trust_change *change, struct trust_bundle *bundle, struct error *e)
{
	for (uint32_t i = 0; i < change->dropped_count; i++) {
		struct trust_witness *witness = trust_change_find(bundle, span_of_text(change->dropped[i]));
		if (witness == NULL)
			return error_set(e, "--drop-witness '%.100s': the published bundle has no such witness",
					 change->dropped[i]);
		*witness = bundle->witnesses[--bundle->witness_count];
	}
	return 0;
}

static int trust_change_add(const struct trust_change *change, struct trust_bundle *bundle, struct error *e)
{
	for (uint32_t i = 0; i < change->added_count; i++) {
		struct trust_witness *witness = trust_change_find(bundle, change->added[i].name);
		if (witness == NULL && bundle->witness_count == TRUST_BUNDLE_WITNESSES_MAX)
			return error_set(e, "at most %d witnesses, those published among them",
					 TRUST_BUNDLE_WITNESSES_MAX);
		if (witness == NULL)
			witness = &bundle->witnesses[bundle->witness_count++];
		*witness = change->added[i];
	}
	qsort(bundle->witnesses, bundle->witness_count, sizeof *bundle->witnesses, trust_change_order);
	for (uint32_t i = 0; i < bundle->witness_count; i++)
		for (uint32_t k = 0; k < i; k++)
			if (memcmp(bundle->witnesses[i].ed25519, bundle->witnesses[k].ed25519, 32) == 0)
				return error_set(
					e, "two witnesses, %.*s and %.*s, have the same key",
					(int)bundle->witnesses[k].name.n, (const char *)bundle->witnesses[k].name.at,
					(int)bundle->witnesses[i].name.n, (const char *)bundle->witnesses[i].name.at);
	return 0;
}

static int trust_change_quorum(const struct trust_change *change, struct trust_bundle *bundle, struct error *e)
{
	if (bundle->log_policy == LOG_WITNESSES && bundle->witness_count == 0)
		return error_set(e, "the log policy 'witnesses' needs a witness: give --witness NAME=KEY, or another "
				    "--log-policy");
	if (bundle->witness_count == 0 && change->quorum > 0)
		return error_set(e, "--quorum %u: there is no witness; give --witness NAME=KEY", change->quorum);
	if (change->quorum > 0)
		bundle->witness_quorum = change->quorum;
	if (bundle->witness_count == 0)
		bundle->witness_quorum = 0;
	else if (bundle->witness_quorum == 0)
		bundle->witness_quorum = 1;
	if (bundle->witness_quorum > bundle->witness_count)
		return error_set(e, "a quorum of %u, and %u witness%s: give --quorum, or more witnesses",
				 bundle->witness_quorum, bundle->witness_count, bundle->witness_count == 1 ? "" : "es");
	return 0;
}

/* --- less than now --- */

static void trust_change_lost(const struct trust_bundle *last, struct trust_bundle *bundle, struct error *lost)
{
	size_t n = 0;
	for (uint32_t i = 0; i < last->witness_count && n < sizeof lost->text - 1; i++) {
		const struct trust_witness *was = &last->witnesses[i], *is = trust_change_find(bundle, was->name);
		if (is != NULL && memcmp(is->ed25519, was->ed25519, sizeof is->ed25519) == 0)
			continue;
		n += (size_t)snprintf(lost->text + n, sizeof lost->text - n, "%s%s witness %.*s", n > 0 ? "," : "",
				      is != NULL ? " the key of" : "", (int)was->name.n, (const char *)was->name.at);
	}
	if (n < sizeof lost->text - 1 && bundle->witness_quorum < last->witness_quorum)
		n += (size_t)snprintf(lost->text + n, sizeof lost->text - n, "%s quorum %u (then %u)", n > 0 ? "," : "",
				      last->witness_quorum, bundle->witness_quorum);
	if (n < sizeof lost->text - 1 && bundle->log_policy < last->log_policy)
		snprintf(lost->text + n, sizeof lost->text - n, "%s log policy '%s' (then '%s')", n > 0 ? "," : "",
			 trust_change_policies[last->log_policy], trust_change_policies[bundle->log_policy]);
}

int trust_change_apply(const struct trust_change *change, const struct trust_bundle *last, struct trust_bundle *bundle,
		       bool *is_usage, struct error *e)
{
	struct error lost = { 0 };
	bundle->log_policy = last->sequence > 0 ? last->log_policy : LOG_REQUIRED;
	if (change->has_policy)
		bundle->log_policy = change->policy;
	bundle->witness_quorum = last->witness_quorum;
	bundle->witness_count = last->witness_count;
	memcpy(bundle->witnesses, last->witnesses, sizeof bundle->witnesses);
	*is_usage = true;
	if (trust_change_remove(change, bundle, e) != 0 || trust_change_add(change, bundle, e) != 0 ||
	    trust_change_quorum(change, bundle, e) != 0)
		return -1;
	*is_usage = false;
	if (change->lower || last->sequence == 0)
		return 0;
	trust_change_lost(last, bundle, &lost);
	if (lost.text[0] == '\0')
		return 0;
	return error_set(e, "not published: devices would lose what stands now:%.400s; if that is meant, add --lower",
			 lost.text);
}
