#include "client_parts.h"

/* --- targets and delegated roles, by one path --- */

static struct span client_role_name(const struct client *c)
{
	return c->role == NULL ? SPAN_LIT("targets") : c->role->name;
}

static const struct snapshot_entry *client_role_entry(const struct client *c)
{
	uint8_t name[METADATA_ROLE_NAME_MAX + 5];
	struct writer w = writer_over(name, sizeof name);
	writer_bytes(&w, client_role_name(c));
	writer_text(&w, ".json");
	return snapshot_find(&c->snapshot, writer_span(&w));
}

/* A role that the snapshot does not list is refused without a request [CLIENT-9]. */
enum client_action client_load_role(struct client *c, const struct delegation *role)
{
	c->role = role;
	c->entry = client_role_entry(c);
	client_name(c, 0, client_role_name(c));
	if (c->entry == NULL)
		return client_refuse(c, VERDICT_NOT_LISTED);
	return client_ask(c, CLIENT_LOAD, CLIENT_ROLE_LOADED, TARGETS_BYTES_MAX);
}

static enum verdict client_decode_role(struct client *c)
{
	enum role_keyids keyids = c->config.any_keyid ? ROLE_KEYIDS_ANY : ROLE_KEYIDS_STRICT;
	enum fault fault = targets_decode_by(c->envelope.body, c->config.ws, c->config.crypto, keyids, &c->loaded);
	return client_malformed(c, fault, c->loaded.where);
}

/* Stored or fetched alike, so a stored role is held against its present delegator, not the one of then [CLIENT-10]. */
static enum verdict client_check_role(struct client *c)
{
	const struct role *keys = c->role == NULL ? &c->root.targets : &c->role->role;
	enum verdict verdict = client_match(c, c->entry);
	if (verdict == VERDICT_OK)
		verdict = client_verify(c, "targets", keys);
	if (verdict == VERDICT_OK)
		verdict = client_decode_role(c);
	if (verdict == VERDICT_OK && c->loaded.version != c->entry->version)
		verdict = VERDICT_VERSION;
	if (verdict == VERDICT_OK && client_is_expired(c, c->loaded.expires_unix))
		verdict = VERDICT_EXPIRED;
	return verdict;
}

enum client_action client_role_loaded(struct client *c)
{
	if (c->answer == CLIENT_ERROR)
		return client_fail(c);
	if (c->answer == CLIENT_GOT) {
		client_take(c);
		if (client_check_role(c) == VERDICT_OK)
			return client_role_ready(c);
		client_discard(c);
	}
	client_fetch_name(c, c->entry->version, client_role_name(c));
	return client_ask(c, CLIENT_FETCH, CLIENT_ROLE_FETCHED, client_ceiling(c->entry, TARGETS_BYTES_MAX));
}

enum client_action client_role_fetched(struct client *c)
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

/* Children go on the stack last first, so that the first is looked at first. False: more of them than it holds. */
static bool client_push(struct client *c, const struct targets *targets)
{
	uint32_t end = 0;
	bool terminated = false;
	while (end < targets->delegation_count && !terminated) {
		const struct delegation *child = &targets->delegations[end++];
		terminated = child->terminating && delegation_covers(c->config.crypto, child, c->look_up);
	}
	/* A terminating delegation ends the search after it, also for what its ancestors had yet to try [CLIENT-11]. */
	if (terminated)
		c->stack_count = 0;
	while (end > 0) {
		const struct delegation *child = &targets->delegations[--end];
		if (!delegation_covers(c->config.crypto, child, c->look_up))
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
		if (!client_push(c, targets))
			return client_refuse(c, client_malformed(c, FAULT_TOO_LARGE, "delegations"));
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

enum client_action client_role_ready(struct client *c)
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

enum client_action client_looking_up(struct client *c)
{
	c->role = NULL;
	client_name(c, 0, client_role_name(c));
	return c->refreshed ? client_search(c, &c->targets) : client_fail(c);
}
