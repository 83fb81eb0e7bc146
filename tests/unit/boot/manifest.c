#include <dirent.h>

#include "manifest.h"
#include "signing.h"
#include "vectors.h"

/* Each envelope of tests/vectors/suit: what our grammar says of it, and why. */
static const struct {
	const char *file;
	enum fault fault;
	bool is_signed; /* by public_key.pem, where the grammar accepts it */
	const char *why;
} published[] = {
	{ "example0.esp256.signed.cbor", FAULT_NONE, false, "its source holds a signature of something else" },
	{ "example1.esp256.signed.cbor", FAULT_NONE, true, "the grammar" },
	{ "libcsuit/suit_manifest_exp0.suit", FAULT_NONE, true, "the grammar" },
	{ "libcsuit/suit_manifest_exp1.suit", FAULT_NONE, true, "the grammar" },
	{ "example0.es256.signed.cbor", FAULT_VERSION, false, "ES256, which names no curve" },
	{ "example1.es256.signed.cbor", FAULT_VERSION, false, "ES256, which names no curve" },
	{ "example2.es256.signed-severed.cbor", FAULT_VERSION, false, "ES256, which names no curve" },
	{ "example2.es256.signed.cbor", FAULT_VERSION, false, "ES256, which names no curve" },
	{ "example3.es256.signed.cbor", FAULT_VERSION, false, "ES256, which names no curve" },
	{ "example4.es256.signed.cbor", FAULT_VERSION, false, "ES256, which names no curve" },
	{ "example5.es256.signed.cbor", FAULT_VERSION, false, "ES256, which names no curve" },
	{ "example0.es256.unsigned.cbor", FAULT_MISSING, false, "no signature" },
	{ "example1.es256.unsigned.cbor", FAULT_MISSING, false, "no signature" },
	{ "example2.es256.unsigned-severed.cbor", FAULT_MISSING, false, "no signature" },
	{ "example3.es256.unsigned.cbor", FAULT_MISSING, false, "no signature" },
	{ "example4.es256.unsigned.cbor", FAULT_MISSING, false, "no signature" },
	{ "example5.es256.unsigned.cbor", FAULT_MISSING, false, "no signature" },
	{ "example0.esp256.unsigned.cbor", FAULT_MISSING, false, "no signature" },
	{ "example1.esp256.unsigned.cbor", FAULT_MISSING, false, "no signature" },
	{ "example2.esp256.unsigned-severed.cbor", FAULT_MISSING, false, "no signature" },
	{ "example3.esp256.unsigned.cbor", FAULT_MISSING, false, "no signature" },
	{ "example4.esp256.unsigned.cbor", FAULT_MISSING, false, "no signature" },
	{ "example5.esp256.unsigned.cbor", FAULT_MISSING, false, "no signature" },
	{ "example2.esp256.signed-severed.cbor", FAULT_TYPE, false, "a digest where the install sequence should be" },
	{ "example2.esp256.signed.cbor", FAULT_UNKNOWN, false, "severed members beside the manifest" },
	{ "libcsuit/suit_manifest_exp2A.suit", FAULT_TYPE, false, "a digest where the install sequence should be" },
	{ "libcsuit/suit_manifest_exp2B.suit", FAULT_UNKNOWN, false, "severed members beside the manifest" },
	{ "example3.esp256.signed.cbor", FAULT_UNKNOWN, false, "A/B by slot conditions" },
	{ "example4.esp256.signed.cbor", FAULT_TOO_LARGE, false, "two components" },
	{ "example5.esp256.signed.cbor", FAULT_TOO_LARGE, false, "two components" },
	{ "libcsuit/suit_manifest_exp3.suit", FAULT_UNKNOWN, false, "A/B by slot conditions" },
	{ "libcsuit/suit_manifest_exp4.suit", FAULT_TOO_LARGE, false, "two components" },
	{ "libcsuit/suit_manifest_exp5.suit", FAULT_TOO_LARGE, false, "two components" },
	{ "libcsuit/suit_manifest_expAF.suit", FAULT_TYPE, false, "a MAC instead of a signature" },
	{ "libcsuit/suit_manifest_expAFS.suit", FAULT_TYPE, false, "a MAC instead of a signature" },
	{ "libcsuit/suit_manifest_expAW.suit", FAULT_TYPE, false, "a MAC instead of a signature" },
	{ "libcsuit/suit_manifest_expD.suit", FAULT_TYPE, false, "no envelope tag" },
	{ "libcsuit/suit_manifest_expED.suit", FAULT_UNKNOWN, false, "an integrated manifest" },
	{ "libcsuit/suit_manifest_expEW.suit", FAULT_MISSING, false, "no shared sequence" },
	{ "libcsuit/suit_manifest_expI.suit", FAULT_TYPE, false, "no envelope tag" },
	{ "libcsuit/suit_manifest_expS0.suit", FAULT_MISSING, false, "no shared sequence" },
	{ "libcsuit/suit_manifest_expS2.suit", FAULT_UNKNOWN, false, "dependencies" },
	{ "libcsuit/suit_manifest_expS3.suit", FAULT_UNKNOWN, false, "an integrated manifest" },
	{ "libcsuit/suit_manifest_expU.suit", FAULT_TYPE, false, "no envelope tag" },
	{ "libcsuit/suit_manifest_expU0.suit", FAULT_MISSING, false, "no shared sequence" },
	{ "libcsuit/suit_manifest_expU1.suit", FAULT_MISSING, false, "no shared sequence" },
	{ "libcsuit/suit_manifest_expU2.suit", FAULT_VERSION, false, "ES256, which names no curve" },
	{ "libcsuit/suit_manifest_expU3.suit", FAULT_VERSION, false, "ES256, which names no curve" },
	{ "firmware-encryption/suit-manifest-aes-kw-content.cbor", FAULT_TYPE, false, "a MAC instead of a signature" },
	{ "firmware-encryption/suit-manifest-aes-kw-slot.cbor", FAULT_TYPE, false, "a MAC instead of a signature" },
	{ "firmware-encryption/suit-manifest-aes-kw.cbor", FAULT_TYPE, false, "a MAC instead of a signature" },
	{ "firmware-encryption/suit-manifest-es-ecdh-content.cbor", FAULT_MISSING, false, "no shared sequence" },
	{ "firmware-encryption/suit-manifest-es-ecdh-dependency.cbor", FAULT_UNKNOWN, false, "an integrated manifest" },
	{ "trust-domains/example0_dependent.cbor", FAULT_MISSING, false, "no shared sequence" },
	{ "trust-domains/example1_process.cbor", FAULT_UNKNOWN, false, "dependencies" },
	{ "trust-domains/example2_integrated.cbor", FAULT_UNKNOWN, false, "an integrated manifest" },
};

