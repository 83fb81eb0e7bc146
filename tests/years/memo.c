#include "memo.h"

#include <string.h>

#include "crypto_openssl.h"

#define MEMO_SLOTS 8192u
#define MEMO_FNV_BASIS 0xcbf29ce484222325u
#define MEMO_FNV_PRIME 0x100000001b3u

struct memo {
	bool is_known, is_good;
	uint8_t asked[64 + DIGEST_BYTES + 64]; /* key, digest, signature: all of it */
};

static struct memo *memo_slot(const uint8_t *asked, size_t n)
{
	static struct memo slots[MEMO_SLOTS];
	uint64_t hash = MEMO_FNV_BASIS;
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ asked[i]) * MEMO_FNV_PRIME;
	return &slots[hash >> 32 & (MEMO_SLOTS - 1)];
}

static bool memo_verify(const uint8_t xy[64], const struct digest *digest, const uint8_t signature[64])
{
	uint8_t asked[sizeof((struct memo *)NULL)->asked];
	memcpy(asked, xy, 64);
	memcpy(asked + 64, digest->bytes, DIGEST_BYTES);
	memcpy(asked + 64 + DIGEST_BYTES, signature, 64);
	struct memo *memo = memo_slot(asked, sizeof asked);
	if (!memo->is_known || memcmp(memo->asked, asked, sizeof asked) != 0) {
		memo->is_known = true;
		memo->is_good = crypto_openssl.p256_verify(xy, digest, signature);
		memcpy(memo->asked, asked, sizeof asked);
	}
	return memo->is_good;
}

const struct crypto *memo_crypto(void)
{
	static struct crypto crypto;
	crypto = crypto_openssl;
	crypto.p256_verify = memo_verify;
	return &crypto;
}
