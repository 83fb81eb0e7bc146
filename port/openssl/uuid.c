#include "uuid.h"

#include <openssl/evp.h>
#include <string.h>

const uint8_t uuid_dns[16] = { 0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1,
			       0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8 };

void uuid_v5(const uint8_t space[16], struct span name, uint8_t out[16])
{
	uint8_t input[16 + 512], hash[EVP_MAX_MD_SIZE] = { 0 };
	size_t n = name.n < 512 ? name.n : 512;
	memcpy(input, space, 16);
	memcpy(input + 16, name.at, n);
	EVP_Digest(input, 16 + n, hash, NULL, EVP_sha1(), NULL);
	memcpy(out, hash, 16);
	out[6] = (uint8_t)((out[6] & 0x0f) | 0x50);
	out[8] = (uint8_t)((out[8] & 0x3f) | 0x80);
}
