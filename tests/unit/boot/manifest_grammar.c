/*
 * The accepted set of the boot manifest is exactly the grammar: the decoder and a second opinion (grammar_match.h)
 * agree on envelopes made from the grammar with nothing or one thing wrong and on those with a changed byte, and, under
 * real signatures, no flipped bit and no cut of any shape is accepted.
 *
 * GRAMMAR_CASES in the environment says how many envelopes; the build's long suite asks for more.
 */
#include "grammar_make.h"
#include "grammar_match.h"
#include "manifest.h"
#include "signing.h"

enum { CASES_DEFAULT = 30000, AT_DIGEST = 13 /* of an envelope whose authentication block has 24 to 255 bytes */ };

static struct grammar_maker maker;

/* A hash that is always the same, so that what is wrong inside is reached with a digest that is right. */
static const uint8_t fixed_digest[DIGEST_BYTES] = "the digest of every manifest is";

static void fixed_init(struct sha256 *h)
{
	memset(h, 0, sizeof *h);
}

static void fixed_update(struct sha256 *h, struct span data)
{
}

static void fixed_final(struct sha256 *h, struct digest *out)
{
	memcpy(out->bytes, fixed_digest, DIGEST_BYTES);
}

static const struct crypto fixed_hash = {
	.sha256_init = fixed_init,
	.sha256_update = fixed_update,
	.sha256_final = fixed_final,
};

/* Both verdicts, which must agree. The bytes stand at the end of a block, so that a sanitizer sees a read past it. */
static bool judge(const uint8_t *bytes, size_t n, const char *what)
{
	struct manifest m;
	uint8_t *copy = malloc(n > 0 ? n : 1);
	CHECK(copy != NULL);
	memcpy(copy, bytes, n);
	enum fault fault = manifest_decode((struct span){ copy, n }, &fixed_hash, &m);
	bool matches = grammar_accepts(copy, n, fixed_digest);
	free(copy);
	if (matches != (fault == FAULT_NONE)) {
		printf("# %s: the grammar says %s, the decoder: %s\n# ", what, matches ? "yes" : "no",
		       fault_text(fault));
		for (size_t i = 0; i < n; i++)
			printf("%02x", bytes[i]);
		printf("\n");
	}
	CHECK_EQ(fault == FAULT_NONE, matches);
	return matches;
}

static struct span envelope_made(uint64_t seed, enum grammar_wrong wrong, int left)
{
	maker.seed = seed * 2 + 1;
	maker.used = 0;
	maker.wrong = wrong;
	maker.left = left;
	return make_envelope(&maker, SPAN_OF(fixed_digest));
}

static uint32_t cases_wanted(void)
{
	const char *text = getenv("GRAMMAR_CASES");
	return text == NULL ? CASES_DEFAULT : (uint32_t)strtoul(text, NULL, 10);
}

/* [BM-1] [BM-2]: refused only where it is too long. */
static void what_the_grammar_makes_is_accepted(void)
{
	uint32_t accepted = 0, wanted = cases_wanted() / 10;
	for (uint32_t i = 0; i < wanted; i++) {
		struct span made = envelope_made(i, WRONG_KINDS, -1);
		CHECK_EQ(judge(made.at, made.n, "made"), made.n <= MANIFEST_BYTES_MAX);
		accepted += made.n <= MANIFEST_BYTES_MAX;
	}
	printf("# %u made, %u accepted, the others too long\n", wanted, accepted);
	CHECK(accepted > wanted / 2 && accepted < wanted);
}

/* The envelope with one thing wrong, if there is such a place; false where there is none. */
static bool judge_wrong(uint64_t seed, enum grammar_wrong wrong, int place, uint32_t verdicts[2])
{
	static uint8_t right[8192];
	char what[64];
	struct span made = envelope_made(seed, WRONG_KINDS, -1);
	size_t right_bytes = made.n;
	CHECK(made.n <= sizeof right);
	memcpy(right, made.at, made.n);
	made = envelope_made(seed, wrong, place);
	if (maker.left >= 0)
		return false;
	/* Some heads have no wider form, some groups no two members to swap. */
	if (made.n == right_bytes && memcmp(made.at, right, made.n) == 0)
		return true;
	snprintf(what, sizeof what, "kind %d, place %d", (int)wrong, place);
	verdicts[judge(made.at, made.n, what)]++;
	return true;
}

