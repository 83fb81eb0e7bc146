#include "repository.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "threshold.h"

static int repository_encode_role(const char *role, char *out, size_t capacity, struct error *e)
{
	size_t used = 0;
	for (const char *p = role; *p != '\0'; p++) {
		size_t n = *p == '/' ? 3 : 1;
		if (used + n >= capacity)
			return error_set(e, "the role name %s is too long", role);
		memcpy(out + used, *p == '/' ? "%2F" : p, n);
		used += n;
	}
	out[used] = '\0';
	return 0;
}

int repository_role_path(const char *role, uint64_t version, char *out, size_t capacity, struct error *e)
{
	char name[METADATA_ROLE_NAME_MAX * 3];
	if (repository_encode_role(role, name, sizeof name, e) != 0)
		return -1;
	int n = snprintf(out, capacity, "metadata/%llu.%s.json", (unsigned long long)version, name);
	return n > 0 && (size_t)n < capacity ? 0 : error_set(e, "the role name %s is too long", role);
}

/*
 * The file's "signed" body, checked to be well-formed and, unless digest is NULL, to be what its parent names: the next
 * version of a role is made from it. Signatures are the devices' business.
 */
static int repository_read(struct repository *r, const char *path, size_t max, const struct digest *digest,
			   struct json_node **body, struct error *e)
{
	struct signed_json envelope;
	size_t n = 0;
	uint8_t *buffer = malloc(max + 1);
	if (buffer == NULL)
		return error_set(e, "out of memory");
	int got = tree_get(r->tree, path, buffer, max + 1, &n, e);
	uint8_t *kept = got == 0 ? workspace_take(r->ws, n) : NULL;
	if (kept != NULL)
		memcpy(kept, buffer, n);
	free(buffer);
	if (got != 0)
		return got;
	if (kept == NULL)
		return error_set(e, "%s does not fit the memory that this command sets aside", path);
	struct digest got_digest = sha256_of(r->crypto, (struct span){ kept, n });
	if (digest != NULL && !digest_equal(&got_digest, digest))
		return error_set(e,
				 "%s: another SHA-256 than the metadata that names it says; something else altered the "
				 "repository, restore it from a copy",
				 path);
	enum fault fault = signed_decode((struct span){ kept, n }, r->ws, r->crypto, &envelope);
	if (fault != FAULT_NONE)
		return error_set(e, "%s: %s; the repository was altered by something else", path, fault_text(fault));
	*body = envelope.body;
	return 0;
}

int repository_open(struct repository *r, const struct crypto *crypto, const struct tree *tree,
		    const struct store *versions, struct workspace *ws, int64_t now_unix, struct error *e)
{
	struct json_node *body = NULL;
	char path[METADATA_ROLE_NAME_MAX * 3 + 64];
	*r = (struct repository){
		.crypto = crypto, .tree = tree, .versions = versions, .ws = ws, .now_unix = now_unix
	};
	int got = repository_read(r, "metadata/timestamp.json", TIMESTAMP_BYTES_MAX, NULL, &body, e);
	if (got != 0)
		return got < 0 ? -1 : 0;
	if (timestamp_decode(body, &r->timestamp) != FAULT_NONE)
		return error_set(e, "metadata/timestamp.json is not a timestamp");
	if (repository_role_path("snapshot", r->timestamp.snapshot_version, path, sizeof path, e) != 0)
		return -1;
	const struct digest *digest = r->timestamp.has_digest ? &r->timestamp.snapshot_digest : NULL;
	if (repository_read(r, path, SNAPSHOT_BYTES_MAX, digest, &body, e) != 0)
		return error_within(e, "the snapshot that the timestamp names");
	if (snapshot_decode(body, ws, &r->snapshot) != FAULT_NONE)
		return error_set(e, "%s is not a snapshot", path);
	r->published = true;
	return 0;
}

static struct repository_role *repository_pending(struct repository *r, const char *role)
{
	for (uint32_t i = 0; i < r->pending_count; i++)
		if (strcmp(r->pending[i].name, role) == 0)
			return &r->pending[i];
	return NULL;
}

static const struct snapshot_entry *repository_entry(const struct repository *r, const char *role)
{
	char name[METADATA_ROLE_NAME_MAX + 8];
	snprintf(name, sizeof name, "%s.json", role);
	return r->published ? snapshot_find(&r->snapshot, span_of_text(name)) : NULL;
}