static bool is_signed_by(const struct manifest *m, const struct public_key *key)
{
	return crypto_openssl.p256_verify(key->xy, &m->signed_digest, m->signatures[0].raw.at);
}

static void published_examples_get_their_verdicts(void)
{
	struct public_key key;
	struct manifest m;
	char path[256];
	CHECK_EQ(key_from_pem(vectors_load("suit/public_key.pem"), &key), FAULT_NONE);
	for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
		snprintf(path, sizeof path, "suit/%s", published[i].file);
		enum fault fault = manifest_decode(vectors_load(path), &crypto_openssl, &m);
		if (fault != published[i].fault)
			printf("# %s: %s\n", path, published[i].why);
		CHECK_EQ(fault, published[i].fault);
		if (fault == FAULT_NONE)
			CHECK_EQ(is_signed_by(&m, &key), published[i].is_signed);
	}
}

/* The table leaves no file out. */
static size_t count_files(const char *folder)
{
	char path[4096];
	size_t count = 0;
	snprintf(path, sizeof path, "%s/suit/%s", VECTORS, folder);
	DIR *dir = opendir(path);
	CHECK(dir != NULL);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
		count += strstr(entry->d_name, ".cbor") != NULL || strstr(entry->d_name, ".suit") != NULL;
	closedir(dir);
	return count;
}

static void published_is_all_that_was_published(void)
{
	CHECK_EQ(count_files(".") + count_files("libcsuit") + count_files("firmware-encryption") +
			 count_files("trust-domains"),
		 sizeof published / sizeof published[0]);
}

static void an_example_reads_as_its_text_says(void)
{
	struct manifest m;
	struct span envelope = vectors_load("suit/example1.esp256.signed.cbor");
	CHECK_EQ(manifest_decode(envelope, &crypto_openssl, &m), FAULT_NONE);
	CHECK_EQ(m.sequence, 1);
	CHECK_EQ(m.image_bytes, 34768);
	CHECK_EQ(m.component_count, 1);
	CHECK(m.component[0].n == 1 && m.component[0].at[0] == 0);
	CHECK(m.vendor[0] == 0xfa && m.class[0] == 0x14 && m.image.bytes[0] == 0x00 && m.image.bytes[31] == 0x10);
	CHECK(span_is(m.uri, "http://example.com/file.bin"));
	CHECK_EQ(m.signature_count, 1);
}

