#include "trusted.h"

#include <stdio.h>
#include <string.h>

#include "installer.h"
#include "refresh.h"
#include "tell.h"

/* No file of the TUF client ends so. */
#define EMERGENCY_NAME "emergency.state"
#define REVOCATIONS_NAME "trust.revocations"
#define KEPT_NAME "trust.kept"
#define BUNDLE_NAME "trust.bundle"

/* --- applied --- */

static void trusted_apply(struct installer *i)
{
	struct trusted *t = &i->trusted;
	uint32_t count = t->kept_count + t->listed_count;
	memcpy(&t->revoked[count], t->emergency.revoked, t->emergency.revoked_count * sizeof t->revoked[0]);
	t->all = (struct revocations){ count + t->emergency.revoked_count, t->revoked };
	emergency_boot_identity(i->config.crypto, &t->emergency, i->config.boot, &t->boot);
}

static void trusted_take_list(struct trusted *t, const struct revocation_list *list, const struct digest *file)
{
	t->epoch = list->epoch;
	t->list = *file;
	t->listed_count = list->count;
	memcpy(&t->revoked[t->kept_count], list->keys, list->count * sizeof t->revoked[0]);
}

/* Spans of the bundle point into ws: the one before is dropped. */
static enum fault trusted_take_bundle(struct trusted *t, struct span text, const struct digest *file)
{
	t->has_bundle = false;
	t->ws.used = 0;
	uint8_t *copy = workspace_take(&t->ws, text.n);
	if (copy == NULL)
		return FAULT_NO_SPACE;
	memcpy(copy, text.at, text.n);
	enum fault fault = trust_bundle_decode((struct span){ copy, text.n }, &t->ws, &t->bundle);
	t->has_bundle = fault == FAULT_NONE;
	t->bundle_file = *file;
	return fault;
}

/* --- as it stands in the store --- */

/* 1: not there. */
static int trusted_load(struct installer *i, const char *name, size_t max_bytes, struct span *out, struct error *e)
{
	size_t n = 0;
	const struct store *store = &i->ports.store;
	uint8_t *buffer = workspace_take(&i->task, max_bytes);
	if (buffer == NULL)
		return error_set(e, "read %s: workspace too small", name);
	int result = store->load(store->self, name, buffer, max_bytes, &n, e);
	*out = (struct span){ buffer, n };
	return result;
}

static int trusted_damaged(const char *name, enum fault fault, struct error *e)
{
	return fault == FAULT_NONE
		       ? 0
		       : error_set(e, "%s is damaged (%s): provision the device again", name, fault_text(fault));
}

static int trusted_load_emergency(struct installer *i, struct error *e)
{
	struct span text;
	int result = trusted_load(i, EMERGENCY_NAME, EMERGENCY_STATE_BYTES_MAX, &text, e);
	if (result != 0)
		return result < 0 ? -1 : 0;
	return trusted_damaged(EMERGENCY_NAME, emergency_state_decode(text, &i->task, &i->trusted.emergency), e);
}

static int trusted_load_kept(struct installer *i, struct error *e)
{
	struct span text;
	struct revocation_list list;
	int result = trusted_load(i, KEPT_NAME, REVOCATIONS_KEPT_BYTES_MAX, &text, e);
	if (result != 0)
		return result < 0 ? -1 : 0;
	enum fault fault = revocation_kept_decode(text, &i->task, &list);
	if (fault != FAULT_NONE)
		return trusted_damaged(KEPT_NAME, fault, e);
	memcpy(i->trusted.revoked, list.keys, list.count * sizeof list.keys[0]);
	i->trusted.kept_count = list.count;
	return 0;
}

/* After trusted_load_kept(). */
static int trusted_load_list(struct installer *i, struct error *e)
{
	struct span text;
	struct revocation_list list;
	int result = trusted_load(i, REVOCATIONS_NAME, REVOCATIONS_BYTES_MAX, &text, e);
	if (result != 0)
		return result < 0 ? -1 : 0;
	enum fault fault = revocation_list_decode(text, &i->task, &list);
	struct digest file = sha256_of(i->config.crypto, text);
	if (fault == FAULT_NONE)
		trusted_take_list(&i->trusted, &list, &file);
	return trusted_damaged(REVOCATIONS_NAME, fault, e);
}

/* A damaged one comes again in the next cycle, by its hash: no reason not to start [TB-12]. */
static int trusted_load_bundle(struct installer *i, struct error *e)
{
	struct span text;
	int result = trusted_load(i, BUNDLE_NAME, TRUST_BUNDLE_BYTES_MAX, &text, e);
	if (result != 0)
		return result < 0 ? -1 : 0;
	struct digest file = sha256_of(i->config.crypto, text);
	enum fault fault = trusted_take_bundle(&i->trusted, text, &file);
	if (fault != FAULT_NONE)
		tell(i, "trust-bundle", "", "trust.bundle is damaged: dropped, to be fetched again");
	return 0;
}

