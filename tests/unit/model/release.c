/* The "custom" member of a release, and its path. */
#include "check.h"

#include "release.h"

#define PATH "p/board/1.2/image"
#define BACK "p/board/1.2/return"

static uint8_t memory[1 << 16], out[RELEASE_CUSTOM_MAX];
static char text[RELEASE_CUSTOM_MAX];

static struct release sample(void)
{
	struct release release = {
		.path = SPAN_LIT(PATH),
		.image_bytes = 1000,
		.product = SPAN_LIT("board"),
		.version = SPAN_LIT("1.2"),
		.build_id = SPAN_LIT("ci-77"),
		.counter = COUNTER_OF(2, 7),
		.compatible_count = 1,
		.manifest = { .bytes = 300 },
		.table = { .bytes = 80 },
		.payload = { .bytes = 500 },
		.return_path = SPAN_LIT(BACK),
		.proof = PROOF_SIGNED,
		.log = LOG_REQUIRED,
	};
	memset(release.compatible[0].vendor, 0x11, 16);
	memset(release.compatible[0].class, 0x22, 16);
	memset(release.table.sha256.bytes, 0x33, 32);
	return release;
}

static struct span encoded(const struct release *release)
{
	struct writer w = writer_over(out, sizeof out);
	release_encode_custom(&w, release);
	CHECK_EQ(writer_end(&w), FAULT_NONE);
	return writer_span(&w);
}

static enum fault decode(const char *path, struct span custom, struct release *release)
{
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct target target = { .path = span_of_text(path), .length = 1000 };
	enum fault fault = json_parse(custom, &ws, &target.custom);
	return fault != FAULT_NONE ? fault : release_decode(&target, release);
}

static struct span changed(struct span whole, const char *from, const char *to)
{
	const uint8_t *at = memmem(whole.at, whole.n, from, strlen(from));
	if (at == NULL)
		printf("# no %s\n", from);
	CHECK(at != NULL && whole.n + strlen(to) < sizeof text);
	struct writer w = writer_over(text, sizeof text);
	writer_bytes(&w, span_sub(whole, 0, (size_t)(at - whole.at)));
	writer_text(&w, to);
	writer_bytes(&w, span_sub(whole, (size_t)(at - whole.at) + strlen(from), whole.n));
	return writer_span(&w);
}

static void round_trip(void)
{
	static uint8_t again[RELEASE_CUSTOM_MAX];
	struct release release = sample(), back;
	struct span custom = encoded(&release);
	CHECK_EQ(decode(PATH, custom, &back), FAULT_NONE);
	struct writer w = writer_over(again, sizeof again);
	release_encode_custom(&w, &back);
	CHECK(span_equal(custom, writer_span(&w)));
	CHECK_EQ(back.counter, release.counter);
	CHECK_EQ(COUNTER_EPOCH(back.counter), 2);
	CHECK_EQ(back.proof, PROOF_SIGNED);
	CHECK_EQ(back.log, LOG_REQUIRED);
	CHECK(span_is(back.path, PATH) && back.image_bytes == 1000);
	CHECK(digest_equal(&back.table.sha256, &release.table.sha256));
}

/* The example of protocol/release.md, byte for byte. */
static void as_written(void)
{
	static const char example[] =
		"{\"build_id\":\"ci-77\",\"compatible\":[{\"class\":\"22222222222222222222222222222222\",\"vendor\":"
		"\"11111111111111111111111111111111\"}],\"counter\":8589934599,\"format\":1,\"log\":\"log\","
		"\"manifest\":"
		"{\"bytes\":300,\"sha256\":\"0000000000000000000000000000000000000000000000000000000000000000\"},"
		"\"payload\":{\"bytes\":500,\"sha256\":"
		"\"0000000000000000000000000000000000000000000000000000000000000000\"},\"product\":\"board\",\"proof\":"
		"\"signed\",\"return\":\"p/board/1.2/return\",\"table\":{\"bytes\":80,\"sha256\":"
		"\"3333333333333333333333333333333333333333333333333333333333333333\"},\"type\":\"release\","
		"\"version\":"
		"\"1.2\"}";
	struct release release = sample();
	CHECK(span_is(encoded(&release), example));
}