static void what_is_encoded_decodes_to_the_same(void)
{
	static const int both[] = { KEY_EMERGENCY_1, KEY_EMERGENCY_2 };
	uint8_t out[MANIFEST_BYTES_MAX];
	struct manifest m = signing_manifest("recovery", COUNTER_OF(COUNTER_EPOCH_MAX, 7), SPAN_LIT("image")), back;
	m.uri = SPAN_LIT("objects/1234");
	struct span envelope = signing_envelope(&m, both, 2, out, sizeof out);
	CHECK_EQ(manifest_decode(envelope, &crypto_openssl, &back), FAULT_NONE);
	CHECK(back.sequence == m.sequence && back.image_bytes == m.image_bytes);
	CHECK(memcmp(back.vendor, m.vendor, 16) == 0 && memcmp(back.class, m.class, 16) == 0);
	CHECK(digest_equal(&back.image, &m.image) && span_equal(back.uri, m.uri));
	CHECK(back.component_count == 1 && span_is(back.component[0], "recovery"));
	CHECK_EQ(back.signature_count, 2);
	struct public_key second = signing_public(KEY_EMERGENCY_2);
	CHECK(crypto_openssl.p256_verify(second.xy, &back.signed_digest, back.signatures[1].raw.at));
}

/* The shortest URI and key id are there, and without them nothing is, whatever stood in the result before. */
static void what_is_short_or_absent_is_read_so(void)
{
	static const uint8_t raw[64] = { 1 };
	uint8_t text[MANIFEST_BYTES_MAX], out[MANIFEST_BYTES_MAX];
	struct manifest_signature signature = { .raw = SPAN_OF(raw) };
	for (size_t n = 0; n <= 1; n++) {
		struct manifest m = signing_manifest("slot", 1, SPAN_LIT("image")), back;
		m.uri = signature.kid = (struct span){ (const uint8_t *)"u", n };
		struct writer body = writer_over(text, sizeof text), w = writer_over(out, sizeof out);
		manifest_encode_body(&body, &m);
		manifest_encode(&w, &crypto_openssl, writer_span(&body), &signature, 1);
		CHECK_EQ(writer_end(&w), FAULT_NONE);
		memset(&back, 0xff, sizeof back);
		CHECK_EQ(manifest_decode(writer_span(&w), &crypto_openssl, &back), FAULT_NONE);
		CHECK(span_equal(back.uri, m.uri) && span_equal(back.signatures[0].kid, signature.kid));
	}
	struct manifest back;
	struct span inner = SPAN_LIT("what stood there");
	CHECK(manifest_decode_envelope(SPAN_LIT("no envelope"), &crypto_openssl, &back, &inner) != FAULT_NONE);
	CHECK_EQ(inner.n, 0);
}

/* A key without a value that the map counts as a member: only the key itself gives it away. */
static void a_key_that_is_not_of_the_grammar_is_refused(void)
{
	static const uint8_t validate[] = { 0x07, 0x43, 0x82, 0x03, 0x0f };
	static const struct {
		uint8_t key;
		size_t after; /* bytes of the validate member */
		enum fault fault;
	} rows[] = { { 5, 0, FAULT_MISSING }, { 8, sizeof validate, FAULT_UNKNOWN } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t body[MANIFEST_BYTES_MAX];
		struct manifest m = signing_manifest("slot", 9, SPAN_LIT("image")), back;
		struct writer w = writer_over(body, sizeof body);
		manifest_encode_body(&w, &m);
		size_t n = writer_span(&w).n, at = 0;
		while (at < n && memcmp(body + at, validate, sizeof validate) != 0)
			at++;
		CHECK(at < n);
		at += rows[i].after;
		memmove(body + at + 1, body + at, n - at);
		body[at] = rows[i].key;
		body[0]++; /* one member more */
		CHECK_EQ(manifest_decode_body((struct span){ body, n + 1 }, &back), rows[i].fault);
	}
}

