#include "directive.h"
#include "mangle.h"

/* The worked example of protocol/directive.md: the body, without the line breaks that are there for the reader. */
#define SAMPLE                                                                            \
	"{\"action\":\"install\",\"counter\":7,\"device\":\"dev-0001\","                  \
	"\"image\":\"1111111111111111111111111111111111111111111111111111111111111111\"," \
	"\"image_bytes\":393216,\"lifetime_s\":3600,"                                     \
	"\"nonce\":\"000102030405060708090a0b0c0d0e0f\","                                 \
	"\"plan\":\"3333333333333333333333333333333333333333333333333333333333333333\","  \
	"\"plan_path\":\"plans/board/2.0.json\",\"sequence\":12,\"stage\":0,"             \
	"\"target_path\":\"p/board/2.0/image\",\"type\":\"directive\",\"version\":1}"

static uint8_t memory[1 << 16];

/* As signed_decode_strict() does: what is not its own canonical form never reaches the decoder. */
static enum fault decode(struct span text, struct directive *out)
{
	static uint8_t again[8192];
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct json_node *body;
	enum fault fault = json_parse(text, &ws, &body);
	if (fault != FAULT_NONE)
		return fault;
	struct writer w = writer_over(again, sizeof again);
	json_canonical(body, &w);
	return span_equal(writer_span(&w), text) ? directive_decode(body, out) : FAULT_NOT_CANONICAL;
}

static bool round_trip(struct span in, struct writer *out)
{
	struct directive directive;
	if (decode(in, &directive) != FAULT_NONE)
		return false;
	directive_encode(out, &directive);
	return true;
}

static void directive_has_one_spelling(void)
{
	mangle(SPAN_LIT(SAMPLE), round_trip);
}

static void directive_decode_gives_the_members(void)
{
	struct directive d;
	CHECK_EQ(decode(SPAN_LIT(SAMPLE), &d), FAULT_NONE);
	CHECK(span_is(d.device, "dev-0001") && span_is(d.target_path, "p/board/2.0/image"));
	CHECK(span_is(d.plan_path, "plans/board/2.0.json"));
	CHECK_EQ(d.sequence, 12);
	CHECK_EQ(d.action, DIRECTIVE_INSTALL);
	CHECK_EQ(d.image.bytes[31], 0x11);
	CHECK_EQ(d.image_bytes, 393216);
	CHECK_EQ(d.counter, 7);
	CHECK_EQ(d.plan.bytes[0], 0x33);
	CHECK_EQ(d.stage, 0);
	CHECK_EQ(d.nonce[15], 15);
	CHECK_EQ(d.lifetime_s, 3600);
}

struct row {
	const char *from, *to;
	enum fault fault;
};

static const struct row rows[] = {
	{ "\"install\"", "\"return\"", FAULT_NONE },
	{ "\"install\"", "\"erase\"", FAULT_VERSION },
	{ "\"install\"", "\"\"", FAULT_VERSION },
	{ "\"install\"", "1", FAULT_TYPE },
	{ "\"type\":\"directive\"", "\"type\":\"report\"", FAULT_VERSION },
	{ "\"version\":1}", "\"version\":2}", FAULT_VERSION },
	{ "\"version\":1}", "\"version\":1,\"x\":1}", FAULT_UNKNOWN },
	{ "\"version\":1}", "\"version\":\"1\"}", FAULT_TYPE },
	{ ",\"stage\":0", "", FAULT_MISSING },
	{ "\"stage\":0", "\"stage\":4294967296", FAULT_RANGE },
	{ "\"stage\":0", "\"stage\":-1", FAULT_RANGE },
	{ "\"dev-0001\"", "\"\"", FAULT_RANGE },
	{ "\"dev-0001\"", "\"dev:0001\"", FAULT_RANGE },
	{ "\"sequence\":12", "\"sequence\":0", FAULT_RANGE },
	{ "\"counter\":7", "\"counter\":0", FAULT_RANGE },
	{ "\"counter\":7", "\"counter\":9007199254740992", FAULT_RANGE },
	{ "\"image_bytes\":393216", "\"image_bytes\":0", FAULT_RANGE },
	{ "\"lifetime_s\":3600", "\"lifetime_s\":0", FAULT_RANGE },
	{ "\"lifetime_s\":3600", "\"lifetime_s\":4294967295", FAULT_NONE }, /* the rules refuse it, by name */
	{ "\"lifetime_s\":3600", "\"lifetime_s\":4294967296", FAULT_RANGE },
	{ "0e0f\"", "0e\"", FAULT_TRUNCATED },
	{ "0e0f\"", "0e0f10\"", FAULT_TRAILING },
	{ "\"p/board/2.0/image\"", "\"plans/board/2.0\"", FAULT_RANGE },
	{ "\"p/board/2.0/image\"", "\"\"", FAULT_RANGE },
	{ "\"plans/board/2.0.json\"", "\"p/board/2.0\"", FAULT_RANGE },
};

static void directive_decode_follows_the_table(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[2048];
		struct directive directive;
		const char *at = strstr(SAMPLE, rows[i].from);
		CHECK(at != NULL);
		snprintf(text, sizeof text, "%.*s%s%s", (int)(at - SAMPLE), SAMPLE, rows[i].to,
			 at + strlen(rows[i].from));
		enum fault fault = decode(span_of_text(text), &directive);
		if (fault != rows[i].fault)
			printf("# %s -> %s\n", rows[i].from, rows[i].to);
		CHECK_EQ(fault, rows[i].fault);
	}
}

static void directive_encode_refuses_another_action(void)
{
	char out[2048];
	struct directive directive;
	CHECK_EQ(decode(SPAN_LIT(SAMPLE), &directive), FAULT_NONE);
	directive.action = (enum directive_action)2;
	struct writer w = writer_over(out, sizeof out);
	directive_encode(&w, &directive);
	CHECK_EQ(w.fault, FAULT_RANGE);
}

static const struct check_case cases[] = {
	CASE(directive_has_one_spelling),
	CASE(directive_decode_gives_the_members),
	CASE(directive_decode_follows_the_table),
	CASE(directive_encode_refuses_another_action),
};

CHECK_MAIN(cases)
