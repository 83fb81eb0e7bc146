/*
 * The four TUF roles (TUF 1.0.34 sections 4.3 to 4.6), decoded into spans and arrays in the caller's workspace, and
 * encoded in canonical form. Unknown members are legal in TUF and ignored here; they stay covered by the signature.
 */
#ifndef METADATA_H
#define METADATA_H

#include "role.h"

#define ROOT_BYTES_MAX (64u << 10)
#define TIMESTAMP_BYTES_MAX (64u << 10)
#define SNAPSHOT_BYTES_MAX (2u << 20)
#define TARGETS_BYTES_MAX (5u << 20)
#define METADATA_ROLE_NAME_MAX 128
#define METADATA_PATH_MAX 256
#define METADATA_DELEGATIONS_MAX 256
#define METADATA_PATHS_MAX 64
#define METADATA_HASH_PREFIXES_MAX 4096

struct root {
	const char *where; /* the member at which a fault was met, for messages */
	uint64_t version;
	int64_t expires_unix;
	struct role root, timestamp, snapshot, targets;
	bool plain_names; /* consistent_snapshot is false: file names without version or hash. We write true only. */
};

/* The hashes that a signed parent names, of the algorithms known here. Zero is what we write: SHA-256 alone. */
enum metadata_hashes { METADATA_SHA256, METADATA_SHA512, METADATA_SHA256_AND_512 };

struct timestamp {
	const char *where; /* the member at which a fault was met, for messages */
	uint64_t version;
	int64_t expires_unix;
	int64_t issued_unix; /* "x-issued", ours: a floor for the device's clock; 0 where absent */
	uint64_t snapshot_version;
	bool has_length, has_digest;
	uint64_t snapshot_length;
	struct digest snapshot_digest;
	enum metadata_hashes hashes; /* where has_digest */
	struct digest512 snapshot_digest512;
};

struct snapshot_entry {
	struct span name; /* "targets.json", "p/board.json" */
	uint64_t version;
	bool has_length, has_digest;
	uint64_t length;
	struct digest digest;
	enum metadata_hashes hashes; /* where has_digest */
	struct digest512 digest512;
};

struct snapshot {
	const char *where; /* the member at which a fault was met, for messages */
	uint64_t version;
	int64_t expires_unix;
	uint32_t count;
	const struct snapshot_entry *entries; /* ascending by name */
};

struct target {
	struct span path;
	uint64_t length;
	struct digest sha256;
	struct json_node *custom;    /* NULL where absent; written as it is */
	enum metadata_hashes hashes; /* METADATA_SHA512: sha256 is zero and not a hash of anything */
	struct digest512 sha512;
};

struct delegation {
	struct span name;
	struct role role;
	bool terminating;
	uint32_t path_count;
	const struct span *paths;         /* patterns: * and ? do not match a slash */
	uint32_t hash_prefix_count;       /* in place of paths */
	const struct span *hash_prefixes; /* of the hexadecimal SHA-256 of a path */
};

struct targets {
	const char *where; /* the member at which a fault was met, for messages */
	uint64_t version;
	int64_t expires_unix;
	uint32_t count;
	const struct target *entries; /* ascending by path */
	uint32_t delegation_count;
	const struct delegation *delegations; /* in the order of the file, which is the order of search */
};

/* root_decode() and targets_decode() are ROLE_KEYIDS_STRICT. */
enum fault root_decode(struct json_node *body, struct workspace *ws, const struct crypto *crypto,
		       struct root *out) MUST_USE;
enum fault root_decode_by(struct json_node *body, struct workspace *ws, const struct crypto *crypto,
			  enum role_keyids keyids, struct root *out) MUST_USE;
enum fault timestamp_decode(struct json_node *body, struct timestamp *out) MUST_USE;
enum fault snapshot_decode(struct json_node *body, struct workspace *ws, struct snapshot *out) MUST_USE;
enum fault targets_decode(struct json_node *body, struct workspace *ws, const struct crypto *crypto,
			  struct targets *out) MUST_USE;
enum fault targets_decode_by(struct json_node *body, struct workspace *ws, const struct crypto *crypto,
			     enum role_keyids keyids, struct targets *out) MUST_USE;

/* The canonical "signed" bodies. Callers give entries in ascending order (FAULT_NOT_CANONICAL in the writer if not). */
void root_encode(struct writer *w, const struct root *root);
void timestamp_encode(struct writer *w, const struct timestamp *timestamp);
void snapshot_encode(struct writer *w, const struct snapshot *snapshot);
void targets_encode(struct writer *w, const struct targets *targets);

/*
 * Does a delegation's pattern match? * is any run without a slash, ? is one character but a slash; all else is
 * itself.
 */
bool metadata_path_matches(struct span pattern, struct span path);
/* Is the path one that the delegation is trusted with, by pattern or by hash prefix? */
bool delegation_covers(const struct crypto *crypto, const struct delegation *delegation, struct span path);
/* Are these the bytes that the hashes name? All known ones must match, and one that the provider has must stand. */
bool metadata_hashes_match(const struct crypto *crypto, struct span bytes, enum metadata_hashes hashes,
			   const struct digest *sha256, const struct digest512 *sha512);
/* May a delegated role have this name? Not that of a top-level role: both would be kept in one file. */
bool metadata_is_role_name(struct span name);

/* The first entry with this name or path, or NULL. */
const struct snapshot_entry *snapshot_find(const struct snapshot *snapshot, struct span name);
const struct target *targets_find(const struct targets *targets, struct span path);

#endif
