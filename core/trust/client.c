#include "client.h"

#include "hex.h"

#include <string.h>

enum client_state {
	CLIENT_BEGUN,
	CLIENT_ROOT_LOADED,
	CLIENT_ROOT_FETCHED,
	CLIENT_ROOT_SAVED,
	CLIENT_TIMESTAMP_LOADED,
	CLIENT_TIMESTAMP_FETCHED,
	CLIENT_TIMESTAMP_SAVED,
	CLIENT_SNAPSHOT_LOADED,
	CLIENT_SNAPSHOT_FETCHED,
	CLIENT_SNAPSHOT_SAVED,
	CLIENT_ROLE_LOADED,
	CLIENT_ROLE_FETCHED,
	CLIENT_ROLE_SAVED,
	CLIENT_LOOKING_UP,
};

/* --- names --- */

static bool client_is_plain(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
	       byte == '.' || byte == '_' || byte == '-';
}

/* A role's name comes from signed metadata, yet it must not leave its folder: all but plain bytes as %XX [META-12]. */
static void client_write_role(struct writer *w, struct span role)
{
	static const char digits[] = "0123456789ABCDEF";
	for (size_t i = 0; i < role.n; i++) {
		uint8_t byte = role.at[i];
		if (client_is_plain(byte)) {
			writer_u8(w, byte);
			continue;
		}
		writer_u8(w, '%');
		writer_u8(w, (uint8_t)digits[byte >> 4]);
		writer_u8(w, (uint8_t)digits[byte & 15]);
	}
}

/* "7.role.json", or "role.json" for version 0. CLIENT_NAME_MAX holds the longest role name, all of it escaped. */
static void client_name(struct client *c, uint64_t version, struct span role)
{
	struct writer w = writer_over(c->pending.name, sizeof c->pending.name - 1);
	memset(c->pending.name, 0, sizeof c->pending.name);
	if (version != 0) {
		writer_decimal(&w, version);
		writer_u8(&w, '.');
	}
	client_write_role(&w, role);
	writer_text(&w, ".json");
}

static struct span client_role_name(const struct client *c)
{
	return c->role == NULL ? SPAN_LIT("targets") : c->role->name;
}

/* --- requests and outcomes --- */

/* The rest of the workspace is lent without being cleared: that would touch pages that a small file never needs. */
static enum client_action client_ask(struct client *c, enum client_action action, enum client_state next,
				     size_t ceiling)
{
	struct workspace *ws = c->config.ws;
	size_t room = ws->capacity - ws->used;
	c->mark = ws->used;
	c->ceiling = ceiling;
	c->pending.buffer = ws->base + ws->used;
	c->pending.capacity = ceiling < room ? ceiling : room;
	c->pending.bytes = SPAN_NONE;
	c->state = (int)next;
	return action;
}

static enum client_action client_save(struct client *c, struct span role, enum client_state next)
{
	client_name(c, 0, role);
	c->pending.buffer = NULL;
	c->pending.capacity = 0;
	c->pending.bytes = c->candidate;
	c->state = (int)next;
	return CLIENT_SAVE;
}

static void client_take(struct client *c)
{
	c->candidate = (struct span){ c->pending.buffer, c->answer_bytes };
	c->config.ws->used += c->answer_bytes;
}

static void client_discard(struct client *c)
{
	c->candidate = SPAN_NONE;
	c->config.ws->used = c->mark;
}

static enum client_action client_refuse(struct client *c, enum verdict verdict)
{
	c->verdict = verdict;
	if (verdict != VERDICT_MALFORMED)
		c->fault = FAULT_NONE;
	memcpy(c->what, c->pending.name, sizeof c->what);
	return CLIENT_REFUSED;
}

static enum client_action client_fail(struct client *c)
{
	memcpy(c->what, c->pending.name, sizeof c->what);
	return CLIENT_FAILED;
}

