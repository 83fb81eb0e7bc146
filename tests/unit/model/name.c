/* The words of our objects, byte by byte against their alphabets. */
#include "name.h"
#include "check.h"

#include "metadata.h"

#define ALPHANUMERIC "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static bool is_among(int byte, const char *alphabet)
{
	return byte != 0 && strchr(alphabet, byte) != NULL;
}

/* Each byte as the first, and as the last after a good one. */
static void check_alphabet(bool (*is)(struct span text, size_t max_bytes), const char *first, const char *later)
{
	for (int byte = 0; byte < 256; byte++) {
		uint8_t one[] = { (uint8_t)byte }, two[] = { 'a', (uint8_t)byte };
		CHECK_EQ(is(SPAN_OF(one), 2), is_among(byte, first));
		CHECK_EQ(is(SPAN_OF(two), 2), is_among(byte, later));
	}
}

static void each_kind_has_its_alphabet(void)
{
	check_alphabet(name_is_word, ALPHANUMERIC, ALPHANUMERIC "._-");
	check_alphabet(name_is_version, ALPHANUMERIC, ALPHANUMERIC "._-+~");
	check_alphabet(name_is_label, "abcdefghijklmnopqrstuvwxyz0123456789-", "abcdefghijklmnopqrstuvwxyz0123456789-");
}

static void each_kind_has_a_length(void)
{
	static bool (*const kinds[])(struct span text, size_t max_bytes) = { name_is_word, name_is_version,
									     name_is_label };
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		CHECK(!kinds[i](SPAN_NONE, 4));
		CHECK(kinds[i](SPAN_LIT("abcd"), 4));
		CHECK(!kinds[i](SPAN_LIT("abcde"), 4));
	}
}

static void printable_is_ascii_without_controls(void)
{
	for (int byte = 0; byte < 256; byte++) {
		uint8_t text[] = { ' ', (uint8_t)byte };
		CHECK_EQ(name_is_printable(SPAN_OF(text), 2), byte >= 0x20 && byte <= 0x7e);
	}
	CHECK(name_is_printable(SPAN_NONE, 0));
	CHECK(!name_is_printable(SPAN_LIT("ab"), 1));
}

static void a_release_path_has_its_parts(void)
{
	static const struct {
		const char *path;
		bool is_image;
	} rows[] = {
		{ "p/board/1.2/image", true },
		{ "p/board/v1.2+3~rc/image", true },
		{ "p/board/1.2/return", false },
		{ "p/board/1.2/imag", false },
		{ "p/board/1.2/image/", false },
		{ "p/board/1.2/image/x", false },
		{ "p/board/1.2/", false },
		{ "p/board/1.2", false },
		{ "p/board//image", false },
		{ "p/board/../image", false },
		{ "p/board/image", false },
		{ "p/boar/1.2/image", false },
		{ "p/board2/1.2/image", false },
		{ "p/board", false },
		{ "1.2/image", false },
		{ "p/1.2/image", false },
		{ "q/board/1.2/image", false },
		{ "/p/board/1.2/image", false },
		{ "p/", false },
		{ "", false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool is = name_is_release_path(span_of_text(rows[i].path), SPAN_LIT("board"), "image");
		if (is != rows[i].is_image)
			printf("# %s\n", rows[i].path);
		CHECK_EQ(is, rows[i].is_image);
	}
	CHECK(name_is_release_path(SPAN_LIT("p/board/1.2/return"), SPAN_LIT("board"), "return"));
}

static void a_release_path_has_a_length(void)
{
	/* A version of 64 bytes; a path that only a longer product fills. */
	static char path[METADATA_PATH_MAX + 2], product[METADATA_PATH_MAX];
	static const char version[] = "0123456789012345678901234567890123456789012345678901234567890123";
	snprintf(path, sizeof path, "p/board/%s/image", version);
	CHECK(name_is_release_path(span_of_text(path), SPAN_LIT("board"), "image"));
	snprintf(path, sizeof path, "p/board/%s4/image", version);
	CHECK(!name_is_release_path(span_of_text(path), SPAN_LIT("board"), "image"));
	for (size_t longer = 0; longer < 2; longer++) {
		struct writer w = writer_over(path, sizeof path);
		memset(product, 'b', sizeof product);
		struct span name = { (const uint8_t *)product, METADATA_PATH_MAX - 11 + longer };
		writer_text(&w, "p/");
		writer_bytes(&w, name);
		writer_text(&w, "/1/return");
		CHECK_EQ(writer_span(&w).n, METADATA_PATH_MAX + longer);
		CHECK_EQ(name_is_release_path(writer_span(&w), name, "return"), longer == 0);
	}
}

static const struct check_case cases[] = {
	CASE(each_kind_has_its_alphabet),          CASE(each_kind_has_a_length),
	CASE(printable_is_ascii_without_controls), CASE(a_release_path_has_its_parts),
	CASE(a_release_path_has_a_length),
};
CHECK_MAIN(cases)
