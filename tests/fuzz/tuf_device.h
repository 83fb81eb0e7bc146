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
#define DEVICE_GOOD_MAX 8192 /* signatures between two fetches: of each stored role that is looked into on the way */

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
		struct digest key, object;
	} good[DEVICE_GOOD_MAX];
	enum role_keyids keyids;
	bool has_root;
	struct root root; /* decoded from root.json; its spans go with that file */
	int64_t now_unix;
	struct digest revoked_key;
	struct revocations revoked;
} device;

/* --- the provider --- */

/* What the mode says of a signature, and if that is yes, it is written down. */
static bool device_takes(struct span key, const struct digest *object, uint8_t last, bool is_real)
{
	if ((device.mode == DEVICE_REAL && !is_real) || (device.mode == DEVICE_SOME && (last & 1) != 0))
		return false;
	FUZZ_CHECK(device.good_count < DEVICE_GOOD_MAX);
	device.good[device.good_count].key = sha256_of(&crypto_openssl, key);
	device.good[device.good_count++].object = *object;
	return true;
}

static bool device_p256(const uint8_t xy[64], const struct digest *digest, const uint8_t signature[64])
{
	bool is_real = device.mode == DEVICE_REAL && crypto_openssl.p256_verify(xy, digest, signature);
	return device_takes((struct span){ xy, 64 }, digest, signature[63], is_real);
}

static bool device_ed25519(const uint8_t key[32], struct span message, const uint8_t signature[64])
{
	bool is_real = device.mode == DEVICE_REAL && crypto_openssl.ed25519_verify(key, message, signature);
	struct digest digest = sha256_of(&crypto_openssl, message);
	return device_takes((struct span){ key, 32 }, &digest, signature[63], is_real);
}

static bool device_rsa_pss(struct span spki, const struct digest *digest, struct span signature)
{
	bool is_real = device.mode == DEVICE_REAL && crypto_openssl.rsa_pss_verify(spki, digest, signature);
	return device_takes(spki, digest, signature.at[signature.n - 1], is_real);
}

static bool device_is_good(const struct role_key *key, const struct digest *object)
{
	struct span bytes = key->scheme == KEY_P256 ? SPAN_OF(key->key.xy) : key->material;
	struct digest hash = sha256_of(&crypto_openssl, bytes);
	for (uint32_t i = 0; i < device.good_count; i++)
		if (digest_equal(&device.good[i].key, &hash) && digest_equal(&device.good[i].object, object))
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
	device.crypto.p256_verify = device_p256;
	device.crypto.ed25519_verify = device_ed25519;
	device.crypto.rsa_pss_verify = device_rsa_pss;
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
		device.has_root =
			device_open((struct span){ file->bytes, file->n }, "root", &ws, &envelope) &&
			root_decode_by(envelope.body, &ws, &crypto_openssl, device.keyids, &device.root) == FAULT_NONE;
	*out = device.root;
	return device.has_root;
}

/* What the client's own count says. What it verifies is not written down. */
static enum verdict device_verdict(const struct role *role, struct workspace *ws, struct signed_json *file)
{
	uint32_t before = device.good_count;
	if (signed_lay_out(file, ws) != FAULT_NONE)
		return VERDICT_MALFORMED;
	enum verdict verdict = threshold_check(&device.crypto, role, file, &device.revoked);
	device.good_count = before;
	return verdict;
}

/* The stored file of a role, if it is one that this root's keys signed. What it verifies is not written down. */
static bool device_stored(const char *name, const char *type, const struct role *role, struct workspace *ws,
			  struct signed_json *out)
{
	const struct device_file *file = device_find(name);
	if (file == NULL || file->absent || !device_open((struct span){ file->bytes, file->n }, type, ws, out))
		return false;
	return device_verdict(role, ws, out) == VERDICT_OK;
}

static void device_check_root(struct span bytes, struct workspace *ws)
{
	struct root old, now;
	struct signed_json file;
	FUZZ_CHECK(device_root(&old));
	FUZZ_CHECK(device_open(bytes, "root", ws, &file));
	FUZZ_CHECK(root_decode_by(file.body, ws, &crypto_openssl, device.keyids, &now) == FAULT_NONE);
	FUZZ_CHECK(now.version == old.version + 1);
	FUZZ_CHECK(device_is_signed(&old.root, &file, true));
	FUZZ_CHECK(device_is_signed(&now.root, &file, true));
}

/* Is there a stored snapshot by keys that root has taken back since? Then its version counts for nothing. */
static bool device_is_rotated(const struct role *role, struct workspace *ws)
{
	const struct device_file *file = device_find("snapshot.json");
	struct signed_json envelope;
	return file != NULL && !file->absent &&
	       device_open((struct span){ file->bytes, file->n }, "snapshot", ws, &envelope) &&
	       device_verdict(role, ws, &envelope) == VERDICT_SIGNATURE;
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
	FUZZ_CHECK(now.version > old.version);
	FUZZ_CHECK(now.snapshot_version >= old.snapshot_version || device_is_rotated(&root.snapshot, ws));
}

/* Both hashes, where both are named. */
static void device_check_match(struct span bytes, const struct snapshot_entry *entry)
{
	struct digest found = sha256_of(&crypto_openssl, bytes);
	struct digest512 found512;
	struct sha512 hash;
	crypto_openssl.sha512_init(&hash);
	crypto_openssl.sha512_update(&hash, bytes);
	crypto_openssl.sha512_final(&hash, &found512);
	FUZZ_CHECK(!entry->has_length || bytes.n == entry->length);
	if (!entry->has_digest)
		return;
	FUZZ_CHECK(entry->hashes == METADATA_SHA512 || digest_equal(&found, &entry->digest));
	FUZZ_CHECK(entry->hashes == METADATA_SHA256 || digest512_equal(&found512, &entry->digest512));
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
	device_check_match(bytes, &(struct snapshot_entry){ .has_length = timestamp.has_length,
							    .has_digest = timestamp.has_digest,
							    .length = timestamp.snapshot_length,
							    .digest = timestamp.snapshot_digest,
							    .hashes = timestamp.hashes,
							    .digest512 = timestamp.snapshot_digest512 });
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
	FUZZ_CHECK(targets_decode_by(file.body, ws, &crypto_openssl, device.keyids, &now) == FAULT_NONE);
	FUZZ_CHECK(device_is_signed(role == NULL ? &root.targets : role, &file, false));
	FUZZ_CHECK(device_stored("snapshot.json", "snapshot", &root.snapshot, ws, &parent));
	FUZZ_CHECK(snapshot_decode(parent.body, ws, &snapshot) == FAULT_NONE);
	const struct snapshot_entry *entry = snapshot_find(&snapshot, listed);
	FUZZ_CHECK(entry != NULL && entry->version == now.version && now.expires_unix > device.now_unix);
	device_check_match(bytes, entry);
}

#endif