/* The answer to a fetch was not the file. Too big is an attack (endless data), unless it is our own lack of room. */
static enum client_action client_missed(struct client *c)
{
	if (c->answer != CLIENT_TOO_BIG)
		return client_fail(c);
	if (c->pending.capacity == c->ceiling)
		return client_refuse(c, VERDICT_LENGTH);
	c->fault = FAULT_NO_SPACE;
	return client_refuse(c, VERDICT_MALFORMED);
}

static enum verdict client_malformed(struct client *c, enum fault fault)
{
	c->fault = fault;
	return fault == FAULT_NONE ? VERDICT_OK : VERDICT_MALFORMED;
}

static bool client_is_expired(const struct client *c, int64_t expires_unix)
{
	return expires_unix <= c->config.now_unix;
}

/* --- the one way to verify, for every role --- */

static enum verdict client_parse(struct client *c, const char *type)
{
	struct json_reader r = { .fault = FAULT_NONE };
	enum fault fault = signed_decode(c->candidate, c->config.ws, c->config.crypto, &c->envelope);
	if (fault != FAULT_NONE)
		return client_malformed(c, fault);
	struct span found = json_string(&r, c->envelope.body, "_type", SIGNED_TYPE_MAX);
	if (r.fault != FAULT_NONE)
		return client_malformed(c, r.fault);
	return span_is(found, type) ? VERDICT_OK : VERDICT_ROLE_TYPE;
}

static enum verdict client_verify(struct client *c, const char *type, const struct role *role)
{
	enum verdict verdict = client_parse(c, type);
	if (verdict != VERDICT_OK)
		return verdict;
	return threshold_check(c->config.crypto, role, &c->envelope, c->config.revoked);
}

/* Bytes against what a signed parent says of them, before anything in them is read. */
static enum verdict client_match(const struct client *c, const struct snapshot_entry *entry)
{
	if (entry->has_length && c->candidate.n != entry->length)
		return VERDICT_LENGTH;
	if (!entry->has_digest)
		return VERDICT_OK;
	struct digest digest = sha256_of(c->config.crypto, c->candidate);
	return digest_equal(&digest, &entry->digest) ? VERDICT_OK : VERDICT_DIGEST;
}

static size_t client_ceiling(const struct snapshot_entry *entry, size_t most)
{
	return entry->has_length && entry->length < most ? (size_t)entry->length : most;
}

/* What was just verified moves down to mark, over what it replaces, and is parsed again there. */
static enum verdict client_settle(struct client *c, size_t mark)
{
	struct workspace *ws = c->config.ws;
	memmove(ws->base + mark, c->candidate.at, c->candidate.n);
	c->candidate.at = ws->base + mark;
	ws->used = mark + c->candidate.n;
	return client_malformed(c, signed_decode(c->candidate, ws, c->config.crypto, &c->envelope));
}

/* --- root --- */

/* Root N vouches for N+1 and N+1 for itself [CLIENT-3]. Emergency revocation never reaches root keys. */
static enum verdict client_check_root(struct client *c, struct root *next)
{
	const struct crypto *crypto = c->config.crypto;
	bool is_first = c->root.version == 0;
	enum verdict verdict = client_parse(c, "root");
	if (verdict == VERDICT_OK && !is_first)
		verdict = threshold_check(crypto, &c->root.root, &c->envelope, NULL);
	if (verdict == VERDICT_OK)
		verdict = client_malformed(c, root_decode(c->envelope.body, c->config.ws, crypto, next));
	if (verdict == VERDICT_OK)
		verdict = threshold_check(crypto, &next->root, &c->envelope, NULL);
	if (verdict == VERDICT_OK && !is_first && next->version != c->root.version + 1)
		verdict = VERDICT_VERSION;
	return verdict;
}

static enum client_action client_begun(struct client *c)
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
static enum client_action client_root_loaded(struct client *c)
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
static enum client_action client_root_fetched(struct client *c)
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

