#include "role.h"

#include "der_rsa.h"
#include "hex.h"
#include "signed.h"

#include <string.h>

#define ROLE_KEY_TEXT_MAX 8192 /* of "public": a long RSA key is listed, and not usable */
#define ROLE_ED25519_BYTES 32
#define ROLE_KEY_OBJECT_MAX 512 /* canonical, of a P-256 key */

/* P-256 has two keytype strings: 1.0.33 renamed it. */
static bool role_is_p256(struct span keytype, struct span scheme)
{
	return span_is(scheme, "ecdsa-sha2-nistp256") &&
	       (span_is(keytype, "ecdsa") || span_is(keytype, "ecdsa-sha2-nistp256"));
}

/* The canonical form of the whole object is hashed, unknown members included [META-7]. */
static void role_check_keyid(struct json_reader *r, const struct json_node *object, const struct crypto *crypto)
{
	uint8_t stated[DIGEST_BYTES] = { 0 };
	struct digest digest;
	enum fault fault = signed_digest(crypto, object, &digest);
	if (fault == FAULT_NONE)
		fault = hex_decode(object->name, stated, sizeof stated);
	if (fault != FAULT_NONE)
		json_fail(r, fault, "keys");
	if (!span_equal(SPAN_OF(stated), digest_span(&digest)))
		json_fail(r, FAULT_NOT_CANONICAL, "keys");
}

static bool role_read_p256(struct span text, const struct crypto *crypto, struct role_key *out)
{
	if (key_from_pem(text, &out->key) != FAULT_NONE)
		return false;
	out->scheme = KEY_P256;
	out->identity = key_identity(crypto, &out->key);
	return true;
}

/* Keeps what is verified with and counted; no room is a fault of its own, not a key that does not verify. */
static bool role_keep(struct json_reader *r, enum key_scheme scheme, struct span material, struct workspace *ws,
		      const struct crypto *crypto, struct role_key *out)
{
	uint8_t *copy = workspace_take(ws, material.n);
	if (copy == NULL) {
		json_fail(r, FAULT_NO_SPACE, "keys");
		return false;
	}
	memcpy(copy, material.at, material.n);
	out->scheme = scheme;
	out->material = (struct span){ copy, material.n };
	out->identity = sha256_of(crypto, out->material);
	return true;
}

static bool role_read_ed25519(struct json_reader *r, struct span text, struct workspace *ws,
			      const struct crypto *crypto, struct role_key *out)
{
	uint8_t raw[ROLE_ED25519_BYTES];
	if (crypto->ed25519_verify == NULL || hex_decode(text, raw, sizeof raw) != FAULT_NONE)
		return false;
	return role_keep(r, KEY_ED25519, SPAN_OF(raw), ws, crypto, out);
}

/* One spelling for one key, so that its identity is one too. */
static bool role_read_rsa(struct json_reader *r, struct span text, struct workspace *ws, const struct crypto *crypto,
			  struct role_key *out)
{
	uint8_t der[DER_RSA_SPKI_MAX];
	struct writer w = writer_over(der, sizeof der);
	if (crypto->rsa_pss_verify == NULL || key_pem_decode(text, &w) != FAULT_NONE)
		return false;
	if (der_rsa_check(writer_span(&w)) != FAULT_NONE)
		return false;
	return role_keep(r, KEY_RSA_PSS, writer_span(&w), ws, crypto, out);
}

static struct span role_public_text(struct json_reader *r, struct json_node *object)
{
	return json_string(r, json_object(r, object, "keyval"), "public", ROLE_KEY_TEXT_MAX);
}

/*
 * A key that does not decode, or is of another algorithm, never verifies; the file may have enough others [META-8].
 * What an unknown algorithm has for a "keyval" is its own business.
 */
static void role_read_public(struct json_reader *r, struct json_node *object, struct workspace *ws,
			     const struct crypto *crypto, struct role_key *out)
{
	struct span keytype = json_string(r, object, "keytype", 64);
	struct span scheme = json_string(r, object, "scheme", 64);
	if (r->fault != FAULT_NONE)
		return;
	if (role_is_p256(keytype, scheme))
		out->usable = role_read_p256(role_public_text(r, object), crypto, out);
	else if (span_is(keytype, "ed25519") && span_is(scheme, "ed25519"))
		out->usable = role_read_ed25519(r, role_public_text(r, object), ws, crypto, out);
	else if (span_is(keytype, "rsa") && span_is(scheme, "rsassa-pss-sha256"))
		out->usable = role_read_rsa(r, role_public_text(r, object), ws, crypto, out);
}

static void role_decode_key(struct json_reader *r, struct json_node *object, struct workspace *ws,
			    const struct crypto *crypto, enum role_keyids keyids, struct role_key *out)
{
	out->keyid = object->name;
	role_read_public(r, object, ws, crypto, out);
	if (r->fault != FAULT_NONE)
		return;
	if (keyids == ROLE_KEYIDS_STRICT)
		role_check_keyid(r, object, crypto);
	else if (object->name.n > ROLE_KEYID_MAX)
		json_fail(r, FAULT_TOO_LARGE, "keys");
}