int repository_targets(struct repository *r, const char *role, struct targets *out, struct error *e)
{
	char path[METADATA_ROLE_NAME_MAX * 3 + 64];
	struct json_node *body;
	const struct repository_role *pending = repository_pending(r, role);
	const struct snapshot_entry *entry = repository_entry(r, role);
	if (pending != NULL) {
		struct signed_json envelope;
		if (signed_decode(pending->envelope, r->ws, r->crypto, &envelope) != FAULT_NONE)
			return error_set(e, "the pending role %s is malformed", role);
		body = envelope.body;
	} else {
		if (entry == NULL)
			return 1;
		if (repository_role_path(role, entry->version, path, sizeof path, e) != 0)
			return -1;
		const struct digest *digest = entry->has_digest ? &entry->digest : NULL;
		if (repository_read(r, path, TARGETS_BYTES_MAX, digest, &body, e) != 0)
			return error_within(e, "role %s", role);
	}
	if (targets_decode(body, r->ws, r->crypto, out) != FAULT_NONE)
		return error_set(e, "the metadata of role %s is malformed", role);
	return 0;
}

static uint64_t repository_published_version(const struct repository *r, const char *role)
{
	const struct snapshot_entry *entry = repository_entry(r, role);
	if (strcmp(role, "timestamp") == 0)
		return r->published ? r->timestamp.version : 0;
	if (strcmp(role, "snapshot") == 0)
		return r->published ? r->snapshot.version : 0;
	return entry != NULL ? entry->version : 0;
}

int repository_next_version(struct repository *r, const char *role, uint64_t *version, struct error *e)
{
	char name[METADATA_ROLE_NAME_MAX * 3], digits[24] = "";
	size_t n = 0;
	uint64_t last = repository_published_version(r, role);
	if (repository_encode_role(role, name, sizeof name, e) != 0)
		return -1;
	int got = r->versions->load(r->versions->self, name, (uint8_t *)digits, sizeof digits - 1, &n, e);
	if (got < 0)
		return error_within(e, "the versions asked so far");
	uint64_t asked = got == 0 ? strtoull(digits, NULL, 10) : 0;
	*version = (asked > last ? asked : last) + 1;
	snprintf(digits, sizeof digits, "%llu", (unsigned long long)*version);
	return r->versions->save(r->versions->self, name, span_of_text(digits), e);
}

/* What a device will ask, asked here: the one way in which signatures are counted. */
static int repository_check_signed(struct repository *r, const char *role, struct span envelope, struct error *e)
{
	struct targets top;
	struct signed_json object;
	if (strcmp(role, "targets") == 0)
		return 0; /* root's keys sign it, in a ceremony; devices check */
	if (repository_targets(r, "targets", &top, e) != 0)
		return error_within(e, "the delegation of %s", role);
	if (signed_decode(envelope, r->ws, r->crypto, &object) != FAULT_NONE)
		return error_set(e, "role %s is malformed; sign it again", role);
	for (uint32_t i = 0; i < top.delegation_count; i++) {
		if (!span_is(top.delegations[i].name, role))
			continue;
		enum verdict verdict = threshold_check(r->crypto, &top.delegations[i].role, &object, NULL);
		if (verdict == VERDICT_OK)
			return 0;
		return error_set(
			e, "role %s: %s It was altered after it was signed, or signed by another key; sign it again",
			role, verdict_text(verdict));
	}
	return error_set(e, "the targets role does not delegate to %s", role);
}

int repository_stage(struct repository *r, const char *role, uint64_t version, struct span envelope, struct error *e)
{
	if (repository_check_signed(r, role, envelope, e) != 0)
		return -1;
	struct repository_role *slot = repository_pending(r, role);
	if (slot == NULL) {
		if (r->pending_count == REPOSITORY_PENDING_MAX)
			return error_set(e, "too many roles in one publication");
		slot = &r->pending[r->pending_count++];
	}
	if (strlen(role) >= sizeof slot->name)
		return error_set(e, "the role name %s is too long", role);
	memcpy(slot->name, role, strlen(role) + 1);
	slot->version = version;
	slot->envelope = envelope;
	return 0;
}

static int repository_put_pending(struct repository *r, struct error *e)
{
	char path[METADATA_ROLE_NAME_MAX * 3 + 64];
	for (uint32_t i = 0; i < r->pending_count; i++) {
		const struct repository_role *role = &r->pending[i];
		if (repository_role_path(role->name, role->version, path, sizeof path, e) != 0 ||
		    tree_put_new(r->tree, path, role->envelope, e) != 0)
			return -1;
	}
	return 0;
}

/* root is not listed in a snapshot. */
static bool repository_in_snapshot(const char *role)
{
	return strcmp(role, "root") != 0;
}

static int repository_order(const void *a, const void *b)
{
	const struct snapshot_entry *x = a, *y = b;
	return span_compare(x->name, y->name);
}