static enum client_action client_root_saved(struct client *c)
{
	enum verdict verdict = client_settle(c, c->root_mark);
	if (verdict == VERDICT_OK)
		verdict = client_malformed(c, root_decode(c->envelope.body, c->config.ws, c->config.crypto, &c->root));
	if (verdict != VERDICT_OK)
		return client_refuse(c, verdict);
	/* The steps so far are kept, so the next cycle goes on from here; none runs on a root that may not be the last. */
	if (++c->root_steps == CLIENT_ROOT_STEPS_MAX)
		return client_fail(c);
	return client_next_root(c);
}

/* --- timestamp --- */

static enum verdict client_check_timestamp(struct client *c, struct timestamp *out)
{
	enum verdict verdict = client_verify(c, "timestamp", &c->root.timestamp);
	if (verdict == VERDICT_OK)
		verdict = client_malformed(c, timestamp_decode(c->envelope.body, out));
	/* A stolen timestamp key must not drive the clock past the life of root [META-11]. */
	if (verdict == VERDICT_OK && out->issued_unix > c->root.expires_unix)
		verdict = client_malformed(c, FAULT_RANGE);
	return verdict;
}

/*
 * The stored one, even if expired, guards against rollback. If it does not verify under the final root (its key was
 * rotated, which is how a fast-forward is healed), it is as if it were not there [CLIENT-5].
 */
static enum client_action client_timestamp_loaded(struct client *c)
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

static enum client_action client_timestamp_ready(struct client *c)
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

/* Rollback before expiry, both before anything is kept: a refused one that stayed would block later ones [CLIENT-6]. */
static enum client_action client_timestamp_fetched(struct client *c)
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
	/* No news: the old one stays, and the cycle goes on, since the last one may have been interrupted [CLIENT-7]. */
	if (old != NULL && c->timestamp.version == old->version) {
		c->timestamp = *old;
		return client_timestamp_ready(c);
	}
	if (old != NULL && c->timestamp.snapshot_version < old->snapshot_version)
		return client_refuse(c, VERDICT_ROLLBACK);
	if (client_is_expired(c, c->timestamp.expires_unix))
		return client_refuse(c, VERDICT_EXPIRED);
	return client_save(c, SPAN_LIT("timestamp"), CLIENT_TIMESTAMP_SAVED);
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
	};
}

static enum verdict client_check_snapshot(struct client *c, struct snapshot *out)
{
	enum verdict verdict = client_verify(c, "snapshot", &c->root.snapshot);
	if (verdict == VERDICT_OK)
		verdict = client_malformed(c, snapshot_decode(c->envelope.body, c->config.ws, out));
	return verdict;
}

static bool client_snapshot_is_current(const struct client *c, const struct snapshot_entry *entry)
{
	return c->has_old_snapshot && c->old_snapshot.version == entry->version &&
	       client_match(c, entry) == VERDICT_OK && !client_is_expired(c, c->old_snapshot.expires_unix);
}

static enum client_action client_load_role(struct client *c, const struct delegation *role);

/* Used for the rollback check even where it is expired or not the one that the timestamp names any more [CLIENT-5]. */
static enum client_action client_snapshot_loaded(struct client *c)
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
	client_name(c, entry.version, SPAN_LIT("snapshot"));
	return client_ask(c, CLIENT_FETCH, CLIENT_SNAPSHOT_FETCHED, client_ceiling(&entry, SNAPSHOT_BYTES_MAX));
}

/* No role that was once listed may vanish or go back, top-level or delegated [CLIENT-8]. */
static bool client_snapshot_goes_back(const struct client *c)
{
	if (!c->has_old_snapshot)
		return false;
	for (uint32_t i = 0; i < c->old_snapshot.count; i++) {
		const struct snapshot_entry *old = &c->old_snapshot.entries[i];
		const struct snapshot_entry *now = snapshot_find(&c->snapshot, old->name);
		if (now == NULL || now->version < old->version)
			return true;
	}
	return c->snapshot.version < c->old_snapshot.version;
}