int trusted_open(struct installer *i, void *memory, struct error *e)
{
	i->trusted.ws = workspace_over(memory, TRUSTED_BYTES);
	i->task.used = 0;
	if (trusted_load_emergency(i, e) < 0 || trusted_load_kept(i, e) < 0 || trusted_load_list(i, e) < 0 ||
	    trusted_load_bundle(i, e) < 0)
		return -1;
	i->task.used = 0;
	trusted_apply(i);
	return 0;
}

int trusted_keep_emergency(struct installer *i, const struct emergency_state *state, struct setback *s)
{
	uint8_t text[EMERGENCY_STATE_BYTES_MAX];
	struct writer w = writer_over(text, sizeof text);
	emergency_state_encode(&w, state);
	if (w.fault != FAULT_NONE)
		return error_set(&s->error, "write what an emergency statement did: %s", fault_text(w.fault));
	if (i->ports.store.save(i->ports.store.self, EMERGENCY_NAME, writer_span(&w), &s->error) < 0)
		return -1;
	i->trusted.emergency = *state;
	trusted_apply(i);
	return 0;
}

/* --- news --- */

/* Listed by the top-level targets themselves: no delegation may speak of trust/ [REV-5] [TB-8]. 1: nothing new. */
static int trusted_fetch(struct installer *i, const char *target_path, const struct digest *last, size_t max_bytes,
			 struct span *out, struct digest *file, struct setback *s)
{
	char name[METADATA_PATH_MAX + 80], path[METADATA_PATH_MAX + 96];
	const struct target *target = targets_find(&i->client.targets, span_of_text(target_path));
	if (target == NULL)
		return 1;
	/* [META-9]: without SHA-256 it would pass for "none yet", and be ignored */
	if (target->hashes == METADATA_SHA512)
		return setback_malformed(s, FAULT_MISSING, target_path);
	if (digest_equal(&target->sha256, last))
		return 1;
	if (target->length > max_bytes)
		return setback_refuse(s, VERDICT_LENGTH, "%s", target_path);
	enum fault fault = client_target_name(target, name, sizeof name);
	if (fault != FAULT_NONE)
		return setback_malformed(s, fault, target_path);
	*file = target->sha256;
	snprintf(path, sizeof path, "targets/%s", name);
	return refresh_object(i, path, target->length, &target->sha256, out, s);
}

/* Under other keys of targets than the last: what stolen ones used up is given back [REV-9] [TB-11]. */
static bool trusted_is_anew(const struct installer *i, const struct digest *last)
{
	struct digest keys = refresh_role_keys(i, &i->client.root.targets);
	return !digest_equal(&keys, last);
}

/* After the file itself: a cut between the two leaves the old keys standing, never the old file under the new. */
static int trusted_keep_keys(struct installer *i, struct digest *last, struct setback *s)
{
	*last = refresh_role_keys(i, &i->client.root.targets);
	return device_state_save(&i->ports.store, &i->state, &s->error);
}

/* [REV-6]: a higher epoch, and nothing forgiven. */
static enum verdict trusted_check_list(const struct trusted *t, const struct revocation_list *list)
{
	if (list->epoch <= t->epoch)
		return VERDICT_ROLLBACK;
	for (uint32_t k = 0; k < t->listed_count; k++)
		if (!revocation_list_has(list, &t->revoked[t->kept_count + k]))
			return VERDICT_ROLLBACK;
	return VERDICT_OK;
}

/* keys: room for REVOCATIONS_KEPT_MAX. */
static enum fault trusted_add(struct digest *keys, uint32_t *count, const struct digest *key)
{
	uint32_t at = 0;
	while (at < *count && span_compare(digest_span(&keys[at]), digest_span(key)) < 0)
		at++;
	if (at < *count && digest_equal(&keys[at], key))
		return FAULT_NONE;
	if (*count == REVOCATIONS_KEPT_MAX)
		return FAULT_TOO_LARGE;
	memmove(&keys[at + 1], &keys[at], (*count - at) * sizeof *key);
	keys[at] = *key;
	++*count;
	return FAULT_NONE;
}

/* What the new list does not revoke any more stays revoked [REV-9]. */
static enum fault trusted_left_behind(const struct trusted *t, const struct revocation_list *list, struct digest *keys,
				      uint32_t *count)
{
	enum fault fault = FAULT_NONE;
	memcpy(keys, t->revoked, t->kept_count * sizeof *keys);
	*count = t->kept_count;
	for (uint32_t k = 0; k < t->listed_count && fault == FAULT_NONE; k++)
		if (!revocation_list_has(list, &t->revoked[t->kept_count + k]))
			fault = trusted_add(keys, count, &t->revoked[t->kept_count + k]);
	return fault;
}

