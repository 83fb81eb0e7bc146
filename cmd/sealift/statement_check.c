#include "statement_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto_openssl.h"

struct statement_check {
	struct publishing *publishing;
	struct boot_identity boot;
	struct emergency_facts facts;
	struct emergency_state state;
};

/* What the factory pins (provision.c). */
static void statement_pin(struct statement_check *c, const struct site *site)
{
	for (int k = 0; k < BOOT_KEYS_MAX; k++)
		c->boot.keys[k] = (struct boot_key){ .present = true, .key = site->boot_keys[k] };
	for (int k = 0; k < BOOT_EMERGENCY_MAX; k++)
		c->boot.emergency[k] = (struct boot_key){ .present = true, .key = site->emergency[k] };
	c->facts.boot = &c->boot;
}

/* The last root of the walk; 1: there is no further one. */
static int statement_root(struct statement_check *c, uint64_t version, struct error *e)
{
	struct root root;
	struct digest *keys = workspace_array(&c->publishing->ws, EMERGENCY_PROTECTED_MAX, sizeof *keys);
	if (keys == NULL)
		return error_set(e, "read the published root: too little memory");
	int found = publishing_root(c->publishing, version, &root, e);
	if (found != 0)
		return found;
	c->facts.protected_count =
		root.root.count < EMERGENCY_PROTECTED_MAX ? root.root.count : EMERGENCY_PROTECTED_MAX;
	for (uint32_t k = 0; k < c->facts.protected_count; k++)
		keys[k] = root.root.keys[k].identity;
	c->facts.protected_keys = keys;
	return 0;
}

static int statement_roots(struct statement_check *c, struct error *e)
{
	int found = 0;
	for (uint64_t version = 1; found == 0; version++)
		found = statement_root(c, version, e);
	return found < 0 ? -1 : 0;
}

/* No device is below the lowest epoch that was ever published: what it can climb to counts from there. */
static int statement_epoch(struct statement_check *c, const struct site_product *product, struct error *e)
{
	char role[METADATA_ROLE_NAME_MAX];
	struct release release;
	struct targets targets = { 0 };
	uint32_t lowest = COUNTER_EPOCH_MAX;
	snprintf(role, sizeof role, "p/%s", product->name);
	if (repository_targets(&c->publishing->repository, role, &targets, e) < 0)
		return -1;
	for (uint32_t t = 0; t < targets.count; t++)
		if (release_decode(&targets.entries[t], &release) == FAULT_NONE &&
		    COUNTER_EPOCH(release.counter) < lowest)
			lowest = COUNTER_EPOCH(release.counter);
	c->facts.epoch = lowest == COUNTER_EPOCH_MAX ? 0 : lowest;
	return 0;
}

/* On a device whose images have every epoch: no statement waits. */
static enum verdict statement_apply(struct statement_check *c, struct span text)
{
	struct signed_json envelope;
	struct emergency statement;
	size_t used = c->publishing->ws.used;
	enum fault fault = signed_decode_strict(text, &c->publishing->ws, &crypto_openssl, &envelope);
	if (fault == FAULT_NONE)
		fault = emergency_decode(envelope.body, &statement);
	enum verdict verdict = VERDICT_MALFORMED;
	if (fault == FAULT_NONE)
		verdict = emergency_apply(&crypto_openssl, &c->facts, &envelope, &statement, &c->state);
	c->publishing->ws.used = used;
	return verdict;
}

/* What stands already; one that was refused has changed nothing, and stops devices whatever follows it. */
static int statement_before(struct statement_check *c, const struct site_product *product, uint64_t sequence,
			    struct error *e)
{
	char name[METADATA_PATH_MAX];
	static uint8_t text[EMERGENCY_BYTES_MAX];
	size_t n = 0;
	snprintf(name, sizeof name, "emergency/%s/%" PRIu64 ".json", product->name, sequence);
	if (tree_get(&c->publishing->tree, name, text, sizeof text, &n, e) != 0)
		return error_within(e, "%s", name);
	enum verdict verdict = statement_apply(c, (struct span){ text, n });
	if (verdict == VERDICT_OK)
		return 0;
	return error_set(e,
			 "devices stop at %s, which they refuse (%s: %s); remove that file from the repository first",
			 name, verdict_rule(verdict), verdict_text(verdict));
}

static int statement_begin(struct statement_check *c, const struct site *site, const struct site_product *product,
			   struct error *e)
{
	c->facts.product = span_of_text(product->name);
	statement_pin(c, site);
	return statement_roots(c, e) < 0 || statement_epoch(c, product, e) < 0 ? -1 : 0;
}

int statement_state(const struct site *site, struct publishing *publishing, const struct site_product *product,
		    struct emergency_state *out, struct error *e)
{
	struct statement_check c = { .publishing = publishing };
	if (statement_begin(&c, site, product, e) != 0)
		return -1;
	for (uint64_t sequence = 1;; sequence++) {
		char name[METADATA_PATH_MAX];
		uint64_t bytes;
		snprintf(name, sizeof name, "emergency/%s/%" PRIu64 ".json", product->name, sequence);
		int found = tree_size(&publishing->tree, name, &bytes, e);
		if (found < 0 || (found == 0 && statement_before(&c, product, sequence, e) < 0))
			return -1;
		if (found > 0)
			break;
	}
	*out = c.state;
	return 0;
}

int statement_check(const struct site *site, struct publishing *publishing, const struct site_product *product,
		    uint64_t sequence, struct span text, struct error *e)
{
	struct statement_check c = { .publishing = publishing };
	if (statement_begin(&c, site, product, e) != 0)
		return -1;
	for (uint64_t before = 1; before < sequence; before++)
		if (statement_before(&c, product, before, e) < 0)
			return -1;
	enum verdict verdict = statement_apply(&c, text);
	if (verdict == VERDICT_OK)
		return 0;
	return error_set(e, "not published: every device would refuse it and stop there (%s: %s)",
			 verdict_rule(verdict), verdict_text(verdict));
}