static enum client_action client_snapshot_fetched(struct client *c)
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

static enum client_action client_snapshot_saved(struct client *c)
{
	enum verdict verdict = client_settle(c, c->snapshot_mark);
	if (verdict == VERDICT_OK)
		verdict = client_malformed(c, snapshot_decode(c->envelope.body, c->config.ws, &c->snapshot));
	return verdict == VERDICT_OK ? client_load_role(c, NULL) : client_refuse(c, verdict);
}

/* --- targets and delegated roles, by one path --- */

static const struct snapshot_entry *client_role_entry(const struct client *c)
{
	uint8_t name[METADATA_ROLE_NAME_MAX + 5];
	struct writer w = writer_over(name, sizeof name);
	writer_bytes(&w, client_role_name(c));
	writer_text(&w, ".json");
	return snapshot_find(&c->snapshot, writer_span(&w));
}

/* A role that the snapshot does not list is refused without a request [CLIENT-9]. */
static enum client_action client_load_role(struct client *c, const struct delegation *role)
{
	c->role = role;
	c->entry = client_role_entry(c);
	client_name(c, 0, client_role_name(c));
	if (c->entry == NULL)
		return client_refuse(c, VERDICT_NOT_LISTED);
	return client_ask(c, CLIENT_LOAD, CLIENT_ROLE_LOADED, TARGETS_BYTES_MAX);
}

/* Stored or fetched alike, so a stored role is held against its present delegator, not the one of then [CLIENT-10]. */
static enum verdict client_check_role(struct client *c)
{
	const struct role *keys = c->role == NULL ? &c->root.targets : &c->role->role;
	enum verdict verdict = client_match(c, c->entry);
	if (verdict == VERDICT_OK)
		verdict = client_verify(c, "targets", keys);
	if (verdict == VERDICT_OK)
		verdict = client_malformed(
			c, targets_decode(c->envelope.body, c->config.ws, c->config.crypto, &c->loaded));
	if (verdict == VERDICT_OK && c->loaded.version != c->entry->version)
		verdict = VERDICT_VERSION;
	if (verdict == VERDICT_OK && client_is_expired(c, c->loaded.expires_unix))
		verdict = VERDICT_EXPIRED;
	return verdict;
}

static enum client_action client_role_ready(struct client *c);

static enum client_action client_role_loaded(struct client *c)
{
	if (c->answer == CLIENT_ERROR)
		return client_fail(c);
	if (c->answer == CLIENT_GOT) {
		client_take(c);
		if (client_check_role(c) == VERDICT_OK)
			return client_role_ready(c);
		client_discard(c);
	}
	client_name(c, c->entry->version, client_role_name(c));
	return client_ask(c, CLIENT_FETCH, CLIENT_ROLE_FETCHED, client_ceiling(c->entry, TARGETS_BYTES_MAX));
}

static enum client_action client_role_fetched(struct client *c)
{
	if (c->answer != CLIENT_GOT)
		return client_missed(c);
	client_take(c);
	enum verdict verdict = client_check_role(c);
	if (verdict != VERDICT_OK)
		return client_refuse(c, verdict);
	return client_save(c, client_role_name(c), CLIENT_ROLE_SAVED);
}

/* --- the search --- */

static bool client_delegates(const struct delegation *delegation, struct span path)
{
	for (uint32_t i = 0; i < delegation->path_count; i++)
		if (metadata_path_matches(delegation->paths[i], path))
			return true;
	return false;
}

/* Children go on the stack last first, so that the first is looked at first. False: more of them than it holds. */
static bool client_push(struct client *c, const struct targets *targets)
{
	uint32_t end = 0;
	bool terminated = false;
	while (end < targets->delegation_count && !terminated) {
		const struct delegation *child = &targets->delegations[end++];
		terminated = child->terminating && client_delegates(child, c->look_up);
	}
	/* A terminating delegation ends the search after it, also for what its ancestors had yet to try [CLIENT-11]. */
	if (terminated)
		c->stack_count = 0;
	while (end > 0) {
		const struct delegation *child = &targets->delegations[--end];
		if (!client_delegates(child, c->look_up))
			continue;
		if (c->stack_count == METADATA_DELEGATIONS_MAX)
			return false;
		c->stack[c->stack_count++] = child;
	}
	return true;
}

