#include "envelope.h"

#include "role.h"

int envelope_sign(const struct crypto *crypto, const struct envelope_keys *keys, struct envelope_reason reason,
		  struct span body, struct writer *out, struct error *e)
{
	struct signed_by by[ENVELOPE_KEYS_MAX];
	char keyids[ENVELOPE_KEYS_MAX][ROLE_KEYID_HEX + 1];
	if (keys->count == 0 || keys->count > ENVELOPE_KEYS_MAX)
		return error_set(e, "an envelope takes 1 to %d signatures, not %u", ENVELOPE_KEYS_MAX, keys->count);
	for (uint32_t i = 0; i < keys->count; i++) {
		struct sign_request request = { keys->kind, keys->names[i], body, reason.who, reason.why };
		struct signature signature;
		struct role_key key;
		if (keys->signer->sign(keys->signer->self, &request, &signature, e) != 0)
			return error_within(e, "key %s", keys->names[i]);
		role_key_init(crypto, &signature.key, keyids[i], &key);
		by[i].keyid_hex = key.keyid;
		__builtin_memcpy(by[i].raw, signature.raw, sizeof by[i].raw);
	}
	signed_encode(out, body, by, keys->count);
	if (out->fault != FAULT_NONE)
		return error_set(e, "the signed object is larger than its buffer");
	return 0;
}