/* Saved before the list that forgets them: a cut between the two forgets nothing. */
static int trusted_keep_left_behind(struct installer *i, const struct revocation_list *list, struct setback *s)
{
	struct trusted *t = &i->trusted;
	struct digest *keys = workspace_array(&i->task, REVOCATIONS_KEPT_MAX, sizeof *keys);
	uint8_t *text = workspace_take(&i->task, REVOCATIONS_KEPT_BYTES_MAX);
	struct revocation_list kept = { .epoch = 1, .keys = keys };
	if (keys == NULL || text == NULL)
		return error_set(&s->error, "keep revoked keys: workspace too small");
	enum fault fault = trusted_left_behind(t, list, keys, &kept.count);
	if (fault != FAULT_NONE)
		return setback_malformed(s, fault, REVOCATIONS_PATH);
	if (kept.count == t->kept_count)
		return 0;
	struct writer w = writer_over(text, REVOCATIONS_KEPT_BYTES_MAX);
	revocation_kept_encode(&w, &kept);
	if (w.fault != FAULT_NONE)
		return error_set(&s->error, "keep revoked keys: %s", fault_text(w.fault));
	if (i->ports.store.save(i->ports.store.self, KEPT_NAME, writer_span(&w), &s->error) < 0)
		return -1;
	memmove(&t->revoked[kept.count], &t->revoked[t->kept_count], t->listed_count * sizeof *keys);
	memcpy(t->revoked, keys, kept.count * sizeof *keys);
	t->kept_count = kept.count;
	trusted_apply(i);
	return 0;
}

static int trusted_keep_list(struct installer *i, struct span text, const struct digest *file,
			     const struct revocation_list *list, struct setback *s)
{
	if (i->ports.store.save(i->ports.store.self, REVOCATIONS_NAME, text, &s->error) < 0)
		return -1;
	trusted_take_list(&i->trusted, list, file);
	trusted_apply(i);
	tell(i, "revocations", "", "a new list of revoked keys");
	return trusted_keep_keys(i, &i->state.list_keys, s);
}

static int trusted_follow_list(struct installer *i, bool *changed, struct setback *s)
{
	struct span text;
	struct digest file;
	struct revocation_list list;
	const struct trusted *t = &i->trusted;
	int result = trusted_fetch(i, REVOCATIONS_PATH, &t->list, REVOCATIONS_BYTES_MAX, &text, &file, s);
	if (result != 0)
		return result < 0 ? -1 : 0;
	enum fault fault = revocation_list_decode(text, &i->task, &list);
	if (fault != FAULT_NONE)
		return setback_malformed(s, fault, REVOCATIONS_PATH);
	bool anew = trusted_is_anew(i, &i->state.list_keys);
	enum verdict verdict = anew ? VERDICT_OK : trusted_check_list(t, &list);
	if (verdict != VERDICT_OK)
		return setback_refuse(s, verdict, "%s", REVOCATIONS_PATH);
	if ((anew && trusted_keep_left_behind(i, &list, s) < 0) || trusted_keep_list(i, text, &file, &list, s) < 0)
		return -1;
	*changed = true;
	return 0;
}

/* The fetcher's new roots before the bundle is kept: after a cut they are handed over again [TB-10]. */
static int trusted_keep_bundle(struct installer *i, struct span text, const struct digest *file,
			       const struct trust_bundle *bundle, struct setback *s)
{
	if (i->ports.server_roots != NULL && i->ports.server_roots(i->ports.self, &bundle->server_roots, &s->error) < 0)
		return -1;
	if (i->ports.store.save(i->ports.store.self, BUNDLE_NAME, text, &s->error) < 0)
		return -1;
	enum fault fault = trusted_take_bundle(&i->trusted, text, file);
	if (fault != FAULT_NONE)
		return setback_malformed(s, fault, TRUST_BUNDLE_PATH);
	tell(i, "trust-bundle", "", "a new trust bundle");
	return trusted_keep_keys(i, &i->state.bundle_keys, s);
}

static int trusted_follow_bundle(struct installer *i, struct setback *s)
{
	struct span text;
	struct digest file;
	static const struct digest none;
	struct trust_bundle bundle;
	const struct trusted *t = &i->trusted;
	int result = trusted_fetch(i, TRUST_BUNDLE_PATH, t->has_bundle ? &t->bundle_file : &none,
				   TRUST_BUNDLE_BYTES_MAX, &text, &file, s);
	if (result != 0)
		return result < 0 ? -1 : 0;
	enum fault fault = trust_bundle_decode(text, &i->task, &bundle);
	if (fault != FAULT_NONE)
		return setback_malformed(s, fault, TRUST_BUNDLE_PATH);
	/* [TB-9] */
	if (t->has_bundle && bundle.sequence <= t->bundle.sequence && !trusted_is_anew(i, &i->state.bundle_keys))
		return setback_refuse(s, VERDICT_ROLLBACK, "%s", TRUST_BUNDLE_PATH);
	return trusted_keep_bundle(i, text, &file, &bundle, s);
}

int trusted_follow(struct installer *i, bool *changed, struct setback *s)
{
	size_t used = i->task.used;
	*changed = false;
	if (trusted_follow_list(i, changed, s) < 0 || trusted_follow_bundle(i, s) < 0)
		return -1;
	i->task.used = used;
	return 0;
}