/* The old entries with the pending ones put in their places. */
static int repository_merge(struct repository *r, struct snapshot *out, struct error *e)
{
	uint32_t room = r->snapshot.count + r->pending_count;
	struct snapshot_entry *entries = workspace_array(r->ws, room, sizeof *entries);
	if (entries == NULL)
		return error_set(e, "the snapshot does not fit the memory that this command sets aside");
	if (r->snapshot.count > 0)
		memcpy(entries, r->snapshot.entries, r->snapshot.count * sizeof *entries);
	uint32_t count = r->snapshot.count;
	for (uint32_t i = 0; i < r->pending_count; i++) {
		const struct repository_role *role = &r->pending[i];
		const struct snapshot_entry *old = repository_entry(r, role->name);
		if (!repository_in_snapshot(role->name))
			continue;
		char *name = workspace_take(r->ws, strlen(role->name) + 6);
		if (name == NULL)
			return error_set(e, "out of memory");
		snprintf(name, strlen(role->name) + 6, "%s.json", role->name);
		entries[old != NULL ? (uint32_t)(old - r->snapshot.entries) : count++] = (struct snapshot_entry){
			.name = span_of_text(name),
			.version = role->version,
			.has_length = true,
			.has_digest = true,
			.length = role->envelope.n,
			.digest = sha256_of(r->crypto, role->envelope),
		};
	}
	qsort(entries, count, sizeof *entries, repository_order);
	out->count = count;
	out->entries = entries;
	return 0;
}

static int repository_sign(struct repository *r, const struct signer *signer, const char *role,
			   struct envelope_reason reason, const struct writer *body, struct span *envelope,
			   struct error *e)
{
	const char *const names[] = { role };
	struct envelope_keys keys = { signer, names, 1 };
	size_t capacity = body->used + 1024;
	uint8_t *bytes = workspace_take(r->ws, capacity);
	if (bytes == NULL || body->fault != FAULT_NONE)
		return error_set(e, "the new %s is too large", role);
	struct writer w = writer_over(bytes, capacity);
	if (envelope_sign(r->crypto, &keys, reason, writer_span(body), &w, e) != 0)
		return -1;
	*envelope = writer_span(&w);
	return 0;
}

static int repository_put_snapshot(struct repository *r, const struct signer *signer, struct envelope_reason reason,
				   uint32_t lifetime_s, struct span *envelope, struct error *e)
{
	struct snapshot snapshot = { .expires_unix = r->now_unix + lifetime_s };
	char path[64];
	size_t capacity = 4096 + (size_t)(r->snapshot.count + r->pending_count) * 512;
	uint8_t *bytes = workspace_take(r->ws, capacity);
	if (bytes == NULL)
		return error_set(e, "the snapshot does not fit the memory that this command sets aside");
	if (repository_merge(r, &snapshot, e) != 0 || repository_next_version(r, "snapshot", &snapshot.version, e) != 0)
		return -1;
	struct writer w = writer_over(bytes, capacity);
	snapshot_encode(&w, &snapshot);
	if (repository_sign(r, signer, "snapshot", reason, &w, envelope, e) != 0 ||
	    repository_role_path("snapshot", snapshot.version, path, sizeof path, e) != 0)
		return -1;
	r->snapshot = snapshot;
	return tree_put_new(r->tree, path, *envelope, e);
}

static int repository_put_timestamp(struct repository *r, const struct signer *signer, struct envelope_reason reason,
				    uint32_t lifetime_s, struct timestamp *timestamp, struct error *e)
{
	uint8_t bytes[4096];
	struct writer w = writer_over(bytes, sizeof bytes);
	struct span envelope;
	timestamp->expires_unix = r->now_unix + lifetime_s;
	timestamp->issued_unix = r->now_unix;
	if (repository_next_version(r, "timestamp", &timestamp->version, e) != 0)
		return -1;
	timestamp_encode(&w, timestamp);
	if (repository_sign(r, signer, "timestamp", reason, &w, &envelope, e) != 0 ||
	    tree_put(r->tree, "metadata/timestamp.json", envelope, e) != 0)
		return -1;
	r->timestamp = *timestamp;
	r->published = true;
	return 0;
}

int repository_commit(struct repository *r, const struct signer *signer, struct envelope_reason reason,
		      struct repository_lifetimes lifetimes, struct error *e)
{
	struct span envelope;
	struct timestamp timestamp = { 0 };
	if (repository_put_pending(r, e) != 0 ||
	    repository_put_snapshot(r, signer, reason, lifetimes.snapshot_s, &envelope, e) != 0)
		return -1;
	timestamp.snapshot_version = r->snapshot.version;
	timestamp.has_length = timestamp.has_digest = true;
	timestamp.snapshot_length = envelope.n;
	timestamp.snapshot_digest = sha256_of(r->crypto, envelope);
	r->pending_count = 0;
	return repository_put_timestamp(r, signer, reason, lifetimes.timestamp_s, &timestamp, e);
}

int repository_refresh(struct repository *r, const struct signer *signer, struct envelope_reason reason,
		       struct repository_lifetimes lifetimes, struct error *e)
{
	struct timestamp timestamp = r->timestamp;
	if (!r->published)
		return error_set(e, "nothing is published yet");
	return repository_put_timestamp(r, signer, reason, lifetimes.timestamp_s, &timestamp, e);
}
