#include "packed.h"

#include "check.h"

static uint8_t memory[16 * PACKED_BYTES_MAX], bytes[PACKED_BYTES_MAX];

static struct object packed_object_of(uint8_t seed)
{
	struct object object = { .bytes = 1000u + seed };
	memset(object.sha256.bytes, seed, sizeof object.sha256.bytes);
	return object;
}

static struct packed packed_sample(void)
{
	struct packed packed = { .product = SPAN_LIT("edge-gateway"),
				 .build_id = SPAN_LIT("ci \"4711\""),
				 .compatible_count = 2,
				 .proof = PROOF_SIGNED,
				 .log = LOG_REQUIRED,
				 .has_return = true };
	memset(&packed.compatible[0], 0x11, sizeof packed.compatible[0]);
	memset(&packed.compatible[1], 0x22, sizeof packed.compatible[1]);
	packed.release = (struct packed_image){ .version = SPAN_LIT("1.2.0"),
						.image = packed_object_of(1).sha256,
						.image_bytes = 5000,
						.table = packed_object_of(2),
						.payload = packed_object_of(3),
						.counter = COUNTER_OF(0, 7) };
	packed.return_release = packed.release;
	packed.return_release.version = SPAN_LIT("1.1.0");
	packed.return_release.counter++;
	return packed;
}

static struct span packed_text(const struct packed *packed)
{
	struct writer w = writer_over(bytes, sizeof bytes);
	packed_encode(&w, packed);
	CHECK_EQ(writer_end(&w), FAULT_NONE);
	return writer_span(&w);
}

static enum fault packed_read(struct span text, struct packed *out)
{
	struct workspace ws = workspace_over(memory, sizeof memory);
	return packed_decode(text, &ws, out);
}

static void packed_comes_back(void)
{
	struct packed want = packed_sample(), got;
	CHECK_EQ(packed_read(packed_text(&want), &got), FAULT_NONE);
	CHECK(span_equal(got.product, want.product) && span_equal(got.build_id, want.build_id));
	CHECK_EQ(got.compatible_count, 2);
	CHECK(memcmp(got.compatible, want.compatible, 2 * sizeof *got.compatible) == 0);
	CHECK(got.proof == want.proof && got.log == want.log && got.has_return);
	CHECK(span_is(got.release.version, "1.2.0") && span_is(got.return_release.version, "1.1.0"));
	CHECK(digest_equal(&got.release.image, &want.release.image));
	CHECK_EQ(got.release.image_bytes, 5000);
	CHECK_EQ(got.release.table.bytes, 1002);
	CHECK(digest_equal(&got.release.payload.sha256, &want.release.payload.sha256));
	CHECK_EQ(got.return_release.counter, want.release.counter + 1);
	uint8_t again[PACKED_BYTES_MAX];
	struct writer w = writer_over(again, sizeof again);
	packed_encode(&w, &got);
	CHECK(writer_end(&w) == FAULT_NONE && span_equal(writer_span(&w), packed_text(&want)));
}

static void packed_without_return_comes_back(void)
{
	struct packed want = packed_sample(), got;
	want.has_return = false;
	CHECK_EQ(packed_read(packed_text(&want), &got), FAULT_NONE);
	CHECK(!got.has_return);
}

static void packed_refuses_what_is_cut(void)
{
	struct packed want = packed_sample(), got;
	struct span text = packed_text(&want);
	for (size_t n = 0; n < text.n; n++)
		CHECK(packed_read(span_sub(text, 0, n), &got) != FAULT_NONE);
	CHECK_EQ(packed_read(SPAN_LIT("{"), &got), FAULT_TRUNCATED);
}

/* The sample with one piece of its text put in another's place. */
static enum fault packed_read_with(const char *from, const char *to)
{
	static char changed[PACKED_BYTES_MAX + 64];
	struct packed want = packed_sample(), got;
	struct span text = packed_text(&want);
	memcpy(changed, text.at, text.n);
	changed[text.n] = '\0';
	char *at = strstr(changed, from);
	CHECK(at != NULL);
	memmove(at + strlen(to), at + strlen(from), strlen(at + strlen(from)) + 1);
	memcpy(at, to, strlen(to));
	return packed_read(span_of_text(changed), &got);
}

