#include "metadata.h"

#include "iso8601.h"
#include "metadata_parts.h"

/* --- what all four have --- */

/* Any 1.x: a minor version only adds what an older client may ignore [META-2]. */
static void metadata_check_spec(struct json_reader *r, struct json_node *body)
{
	struct span spec = json_string(r, body, "spec_version", 32);
	if (r->fault != FAULT_NONE)
		return;
	bool good = spec.n > 2 && span_starts(spec, SPAN_LIT("1."));
	for (size_t i = 0; good && i < spec.n; i++)
		good = spec.at[i] == '.' || (spec.at[i] >= '0' && spec.at[i] <= '9');
	if (!good)
		json_fail(r, FAULT_VERSION, "spec_version");
}

static int64_t metadata_time(struct json_reader *r, struct span text, const char *where)
{
	int64_t unix_s = 0;
	if (r->fault != FAULT_NONE)
		return 0;
	enum fault fault = iso8601_decode(text, &unix_s);
	if (fault != FAULT_NONE)
		json_fail(r, fault, where);
	return unix_s;
}

/* [META-3] */
void metadata_read_head(struct json_reader *r, struct json_node *body, const char *type, uint64_t *version,
			int64_t *expires_unix)
{
	json_expect(r, body, "_type", type);
	metadata_check_spec(r, body);
	*version = json_uint(r, body, "version", 1, JSON_INTEGER_MAX);
	*expires_unix = metadata_time(r, json_string(r, body, "expires", ISO8601_BYTES), "expires");
}

void metadata_write_time(struct json_writer *w, const char *name, int64_t unix_s)
{
	char text[ISO8601_BYTES + 1] = { 0 };
	enum fault fault = iso8601_encode(unix_s, text);
	if (fault != FAULT_NONE)
		writer_fail(w->out, fault);
	json_write_member_text(w, name, text);
}

struct json_writer metadata_begin(struct writer *w, const char *type)
{
	struct json_writer j = json_writer_over(w);
	j.olpc = true;
	json_write_object(&j);
	json_write_member_text(&j, "_type", type);
	return j;
}

/*
 * Of the hashes listed, those of a known algorithm are kept, and all of these must match later. With none of them the
 * bytes would go unchecked, so that is refused [META-9].
 */
enum metadata_hashes metadata_read_hashes(struct json_reader *r, struct json_node *hashes, struct digest *sha256,
					  struct digest512 *sha512)
{
	if (hashes == NULL || r->fault != FAULT_NONE)
		return METADATA_SHA256;
	if (hashes->type != JSON_OBJECT) {
		json_fail(r, FAULT_TYPE, "hashes");
		return METADATA_SHA256;
	}
	bool has_sha256 = json_optional(r, hashes, "sha256") != NULL;
	bool has_sha512 = json_optional(r, hashes, "sha512") != NULL;
	if (!has_sha256 && !has_sha512)
		json_fail(r, FAULT_VERSION, "hashes");
	if (has_sha256)
		json_hex(r, hashes, "sha256", sha256->bytes, sizeof sha256->bytes);
	if (has_sha512)
		json_hex(r, hashes, "sha512", sha512->bytes, sizeof sha512->bytes);
	if (!has_sha512)
		return METADATA_SHA256;
	return has_sha256 ? METADATA_SHA256_AND_512 : METADATA_SHA512;
}

void metadata_write_hashes(struct json_writer *w, enum metadata_hashes hashes, const struct digest *sha256,
			   const struct digest512 *sha512)
{
	json_write_name(w, "hashes");
	json_write_object(w);
	if (hashes != METADATA_SHA512)
		json_write_member_hex(w, "sha256", digest_span(sha256));
	if (hashes != METADATA_SHA256)
		json_write_member_hex(w, "sha512", SPAN_OF(sha512->bytes));
	json_write_object_end(w);
}

static bool metadata_sha512_matches(const struct crypto *crypto, struct span bytes, const struct digest512 *sha512)
{
	struct sha512 hash;
	struct digest512 got;
	crypto->sha512_init(&hash);
	crypto->sha512_update(&hash, bytes);
	crypto->sha512_final(&hash, &got);
	return digest512_equal(&got, sha512);
}

bool metadata_hashes_match(const struct crypto *crypto, struct span bytes, enum metadata_hashes hashes,
			   const struct digest *sha256, const struct digest512 *sha512)
{
	bool knows_sha512 = crypto->sha512_init != NULL;
	if (hashes == METADATA_SHA512 && !knows_sha512)
		return false;
	if (hashes != METADATA_SHA256 && knows_sha512 && !metadata_sha512_matches(crypto, bytes, sha512))
		return false;
	if (hashes == METADATA_SHA512)
		return true;
	struct digest got = sha256_of(crypto, bytes);
	return digest_equal(&got, sha256);
}