void role_decode_ring(struct json_reader *r, struct json_node *keys, struct workspace *ws, const struct crypto *crypto,
		      struct role_ring *out)
{
	role_decode_ring_by(r, keys, ws, crypto, ROLE_KEYIDS_STRICT, out);
}

void role_decode_ring_by(struct json_reader *r, struct json_node *keys, struct workspace *ws,
			 const struct crypto *crypto, enum role_keyids keyids, struct role_ring *out)
{
	*out = (struct role_ring){ .keyids = keyids };
	if (keys == NULL || r->fault != FAULT_NONE)
		return;
	if (keys->count > ROLE_RING_MAX) {
		json_fail(r, FAULT_TOO_LARGE, "keys");
		return;
	}
	struct role_key *ring = workspace_array(ws, keys->count, sizeof *ring);
	if (ring == NULL)
		json_fail(r, FAULT_NO_SPACE, "keys");
	for (struct json_node *key = keys->child; key != NULL && r->fault == FAULT_NONE; key = key->next)
		role_decode_key(r, key, ws, crypto, keyids, &ring[out->count++]);
	out->keys = ring;
}

/* By halves: 256 delegations may name 64 of 1024 keys each. */
static const struct role_key *role_ring_find(const struct role_ring *ring, struct span keyid)
{
	uint32_t low = 0, high = ring->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = span_compare(ring->keys[middle].keyid, keyid);
		if (order == 0)
			return &ring->keys[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static void role_add_key(struct json_reader *r, const struct role_ring *ring, struct span keyid, struct role_key *keys,
			 uint32_t count)
{
	const struct role_key *key = role_ring_find(ring, keyid);
	for (uint32_t i = 0; i < count; i++)
		if (span_equal(keys[i].keyid, keyid))
			json_fail(r, FAULT_DUPLICATE, "keyids");
	if (key == NULL) {
		json_fail(r, FAULT_MISSING, "keyids");
		return;
	}
	keys[count] = *key;
}

void role_decode(struct json_reader *r, struct json_node *object, struct workspace *ws, const struct role_ring *ring,
		 struct role *out)
{
	*out = (struct role){ 0 };
	size_t max_bytes = ring->keyids == ROLE_KEYIDS_STRICT ? ROLE_KEYID_HEX : ROLE_KEYID_MAX;
	struct json_node *keyids = json_array(r, object, "keyids", ROLE_KEYS_MAX);
	out->threshold = (uint32_t)json_uint(r, object, "threshold", 1, UINT32_MAX); /* [META-6] */
	if (r->fault != FAULT_NONE)
		return;
	struct role_key *keys = workspace_array(ws, keyids->count, sizeof *keys);
	if (keys == NULL)
		json_fail(r, FAULT_NO_SPACE, "keyids");
	for (struct json_node *id = keyids->child; id != NULL && r->fault == FAULT_NONE; id = id->next)
		role_add_key(r, ring, json_value_string(r, id, max_bytes), keys, out->count++);
	out->keys = keys;
}

void role_write_key(struct json_writer *w, const struct public_key *key)
{
	uint8_t pem[256];
	struct writer text = writer_over(pem, sizeof pem);
	key_write_pem(&text, key);
	json_write_object(w);
	json_write_member_text(w, "keytype", "ecdsa");
	json_write_name(w, "keyval");
	json_write_object(w);
	json_write_member_string(w, "public", writer_span(&text));
	json_write_object_end(w);
	json_write_member_text(w, "scheme", "ecdsa-sha2-nistp256");
	json_write_object_end(w);
}

void role_key_init(const struct crypto *crypto, const struct public_key *key, char keyid_hex[ROLE_KEYID_HEX + 1],
		   struct role_key *out)
{
	uint8_t object[ROLE_KEY_OBJECT_MAX];
	struct writer w = writer_over(object, sizeof object);
	struct json_writer j = json_writer_over(&w);
	j.olpc = true;
	role_write_key(&j, key);
	struct digest id = sha256_of(crypto, writer_span(&w));
	hex_text(digest_span(&id), keyid_hex);
	*out = (struct role_key){ .keyid = span_of_text(keyid_hex), .usable = true, .key = *key };
	out->identity = key_identity(crypto, key);
}

void role_write_keyids(struct json_writer *w, const struct role *role)
{
	json_write_name(w, "keyids");
	json_write_array(w);
	for (uint32_t i = 0; i < role->count; i++)
		json_write_string(w, role->keys[i].keyid);
	json_write_array_end(w);
}

void role_next_key(const struct role *role, struct span after, const struct role_key **best)
{
	for (uint32_t i = 0; i < role->count; i++) {
		const struct role_key *key = &role->keys[i];
		if (span_compare(key->keyid, after) <= 0)
			continue;
		if (*best == NULL || span_compare(key->keyid, (*best)->keyid) < 0)
			*best = key;
	}
}

void role_write_ring_key(struct json_writer *w, const struct role_key *key)
{
	if (!key->usable || key->scheme != KEY_P256)
		writer_fail(w->out, FAULT_VERSION);
	json_write_name_span(w, key->keyid);
	role_write_key(w, &key->key);
}
