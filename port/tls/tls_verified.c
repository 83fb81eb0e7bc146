#include "tls_verified.h"

/* The digest is random enough to be its own hash; a newer certificate takes the slot of an older one. */
static size_t tls_verified_slot(const struct digest *leaf)
{
	const uint8_t *b = leaf->bytes;
	return ((size_t)b[0] << 16 | (size_t)b[1] << 8 | b[2]) % TLS_VERIFIED_SLOTS;
}

bool tls_verified_has(const struct tls_verified *cache, const struct digest *leaf, int64_t now_unix)
{
	const struct tls_verified_slot *slot = &cache->slots[tls_verified_slot(leaf)];
	return slot->until_unix > now_unix && digest_equal(&slot->leaf, leaf);
}

void tls_verified_put(struct tls_verified *cache, const struct digest *leaf, int64_t until_unix)
{
	cache->slots[tls_verified_slot(leaf)] = (struct tls_verified_slot){ *leaf, until_unix };
}