/* What a parent says of another metadata file: version, and perhaps length and hashes. */
static void metadata_read_file(struct json_reader *r, struct json_node *file, struct snapshot_entry *out)
{
	out->version = json_uint(r, file, "version", 1, JSON_INTEGER_MAX);
	struct json_node *length = json_optional(r, file, "length");
	struct json_node *hashes = json_optional(r, file, "hashes");
	out->has_length = length != NULL;
	if (out->has_length)
		out->length = json_value_uint(r, length, 1, JSON_INTEGER_MAX);
	out->has_digest = hashes != NULL;
	out->hashes = metadata_read_hashes(r, hashes, &out->digest, &out->digest512);
}

static void metadata_write_file(struct json_writer *w, const struct snapshot_entry *file)
{
	json_write_object(w);
	if (file->has_digest)
		metadata_write_hashes(w, file->hashes, &file->digest, &file->digest512);
	if (file->has_length)
		json_write_member_uint(w, "length", file->length);
	json_write_member_uint(w, "version", file->version);
	json_write_object_end(w);
}

/* --- root --- */

static void root_read_roles(struct json_reader *r, struct json_node *body, struct workspace *ws,
			    const struct crypto *crypto, enum role_keyids keyids, struct root *out)
{
	struct role_ring ring;
	struct json_node *roles = json_object(r, body, "roles");
	role_decode_ring_by(r, json_object(r, body, "keys"), ws, crypto, keyids, &ring);
	role_decode(r, json_object(r, roles, "root"), ws, &ring, &out->root);
	role_decode(r, json_object(r, roles, "snapshot"), ws, &ring, &out->snapshot);
	role_decode(r, json_object(r, roles, "targets"), ws, &ring, &out->targets);
	role_decode(r, json_object(r, roles, "timestamp"), ws, &ring, &out->timestamp);
	(void)json_optional(r, roles, "mirrors"); /* TUF knows it; lists of mirrors are not used here */
	json_close(r, roles);                     /* these and no other [META-1] */
}

enum fault root_decode(struct json_node *body, struct workspace *ws, const struct crypto *crypto, struct root *out)
{
	return root_decode_by(body, ws, crypto, ROLE_KEYIDS_STRICT, out);
}

enum fault root_decode_by(struct json_node *body, struct workspace *ws, const struct crypto *crypto,
			  enum role_keyids keyids, struct root *out)
{
	struct json_reader r = { .fault = FAULT_NONE };
	*out = (struct root){ 0 };
	metadata_read_head(&r, body, "root", &out->version, &out->expires_unix);
	bool says = json_optional(&r, body, "consistent_snapshot") != NULL;
	out->plain_names = !says || !json_bool(&r, body, "consistent_snapshot");
	root_read_roles(&r, body, ws, crypto, keyids, out);
	out->where = r.where;
	return r.fault;
}

static void root_write_keys(struct json_writer *w, const struct root *root)
{
	struct span last = SPAN_NONE;
	json_write_name(w, "keys");
	json_write_object(w);
	for (;;) {
		const struct role_key *next = NULL;
		role_next_key(&root->root, last, &next);
		role_next_key(&root->snapshot, last, &next);
		role_next_key(&root->targets, last, &next);
		role_next_key(&root->timestamp, last, &next);
		if (next == NULL)
			break;
		role_write_ring_key(w, next);
		last = next->keyid;
	}
	json_write_object_end(w);
}

static void root_write_role(struct json_writer *w, const char *name, const struct role *role)
{
	json_write_name(w, name);
	json_write_object(w);
	role_write_keyids(w, role);
	json_write_member_uint(w, "threshold", role->threshold);
	json_write_object_end(w);
}

void root_encode(struct writer *w, const struct root *root)
{
	struct json_writer j = metadata_begin(w, "root");
	json_write_member_bool(&j, "consistent_snapshot", !root->plain_names);
	metadata_write_time(&j, "expires", root->expires_unix);
	root_write_keys(&j, root);
	json_write_name(&j, "roles");
	json_write_object(&j);
	root_write_role(&j, "root", &root->root);
	root_write_role(&j, "snapshot", &root->snapshot);
	root_write_role(&j, "targets", &root->targets);
	root_write_role(&j, "timestamp", &root->timestamp);
	json_write_object_end(&j);
	json_write_member_text(&j, "spec_version", METADATA_SPEC_VERSION);
	json_write_member_uint(&j, "version", root->version);
	json_write_object_end(&j);
}

/* --- timestamp --- */

