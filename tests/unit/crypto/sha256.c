#include "check.h"
#include "crypto_openssl.h"
#include "hex.h"
#include "writer.h"

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
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		struct digest digest = sha256_of(&crypto_openssl, span_of_text(vectors[i].text));
		check_digest(&digest, vectors[i].hex);
	}
}

static void sha256_of_a_stream_is_that_of_the_whole(void)
{
	struct sha256 hash;
	struct digest digest;
	uint8_t piece[997];
	memset(piece, 'a', sizeof piece);
	crypto_openssl.sha256_init(&hash);
	for (size_t left = 1000000; left > 0;) {
		size_t n = left < sizeof piece ? left : sizeof piece;
		crypto_openssl.sha256_update(&hash, (struct span){ piece, n });
		crypto_openssl.sha256_update(&hash, SPAN_NONE);
		left -= n;
	}
	crypto_openssl.sha256_final(&hash, &digest);
	check_digest(&digest, million_a);
}

static void sha256_state_can_be_copied(void)
{
	struct sha256 hash, copy;
	struct digest digest;
	crypto_openssl.sha256_init(&hash);
	crypto_openssl.sha256_update(&hash, SPAN_LIT("ab"));
	copy = hash;
	crypto_openssl.sha256_update(&hash, SPAN_LIT("xyz"));
	crypto_openssl.sha256_update(&copy, SPAN_LIT("c"));
	crypto_openssl.sha256_final(&copy, &digest);
	check_digest(&digest, vectors[1].hex);
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
	CASE(sha256_gives_the_fips_digests),
	CASE(sha256_of_a_stream_is_that_of_the_whole),
	CASE(sha256_state_can_be_copied),
	CASE(crypto_drain_hashes_what_is_written),
};

CHECK_MAIN(cases)