static bool client_was_visited(const struct client *c, struct span name)
{
	for (uint32_t i = 0; i < c->visited_count; i++)
		if (span_equal(c->visited[i], name))
			return true;
	return false;
}

/* The next role to look at, or NULL: each once, so that circles end, and no more than the ceiling [CLIENT-12]. */
static const struct delegation *client_pop(struct client *c)
{
	while (c->stack_count > 0 && c->visited_count < CLIENT_DELEGATIONS_MAX) {
		const struct delegation *role = c->stack[--c->stack_count];
		if (client_was_visited(c, role->name))
			continue;
		c->visited[c->visited_count++] = role->name;
		return role;
	}
	return NULL;
}

static const struct targets *client_kept(const struct client *c, const struct delegation *role)
{
	for (uint32_t i = 0; i < c->kept_count; i++)
		if (c->kept[i].role == role)
			return &c->kept[i].targets;
	return NULL;
}

static enum client_action client_search(struct client *c, const struct targets *targets)
{
	while (targets != NULL) {
		c->found = targets_find(targets, c->look_up);
		if (c->found != NULL) {
			c->found_by = c->role;
			return CLIENT_DONE;
		}
		if (!client_push(c, targets)) {
			c->fault = FAULT_TOO_LARGE;
			return client_refuse(c, VERDICT_MALFORMED);
		}
		c->role = client_pop(c);
		if (c->role == NULL)
			return CLIENT_DONE;
		targets = client_kept(c, c->role);
	}
	return client_load_role(c, c->role);
}

static enum client_action client_refreshed(struct client *c)
{
	c->targets = c->loaded;
	c->refreshed = true;
	if (c->timestamp.issued_unix > c->targets.expires_unix)
		c->timestamp.issued_unix = c->targets.expires_unix;
	return CLIENT_DONE;
}

static enum client_action client_role_ready(struct client *c)
{
	static const struct targets nothing = { 0 };
	if (c->role == NULL)
		return client_refreshed(c);
	if (c->loaded.delegation_count == 0 && targets_find(&c->loaded, c->look_up) == NULL) {
		client_discard(c);
		return client_search(c, &nothing);
	}
	if (c->kept_count < CLIENT_KEPT_MAX)
		c->kept[c->kept_count++] = (struct client_kept){ c->role, c->loaded };
	return client_search(c, &c->loaded);
}

static enum client_action client_looking_up(struct client *c)
{
	c->role = NULL;
	client_name(c, 0, client_role_name(c));
	return c->refreshed ? client_search(c, &c->targets) : client_fail(c);
}

/* --- the machine --- */

static enum client_action (*const client_states[])(struct client *c) = {
	[CLIENT_BEGUN] = client_begun,
	[CLIENT_ROOT_LOADED] = client_root_loaded,
	[CLIENT_ROOT_FETCHED] = client_root_fetched,
	[CLIENT_ROOT_SAVED] = client_root_saved,
	[CLIENT_TIMESTAMP_LOADED] = client_timestamp_loaded,
	[CLIENT_TIMESTAMP_FETCHED] = client_timestamp_fetched,
	[CLIENT_TIMESTAMP_SAVED] = client_timestamp_ready,
	[CLIENT_SNAPSHOT_LOADED] = client_snapshot_loaded,
	[CLIENT_SNAPSHOT_FETCHED] = client_snapshot_fetched,
	[CLIENT_SNAPSHOT_SAVED] = client_snapshot_saved,
	[CLIENT_ROLE_LOADED] = client_role_loaded,
	[CLIENT_ROLE_FETCHED] = client_role_fetched,
	[CLIENT_ROLE_SAVED] = client_role_ready,
	[CLIENT_LOOKING_UP] = client_looking_up,
};