static void refusals(void)
{
	static const struct {
		const char *from, *to;
		enum fault fault;
	} table[] = {
		{ "\"type\":\"release\"", "\"type\":\"plan\"", FAULT_VERSION },
		{ "\"format\":1", "\"format\":2", FAULT_VERSION },
		{ "\"format\":1", "\"format\":0", FAULT_RANGE },
		{ "\"format\":1,", "", FAULT_MISSING },
		{ "\"counter\":8589934599", "\"counter\":0", FAULT_RANGE },
		{ "\"counter\":8589934599", "\"counter\":9007199254740992", FAULT_RANGE },
		{ "\"log\":\"log\"", "\"log\":\"maybe\"", FAULT_VERSION },
		{ "\"proof\":\"signed\"", "\"proof\":\"\"", FAULT_VERSION },
		{ "\"product\":\"board\"", "\"product\":\"other\"", FAULT_RANGE },
		{ "\"version\":\"1.2\"", "\"version\":\"1.3\"", FAULT_RANGE },
		{ "\"return\":\"p/board/1.2/return\",", "", FAULT_NONE },
		{ "p/board/1.2/return", "p/board/1.3/return", FAULT_RANGE },
		{ "p/board/1.2/return", "p/other/1.2/return", FAULT_RANGE },
		{ "p/board/1.2/return", "p/board/1.2/image", FAULT_RANGE },
		{ "p/board/1.2/return", "", FAULT_SYNTAX },
		{ "p/board/1.2/return", "../../etc/passwd", FAULT_SYNTAX },
		{ "p/board/1.2/return", "x", FAULT_SYNTAX },
		{ "\"return\":\"p/board/1.2/return\"", "\"return\":null", FAULT_TYPE },
		{ "[{\"class\":\"22222222222222222222222222222222\",\"vendor\":\"11111111111111111111111111111111\"}]",
		  "[]", FAULT_RANGE },
		{ "\"class\":\"2222", "\"class\":\"222", FAULT_TRUNCATED },
		{ "\"vendor\":", "\"vendour\":", FAULT_MISSING },
		{ "\"vendor\":", "\"more\":1,\"vendor\":", FAULT_UNKNOWN },
		{ "\"bytes\":300", "\"bytes\":0", FAULT_RANGE },
		{ "\"bytes\":300", "\"bytes\":300,\"url\":\"x\"", FAULT_UNKNOWN },
		{ "\"build_id\":\"ci-77\"", "\"build_id\":\"\\u00e9\"", FAULT_UTF8 },
		{ "\"build_id\":\"ci-77\"", "\"build_id\":\"\"", FAULT_NONE },
		{ "{\"build_id\"", "{\"a\":0,\"build_id\"", FAULT_UNKNOWN },
	};
	struct release release = sample(), back;
	struct span custom = encoded(&release);
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		enum fault fault = decode(PATH, changed(custom, table[i].from, table[i].to), &back);
		if (fault != table[i].fault)
			printf("# %s -> %s: %s\n", table[i].from, table[i].to, fault_text(fault));
		CHECK_EQ(fault, table[i].fault);
	}
}

static void without_custom(void)
{
	struct release back;
	struct target target = { .path = SPAN_LIT(PATH), .length = 1 };
	CHECK_EQ(release_decode(&target, &back), FAULT_MISSING);
	CHECK_EQ(decode(PATH, SPAN_LIT("[]"), &back), FAULT_TYPE);
	CHECK_EQ(decode(PATH, SPAN_LIT("null"), &back), FAULT_TYPE);
	static char longer[RELEASE_CUSTOM_MAX + 100];
	memset(longer, '"', sizeof longer);
	memset(longer + 1, 'a', sizeof longer - 2);
	CHECK_EQ(decode(PATH, SPAN_OF(longer), &back), FAULT_TYPE);
}

/* Devices check an image by its SHA-256: a target that has another hash alone is no release. */
static void without_sha256(void)
{
	struct release release = sample(), back;
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct target target = { .path = SPAN_LIT(PATH), .length = 1000 };
	CHECK_EQ(json_parse(encoded(&release), &ws, &target.custom), FAULT_NONE);
	target.hashes = METADATA_SHA512;
	CHECK_EQ(release_decode(&target, &back), FAULT_MISSING);
}

