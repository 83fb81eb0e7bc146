#include "revocations.h"
#include "mangle.h"
#include "rows.h"

#define K1 "1111111111111111111111111111111111111111111111111111111111111111"
#define K2 "2222222222222222222222222222222222222222222222222222222222222222"

/* The worked example of protocol/revocations.md. */
#define SAMPLE "{\"epoch\":7,\"keys\":[\"" K1 "\",\"" K2 "\"],\"type\":\"revocations\",\"version\":1}"

static uint8_t memory[1 << 20];

static enum fault decode_to(struct span text, struct revocation_list *out)
{
	struct workspace ws = workspace_over(memory, sizeof memory);
	return revocation_list_decode(text, &ws, out);
}

static enum fault decode(struct span text)
{
	struct revocation_list list;
	return decode_to(text, &list);
}

static bool round_trip(struct span in, struct writer *out)
{
	struct revocation_list list;
	if (decode_to(in, &list) != FAULT_NONE)
		return false;
	revocation_list_encode(out, &list);
	return true;
}

static void revocations_have_one_spelling(void)
{
	mangle(SPAN_LIT(SAMPLE), round_trip);
}

static void revocations_decode_gives_the_members(void)
{
	struct revocation_list list;
	CHECK_EQ(decode_to(SPAN_LIT(SAMPLE), &list), FAULT_NONE);
	CHECK_EQ(list.epoch, 7);
	CHECK_EQ(list.count, 2);
	struct digest other = list.keys[1];
	CHECK(revocation_list_has(&list, &list.keys[0]) && revocation_list_has(&list, &other));
	other.bytes[31] ^= 1;
	CHECK(!revocation_list_has(&list, &other));
}

/* [REV-1] to [REV-4] */
static const struct row rows[] = {
	{ "\"epoch\":7", "\"epoch\":0", FAULT_RANGE },
	{ "\"epoch\":7", "\"epoch\":9007199254740992", FAULT_RANGE },
	{ "\"epoch\":7", "\"epoch\":\"7\"", FAULT_TYPE },
	{ "\"epoch\":7,", "", FAULT_MISSING },
	{ "\"epoch\":7", " \"epoch\":7", FAULT_NOT_CANONICAL },
	{ "\"epoch\":7", "\"epoch\":7,\"extra\":1", FAULT_UNKNOWN },
	{ "\"type\":\"revocations\"", "\"type\":\"revocation\"", FAULT_VERSION },
	{ "\"version\":1", "\"version\":2", FAULT_VERSION },
	{ ",\"version\":1", "", FAULT_MISSING },
	{ "\"" K1 "\",\"" K2 "\"", "", FAULT_NONE }, /* nothing is revoked */
	{ "\"" K1 "\",\"" K2 "\"", "\"" K2 "\",\"" K1 "\"", FAULT_NOT_CANONICAL },
	{ "\"" K1 "\",\"" K2 "\"", "\"" K1 "\",\"" K1 "\"", FAULT_NOT_CANONICAL },
	{ K1, "11", FAULT_TRUNCATED },
	{ K1, K1 "11", FAULT_TRAILING },
	{ "\"" K1 "\"", "1", FAULT_TYPE },
	{ "[\"" K1 "\",\"" K2 "\"]", "{}", FAULT_TYPE },
	{ "\"keys\":[\"" K1 "\",\"" K2 "\"],", "", FAULT_MISSING },
};

static void revocations_decode_follows_the_table(void)
{
	ROWS_FOLLOW(SAMPLE, rows, decode);
}

/* With every workspace that is too small it says so, and with the first that is not it is done. */
static void revocations_need_a_workspace(void)
{
	struct revocation_list list;
	enum fault fault = FAULT_NO_SPACE;
	for (size_t n = 0; fault == FAULT_NO_SPACE && n < sizeof memory; n += 8) {
		struct workspace ws = workspace_over(memory, n);
		fault = revocation_list_decode(SPAN_LIT(SAMPLE), &ws, &list);
	}
	CHECK_EQ(fault, FAULT_NONE);
}

static void revocations_have_ceilings(void)
{
	static struct digest keys[REVOCATIONS_KEYS_MAX + 1];
	static uint8_t text[REVOCATIONS_BYTES_MAX + 2];
	for (unsigned i = 0; i <= REVOCATIONS_KEYS_MAX; i++) {
		keys[i].bytes[0] = (uint8_t)(i >> 8);
		keys[i].bytes[1] = (uint8_t)i;
	}
	struct revocation_list list = { 1, REVOCATIONS_KEYS_MAX, keys };
	struct writer w = writer_over(text, sizeof text);
	revocation_list_encode(&w, &list);
	CHECK_EQ(w.fault, FAULT_NONE);
	CHECK_EQ(decode(writer_span(&w)), FAULT_NONE);
	list.count++;
	revocation_list_encode(&w, &list);
	CHECK_EQ(w.fault, FAULT_TOO_LARGE);
	memset(text, ' ', sizeof text);
	CHECK_EQ(decode((struct span){ text, REVOCATIONS_BYTES_MAX + 1 }), FAULT_TOO_LARGE);
	CHECK(decode((struct span){ text, REVOCATIONS_BYTES_MAX }) != FAULT_TOO_LARGE);
}