static void what_the_grammar_lacks_is_not_encoded(void)
{
	uint8_t out[MANIFEST_BYTES_MAX], uri[MANIFEST_BYTES_MAX];
	struct manifest m = signing_manifest("slot", COUNTER_OF(COUNTER_EPOCH_MAX + 1, 0), SPAN_LIT("image"));
	struct writer w = writer_over(out, sizeof out);
	manifest_encode_body(&w, &m);
	CHECK_EQ(writer_end(&w), FAULT_RANGE);
	m = signing_manifest("slot", 1, SPAN_LIT("image"));
	m.component_count = 0;
	w = writer_over(out, sizeof out);
	manifest_encode_body(&w, &m);
	CHECK_EQ(writer_end(&w), FAULT_RANGE);
	m.component_count = 1;
	memset(uri, 'u', sizeof uri);
	m.uri = SPAN_OF(uri);
	w = writer_over(out, sizeof out);
	manifest_encode_body(&w, &m);
	CHECK_EQ(writer_end(&w), FAULT_NO_SPACE);
	w = writer_over(out, sizeof out);
	manifest_encode(&w, &crypto_openssl, SPAN_LIT("body"), NULL, 0);
	CHECK_EQ(writer_end(&w), FAULT_RANGE);
}

/* Refused by the grammar, by the digest, or by the key. */
static bool is_accepted(struct span envelope, const struct public_key *key)
{
	struct manifest m;
	if (manifest_decode(envelope, &crypto_openssl, &m) != FAULT_NONE)
		return false;
	for (uint32_t i = 0; i < m.signature_count; i++)
		if (crypto_openssl.p256_verify(key->xy, &m.signed_digest, m.signatures[i].raw.at))
			return true;
	return false;
}

