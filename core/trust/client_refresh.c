#include "client_parts.h"

/* --- root --- */

static enum verdict client_decode_root(struct client *c, struct root *out)
{
	enum role_keyids keyids = c->config.any_keyid ? ROLE_KEYIDS_ANY : ROLE_KEYIDS_STRICT;
	enum fault fault = root_decode_by(c->envelope.body, c->config.ws, c->config.crypto, keyids, out);
	return client_malformed(c, fault, out->where);
}

/* Root N vouches for N+1 and N+1 for itself [CLIENT-3]. Emergency revocation never reaches root keys. */
static enum verdict client_check_root(struct client *c, struct root *next)
{
	bool is_first = c->root.version == 0;
	enum verdict verdict = client_parse(c, "root");
	if (verdict == VERDICT_OK && !is_first)
		verdict = client_check_threshold(c, &c->root.root, NULL);
	if (verdict == VERDICT_OK)
		verdict = client_decode_root(c, next);
	if (verdict == VERDICT_OK)
		verdict = client_check_threshold(c, &next->root, NULL);
	if (verdict == VERDICT_OK && !is_first && next->version != c->root.version + 1)
		verdict = VERDICT_VERSION;
	return verdict;
}

enum client_action client_begun(struct client *c)
{
	c->root_mark = c->config.ws->used;
	client_name(c, 0, SPAN_LIT("root"));
	return client_ask(c, CLIENT_LOAD, CLIENT_ROOT_LOADED, ROOT_BYTES_MAX);
}

static enum client_action client_next_root(struct client *c)
{
	client_name(c, c->root.version + 1, SPAN_LIT("root"));
	return client_ask(c, CLIENT_FETCH, CLIENT_ROOT_FETCHED, ROOT_BYTES_MAX);
}

/* The stored root must hold by itself before the first request goes out; its expiry does not matter yet [CLIENT-1]. */
enum client_action client_root_loaded(struct client *c)
{
	struct root root;
	if (c->answer != CLIENT_GOT)
		return client_fail(c);
	client_take(c);
	enum verdict verdict = client_check_root(c, &root);
	if (verdict != VERDICT_OK)
		return client_refuse(c, verdict);
	c->root = root;
	return client_next_root(c);
}

/* All expiry before this point is ignored: a device that slept for years walks over roots long expired [CLIENT-4]. */
static enum client_action client_root_walked(struct client *c)
{
	if (client_is_expired(c, c->root.expires_unix)) {
		client_name(c, 0, SPAN_LIT("root"));
		return client_refuse(c, VERDICT_EXPIRED);
	}
	client_name(c, 0, SPAN_LIT("timestamp"));
	return client_ask(c, CLIENT_LOAD, CLIENT_TIMESTAMP_LOADED, TIMESTAMP_BYTES_MAX);
}

/* Absent alone ends the walk: if any failure did, a cut connection could hide a revocation [CLIENT-2]. */
enum client_action client_root_fetched(struct client *c)
{
	struct root next;
	if (c->answer == CLIENT_ABSENT)
		return client_root_walked(c);
	if (c->answer != CLIENT_GOT)
		return client_missed(c);
	client_take(c);
	enum verdict verdict = client_check_root(c, &next);
	if (verdict != VERDICT_OK)
		return client_refuse(c, verdict);
	return client_save(c, SPAN_LIT("root"), CLIENT_ROOT_SAVED);
}

enum client_action client_root_saved(struct client *c)
{
	enum verdict verdict = client_settle(c, c->root_mark);
	if (verdict == VERDICT_OK)
		verdict = client_decode_root(c, &c->root);
	/*
	 * The steps so far are kept, so the next cycle goes on from here; none runs on a root that may not be the
	 * last.
	 */
	if (verdict == VERDICT_OK && ++c->root_steps == CLIENT_ROOT_STEPS_MAX)
		return client_fail(c);
	return verdict == VERDICT_OK ? client_next_root(c) : client_refuse(c, verdict);
}

/* --- timestamp --- */

static enum verdict client_decode_timestamp(struct client *c, struct timestamp *out)
{
	enum fault fault = timestamp_decode(c->envelope.body, out);
	return client_malformed(c, fault, out->where);
}