static void packed_refuses_what_it_does_not_know(void)
{
	static const struct {
		const char *from, *to;
		enum fault want;
	} cases[] = {
		{ "\"type\":\"packed\"", "\"type\":\"parked\"", FAULT_VERSION },
		{ "\"format\":1", "\"format\":2", FAULT_RANGE },
		{ "\"proof\":\"signed\"", "\"proof\":\"sworn\"", FAULT_VERSION },
		{ "\"log\":\"log\"", "\"log\":\"diary\"", FAULT_VERSION },
		{ "\"format\":1,", "\"format\":1,\"extra\":1,", FAULT_UNKNOWN },
		{ "\"format\":1,", "", FAULT_MISSING },
		{ "\"counter\":7", "\"counter\":0", FAULT_RANGE },
		{ "\"counter\":7", "\"counter\":\"7\"", FAULT_TYPE },
		{ "\"bytes\":1002", "\"bytes\":-1", FAULT_RANGE },
		{ "\"class\":\"11", "\"class\":\"g1", FAULT_SYNTAX },
		{ "\"product\":\"edge-gateway\"", "\"product\":\"edge-gateway-with-a-name-that-is-far-too-long\"",
		  FAULT_TOO_LARGE },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum fault fault = packed_read_with(cases[i].from, cases[i].to);
		if (fault != cases[i].want)
			printf("# %s -> %s: %s\n", cases[i].from, cases[i].to, fault_text(fault));
		CHECK_EQ(fault, cases[i].want);
	}
}

static void packed_needs_hardware(void)
{
	struct packed want = packed_sample(), got;
	want.compatible_count = 0;
	CHECK_EQ(packed_read(packed_text(&want), &got), FAULT_RANGE);
}

static void packed_has_a_ceiling(void)
{
	static uint8_t spaces[PACKED_BYTES_MAX + 1];
	struct packed got;
	memset(spaces, ' ', sizeof spaces);
	CHECK_EQ(packed_read(SPAN_OF(spaces), &got), FAULT_TOO_LARGE);
}

static void packed_becomes_releases(void)
{
	struct packed packed = packed_sample();
	struct release release;
	packed_release(&packed, true, SPAN_LIT("p/edge-gateway/1.2.0/return"), packed_object_of(9), SPAN_NONE,
		       &release);
	CHECK_EQ(release.counter, packed.return_release.counter);
	CHECK(span_is(release.version, "1.1.0") && release.return_path.n == 0);
	CHECK_EQ(release.manifest.bytes, 1009);
	packed_release(&packed, false, SPAN_LIT("p/edge-gateway/1.2.0/image"), packed_object_of(8),
		       SPAN_LIT("p/edge-gateway/1.2.0/return"), &release);
	CHECK(span_is(release.version, "1.2.0") && span_is(release.return_path, "p/edge-gateway/1.2.0/return"));
	CHECK_EQ(release.compatible_count, 2);
}

static void packed_release_keeps_the_hardware(void)
{
	struct packed packed = packed_sample();
	struct release release;
	packed_release(&packed, false, SPAN_LIT("p/x/1/image"), packed_object_of(8), SPAN_NONE, &release);
	CHECK(memcmp(release.compatible, packed.compatible, 2 * sizeof release.compatible[0]) == 0);
	static const struct compatible none;
	CHECK(memcmp(&release.compatible[2], &none, sizeof none) == 0);
	CHECK_EQ(packed_read_with("\"payload\":{", "\"extra\":1,\"payload\":{"), FAULT_UNKNOWN);
}

static const struct check_case cases[] = {
	CASE(packed_comes_back),          CASE(packed_without_return_comes_back),
	CASE(packed_refuses_what_is_cut), CASE(packed_refuses_what_it_does_not_know),
	CASE(packed_needs_hardware),      CASE(packed_has_a_ceiling),
	CASE(packed_becomes_releases),    CASE(packed_release_keeps_the_hardware),
};
CHECK_MAIN(cases)
