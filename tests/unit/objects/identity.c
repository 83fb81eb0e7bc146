#include "identity.h"
#include "check.h"

static const char longest_id[] =
	"urn:sealift:device:board:0123456789012345678901234567890123456789012345678901234567890123";

struct row {
	const char *uri;
	enum fault fault;
};

static const struct row rows[] = {
	{ "urn:sealift:device:board:dev-0001", FAULT_NONE },
	{ "urn:sealift:device:board:dev-0001?region=eu", FAULT_NONE },
	{ "urn:sealift:device:board:dev-0001?region=eu&revision=c", FAULT_NONE },
	{ "urn:sealift:device:Board.2_x:A?a=1&b=2&c=3&d=4&e=5&f=6&g=7&h=8", FAULT_NONE },
	{ longest_id, FAULT_NONE },
	{ "", FAULT_SYNTAX },
	{ "urn:sealift:device:", FAULT_TRUNCATED },
	{ "urn:sealift:device:board", FAULT_TRUNCATED },
	{ "urn:sealift:device:board:", FAULT_SYNTAX },
	{ "urn:sealift:device::dev", FAULT_SYNTAX },
	{ "URN:sealift:device:board:dev", FAULT_SYNTAX },
	{ " urn:sealift:device:board:dev", FAULT_SYNTAX },
	{ "urn:sealift:device:board:dev ", FAULT_SYNTAX },
	{ "urn:sealift:device:board:dev:x", FAULT_SYNTAX },
	{ "urn:sealift:device:board:..", FAULT_SYNTAX },
	{ "urn:sealift:device:board:-rf", FAULT_SYNTAX },
	{ "urn:sealift:device:board:a/b", FAULT_SYNTAX },
	{ "urn:sealift:device:board:a%2fb", FAULT_SYNTAX },
	{ "urn:sealift:device:board:dev?", FAULT_SYNTAX },
	{ "urn:sealift:device:board:dev?region", FAULT_SYNTAX },
	{ "urn:sealift:device:board:dev?region=", FAULT_SYNTAX },
	{ "urn:sealift:device:board:dev?=eu", FAULT_SYNTAX },
	{ "urn:sealift:device:board:dev?Region=eu", FAULT_SYNTAX },
	{ "urn:sealift:device:board:dev?region=eu=us", FAULT_SYNTAX },
	{ "urn:sealift:device:board:dev?region=eu&", FAULT_SYNTAX },
	{ "urn:sealift:device:board:dev?region=eu&&revision=c", FAULT_SYNTAX },
	{ "urn:sealift:device:board:dev?region=eu?revision=c", FAULT_SYNTAX },
	{ "urn:sealift:device:board:dev?revision=c&region=eu", FAULT_NOT_CANONICAL },
	{ "urn:sealift:device:board:dev?region=eu&region=eu", FAULT_DUPLICATE },
	{ "urn:sealift:device:board:d?a=1&b=2&c=3&d=4&e=5&f=6&g=7&h=8&i=9", FAULT_TOO_LARGE },
	{ "urn:sealift:device:board:01234567890123456789012345678901234567890123456789012345678901234", FAULT_SYNTAX },
};

static void identity_decode_follows_the_table(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct identity identity;
		char again[IDENTITY_URI_MAX];
		enum fault fault = identity_decode(span_of_text(rows[i].uri), &identity);
		if (fault != rows[i].fault)
			printf("# %s\n", rows[i].uri);
		CHECK_EQ(fault, rows[i].fault);
		if (fault != FAULT_NONE)
			continue;
		struct writer w = writer_over(again, sizeof again);
		identity_encode(&w, &identity);
		CHECK(span_is(writer_span(&w), rows[i].uri));
	}
}