/* [BM-2]: every kind of wrong at every place; what is still accepted is in the grammar (another value, say). */
static void one_thing_wrong_is_judged_as_by_the_grammar(void)
{
	uint32_t verdicts[WRONG_KINDS][2] = { 0 };
	uint32_t judged = 0, wanted = cases_wanted();
	for (uint64_t seed = 0; judged < wanted; seed++) {
		int place = 0;
		enum grammar_wrong wrong = (enum grammar_wrong)(seed % WRONG_KINDS);
		while (judge_wrong(seed, wrong, place, verdicts[wrong]))
			place++;
		judged += (uint32_t)place;
	}
	for (int kind = 0; kind < WRONG_KINDS; kind++) {
		printf("# kind %d: %u refused, %u accepted\n", kind, verdicts[kind][0], verdicts[kind][1]);
		CHECK(verdicts[kind][0] > judged / WRONG_KINDS / 10);
	}
	CHECK_EQ(verdicts[WRONG_WIDER][1] + verdicts[WRONG_INDEFINITE][1] + verdicts[WRONG_RESERVED][1], 0);
}

static void change_bytes(uint8_t *bytes, size_t *n)
{
	size_t at = make_below(&maker, (uint32_t)*n), from = make_below(&maker, (uint32_t)*n);
	switch (make_below(&maker, 6)) {
	case 0:
		bytes[at] ^= (uint8_t)(1u << make_below(&maker, 8));
		return;
	case 1:
		bytes[at] = (uint8_t)make_below(&maker, 256);
		return;
	case 2:
		bytes[at] = bytes[from];
		return;
	case 3:
		bytes[at]++;
		return;
	case 4:
		memmove(bytes + at, bytes + at + 1, *n - at - 1);
		--*n;
		return;
	default:
		memmove(bytes + at + 1, bytes + at, *n - at);
		bytes[at] = (uint8_t)make_below(&maker, 256);
		++*n;
	}
}

static void changed_bytes_are_judged_as_by_the_grammar(void)
{
	static uint8_t bytes[8192];
	uint32_t accepted = 0, wanted = cases_wanted();
	for (uint32_t i = 0; i < wanted; i++) {
		struct span made = envelope_made(i, WRONG_KINDS, -1);
		size_t n = made.n;
		memcpy(bytes, made.at, n);
		for (uint32_t changes = 1 + make_below(&maker, 2); changes > 0; changes--)
			change_bytes(bytes, &n);
		accepted += judge(bytes, n, "changed");
	}
	printf("# %u changed, %u accepted\n", wanted, accepted);
	CHECK(accepted > wanted / 10 && accepted < wanted - wanted / 10);
}

/* [BM-1], to the byte. */
static void an_envelope_over_the_ceiling_is_refused(void)
{
	uint32_t at_ceiling = 0, above = 0;
	for (maker.kid_bytes = 100; maker.kid_bytes < MANIFEST_BYTES_MAX; maker.kid_bytes++) {
		struct span made = envelope_made(5, WRONG_KINDS, -1);
		CHECK_EQ(judge(made.at, made.n, "long"), made.n <= MANIFEST_BYTES_MAX);
		at_ceiling += made.n == MANIFEST_BYTES_MAX;
		above += made.n == MANIFEST_BYTES_MAX + 1;
	}
	maker.kid_bytes = 0;
	CHECK(at_ceiling > 0 && above > 0);
}

static void cut_and_longer_envelopes_are_refused(void)
{
	for (uint32_t i = 0; i < 20; i++) {
		struct span made = envelope_made(i, WRONG_KINDS, -1);
		for (size_t n = 0; n < made.n; n++)
			CHECK(!judge(made.at, n, "cut"));
		maker.arena[maker.used] = 0;
		CHECK(!judge(made.at, made.n + 1, "longer"));
	}
}

