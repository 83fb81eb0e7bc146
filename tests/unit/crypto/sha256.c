#include "check.h"
#include "crypto_openssl.h"
#include "crypto_small.h"
#include "hex.h"
#include "writer.h"

static const struct crypto *const providers[] = { &crypto_openssl, &crypto_small };
enum { PROVIDERS = sizeof providers / sizeof providers[0] };

static const struct {
	const char *text, *hex;
} vectors[] = {
	/* FIPS 180-4, examples of NIST's Cryptographic Standards page */
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static const char million_a[] = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

static void check_digest(const struct digest *digest, const char *hex)
{
	char text[2 * DIGEST_BYTES + 1];
	hex_text(digest_span(digest), text);
	CHECK(strcmp(text, hex) == 0);
}

static void sha256_gives_the_fips_digests(void)
{
	for (size_t i = 0; i < PROVIDERS * sizeof vectors / sizeof *vectors; i++) {
		struct digest digest = sha256_of(providers[i % PROVIDERS], span_of_text(vectors[i / PROVIDERS].text));
		check_digest(&digest, vectors[i / PROVIDERS].hex);
	}
}

static void check_stream(const struct crypto *crypto)
{
	struct sha256 hash;
	struct digest digest;
	uint8_t piece[997];
	memset(piece, 'a', sizeof piece);
	crypto->sha256_init(&hash);
	for (size_t left = 1000000; left > 0;) {
		size_t n = left < sizeof piece ? left : sizeof piece;
		crypto->sha256_update(&hash, (struct span){ piece, n });
		crypto->sha256_update(&hash, SPAN_NONE);
		left -= n;
	}
	crypto->sha256_final(&hash, &digest);
	check_digest(&digest, million_a);
}

static void sha256_of_a_stream_is_that_of_the_whole(void)
{
	for (int i = 0; i < PROVIDERS; i++)
		check_stream(providers[i]);
}

static void check_copy(const struct crypto *crypto)
{
	struct sha256 hash, copy;
	struct digest digest;
	crypto->sha256_init(&hash);
	crypto->sha256_update(&hash, SPAN_LIT("ab"));
	copy = hash;
	crypto->sha256_update(&hash, SPAN_LIT("xyz"));
	crypto->sha256_update(&copy, SPAN_LIT("c"));
	crypto->sha256_final(&copy, &digest);
	check_digest(&digest, vectors[1].hex);
}

static void sha256_state_can_be_copied(void)
{
	for (int i = 0; i < PROVIDERS; i++)
		check_copy(providers[i]);
}

/* The Monte Carlo test of NIST's validation system (SHAVS section 6.4): seed, first and hundredth digest. */
static void check_monte_carlo(const struct crypto *crypto)
{
	uint8_t message[3 * DIGEST_BYTES];
	struct digest digest;
	CHECK_EQ(hex_decode(SPAN_LIT("6d1e72ad03ddeb5de891e572e2396f8da015d899ef0e79503152d6010a3fe691"), digest.bytes,
			    DIGEST_BYTES),
		 FAULT_NONE);
	for (int round = 0; round < 100; round++) {
		for (int i = 0; i < 3; i++)
			memcpy(message + i * DIGEST_BYTES, digest.bytes, DIGEST_BYTES);
		for (int i = 0; i < 1000; i++) {
			digest = sha256_of(crypto, SPAN_OF(message));
			memmove(message, message + DIGEST_BYTES, 2 * DIGEST_BYTES);
			memcpy(message + 2 * DIGEST_BYTES, digest.bytes, DIGEST_BYTES);
		}
		if (round == 0)
			check_digest(&digest, "e93c330ae5447738c8aa85d71a6c80f2a58381d05872d26bdd39f1fcd4f2b788");
	}
	check_digest(&digest, "6a912ba4188391a78e6f13d88ed2d14e13afce9db6f7dcbf4a48c24f3db02778");
}

static void sha256_passes_the_monte_carlo_test(void)
{
	for (int i = 0; i < PROVIDERS; i++)
		check_monte_carlo(providers[i]);
}

/* Each length around the blocks' ends, in two pieces cut at each place. */
static void sha256_of_any_length_in_any_pieces(void)
{
	uint8_t bytes[200];
	struct sha256 hash;
	struct digest digest;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 131 + 7);
	for (size_t n = 0; n <= sizeof bytes; n++) {
		struct digest want = sha256_of(&crypto_openssl, (struct span){ bytes, n });
		for (size_t cut = 0; cut <= n; cut++) {
			crypto_small.sha256_init(&hash);
			crypto_small.sha256_update(&hash, (struct span){ bytes, cut });
			crypto_small.sha256_update(&hash, (struct span){ bytes + cut, n - cut });
			crypto_small.sha256_final(&hash, &digest);
			CHECK(digest_equal(&digest, &want));
		}
	}
}

static void crypto_drain_hashes_what_is_written(void)
{
	uint8_t small[7];
	struct crypto_stream stream = { .crypto = &crypto_openssl };
	struct digest digest;
	crypto_openssl.sha256_init(&stream.hash);
	struct writer w = writer_over(small, sizeof small);
	w.drain = crypto_drain;
	w.context = &stream;
	writer_text(&w, "abcdbcdecdefdefgefgh");
	writer_text(&w, "fghighijhijkijkljklmklmnlmnomnopnopq");
	CHECK_EQ(writer_end(&w), FAULT_NONE);
	crypto_openssl.sha256_final(&stream.hash, &digest);
	check_digest(&digest, vectors[2].hex);
}

static const struct check_case cases[] = {
	CASE(sha256_gives_the_fips_digests),      CASE(sha256_of_a_stream_is_that_of_the_whole),
	CASE(sha256_state_can_be_copied),         CASE(sha256_passes_the_monte_carlo_test),
	CASE(sha256_of_any_length_in_any_pieces), CASE(crypto_drain_hashes_what_is_written),
};

CHECK_MAIN(cases)
