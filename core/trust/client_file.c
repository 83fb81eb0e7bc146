#include "client_parts.h"

#include <string.h>

/* --- names --- */

bool client_is_plain(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
	       byte == '.' || byte == '_' || byte == '-';
}

/* A role's name comes from signed metadata, yet it must not leave its folder: all but plain bytes as %XX [META-12]. */
void client_write_escaped(struct writer *w, struct span text, uint8_t also)
{
	static const char digits[] = "0123456789ABCDEF";
	for (size_t i = 0; i < text.n; i++) {
		uint8_t byte = text.at[i];
		if (client_is_plain(byte) || byte == also) {
			writer_u8(w, byte);
			continue;
		}
		writer_u8(w, '%');
		writer_u8(w, (uint8_t)digits[byte >> 4]);
		writer_u8(w, (uint8_t)digits[byte & 15]);
	}
}

/* "7.role.json", or "role.json" for version 0. CLIENT_NAME_MAX holds the longest role name, all of it escaped. */
void client_name(struct client *c, uint64_t version, struct span role)
{
	struct writer w = writer_over(c->pending.name, sizeof c->pending.name - 1);
	memset(c->pending.name, 0, sizeof c->pending.name);
	if (version != 0) {
		writer_decimal(&w, version);
		writer_u8(&w, '.');
	}
	/* A name with a dot in front would be a hidden file. */
	if (version == 0 && role.n > 0 && role.at[0] == '.') {
		writer_text(&w, "%2E");
		role = span_sub(role, 1, role.n - 1);
	}
	client_write_escaped(&w, role, '.');
	writer_text(&w, ".json");
}

void client_fetch_name(struct client *c, uint64_t version, struct span role)
{
	client_name(c, c->root.plain_names ? 0 : version, role);
}

/* --- requests and outcomes --- */

/* The rest of the workspace is lent without being cleared: that would touch pages that a small file never needs. */
enum client_action client_ask(struct client *c, enum client_action action, enum client_state next, size_t ceiling)
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

enum client_action client_save(struct client *c, struct span role, enum client_state next)
{
	client_name(c, 0, role);
	c->pending.buffer = NULL;
	c->pending.capacity = 0;
	c->pending.bytes = c->candidate;
	c->state = (int)next;
	return CLIENT_SAVE;
}

void client_take(struct client *c)
{
	c->candidate = (struct span){ c->pending.buffer, c->answer_bytes };
	c->config.ws->used += c->answer_bytes;
}

void client_discard(struct client *c)
{
	c->candidate = SPAN_NONE;
	c->config.ws->used = c->mark;
	c->fault = FAULT_NONE;
}

enum client_action client_refuse(struct client *c, enum verdict verdict)
{
	c->verdict = verdict;
	if (verdict != VERDICT_MALFORMED)
		(void)client_malformed(c, FAULT_NONE, NULL);
	memcpy(c->what, c->pending.name, sizeof c->what);
	return CLIENT_REFUSED;
}

enum client_action client_fail(struct client *c)
{
	memcpy(c->what, c->pending.name, sizeof c->what);
	return CLIENT_FAILED;
}

/*
 * The answer to a fetch was not the file. Too big is an attack (endless data), unless it is our own lack of room.
 * [CLIENT-13]
 */
enum client_action client_missed(struct client *c)
{
	if (c->answer != CLIENT_TOO_BIG)
		return client_fail(c);
	if (c->pending.capacity == c->ceiling)
		return client_refuse(c, VERDICT_LENGTH);
	return client_refuse(c, client_malformed(c, FAULT_NO_SPACE, NULL));
}

enum verdict client_malformed(struct client *c, enum fault fault, const char *where)
{
	c->fault = fault;
	c->where = where;
	c->at = 0;
	return fault == FAULT_NONE ? VERDICT_OK : VERDICT_MALFORMED;
}

bool client_is_expired(const struct client *c, int64_t expires_unix)
{
	return expires_unix <= c->config.now_unix;
}

/* --- the one way to verify, for every role --- */

/* [META-10] */
enum verdict client_parse(struct client *c, const char *type)
{
	struct json_reader r = { .fault = FAULT_NONE };
	enum fault fault = signed_decode(c->candidate, c->config.ws, c->config.crypto, &c->envelope);
	if (fault != FAULT_NONE) {
		(void)client_malformed(c, fault, c->envelope.where);
		c->at = c->envelope.at;
		return VERDICT_MALFORMED;
	}
	struct span found = json_string(&r, c->envelope.body, "_type", SIGNED_TYPE_MAX);
	if (r.fault != FAULT_NONE)
		return client_malformed(c, r.fault, r.where);
	return span_is(found, type) ? VERDICT_OK : VERDICT_ROLE_TYPE;
}

/* What Ed25519 needs is laid out behind all else in the workspace, for as long as this takes. */
enum verdict client_check_threshold(struct client *c, const struct role *role, const struct revocations *revoked)
{
	size_t used = c->config.ws->used;
	if (threshold_needs_message(role)) {
		enum fault fault = signed_lay_out(&c->envelope, c->config.ws);
		if (fault != FAULT_NONE)
			return client_malformed(c, fault, NULL);
	}
	enum verdict verdict = threshold_check(c->config.crypto, role, &c->envelope, revoked);
	c->envelope.message = SPAN_NONE;
	c->config.ws->used = used;
	return verdict;
}

enum verdict client_verify(struct client *c, const char *type, const struct role *role)
{
	enum verdict verdict = client_parse(c, type);
	if (verdict != VERDICT_OK)
		return verdict;
	return client_check_threshold(c, role, c->config.revoked);
}

/* Bytes against what a signed parent says of them, before anything in them is read. */
enum verdict client_match(const struct client *c, const struct snapshot_entry *entry)
{
	if (entry->has_length && c->candidate.n != entry->length)
		return VERDICT_LENGTH;
	if (!entry->has_digest)
		return VERDICT_OK;
	bool match =
		metadata_hashes_match(c->config.crypto, c->candidate, entry->hashes, &entry->digest, &entry->digest512);
	return match ? VERDICT_OK : VERDICT_DIGEST;
}

size_t client_ceiling(const struct snapshot_entry *entry, size_t most)
{
	return entry->has_length && entry->length < most ? (size_t)entry->length : most;
}

/* What was just verified moves down to mark, over what it replaces, and is parsed again there. */
enum verdict client_settle(struct client *c, size_t mark)
{
	struct workspace *ws = c->config.ws;
	memmove(ws->base + mark, c->candidate.at, c->candidate.n);
	c->candidate.at = ws->base + mark;
	ws->used = mark + c->candidate.n;
	return client_malformed(c, signed_decode(c->candidate, ws, c->config.crypto, &c->envelope), NULL);
}