enum fault timestamp_decode(struct json_node *body, struct timestamp *out)
{
	struct json_reader r = { .fault = FAULT_NONE };
	struct snapshot_entry file = { 0 };
	*out = (struct timestamp){ 0 };
	metadata_read_head(&r, body, "timestamp", &out->version, &out->expires_unix);
	metadata_read_file(&r, json_object(&r, json_object(&r, body, "meta"), "snapshot.json"), &file);
	struct json_node *issued = json_optional(&r, body, "x-issued");
	if (issued != NULL)
		out->issued_unix = metadata_time(&r, json_value_string(&r, issued, ISO8601_BYTES), "x-issued");
	/* Nothing is made after it expired: such a time could only push a clock ahead [META-11]. */
	if (out->issued_unix > out->expires_unix)
		json_fail(&r, FAULT_RANGE, "x-issued");
	out->snapshot_version = file.version;
	out->has_length = file.has_length;
	out->has_digest = file.has_digest;
	out->snapshot_length = file.length;
	out->snapshot_digest = file.digest;
	out->hashes = file.hashes;
	out->snapshot_digest512 = file.digest512;
	out->where = r.where;
	return r.fault;
}

void timestamp_encode(struct writer *w, const struct timestamp *timestamp)
{
	struct snapshot_entry file = {
		.version = timestamp->snapshot_version,
		.has_length = timestamp->has_length,
		.has_digest = timestamp->has_digest,
		.length = timestamp->snapshot_length,
		.digest = timestamp->snapshot_digest,
		.hashes = timestamp->hashes,
		.digest512 = timestamp->snapshot_digest512,
	};
	struct json_writer j = metadata_begin(w, "timestamp");
	metadata_write_time(&j, "expires", timestamp->expires_unix);
	json_write_name(&j, "meta");
	json_write_object(&j);
	json_write_name(&j, "snapshot.json");
	metadata_write_file(&j, &file);
	json_write_object_end(&j);
	json_write_member_text(&j, "spec_version", METADATA_SPEC_VERSION);
	json_write_member_uint(&j, "version", timestamp->version);
	if (timestamp->issued_unix != 0)
		metadata_write_time(&j, "x-issued", timestamp->issued_unix);
	json_write_object_end(&j);
}

/* --- snapshot --- */

enum fault snapshot_decode(struct json_node *body, struct workspace *ws, struct snapshot *out)
{
	struct json_reader r = { .fault = FAULT_NONE };
	*out = (struct snapshot){ 0 };
	metadata_read_head(&r, body, "snapshot", &out->version, &out->expires_unix);
	const struct json_node *meta = json_object(&r, body, "meta");
	out->where = r.where;
	if (r.fault != FAULT_NONE)
		return r.fault;
	struct snapshot_entry *entries = workspace_array(ws, meta->count, sizeof *entries);
	if (entries == NULL)
		return FAULT_NO_SPACE;
	for (struct json_node *file = meta->child; file != NULL && r.fault == FAULT_NONE; file = file->next) {
		entries[out->count].name = file->name;
		metadata_read_file(&r, file, &entries[out->count++]);
	}
	out->entries = entries;
	out->where = r.where;
	return r.fault;
}

void snapshot_encode(struct writer *w, const struct snapshot *snapshot)
{
	struct json_writer j = metadata_begin(w, "snapshot");
	metadata_write_time(&j, "expires", snapshot->expires_unix);
	json_write_name(&j, "meta");
	json_write_object(&j);
	for (uint32_t i = 0; i < snapshot->count; i++) {
		json_write_name_span(&j, snapshot->entries[i].name);
		metadata_write_file(&j, &snapshot->entries[i]);
	}
	json_write_object_end(&j);
	json_write_member_text(&j, "spec_version", METADATA_SPEC_VERSION);
	json_write_member_uint(&j, "version", snapshot->version);
	json_write_object_end(&j);
}

const struct snapshot_entry *snapshot_find(const struct snapshot *snapshot, struct span name)
{
	uint32_t low = 0, high = snapshot->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = span_compare(snapshot->entries[middle].name, name);
		if (order == 0)
			return &snapshot->entries[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* --- names and paths --- */

bool metadata_is_role_name(struct span name)
{
	return name.n > 0 && name.n <= METADATA_ROLE_NAME_MAX && !span_is(name, "root") &&
	       !span_is(name, "timestamp") && !span_is(name, "snapshot") && !span_is(name, "targets");
}

/*
 * On a mismatch the last star takes one character more, never a slash. Going back to the last star alone is enough, and
 * bounds the work by pattern times path whatever the pattern [META-13].
 */
bool metadata_path_matches(struct span pattern, struct span path)
{
	size_t p = 0, t = 0, star = SIZE_MAX, star_took = 0;
	while (t < path.n) {
		bool is_star = p < pattern.n && pattern.at[p] == '*';
		bool is_any = p < pattern.n && pattern.at[p] == '?' && path.at[t] != '/';
		if (is_star) {
			star = ++p;
			star_took = t;
			continue;
		}
		if (is_any || (p < pattern.n && pattern.at[p] != '?' && pattern.at[p] == path.at[t])) {
			p++;
			t++;
			continue;
		}
		if (star == SIZE_MAX || path.at[star_took] == '/')
			return false;
		p = star;
		t = ++star_took;
	}
	while (p < pattern.n && pattern.at[p] == '*')
		p++;
	return p == pattern.n;
}