static enum verdict client_check_timestamp(struct client *c, struct timestamp *out)
{
	enum verdict verdict = client_verify(c, "timestamp", &c->root.timestamp);
	if (verdict == VERDICT_OK)
		verdict = client_decode_timestamp(c, out);
	/* A stolen timestamp key must not drive the clock past the life of root [META-11]. */
	if (verdict == VERDICT_OK && out->issued_unix > c->root.expires_unix)
		verdict = client_malformed(c, FAULT_RANGE, "x-issued");
	return verdict;
}

/*
 * The stored one, even if expired, guards against rollback. If it does not verify under the final root (its key was
 * rotated, which is how a fast-forward is healed), it is as if it were not there [CLIENT-5].
 */
enum client_action client_timestamp_loaded(struct client *c)
{
	if (c->answer == CLIENT_ERROR)
		return client_fail(c);
	if (c->answer == CLIENT_GOT) {
		client_take(c);
		c->has_old_timestamp = client_check_timestamp(c, &c->old_timestamp) == VERDICT_OK;
		client_discard(c);
	}
	return client_ask(c, CLIENT_FETCH, CLIENT_TIMESTAMP_FETCHED, TIMESTAMP_BYTES_MAX);
}

enum client_action client_timestamp_ready(struct client *c)
{
	client_discard(c);
	if (client_is_expired(c, c->timestamp.expires_unix)) {
		client_name(c, 0, SPAN_LIT("timestamp"));
		return client_refuse(c, VERDICT_EXPIRED);
	}
	c->snapshot_mark = c->config.ws->used;
	client_name(c, 0, SPAN_LIT("snapshot"));
	return client_ask(c, CLIENT_LOAD, CLIENT_SNAPSHOT_LOADED, SNAPSHOT_BYTES_MAX);
}

static enum client_action client_timestamp_news(struct client *c)
{
	if (client_is_expired(c, c->timestamp.expires_unix))
		return client_refuse(c, VERDICT_EXPIRED);
	return client_save(c, SPAN_LIT("timestamp"), CLIENT_TIMESTAMP_SAVED);
}

/*
 * The timestamp names a lower snapshot than the stored one did: a rollback, unless the stored snapshot is by keys that
 * root has taken back since. Whoever held them may have driven its version up, and it must come down again [CLIENT-6].
 */
enum client_action client_timestamp_doubted(struct client *c)
{
	bool rotated = false;
	if (c->answer == CLIENT_ERROR)
		return client_fail(c);
	if (c->answer == CLIENT_GOT) {
		client_take(c);
		rotated = client_parse(c, "snapshot") == VERDICT_OK &&
			  client_check_threshold(c, &c->root.snapshot, c->config.revoked) == VERDICT_SIGNATURE;
		client_discard(c);
	}
	c->candidate = c->doubted;
	c->mark = (size_t)(c->doubted.at - c->config.ws->base);
	client_name(c, 0, SPAN_LIT("timestamp"));
	return rotated ? client_timestamp_news(c) : client_refuse(c, VERDICT_ROLLBACK);
}

/* Rollback before expiry, both before anything is kept: a refused one that stayed would block later ones [CLIENT-6]. */
enum client_action client_timestamp_fetched(struct client *c)
{
	if (c->answer != CLIENT_GOT)
		return client_missed(c);
	client_take(c);
	const struct timestamp *old = c->has_old_timestamp ? &c->old_timestamp : NULL;
	enum verdict verdict = client_check_timestamp(c, &c->timestamp);
	if (verdict != VERDICT_OK)
		return client_refuse(c, verdict);
	if (old != NULL && c->timestamp.version < old->version)
		return client_refuse(c, VERDICT_ROLLBACK);
	/*
	 * No news: the old one stays, and the cycle goes on, since the last one may have been interrupted [CLIENT-7].
	 */
	if (old != NULL && c->timestamp.version == old->version) {
		c->timestamp = *old;
		return client_timestamp_ready(c);
	}
	if (old == NULL || c->timestamp.snapshot_version >= old->snapshot_version)
		return client_timestamp_news(c);
	c->doubted = c->candidate;
	client_name(c, 0, SPAN_LIT("snapshot"));
	return client_ask(c, CLIENT_LOAD, CLIENT_TIMESTAMP_DOUBTED, SNAPSHOT_BYTES_MAX);
}

