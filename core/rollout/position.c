#include "position.h"

uint32_t position_of(const struct crypto *crypto, struct span salt, struct span device_id)
{
	if (salt.n != POSITION_SALT_BYTES)
		return POSITION_END;

	struct sha256 hash;
	struct digest digest;
	crypto->sha256_init(&hash);
	crypto->sha256_update(&hash, salt);
	crypto->sha256_update(&hash, device_id);
	crypto->sha256_final(&hash, &digest);

	const uint8_t *b = digest.bytes;
	uint64_t x = (uint64_t)b[0] << 24 | (uint64_t)b[1] << 16 | (uint64_t)b[2] << 8 | b[3];
	return (uint32_t)(x * POSITION_END >> 32);
}