static void every_flipped_bit_and_every_cut_is_refused(void)
{
	uint8_t out[MANIFEST_BYTES_MAX], longer[MANIFEST_BYTES_MAX + 1];
	struct public_key key = signing_public(KEY_CURRENT);
	struct manifest m = signing_manifest("slot", 0x100000002, SPAN_LIT("image"));
	struct span good = signing_by(KEY_CURRENT, &m, out, sizeof out);
	CHECK(is_accepted(good, &key));
	for (size_t bit = 0; bit < good.n * 8; bit++) {
		out[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (is_accepted(good, &key))
			printf("# bit %zu of byte %zu, now %02x\n", bit % 8, bit / 8, out[bit / 8]);
		CHECK(!is_accepted(good, &key));
		out[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t n = 0; n < good.n; n++) {
		/* At the end of a block of its own, so that a sanitizer sees a read past it. */
		uint8_t *copy = malloc(n > 0 ? n : 1);
		memcpy(copy, out, n);
		bool accepted = is_accepted((struct span){ copy, n }, &key);
		free(copy);
		CHECK(!accepted);
	}
	memcpy(longer, out, good.n);
	longer[good.n] = 0;
	CHECK(!is_accepted((struct span){ longer, good.n + 1 }, &key));
	CHECK(is_accepted(good, &key));
}

static void a_leading_component_index_is_accepted(void)
{
	/* <<[12, 0, 3, 15]>> instead of <<[3, 15]>> as the validate member, and a wrong index. */
	static const uint8_t plain[] = { 0x07, 0x43, 0x82, 0x03, 0x0f };
	static const uint8_t indexed[] = { 0x07, 0x45, 0x84, 0x0c, 0x00, 0x03, 0x0f };
	uint8_t body[MANIFEST_BYTES_MAX];
	struct manifest m = signing_manifest("slot", 9, SPAN_LIT("image")), back;
	struct writer w = writer_over(body, sizeof body);
	manifest_encode_body(&w, &m);
	size_t n = writer_span(&w).n, at = 0;
	while (at < n && memcmp(body + at, plain, sizeof plain) != 0)
		at++;
	CHECK(at < n);
	memmove(body + at + sizeof indexed, body + at + sizeof plain, n - at - sizeof plain);
	memcpy(body + at, indexed, sizeof indexed);
	n += sizeof indexed - sizeof plain;
	CHECK_EQ(manifest_decode_body((struct span){ body, n }, &back), FAULT_NONE);
	body[at + 4] = 1;
	CHECK_EQ(manifest_decode_body((struct span){ body, n }, &back), FAULT_UNKNOWN);
}

static void a_body_of_another_version_is_refused(void)
{
	uint8_t body[MANIFEST_BYTES_MAX];
	struct manifest m = signing_manifest("slot", 9, SPAN_LIT("image")), back;
	struct writer w = writer_over(body, sizeof body);
	manifest_encode_body(&w, &m);
	CHECK_EQ(manifest_decode_body(writer_span(&w), &back), FAULT_NONE);
	CHECK_EQ(body[2], 1);
	body[2] = 2;
	CHECK_EQ(manifest_decode_body(writer_span(&w), &back), FAULT_VERSION);
}

static void an_envelope_has_its_limits(void)
{
	static uint8_t out[2 * MANIFEST_BYTES_MAX], body[MANIFEST_BYTES_MAX], raw[65];
	struct manifest_signature signature = { .raw = { raw, 64 } };
	size_t longest = 0;
	for (size_t n = MANIFEST_BYTES_MAX - 200; n < MANIFEST_BYTES_MAX; n++) {
		struct writer w = writer_over(out, sizeof out);
		manifest_encode(&w, &crypto_openssl, (struct span){ body, n }, &signature, 1);
		CHECK_EQ(w.fault, w.used <= MANIFEST_BYTES_MAX ? FAULT_NONE : FAULT_TOO_LARGE);
		longest = w.fault == FAULT_NONE ? w.used : longest;
	}
	CHECK_EQ(longest, MANIFEST_BYTES_MAX);
	for (size_t n = 63; n <= 65; n++) {
		struct writer w = writer_over(out, sizeof out);
		signature.raw.n = n;
		manifest_encode(&w, &crypto_openssl, SPAN_LIT("body"), &signature, 1);
		CHECK_EQ(writer_end(&w), n == 64 ? FAULT_NONE : FAULT_RANGE);
	}
	struct manifest_signature three[MANIFEST_SIGNATURES_MAX + 1] = { signature, signature, signature };
	for (uint32_t count = 0; count <= MANIFEST_SIGNATURES_MAX + 1; count++) {
		struct writer w = writer_over(out, sizeof out);
		for (uint32_t i = 0; i < count; i++)
			three[i].raw.n = 64;
		manifest_encode(&w, &crypto_openssl, SPAN_LIT("body"), three, count);
		CHECK_EQ(writer_end(&w) == FAULT_NONE, count >= 1 && count <= MANIFEST_SIGNATURES_MAX);
	}
	struct manifest m = signing_manifest("slot", 1, SPAN_LIT("image"));
	for (uint32_t count = 0; count <= MANIFEST_COMPONENT_MAX + 1; count++) {
		struct manifest many = m;
		many.component_count = count;
		for (uint32_t i = 0; i < count && i < MANIFEST_COMPONENT_MAX; i++)
			many.component[i] = SPAN_LIT("slot");
		struct writer w = writer_over(out, sizeof out);
		manifest_encode_body(&w, &many);
		CHECK_EQ(writer_end(&w) == FAULT_NONE, count >= 1 && count <= MANIFEST_COMPONENT_MAX);
	}
}

static void count_drained(void *context, struct span bytes)
{
	*(size_t *)context += bytes.n;
}

/* Through a buffer that is smaller than an envelope, and not empty. */
static void an_envelope_goes_through_a_small_buffer(void)
{
	static const uint8_t raw[64] = { 1 };
	uint8_t out[MANIFEST_BYTES_MAX], small[64];
	struct manifest_signature signature = { .raw = SPAN_OF(raw) };
	struct writer whole = writer_over(out, sizeof out);
	manifest_encode(&whole, &crypto_openssl, SPAN_LIT("body"), &signature, 1);
	size_t whole_bytes = writer_span(&whole).n;
	for (size_t before = 0; before <= sizeof small; before++) {
		size_t drained = 0;
		struct writer w = writer_over(small, sizeof small);
		w.drain = count_drained;
		w.context = &drained;
		writer_bytes(&w, (struct span){ out, before });
		manifest_encode(&w, &crypto_openssl, SPAN_LIT("body"), &signature, 1);
		CHECK_EQ(writer_end(&w), FAULT_NONE);
		CHECK_EQ(drained, before + whole_bytes);
	}
}

static const struct check_case cases[] = {
	CASE(published_is_all_that_was_published),
	CASE(published_examples_get_their_verdicts),
	CASE(an_example_reads_as_its_text_says),
	CASE(what_is_encoded_decodes_to_the_same),
	CASE(what_is_short_or_absent_is_read_so),
	CASE(a_key_that_is_not_of_the_grammar_is_refused),
	CASE(what_the_grammar_lacks_is_not_encoded),
	CASE(every_flipped_bit_and_every_cut_is_refused),
	CASE(a_leading_component_index_is_accepted),
	CASE(a_body_of_another_version_is_refused),
	CASE(an_envelope_has_its_limits),
	CASE(an_envelope_goes_through_a_small_buffer),
};
CHECK_MAIN(cases)