/* --- snapshot --- */

static struct snapshot_entry client_snapshot_entry(const struct client *c)
{
	const struct timestamp *t = &c->timestamp;
	return (struct snapshot_entry){
		.version = t->snapshot_version,
		.has_length = t->has_length,
		.has_digest = t->has_digest,
		.length = t->snapshot_length,
		.digest = t->snapshot_digest,
		.hashes = t->hashes,
		.digest512 = t->snapshot_digest512,
	};
}

static enum verdict client_decode_snapshot(struct client *c, struct snapshot *out)
{
	enum fault fault = snapshot_decode(c->envelope.body, c->config.ws, out);
	return client_malformed(c, fault, out->where);
}

static enum verdict client_check_snapshot(struct client *c, struct snapshot *out)
{
	enum verdict verdict = client_verify(c, "snapshot", &c->root.snapshot);
	if (verdict == VERDICT_OK)
		verdict = client_decode_snapshot(c, out);
	return verdict;
}

static bool client_snapshot_is_current(const struct client *c, const struct snapshot_entry *entry)
{
	return c->has_old_snapshot && c->old_snapshot.version == entry->version &&
	       client_match(c, entry) == VERDICT_OK && !client_is_expired(c, c->old_snapshot.expires_unix);
}

/* Used for the rollback check even where it is expired or not the one that the timestamp names any more [CLIENT-5]. */
enum client_action client_snapshot_loaded(struct client *c)
{
	struct snapshot_entry entry = client_snapshot_entry(c);
	if (c->answer == CLIENT_ERROR)
		return client_fail(c);
	if (c->answer == CLIENT_GOT) {
		client_take(c);
		c->has_old_snapshot = client_check_snapshot(c, &c->old_snapshot) == VERDICT_OK;
		if (!c->has_old_snapshot)
			client_discard(c);
	}
	if (client_snapshot_is_current(c, &entry)) {
		c->snapshot = c->old_snapshot;
		return client_load_role(c, NULL);
	}
	client_fetch_name(c, entry.version, SPAN_LIT("snapshot"));
	return client_ask(c, CLIENT_FETCH, CLIENT_SNAPSHOT_FETCHED, client_ceiling(&entry, SNAPSHOT_BYTES_MAX));
}

/* No role that was once listed may vanish or go back, top-level or delegated [CLIENT-8]. */
static bool client_snapshot_goes_back(struct client *c)
{
	if (!c->has_old_snapshot)
		return false;
	for (uint32_t i = 0; i < c->old_snapshot.count; i++) {
		const struct snapshot_entry *old = &c->old_snapshot.entries[i];
		const struct snapshot_entry *now = snapshot_find(&c->snapshot, old->name);
		if (now == NULL || now->version < old->version) {
			c->fallen = old->name;
			return true;
		}
	}
	return c->snapshot.version < c->old_snapshot.version;
}

enum client_action client_snapshot_fetched(struct client *c)
{
	struct snapshot_entry entry = client_snapshot_entry(c);
	if (c->answer != CLIENT_GOT)
		return client_missed(c);
	client_take(c);
	enum verdict verdict = client_match(c, &entry);
	if (verdict == VERDICT_OK)
		verdict = client_check_snapshot(c, &c->snapshot);
	if (verdict == VERDICT_OK && c->snapshot.version != entry.version)
		verdict = VERDICT_VERSION;
	if (verdict == VERDICT_OK && client_snapshot_goes_back(c))
		verdict = VERDICT_ROLLBACK;
	if (verdict == VERDICT_OK && client_is_expired(c, c->snapshot.expires_unix))
		verdict = VERDICT_EXPIRED;
	if (verdict != VERDICT_OK)
		return client_refuse(c, verdict);
	return client_save(c, SPAN_LIT("snapshot"), CLIENT_SNAPSHOT_SAVED);
}

enum client_action client_snapshot_saved(struct client *c)
{
	enum verdict verdict = client_settle(c, c->snapshot_mark);
	if (verdict == VERDICT_OK)
		verdict = client_decode_snapshot(c, &c->snapshot);
	return verdict == VERDICT_OK ? client_load_role(c, NULL) : client_refuse(c, verdict);
}
