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

static const struct check_case cases[] = {
	CASE(identity_decode_follows_the_table),
	CASE(identity_decode_gives_the_parts),
	CASE(identity_decode_refuses_a_long_uri),
	CASE(identity_encode_refuses_what_decode_would),
};

CHECK_MAIN(cases)