void client_begin(struct client *client, const struct client_config *config)
{
	memset(client, 0, sizeof *client);
	client->config = *config;
	client->action = CLIENT_DONE;
	client->state = CLIENT_BEGUN;
	client->answered = true;
}

enum client_action client_step(struct client *client, struct client_request *request)
{
	if (client->answered) {
		client->answered = false;
		bool unsaved = client->action == CLIENT_SAVE && client->answer != CLIENT_GOT;
		client->changed = client->changed || (client->action == CLIENT_SAVE && !unsaved);
		client->action = unsaved ? client_fail(client) : client_states[client->state](client);
	}
	*request = client->pending;
	return client->action;
}

/* An answer to what was not asked changes nothing. */
static void client_answered(struct client *c, enum client_action asked, enum client_answer answer, size_t n)
{
	if (c->action != asked || c->answered)
		return;
	c->answered = true;
	c->answer = answer;
	c->answer_bytes = answer == CLIENT_GOT ? n : 0;
	if (asked != CLIENT_SAVE && c->answer_bytes > c->pending.capacity) {
		c->answer = CLIENT_TOO_BIG;
		c->answer_bytes = 0;
	}
}

void client_loaded(struct client *client, enum client_answer answer, size_t n)
{
	client_answered(client, CLIENT_LOAD, answer, n);
}

void client_fetched(struct client *client, enum client_answer answer, size_t n)
{
	client_answered(client, CLIENT_FETCH, answer, n);
}

void client_saved(struct client *client, bool ok)
{
	client_answered(client, CLIENT_SAVE, ok ? CLIENT_GOT : CLIENT_ERROR, 0);
}

void client_look_up(struct client *client, struct span path)
{
	client->look_up = path;
	client->found = NULL;
	client->found_by = NULL;
	client->verdict = VERDICT_OK;
	client->fault = FAULT_NONE;
	client->what[0] = '\0';
	client->stack_count = 0;
	client->visited_count = 0;
	client->action = CLIENT_DONE;
	client->state = CLIENT_LOOKING_UP;
	client->answered = true;
}

const struct delegation *client_delegation(const struct client *client, const char *name)
{
	for (uint32_t i = 0; i < client->targets.delegation_count; i++)
		if (span_is(client->targets.delegations[i].name, name))
			return &client->targets.delegations[i];
	return NULL;
}

/* A component that names a file or folder and nothing else: not empty, "." or "..", plain bytes only. */
static bool client_is_component(struct span component)
{
	for (size_t i = 0; i < component.n; i++)
		if (!client_is_plain(component.at[i]) && component.at[i] != '+')
			return false;
	return component.n > 0 && !span_is(component, ".") && !span_is(component, "..");
}

enum fault client_target_name(const struct target *target, char *out, size_t capacity)
{
	struct writer w = writer_over(out, capacity);
	char hex[2 * DIGEST_BYTES];
	struct writer digits = writer_over(hex, sizeof hex);
	size_t from = 0;
	hex_write(&digits, digest_span(&target->sha256));
	for (size_t i = 0; i < target->path.n; i++) {
		if (target->path.at[i] != '/')
			continue;
		if (!client_is_component(span_sub(target->path, from, i - from)))
			return FAULT_SYNTAX;
		from = i + 1;
	}
	if (!client_is_component(span_sub(target->path, from, target->path.n - from)))
		return FAULT_SYNTAX;
	writer_bytes(&w, span_sub(target->path, 0, from));
	writer_bytes(&w, writer_span(&digits));
	writer_u8(&w, '.');
	writer_bytes(&w, span_sub(target->path, from, target->path.n - from));
	writer_u8(&w, '\0');
	return writer_end(&w);
}
