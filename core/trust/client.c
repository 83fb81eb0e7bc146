#include "client.h"

#include "client_parts.h"
#include "hex.h"

#include <string.h>

static enum client_action (*const client_states[])(struct client *c) = {
	[CLIENT_BEGUN] = client_begun,
	[CLIENT_ROOT_LOADED] = client_root_loaded,
	[CLIENT_ROOT_FETCHED] = client_root_fetched,
	[CLIENT_ROOT_SAVED] = client_root_saved,
	[CLIENT_TIMESTAMP_LOADED] = client_timestamp_loaded,
	[CLIENT_TIMESTAMP_FETCHED] = client_timestamp_fetched,
	[CLIENT_TIMESTAMP_DOUBTED] = client_timestamp_doubted,
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
	client->where = NULL;
	client->at = 0;
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

/* "." and ".." would be resolved on the way, and lead elsewhere. */
static bool client_is_step(struct span component)
{
	return span_is(component, ".") || span_is(component, "..");
}

static void client_write_hash(struct writer *w, const struct target *target)
{
	bool is_sha512 = target->hashes == METADATA_SHA512;
	hex_write(w, is_sha512 ? SPAN_OF(target->sha512.bytes) : digest_span(&target->sha256));
	writer_u8(w, '.');
}

enum fault client_target_url(const struct client *client, const struct target *target, char *out, size_t capacity)
{
	struct writer w = writer_over(out, capacity);
	size_t from = 0;
	for (size_t i = 0; i <= target->path.n; i++) {
		if (i < target->path.n && target->path.at[i] != '/')
			continue;
		if (client_is_step(span_sub(target->path, from, i - from)))
			return FAULT_SYNTAX;
		if (i < target->path.n)
			from = i + 1;
	}
	client_write_escaped(&w, span_sub(target->path, 0, from), '/');
	if (!client->root.plain_names)
		client_write_hash(&w, target);
	client_write_escaped(&w, span_sub(target->path, from, target->path.n - from), '.');
	writer_u8(&w, '\0');
	return writer_end(&w);
}
