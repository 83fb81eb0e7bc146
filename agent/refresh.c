#include "refresh.h"

#include <stdio.h>
#include <string.h>

#include "hear.h"
#include "hex.h"

#define PATH_BYTES (CLIENT_NAME_MAX + METADATA_PATH_MAX + 80)

int64_t refresh_now(const struct installer *i)
{
	int64_t now = i->ports.clock.unix_s(i->ports.clock.self);
	if (now < i->config.built_unix)
		now = i->config.built_unix;
	return now < i->state.clock_floor_unix ? i->state.clock_floor_unix : now;
}

void refresh_tell_now(struct installer *i)
{
	const struct fetch *fetch = &i->ports.fetch;
	if (fetch->set_passed != NULL)
		fetch->set_passed(fetch->self, refresh_now(i));
}

static void answer_load(struct installer *i, const struct client_request *request, struct setback *s)
{
	size_t n = 0;
	int result = i->ports.store.load(i->ports.store.self, request->name, request->buffer, request->capacity, &n,
					 &s->error);
	client_loaded(&i->client, result < 0 ? CLIENT_ERROR : result > 0 ? CLIENT_ABSENT : CLIENT_GOT, n);
}

static enum client_answer answer_of(const struct fetch_answer *got)
{
	if (got->status == 404)
		return CLIENT_ABSENT;
	if (got->status == 200 && got->too_big)
		return CLIENT_TOO_BIG;
	return got->status == 200 ? CLIENT_GOT : CLIENT_ERROR;
}

static void note_retry_after(struct installer *i, const struct fetch_answer *got)
{
	if (got->retry_after_s > i->retry_after_s)
		i->retry_after_s = got->retry_after_s;
}

static void answer_fetch(struct installer *i, const struct client_request *request, struct setback *s)
{
	char path[PATH_BYTES];
	struct fetch_answer got = { 0 };
	const struct fetch *fetch = &i->ports.fetch;
	snprintf(path, sizeof path, "metadata/%s", request->name);
	int result = fetch->get(fetch->self, path, 0, 0, request->buffer, request->capacity, &got, &s->error);
	note_retry_after(i, &got);
	if (result == 0 && got.status != 200)
		error_retry(&s->error, "GET %s: the server answered %u", path, got.status);
	client_fetched(&i->client, result < 0 ? CLIENT_ERROR : answer_of(&got), got.n);
}

static int client_setback(const struct installer *i, enum client_action action, struct setback *s)
{
	const struct client *client = &i->client;
	if (action == CLIENT_FAILED)
		return error_within(&s->error, "metadata %s", client->what);
	if (client->verdict == VERDICT_MALFORMED)
		return setback_malformed_at(s, client->fault, client->what, client->where, client->at);
	if (client->verdict == VERDICT_ROLLBACK && client->fallen.n > 0)
		return setback_refuse(s, client->verdict, "metadata %s, entry %.*s", client->what,
				      (int)client->fallen.n, (const char *)client->fallen.at);
	return setback_refuse(s, client->verdict, "metadata %s", client->what);
}

/* Steps until the machine is done with its present task. */
static int run_client(struct installer *i, struct setback *s)
{
	error_retry(&s->error, "no reason was given");
	for (;;) {
		struct client_request request;
		enum client_action action = client_step(&i->client, &request);
		switch (action) {
		case CLIENT_LOAD:
			answer_load(i, &request, s);
			break;
		case CLIENT_FETCH:
			answer_fetch(i, &request, s);
			break;
		case CLIENT_SAVE:
			client_saved(&i->client, i->ports.store.save(i->ports.store.self, request.name, request.bytes,
								     &s->error) == 0);
			break;
		case CLIENT_DONE:
			return 0;
		case CLIENT_REFUSED:
		case CLIENT_FAILED:
			return client_setback(i, action, s);
		}
	}
}

struct digest refresh_role_keys(const struct installer *i, const struct role *role)
{
	const struct crypto *crypto = i->config.crypto;
	struct sha256 hash;
	struct digest out;
	crypto->sha256_init(&hash);
	for (uint32_t k = 0; k < role->count; k++)
		crypto->sha256_update(&hash, digest_span(&role->keys[k].identity));
	crypto->sha256_final(&hash, &out);
	return out;
}

static int save_floor(struct installer *i, int64_t floor, const struct digest *keys, struct setback *s)
{
	i->state.clock_floor_unix = floor;
	i->state.clock_keys = *keys;
	refresh_tell_now(i);
	return device_state_save(&i->ports.store, &i->state, &s->error);
}