static void revocations_encode_refuses_disorder(void)
{
	uint8_t text[1024];
	struct digest keys[2] = { { { 2 } }, { { 1 } } };
	struct revocation_list list = { 1, 2, keys };
	struct writer w = writer_over(text, sizeof text);
	revocation_list_encode(&w, &list);
	CHECK_EQ(w.fault, FAULT_NOT_CANONICAL);
}

static void revocations_have_bounds(void)
{
	static char text[REVOCATIONS_BYTES_MAX + 1];
	static struct digest keys[REVOCATIONS_KEYS_MAX + 1];
	struct revocation_list list = { .epoch = JSON_INTEGER_MAX, .keys = keys }, back;
	for (uint32_t i = 0; i <= REVOCATIONS_KEYS_MAX; i++) {
		keys[i].bytes[0] = (uint8_t)(i >> 8);
		keys[i].bytes[1] = (uint8_t)i;
	}
	list.count = REVOCATIONS_KEYS_MAX;
	struct writer w = writer_over(text, sizeof text);
	revocation_list_encode(&w, &list);
	CHECK_EQ(writer_end(&w), FAULT_NONE);
	memset(&back, 0xff, sizeof back);
	CHECK_EQ(decode_to(writer_span(&w), &back), FAULT_NONE);
	CHECK_EQ(back.count, REVOCATIONS_KEYS_MAX);
	CHECK(!revocation_list_has(&back, &keys[REVOCATIONS_KEYS_MAX]));
	CHECK(revocation_list_has(&back, &keys[REVOCATIONS_KEYS_MAX - 1]));
	/* One key more, by hand. */
	char *end = strstr(text, "\"],\"type\"");
	CHECK(end != NULL);
	char more[128];
	snprintf(more, sizeof more, "\",\"0100%060d", 0);
	memmove(end + strlen(more), end, w.used - (size_t)(end - text));
	memcpy(end, more, strlen(more));
	CHECK_EQ(decode((struct span){ (const uint8_t *)text, w.used + strlen(more) }), FAULT_TOO_LARGE);
	/* The same key twice is not written either. */
	keys[1] = keys[0];
	w = writer_over(text, sizeof text);
	revocation_list_encode(&w, &list);
	CHECK_EQ(writer_end(&w), FAULT_NOT_CANONICAL);
}

/* A device's own list, of the epochs behind it, has room for more. */
static void what_is_kept_has_bounds(void)
{
	static char text[REVOCATIONS_KEPT_BYTES_MAX + 1];
	static struct digest keys[REVOCATIONS_KEPT_MAX];
	struct revocation_list list = { 7, REVOCATIONS_KEPT_MAX, keys }, back;
	struct workspace ws = workspace_over(memory, sizeof memory);
	for (uint32_t i = 0; i < REVOCATIONS_KEPT_MAX; i++) {
		keys[i].bytes[0] = (uint8_t)(i >> 8);
		keys[i].bytes[1] = (uint8_t)i;
	}
	struct writer w = writer_over(text, sizeof text);
	revocation_kept_encode(&w, &list);
	CHECK_EQ(writer_end(&w), FAULT_NONE);
	CHECK_EQ(revocation_kept_decode(writer_span(&w), &ws, &back), FAULT_NONE);
	CHECK_EQ(back.epoch, 7);
	CHECK_EQ(back.count, REVOCATIONS_KEPT_MAX);
	CHECK(revocation_list_has(&back, &keys[REVOCATIONS_KEPT_MAX - 1]));
	/* one key more, by hand */
	char *end = strstr(text, "\"],\"type\""), more[128];
	CHECK(end != NULL);
	snprintf(more, sizeof more, "\",\"0400%060d", 0);
	memmove(end + strlen(more), end, w.used - (size_t)(end - text));
	memcpy(end, more, strlen(more));
	struct span longer = { (const uint8_t *)text, w.used + strlen(more) };
	ws = workspace_over(memory, sizeof memory);
	CHECK_EQ(revocation_kept_decode(longer, &ws, &back), FAULT_TOO_LARGE);
	list.count++;
	w = writer_over(text, sizeof text);
	revocation_kept_encode(&w, &list);
	CHECK_EQ(w.fault, FAULT_TOO_LARGE);
	memset(text, ' ', sizeof text);
	struct span spaces = { (const uint8_t *)text, REVOCATIONS_KEPT_BYTES_MAX };
	CHECK(revocation_kept_decode(spaces, &ws, &back) != FAULT_TOO_LARGE);
	spaces.n++;
	CHECK_EQ(revocation_kept_decode(spaces, &ws, &back), FAULT_TOO_LARGE);
}

static const struct check_case cases[] = {
	CASE(revocations_have_one_spelling),
	CASE(revocations_decode_gives_the_members),
	CASE(revocations_decode_follows_the_table),
	CASE(revocations_have_ceilings),
	CASE(revocations_encode_refuses_disorder),
	CASE(revocations_need_a_workspace),
	CASE(revocations_have_bounds),
	CASE(what_is_kept_has_bounds),
};

CHECK_MAIN(cases)
