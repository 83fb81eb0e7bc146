#include "sha256.h"

#include <string.h>

enum { SHA256_BLOCK_BYTES = 64, SHA256_LENGTH_AT = 56, SHA256_ROUNDS = 64 };

/* Our view of the provider's state; its words are read and written through this type, whatever theirs is. */
struct __attribute__((may_alias)) sha256_state {
	uint32_t chain[8];
	uint8_t block[SHA256_BLOCK_BYTES]; /* the last bytes, where they fill no block: bytes % 64 of them */
	uint64_t bytes;
};
_Static_assert(sizeof(struct sha256_state) <= sizeof(struct sha256), "struct sha256 must hold this state");

static const uint32_t sha256_constants[SHA256_ROUNDS] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t sha256_rotated(uint32_t word, unsigned bits)
{
	return word >> bits | word << (32 - bits);
}

/* The message schedule (section 6.2.2, step 1). */
static void sha256_schedule(uint32_t words[SHA256_ROUNDS], const uint8_t block[SHA256_BLOCK_BYTES])
{
	for (size_t t = 0; t < 16; t++, block += 4)
		words[t] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 | block[3];
	for (size_t t = 16; t < SHA256_ROUNDS; t++) {
		uint32_t near = words[t - 2], far = words[t - 15];
		uint32_t sigma1 = sha256_rotated(near, 17) ^ sha256_rotated(near, 19) ^ near >> 10;
		uint32_t sigma0 = sha256_rotated(far, 7) ^ sha256_rotated(far, 18) ^ far >> 3;
		words[t] = sigma1 + words[t - 7] + sigma0 + words[t - 16];
	}
}

/*
 * One round (step 3) without moving the eight variables along: the caller passes them in turned order. The round's
 * constant and word are added to h.
 */
#define SHA256_ROUND(a, b, c, d, e, f, g, h, added)                                        \
	do {                                                                               \
		h += (added) + (((f ^ g) & e) ^ g);                                        \
		h += sha256_rotated(e, 6) ^ sha256_rotated(e, 11) ^ sha256_rotated(e, 25); \
		d += h;                                                                    \
		h += sha256_rotated(a, 2) ^ sha256_rotated(a, 13) ^ sha256_rotated(a, 22); \
		h += (a & b) | (c & (a | b));                                              \
	} while (0)

static void sha256_compress(uint32_t chain[8], const uint8_t block[SHA256_BLOCK_BYTES])
{
	uint32_t words[SHA256_ROUNDS];
	uint32_t a = chain[0], b = chain[1], c = chain[2], d = chain[3];
	uint32_t e = chain[4], f = chain[5], g = chain[6], h = chain[7];
	sha256_schedule(words, block);
	for (size_t t = 0; t < SHA256_ROUNDS; t += 8) {
		const uint32_t *k = sha256_constants + t, *w = words + t;
		SHA256_ROUND(a, b, c, d, e, f, g, h, k[0] + w[0]);
		SHA256_ROUND(h, a, b, c, d, e, f, g, k[1] + w[1]);
		SHA256_ROUND(g, h, a, b, c, d, e, f, k[2] + w[2]);
		SHA256_ROUND(f, g, h, a, b, c, d, e, k[3] + w[3]);
		SHA256_ROUND(e, f, g, h, a, b, c, d, k[4] + w[4]);
		SHA256_ROUND(d, e, f, g, h, a, b, c, k[5] + w[5]);
		SHA256_ROUND(c, d, e, f, g, h, a, b, k[6] + w[6]);
		SHA256_ROUND(b, c, d, e, f, g, h, a, k[7] + w[7]);
	}
	chain[0] += a;
	chain[1] += b;
	chain[2] += c;
	chain[3] += d;
	chain[4] += e;
	chain[5] += f;
	chain[6] += g;
	chain[7] += h;
}

void sha256_init(struct sha256 *h)
{
	static const uint32_t initial[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
					     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
	struct sha256_state *state = (struct sha256_state *)h;
	memcpy(state->chain, initial, sizeof initial);
	state->bytes = 0;
}

void sha256_update(struct sha256 *h, struct span data)
{
	struct sha256_state *state = (struct sha256_state *)h;
	size_t held = (size_t)(state->bytes % SHA256_BLOCK_BYTES);
	state->bytes += data.n;
	while (data.n > 0) {
		size_t n = SHA256_BLOCK_BYTES - held < data.n ? SHA256_BLOCK_BYTES - held : data.n;
		const uint8_t *block = data.at;
		if (n < SHA256_BLOCK_BYTES) {
			memcpy(state->block + held, data.at, n);
			block = state->block;
		}
		if (held + n == SHA256_BLOCK_BYTES)
			sha256_compress(state->chain, block);
		held = 0;
		data.at += n;
		data.n -= n;
	}
}

/* The padding (section 5.1.1): one bit, zeros, and the length in bits at the end of a block. */
void sha256_final(struct sha256 *h, struct digest *out)
{
	static const uint8_t padding[SHA256_BLOCK_BYTES] = { 0x80 };
	struct sha256_state *state = (struct sha256_state *)h;
	uint64_t bits = state->bytes * 8;
	size_t held = (size_t)(state->bytes % SHA256_BLOCK_BYTES);
	uint8_t length[8];
	for (unsigned i = 0; i < sizeof length; i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	size_t n = held < SHA256_LENGTH_AT ? SHA256_LENGTH_AT - held : SHA256_BLOCK_BYTES + SHA256_LENGTH_AT - held;
	sha256_update(h, (struct span){ padding, n });
	sha256_update(h, SPAN_OF(length));
	for (unsigned i = 0; i < DIGEST_BYTES; i++)
		out->bytes[i] = (uint8_t)(state->chain[i / 4] >> (24 - 8 * (i % 4)));
}