/* A return release has no return of its own, and keeps the name of the image to which it goes back. */
static void return_release(void)
{
	struct release release = sample(), back;
	CHECK_EQ(decode(BACK, encoded(&release), &back), FAULT_RANGE);
	release.return_path = SPAN_NONE;
	release.version = SPAN_LIT("1.1");
	CHECK_EQ(decode(BACK, encoded(&release), &back), FAULT_NONE);
	CHECK_EQ(decode(PATH, encoded(&release), &back), FAULT_RANGE);
	/* It becomes a folder's name, and here no path stands against it. */
	static const char *const bad[] = { "", ".", "..", "1/1", "1 1" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		release.version = span_of_text(bad[i]);
		CHECK_EQ(decode(BACK, encoded(&release), &back), FAULT_RANGE);
	}
}

/* That the path to return to is a good one makes no bad path good. */
static void bad_path_with_a_good_return(void)
{
	struct release release = sample(), back;
	CHECK_EQ(decode("q/board/1.2/image", encoded(&release), &back), FAULT_SYNTAX);
}

static void paths(void)
{
	static const char *const bad[] = { "",
					   "p/board/1.2",
					   "p/board/1.2/",
					   "p/board/1.2/image/",
					   "p/board/1.2/image/x",
					   "p/board/1.2/other",
					   "p//1.2/image",
					   "p/board//image",
					   "p/board/../image",
					   "p/board/./image",
					   "p/Board/1.2/image",
					   "p/bo_ard/1.2/image",
					   "p/board/1 2/image",
					   "/p/board/1.2/image",
					   "q/board/1.2/image",
					   "p/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/1/image" };
	struct release_path path;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CHECK_EQ(release_path_decode(span_of_text(bad[i]), &path), FAULT_SYNTAX);
	CHECK_EQ(release_path_decode(SPAN_LIT("p/b-1/1.2+a_B-c/return"), &path), FAULT_NONE);
	CHECK(span_is(path.product, "b-1") && span_is(path.version, "1.2+a_B-c") && path.is_return);
}

static void ceilings(void)
{
	static char padded[2 * RELEASE_CUSTOM_MAX];
	struct release release = sample(), back;
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct target target = { .path = SPAN_LIT(PATH), .length = 1 };
	struct span custom = encoded(&release);
	for (size_t longer = 0; longer < 2; longer++) {
		size_t spaces = RELEASE_CUSTOM_MAX - custom.n + longer;
		memset(padded, ' ', sizeof padded);
		padded[0] = '{';
		memcpy(padded + 1 + spaces, custom.at + 1, custom.n - 1);
		ws = workspace_over(memory, sizeof memory);
		CHECK_EQ(json_parse((struct span){ (const uint8_t *)padded, RELEASE_CUSTOM_MAX + longer }, &ws,
				    &target.custom),
			 FAULT_NONE);
		CHECK_EQ(release_decode(&target, &back), longer == 0 ? FAULT_NONE : FAULT_TOO_LARGE);
	}
	ws = workspace_over(memory, sizeof memory);
	CHECK_EQ(json_parse(custom, &ws, &target.custom), FAULT_NONE);
	target.length = 0;
	CHECK_EQ(release_decode(&target, &back), FAULT_RANGE);
}

#define LOWER "abcdefghijklmnopqrstuvwxyz0123456789"

static void alphabets(void)
{
	static const char versions[] = LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ._+-";
	char longest[RELEASE_VERSION_MAX + 1];
	for (int byte = 0; byte < 256; byte++) {
		uint8_t text_of[] = { 'a', (uint8_t)byte };
		CHECK_EQ(release_is_product(SPAN_OF(text_of)), byte != 0 && strchr(LOWER "-", byte) != NULL);
		CHECK_EQ(release_is_version(SPAN_OF(text_of)), byte != 0 && strchr(versions, byte) != NULL);
	}
	memset(longest, 'a', sizeof longest);
	for (size_t n = 0; n <= sizeof longest; n++) {
		struct span name = { (const uint8_t *)longest, n };
		CHECK_EQ(release_is_product(name), n >= 1 && n <= RELEASE_PRODUCT_MAX);
		CHECK_EQ(release_is_version(name), n >= 1 && n <= RELEASE_VERSION_MAX);
	}
}