/*
 * The floor never passes the expiry of root and targets, so that a stolen timestamp key cannot age a device beyond
 * what people signed; and new timestamp keys start a new floor, so that what it did is undone.
 */
static int raise_floor(struct installer *i, struct setback *s)
{
	struct digest keys = refresh_role_keys(i, &i->client.root.timestamp);
	int64_t floor = i->client.timestamp.issued_unix;
	if (floor > i->client.root.expires_unix)
		floor = i->client.root.expires_unix;
	if (floor > i->client.targets.expires_unix)
		floor = i->client.targets.expires_unix;
	bool same_keys = digest_equal(&keys, &i->state.clock_keys);
	if (same_keys && floor <= i->state.clock_floor_unix)
		return 0;
	return save_floor(i, floor > 0 ? floor : 0, &keys, s);
}

/* Expired under a floor that other timestamp keys have set: forget that floor, the next cycle goes by the clock. */
static int doubt_floor(struct installer *i, struct setback *s)
{
	struct setback ignored = { 0 };
	if (s->verdict != VERDICT_EXPIRED || i->state.clock_floor_unix == 0 || i->client.root.timestamp.count == 0)
		return -1;
	struct digest keys = refresh_role_keys(i, &i->client.root.timestamp);
	if (!digest_equal(&keys, &i->state.clock_keys) && save_floor(i, 0, &keys, &ignored) < 0)
		*s = ignored;
	return -1;
}

static int refresh_roles(struct installer *i, struct setback *s)
{
	i->metadata.used = 0;
	struct client_config config = {
		.crypto = i->config.crypto,
		.ws = &i->metadata,
		.now_unix = refresh_now(i),
		.revoked = &i->trusted.all,
	};
	client_begin(&i->client, &config);
	if (run_client(i, s) < 0)
		return doubt_floor(i, s);
	return raise_floor(i, s);
}

/*
 * A root that was stored long ago may list a key that was taken out of root since, and then revoked: it is the last
 * root that forbids. What comes of the roles in this walk does not matter yet [EMG-21].
 */
static int hear(struct installer *i, struct setback *s)
{
	struct setback ignored = { 0 };
	if (hear_emergency(i, s) == 0)
		return 0;
	if (s->verdict != VERDICT_EMERGENCY_FORBIDDEN)
		return -1;
	(void)!refresh_roles(i, &ignored);
	*s = (struct setback){ 0 };
	return hear_emergency(i, s);
}

/* A key that was revoked just now may have signed what was verified just before [REV-7]; TUF last [EMG-20]. */
int refresh_metadata(struct installer *i, struct setback *s)
{
	bool changed;
	if (hear(i, s) < 0 || refresh_roles(i, s) < 0 || trusted_follow(i, &changed, s) < 0)
		return -1;
	return changed ? refresh_roles(i, s) : 0;
}

int refresh_look_up(struct installer *i, struct span path, const char *by, const struct target **out, struct setback *s)
{
	client_look_up(&i->client, path);
	if (run_client(i, s) < 0)
		return -1;
	*out = i->client.found;
	const struct delegation *found_by = i->client.found_by;
	if (*out == NULL || found_by == NULL || !span_is(found_by->name, by))
		return setback_refuse(s, VERDICT_NOT_LISTED, "%.*s by role %s", (int)path.n, (const char *)path.at, by);
	return 0;
}

static int check_object(const struct installer *i, const char *path, struct span bytes, uint64_t n,
			const struct digest *digest, struct setback *s)
{
	if (bytes.n != n)
		return setback_refuse(s, VERDICT_LENGTH, "%s", path);
	struct digest got = sha256_of(i->config.crypto, bytes);
	return digest_equal(&got, digest) ? 0 : setback_refuse(s, VERDICT_DIGEST, "%s", path);
}

int refresh_object(struct installer *i, const char *path, uint64_t n, const struct digest *digest, struct span *out,
		   struct setback *s)
{
	struct fetch_answer got = { 0 };
	const struct fetch *fetch = &i->ports.fetch;
	uint8_t *buffer = n > SIZE_MAX ? NULL : workspace_take(&i->task, (size_t)n);
	if (buffer == NULL)
		return setback_refuse(s, VERDICT_LENGTH, "%s", path);
	if (fetch->get(fetch->self, path, 0, 0, buffer, (size_t)n, &got, &s->error) < 0)
		return -1;
	note_retry_after(i, &got);
	if (got.status != 200)
		return error_retry(&s->error, "GET %s: the server answered %u", path, got.status);
	if (got.too_big || got.n > n)
		return setback_refuse(s, VERDICT_LENGTH, "%s", path);
	*out = (struct span){ buffer, got.n };
	return check_object(i, path, *out, n, digest, s);
}