/* --- under real signatures --- */

struct shape {
	unsigned with; /* optional members, as make_body() takes them */
	uint32_t signatures;
	bool has_kid;
};

/* Needs all its signatures, as a recovery image of two emergency keys does. */
static bool is_signed(struct span envelope, uint32_t count)
{
	struct manifest m;
	if (manifest_decode(envelope, &crypto_openssl, &m) != FAULT_NONE || m.signature_count != count)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		struct public_key key = signing_public(KEY_EMERGENCY_1 + (int)i);
		if (!crypto_openssl.p256_verify(key.xy, &m.signed_digest, m.signatures[i].raw.at))
			return false;
	}
	return true;
}

static struct span shape_signed(const struct shape *shape, uint8_t *out, size_t capacity)
{
	uint8_t raw[2][64];
	struct manifest_signature signatures[2] = { 0 };
	struct error e = { 0 };
	maker.used = 0;
	maker.left = -1;
	struct span body = make_body(&maker, shape->with);
	struct digest digest = manifest_signed_digest(&crypto_openssl, body);
	for (uint32_t i = 0; i < shape->signatures; i++) {
		(void)signing_public(KEY_EMERGENCY_1 + (int)i);
		CHECK_EQ(keyfile_sign(signing_keys[KEY_EMERGENCY_1 + i], &digest, raw[i], &e), 0);
		signatures[i].raw = SPAN_OF(raw[i]);
		signatures[i].kid = shape->has_kid ? SPAN_LIT("key id") : SPAN_NONE;
	}
	struct writer w = writer_over(out, capacity);
	manifest_encode(&w, &crypto_openssl, body, signatures, shape->signatures);
	CHECK_EQ(writer_end(&w), FAULT_NONE);
	return writer_span(&w);
}

/* A key id is the one thing that no signature covers, and it decides nothing [BM-6]: its flips change no fact. */
static bool is_in_kid(struct span envelope, size_t byte)
{
	size_t from = byte < 5 ? 0 : byte - 5;
	for (size_t at = from; at <= byte && at + 6 <= envelope.n; at++)
		if (memcmp(envelope.at + at, "key id", 6) == 0)
			return true;
	return false;
}

static void check_shape(const struct shape *shape)
{
	uint8_t out[MANIFEST_BYTES_MAX];
	struct span good = shape_signed(shape, out, sizeof out);
	CHECK(is_signed(good, shape->signatures));
	CHECK(grammar_accepts(good.at, good.n, out + AT_DIGEST));
	for (size_t bit = 0; bit < good.n * 8; bit++) {
		bool expected = is_in_kid(good, bit / 8);
		out[bit / 8] ^= (uint8_t)(1u << bit % 8);
		bool accepted = is_signed(good, shape->signatures);
		if (accepted != expected)
			printf("# members %u: bit %zu of byte %zu, now %02x\n", shape->with, bit % 8, bit / 8,
			       out[bit / 8]);
		CHECK_EQ(accepted, expected);
		out[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t n = 0; n < good.n; n++) {
		uint8_t *copy = malloc(n > 0 ? n : 1);
		CHECK(copy != NULL);
		memcpy(copy, out, n);
		bool accepted = is_signed((struct span){ copy, n }, shape->signatures);
		free(copy);
		CHECK(!accepted);
	}
}

/* [BM-3] [BM-4] */
static void no_flip_and_no_cut_of_any_shape_is_accepted(void)
{
	maker.seed = 7;
	for (unsigned with = 0; with < 8; with++) {
		const struct shape shape = { with, 1 + with % 2, with % 3 == 1 };
		check_shape(&shape);
	}
}

static const struct check_case cases[] = {
	CASE(what_the_grammar_makes_is_accepted),         CASE(one_thing_wrong_is_judged_as_by_the_grammar),
	CASE(changed_bytes_are_judged_as_by_the_grammar), CASE(an_envelope_over_the_ceiling_is_refused),
	CASE(cut_and_longer_envelopes_are_refused),       CASE(no_flip_and_no_cut_of_any_shape_is_accepted),
};
CHECK_MAIN(cases)