static void build_ids(void)
{
	struct release release = sample(), back;
	for (int byte = 1; byte < 128; byte++) {
		char to[32];
		snprintf(to, sizeof to, "\"build_id\":\"a\\u%04x\"", byte);
		bool printable = byte >= 0x20 && byte <= 0x7e;
		CHECK_EQ(decode(PATH, changed(encoded(&release), "\"build_id\":\"ci-77\"", to), &back),
			 printable ? FAULT_NONE : FAULT_UTF8);
	}
}

/* Every number at its bound and one beyond. */
static void bounds(void)
{
	static const char *const members[] = { "\"counter\":", "\"bytes\":300", "\"bytes\":500", "\"bytes\":80" };
	static const struct {
		const char *value;
		enum fault fault;
	} values[] = {
		{ "1", FAULT_NONE },
		{ "9007199254740991", FAULT_NONE },
		{ "0", FAULT_RANGE },
		{ "9007199254740992", FAULT_RANGE },
	};
	struct release release = sample(), back;
	for (size_t m = 0; m < 4; m++)
		for (size_t v = 0; v < 4; v++) {
			char to[64];
			const char *from = m == 0 ? "\"counter\":8589934599" : members[m];
			snprintf(to, sizeof to, "\"%s\":%s", m == 0 ? "counter" : "bytes", values[v].value);
			CHECK_EQ(decode(PATH, changed(encoded(&release), from, to), &back), values[v].fault);
		}
	release.compatible_count = RELEASE_COMPATIBLE_MAX;
	CHECK_EQ(decode(PATH, encoded(&release), &back), FAULT_NONE);
	CHECK_EQ(back.compatible_count, RELEASE_COMPATIBLE_MAX);
	static const char one_more[] = "\"compatible\":[{\"class\":\"22222222222222222222222222222222\","
				       "\"vendor\":\"11111111111111111111111111111111\"},";
	CHECK_EQ(decode(PATH, changed(encoded(&release), "\"compatible\":[", one_more), &back), FAULT_TOO_LARGE);
}

static void texts_at_their_bounds(void)
{
	static const char letters[] =
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
	for (int longer = 0; longer < 4; longer++) {
		char path[256];
		int product = RELEASE_PRODUCT_MAX + (longer == 1), version = RELEASE_VERSION_MAX + (longer == 2);
		struct release release = sample(), back;
		release.return_path = SPAN_NONE;
		release.product = (struct span){ (const uint8_t *)letters, (size_t)product };
		release.version = (struct span){ (const uint8_t *)letters, (size_t)version };
		release.build_id = (struct span){ (const uint8_t *)letters, RELEASE_BUILD_ID_MAX + (longer == 3) };
		snprintf(path, sizeof path, "p/%.*s/%.*s/image", product, letters, version, letters);
		memset(&back, 0xff, sizeof back);
		CHECK_EQ(decode(path, encoded(&release), &back), longer == 0 ? FAULT_NONE : FAULT_TOO_LARGE);
		CHECK_EQ(back.where != NULL, longer != 0);
	}
	for (int n = METADATA_PATH_MAX; n <= METADATA_PATH_MAX + 1; n++) {
		char path[METADATA_PATH_MAX + 2];
		struct release release = sample(), back;
		snprintf(path, sizeof path, "%0*d", n, 0);
		release.return_path = span_of_text(path);
		CHECK_EQ(decode(PATH, encoded(&release), &back),
			 n == METADATA_PATH_MAX ? FAULT_SYNTAX : FAULT_TOO_LARGE);
	}
}

static const struct check_case cases[] = {
	CASE(round_trip),
	CASE(as_written),
	CASE(refusals),
	CASE(without_custom),
	CASE(without_sha256),
	CASE(return_release),
	CASE(bad_path_with_a_good_return),
	CASE(paths),
	CASE(ceilings),
	CASE(alphabets),
	CASE(build_ids),
	CASE(bounds),
	CASE(texts_at_their_bounds),
};

CHECK_MAIN(cases)