static void identity_decode_gives_the_parts(void)
{
	struct identity identity;
	CHECK_EQ(identity_decode(SPAN_LIT("urn:sealift:device:board:dev-1?region=eu&revision=c"), &identity),
		 FAULT_NONE);
	CHECK(span_is(identity.product, "board") && span_is(identity.id, "dev-1"));
	CHECK_EQ(identity.attribute_count, 2);
	CHECK(span_is(identity.attributes[0].name, "region") && span_is(identity.attributes[0].value, "eu"));
	CHECK(span_is(identity.attributes[1].name, "revision") && span_is(identity.attributes[1].value, "c"));
}

static void identity_decode_refuses_a_long_uri(void)
{
	static char uri[IDENTITY_URI_MAX + 2];
	struct identity identity;
	memset(uri, 'a', sizeof uri);
	memcpy(uri, rows[0].uri, strlen(rows[0].uri));
	CHECK_EQ(identity_decode((struct span){ (const uint8_t *)uri, IDENTITY_URI_MAX + 1 }, &identity),
		 FAULT_TOO_LARGE);
}

static void identity_encode_refuses_what_decode_would(void)
{
	char out[IDENTITY_URI_MAX];
	struct identity identity = { .product = SPAN_LIT("board"), .id = SPAN_LIT("a:b") };
	struct writer w = writer_over(out, sizeof out);
	identity_encode(&w, &identity);
	CHECK_EQ(w.fault, FAULT_SYNTAX);
	identity.id = SPAN_LIT("a");
	identity.attribute_count = IDENTITY_ATTRIBUTES_MAX + 1;
	w = writer_over(out, sizeof out);
	identity_encode(&w, &identity);
	CHECK_EQ(w.fault, FAULT_TOO_LARGE);
}

/* Each part as long as it may be, and one more. */
static void identity_parts_have_lengths(void)
{
	static const int most[] = { IDENTITY_PRODUCT_MAX, IDENTITY_ID_MAX, IDENTITY_NAME_MAX, IDENTITY_VALUE_MAX };
	static const char letters[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
	for (int longer = -1; longer < 4; longer++) {
		char uri[IDENTITY_URI_MAX];
		struct identity identity;
		int n[4];
		for (int i = 0; i < 4; i++)
			n[i] = most[i] + (i == longer);
		snprintf(uri, sizeof uri, "urn:sealift:device:%.*s:%.*s?%.*s=%.*s", n[0], letters, n[1], letters, n[2],
			 letters, n[3], letters);
		CHECK_EQ(identity_decode(span_of_text(uri), &identity), longer < 0 ? FAULT_NONE : FAULT_SYNTAX);
	}
}

static void identity_uri_has_a_length(void)
{
	/* Eight attributes fill it. */
	char uri[IDENTITY_URI_MAX + 2];
	struct identity identity;
	size_t n = (size_t)snprintf(uri, sizeof uri,
				    "urn:sealift:device:b:d?a=%064d&b=%064d&c=%064d&d=%064d&e=%064d&f=%064d", 0, 0, 0,
				    0, 0, 0);
	n += (size_t)snprintf(uri + n, sizeof uri - n, "&g=%032d&", 0);
	size_t rest = IDENTITY_URI_MAX - n;
	CHECK(rest > 3 && rest < 32 + 1 + 64);
	for (size_t longer = 0; longer < 2; longer++) {
		size_t value = rest - 33 + longer;
		snprintf(uri + n, sizeof uri - n, "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh=%0*d", (int)value, 0);
		CHECK_EQ(strlen(uri), IDENTITY_URI_MAX + longer);
		CHECK_EQ(identity_decode(span_of_text(uri), &identity), longer == 0 ? FAULT_NONE : FAULT_TOO_LARGE);
	}
}

static const struct check_case cases[] = {
	CASE(identity_decode_follows_the_table),  CASE(identity_decode_gives_the_parts),
	CASE(identity_decode_refuses_a_long_uri), CASE(identity_encode_refuses_what_decode_would),
	CASE(identity_parts_have_lengths),        CASE(identity_uri_has_a_length),
};

CHECK_MAIN(cases)
