/*
 * A device of the fuzzer: its store, its crypto provider, and what must hold of each file that the client saves. The
 * provider writes down which signatures it took for good. A file to be saved is decoded anew and held against that list
 * and the store, without any help of the client.
 */
#ifndef TUF_DEVICE_H
#define TUF_DEVICE_H

#include "client.h"
#include "crypto_openssl.h"
#include "fuzz.h"

#include <string.h>

#define DEVICE_FILES_MAX 64
#define DEVICE_GOOD_MAX 512 /* signatures of one file, twice: a root is held against two roles */

enum device_mode {
	DEVICE_REAL, /* ECDSA */
	DEVICE_ALL,  /* every signature is good */
	DEVICE_SOME, /* a signature is good where its last byte is even: the fuzzer sees to that with one digit */
};

struct device_file {
	char name[CLIENT_NAME_MAX];
	uint8_t *bytes;
	size_t n;
	bool absent; /* asked for, and not there */
};

static struct device {
	enum device_mode mode;
	struct crypto crypto;
	uint32_t file_count;
	struct device_file files[DEVICE_FILES_MAX];
	uint32_t good_count;
	struct device_good {
		uint8_t xy[64];
		struct digest digest;
	} good[DEVICE_GOOD_MAX];
	bool has_root;
	struct root root; /* decoded from root.json; its spans go with that file */
	int64_t now_unix;
	struct digest revoked_key;
	struct revocations revoked;
} device;

/* --- the provider --- */

static bool device_verify(const uint8_t xy[64], const struct digest *digest, const uint8_t signature[64])
{
	if (device.mode == DEVICE_REAL && !crypto_openssl.p256_verify(xy, digest, signature))
		return false;
	if (device.mode == DEVICE_SOME && (signature[63] & 1) != 0)
		return false;
	FUZZ_CHECK(device.good_count < DEVICE_GOOD_MAX);
	struct device_good *good = &device.good[device.good_count++];
	memcpy(good->xy, xy, sizeof good->xy);
	good->digest = *digest;
	return true;
}

static bool device_is_good(const struct role_key *key, const struct digest *digest)
{
	for (uint32_t i = 0; i < device.good_count; i++)
		if (memcmp(device.good[i].xy, key->key.xy, sizeof key->key.xy) == 0 &&
		    digest_equal(&device.good[i].digest, digest))
			return true;
	return false;
}

/* --- the store --- */

static struct device_file *device_find(const char *name)
{
	for (uint32_t i = 0; i < device.file_count; i++)
		if (strcmp(device.files[i].name, name) == 0)
			return &device.files[i];
	return NULL;
}

static struct device_file *device_put(const char *name, struct span bytes)
{
	struct device_file *file = device_find(name);
	if (file == NULL && device.file_count == DEVICE_FILES_MAX)
		return NULL;
	if (file == NULL) {
		file = &device.files[device.file_count++];
		*file = (struct device_file){ 0 };
		snprintf(file->name, sizeof file->name, "%s", name);
	}
	device.has_root = device.has_root && strcmp(name, "root.json") != 0;
	free(file->bytes);
	file->bytes = malloc(bytes.n + 1);
	FUZZ_CHECK(file->bytes != NULL);
	if (bytes.n > 0)
		memcpy(file->bytes, bytes.at, bytes.n);
	file->n = bytes.n;
	return file;
}

static void device_reset(enum device_mode mode)
{
	for (uint32_t i = 0; i < device.file_count; i++)
		free(device.files[i].bytes);
	memset(&device, 0, sizeof device);
	device.mode = mode;
	device.crypto = crypto_openssl;
	device.crypto.p256_verify = device_verify;
}

/* --- what must hold of a file that is to be saved --- */

static _Alignas(max_align_t) uint8_t device_memory[24 << 20];

static bool device_open(struct span bytes, const char *type, struct workspace *ws, struct signed_json *out)
{
	struct json_reader r = { .fault = FAULT_NONE };
	if (signed_decode(bytes, ws, &crypto_openssl, out) != FAULT_NONE)
		return false;
	struct span found = json_string(&r, out->body, "_type", SIGNED_TYPE_MAX);
	return r.fault == FAULT_NONE && span_is(found, type);
}

/* The threshold, counted by this file's own arithmetic over what the provider said. */
static bool device_is_signed(const struct role *role, const struct signed_json *file, bool may_be_revoked)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < role->count; i++) {
		const struct role_key *key = &role->keys[i];
		bool twice = false;
		for (uint32_t k = 0; k < i; k++)
			twice = twice || digest_equal(&role->keys[k].identity, &key->identity);
		bool revoked = !may_be_revoked && device.revoked.count > 0 &&
			       digest_equal(&device.revoked_key, &key->identity);
		if (key->usable && !twice && !revoked && device_is_good(key, &file->digest))
			count++;
	}
	return role->threshold > 0 && count >= role->threshold;
}

/* The stored root. It is decoded once for each that is stored: more would be most of the fuzzer's time. */
static bool device_root(struct root *out)
{
	static _Alignas(max_align_t) uint8_t memory[8 << 20];
	struct workspace ws = workspace_over(memory, sizeof memory);
	const struct device_file *file = device_find("root.json");
	struct signed_json envelope;
	if (file == NULL || file->absent)
		return false;
	if (!device.has_root)
		device.has_root = device_open((struct span){ file->bytes, file->n }, "root", &ws, &envelope) &&
				  root_decode(envelope.body, &ws, &crypto_openssl, &device.root) == FAULT_NONE;
	*out = device.root;
	return device.has_root;
}

/* The stored file of a role, if it is one that this root's keys signed. What it verifies is not written down. */
static bool device_stored(const char *name, const char *type, const struct role *role, struct workspace *ws,
			  struct signed_json *out)
{
	const struct device_file *file = device_find(name);
	if (file == NULL || file->absent || !device_open((struct span){ file->bytes, file->n }, type, ws, out))
		return false;
	uint32_t before = device.good_count;
	bool good = threshold_check(&device.crypto, role, out, &device.revoked) == VERDICT_OK;
	device.good_count = before;
	return good;
}

static void device_check_root(struct span bytes, struct workspace *ws)
{
	struct root old, now;
	struct signed_json file;
	FUZZ_CHECK(device_root(&old));
	FUZZ_CHECK(device_open(bytes, "root", ws, &file));
	FUZZ_CHECK(root_decode(file.body, ws, &crypto_openssl, &now) == FAULT_NONE);
	FUZZ_CHECK(now.version == old.version + 1);
	FUZZ_CHECK(device_is_signed(&old.root, &file, true));
	FUZZ_CHECK(device_is_signed(&now.root, &file, true));
}

static void device_check_timestamp(struct span bytes, struct workspace *ws)
{
	struct root root;
	struct signed_json file, old_file;
	struct timestamp now, old;
	FUZZ_CHECK(device_root(&root) && root.expires_unix > device.now_unix);
	FUZZ_CHECK(device_open(bytes, "timestamp", ws, &file));
	FUZZ_CHECK(timestamp_decode(file.body, &now) == FAULT_NONE);
	FUZZ_CHECK(device_is_signed(&root.timestamp, &file, false));
	FUZZ_CHECK(now.expires_unix > device.now_unix && now.issued_unix <= root.expires_unix);
	if (!device_stored("timestamp.json", "timestamp", &root.timestamp, ws, &old_file) ||
	    timestamp_decode(old_file.body, &old) != FAULT_NONE || old.issued_unix > root.expires_unix)
		return;
	FUZZ_CHECK(now.version > old.version && now.snapshot_version >= old.snapshot_version);
}

static void device_check_match(struct span bytes, bool has_length, uint64_t length, bool has_digest,
			       const struct digest *digest)
{
	struct digest found = sha256_of(&crypto_openssl, bytes);
	FUZZ_CHECK(!has_length || bytes.n == length);
	FUZZ_CHECK(!has_digest || digest_equal(&found, digest));
}

/* No role may be gone or have gone back. */
static void device_check_roles(const struct snapshot *old, const struct snapshot *now)
{
	FUZZ_CHECK(now->version >= old->version);
	for (uint32_t i = 0, k = 0; i < old->count; i++) {
		while (k < now->count && span_compare(now->entries[k].name, old->entries[i].name) < 0)
			k++;
		FUZZ_CHECK(k < now->count && span_equal(now->entries[k].name, old->entries[i].name));
		FUZZ_CHECK(now->entries[k].version >= old->entries[i].version);
	}
}

static void device_check_snapshot(struct span bytes, struct workspace *ws)
{
	struct root root;
	struct signed_json file, parent, old_file;
	struct timestamp timestamp;
	struct snapshot now, old;
	FUZZ_CHECK(device_root(&root) && device_open(bytes, "snapshot", ws, &file));
	FUZZ_CHECK(snapshot_decode(file.body, ws, &now) == FAULT_NONE);
	FUZZ_CHECK(device_is_signed(&root.snapshot, &file, false) && now.expires_unix > device.now_unix);
	FUZZ_CHECK(device_stored("timestamp.json", "timestamp", &root.timestamp, ws, &parent));
	FUZZ_CHECK(timestamp_decode(parent.body, &timestamp) == FAULT_NONE);
	FUZZ_CHECK(now.version == timestamp.snapshot_version);
	device_check_match(bytes, timestamp.has_length, timestamp.snapshot_length, timestamp.has_digest,
			   &timestamp.snapshot_digest);
	if (device_stored("snapshot.json", "snapshot", &root.snapshot, ws, &old_file) &&
	    snapshot_decode(old_file.body, ws, &old) == FAULT_NONE)
		device_check_roles(&old, &now);
}

/* role NULL: the top-level targets. listed: its name in the snapshot. */
static void device_check_targets(struct span bytes, struct workspace *ws, const struct role *role, struct span listed)
{
	struct root root;
	struct signed_json file, parent;
	struct snapshot snapshot;
	struct targets now;
	FUZZ_CHECK(device_root(&root) && device_open(bytes, "targets", ws, &file));
	FUZZ_CHECK(targets_decode(file.body, ws, &crypto_openssl, &now) == FAULT_NONE);
	FUZZ_CHECK(device_is_signed(role == NULL ? &root.targets : role, &file, false));
	FUZZ_CHECK(device_stored("snapshot.json", "snapshot", &root.snapshot, ws, &parent));
	FUZZ_CHECK(snapshot_decode(parent.body, ws, &snapshot) == FAULT_NONE);
	const struct snapshot_entry *entry = snapshot_find(&snapshot, listed);
	FUZZ_CHECK(entry != NULL && entry->version == now.version && now.expires_unix > device.now_unix);
	device_check_match(bytes, entry->has_length, entry->length, entry->has_digest, &entry->digest);
}

#endif
