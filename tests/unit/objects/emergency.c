#include "emergency.h"
#include "mangle.h"
#include "rows.h"

#define K1 "1111111111111111111111111111111111111111111111111111111111111111"
#define K2 "2222222222222222222222222222222222222222222222222222222222222222"
#define STANDBY "{\"action\":\"activate-standby\"}"
#define RECOVERY "{\"action\":\"authorise-recovery\",\"image\":\"" K1 "\"}"
#define EPOCH "{\"action\":\"raise-epoch\",\"epoch\":3}"
#define REVOKE "{\"action\":\"revoke\",\"keys\":[\"" K1 "\",\"" K2 "\"]}"
#define ALL STANDBY "," RECOVERY "," EPOCH "," REVOKE
#define AROUND(actions)                                                                           \
	"{\"actions\":[" actions "],\"product\":\"board\",\"sequence\":4,\"type\":\"emergency\"," \
	"\"version\":1,\"why\":\"the release signer was stolen\"}"

/* All four at once; the worked example of protocol/emergency.md has the last alone. */
#define SAMPLE AROUND(ALL)

static uint8_t memory[1 << 16];

static enum fault decode_to(struct span text, struct emergency *out)
{
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct json_node *body;
	enum fault fault = json_parse_canonical(text, &ws, &body);
	return fault == FAULT_NONE ? emergency_decode(body, out) : fault;
}

static enum fault decode(struct span text)
{
	struct emergency statement;
	return decode_to(text, &statement);
}

static bool round_trip(struct span in, struct writer *out)
{
	struct emergency statement;
	if (decode_to(in, &statement) != FAULT_NONE)
		return false;
	emergency_encode(out, &statement);
	return true;
}

static void emergency_has_one_spelling(void)
{
	mangle(SPAN_LIT(SAMPLE), round_trip);
	mangle(SPAN_LIT(AROUND(REVOKE)), round_trip);
}

static void emergency_decode_gives_the_members(void)
{
	struct emergency s;
	CHECK_EQ(decode_to(SPAN_LIT(SAMPLE), &s), FAULT_NONE);
	CHECK(span_is(s.product, "board") && span_is(s.why, "the release signer was stolen"));
	CHECK_EQ(s.sequence, 4);
	for (int i = 0; i < EMERGENCY_ACTIONS; i++)
		CHECK(s.does[i]);
	CHECK_EQ(s.recovery.bytes[31], 0x11);
	CHECK_EQ(s.epoch, 3);
	CHECK_EQ(s.revoke_count, 2);
	CHECK_EQ(s.revoke[1].bytes[0], 0x22);
	CHECK_EQ(decode_to(SPAN_LIT(AROUND(REVOKE)), &s), FAULT_NONE);
	CHECK(!s.does[EMERGENCY_ACTIVATE_STANDBY] && !s.does[EMERGENCY_AUTHORISE_RECOVERY]);
	CHECK(!s.does[EMERGENCY_RAISE_EPOCH] && s.does[EMERGENCY_REVOKE]);
}

/*
 * [EMG-4]: exactly four things. Whatever else a statement may name, and whatever else may ride on one of the four, is
 * refused: above all, a key that it would have trusted.
 */
static void emergency_can_do_exactly_four_things(void)
{
	static const char *const others[] = {
		"add-key",
		"trust",
		"set-root",
		"root",
		"replace-keys",
		"install",
		"execute",
		"rollback",
		"unrevoke",
		"lower-epoch",
		"reset",
		"erase",
		"unlock",
		"set-threshold",
		"revok",
		"revoke ",
		"REVOKE",
		"",
		"activate-standby2",
		"raise-epoch\\u0000",
	};
	char text[1024];
	CHECK_EQ(EMERGENCY_ACTIONS, 4);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		snprintf(text, sizeof text, AROUND("{\"action\":\"%s\"}"), others[i]);
		CHECK(decode(span_of_text(text)) != FAULT_NONE);
		snprintf(text, sizeof text, AROUND(REVOKE ",{\"action\":\"%s\"}"), others[i]);
		CHECK(decode(span_of_text(text)) != FAULT_NONE);
	}
	static const char *const riders[] = { "add", "keyid", "keys2", "public", "root", "threshold", "until" };
	for (size_t i = 0; i < sizeof riders / sizeof riders[0]; i++) {
		snprintf(text, sizeof text, AROUND("{\"action\":\"activate-standby\",\"%s\":\"" K1 "\"}"), riders[i]);
		CHECK_EQ(decode(span_of_text(text)), FAULT_UNKNOWN);
	}
	CHECK_EQ(decode(SPAN_LIT(AROUND("{\"action\":\"add-key\",\"key\":\"" K1 "\"}"))), FAULT_VERSION);
	for (int i = 0; i < EMERGENCY_ACTIONS; i++)
		CHECK(strcmp(emergency_action_text((enum emergency_action)i), "unknown") != 0);
	CHECK(strcmp(emergency_action_text(EMERGENCY_ACTIONS), "unknown") == 0);
}

/* [EMG-2] to [EMG-6] */
static const struct row rows[] = {
	{ ALL, "", FAULT_MISSING },
	{ ALL, STANDBY "," STANDBY, FAULT_DUPLICATE }, /* in contradiction, or idle */
	{ ALL, EPOCH ",{\"action\":\"raise-epoch\",\"epoch\":4}", FAULT_DUPLICATE },
	{ ALL, RECOVERY ",{\"action\":\"authorise-recovery\",\"image\":\"" K2 "\"}", FAULT_DUPLICATE },
	{ ALL, REVOKE "," REVOKE, FAULT_DUPLICATE },
	{ ALL, REVOKE "," STANDBY, FAULT_NOT_CANONICAL },
	{ ALL, EPOCH "," RECOVERY, FAULT_NOT_CANONICAL },
	{ ALL, ALL "," REVOKE, FAULT_TOO_LARGE },
	{ ALL, "1", FAULT_TYPE },
	{ "activate-standby", "abcdefghijklmnopqrstuvwxyz012345", FAULT_VERSION }, /* the longest that is looked at */
	{ "activate-standby", "abcdefghijklmnopqrstuvwxyz0123456", FAULT_TOO_LARGE },
	{ ALL, "{}", FAULT_MISSING },
	{ "\"epoch\":3", "\"epoch\":0", FAULT_RANGE },
	{ "\"epoch\":3", "\"epoch\":2097151", FAULT_NONE },
	{ "\"epoch\":3", "\"epoch\":2097152", FAULT_RANGE },
	{ ",\"epoch\":3", "", FAULT_MISSING },
	{ "\"epoch\":3", "\"epoch\":3,\"keys\":[]", FAULT_UNKNOWN },
	{ ",\"image\":\"" K1 "\"", "", FAULT_MISSING },
	{ "[\"" K1 "\",\"" K2 "\"]", "[]", FAULT_MISSING },
	{ "[\"" K1 "\",\"" K2 "\"]", "[\"" K2 "\",\"" K1 "\"]", FAULT_NOT_CANONICAL },
	{ "[\"" K1 "\",\"" K2 "\"]", "[\"" K1 "\",\"" K1 "\"]", FAULT_NOT_CANONICAL },
	{ "[\"" K1 "\",\"" K2 "\"]", "[\"" K1 "\",\"22\"]", FAULT_TRUNCATED },
	{ "[\"" K1 "\",\"" K2 "\"]", "\"" K1 "\"", FAULT_TYPE },
	{ "\"board\"", "\"\"", FAULT_RANGE },
	{ "\"board\"", "\"*\"", FAULT_RANGE },
	{ "\"board\"", "\"a/b\"", FAULT_RANGE },
	{ "\"product\":\"board\",", "", FAULT_MISSING },
	{ "\"sequence\":4", "\"sequence\":0", FAULT_RANGE },
	{ "\"sequence\":4", "\"sequence\":9007199254740992", FAULT_RANGE },
	{ "\"sequence\":4,", "", FAULT_MISSING },
	{ "\"emergency\"", "\"revocations\"", FAULT_VERSION },
	{ "\"version\":1", "\"version\":2", FAULT_VERSION },
	{ "stolen\"", "stolen\\u0007\"", FAULT_NOT_CANONICAL },
	{ "stolen\"", "\xc3\xa9\"", FAULT_UTF8 },
	{ ",\"why\":", ",\"until\":\"2027-01-01T00:00:00Z\",\"why\":", FAULT_NOT_CANONICAL },
	{ "\"type\":", "\"signer\":1,\"type\":", FAULT_UNKNOWN },
	{ "\"product\":", "\"expires\":\"2027-01-01T00:00:00Z\",\"product\":", FAULT_UNKNOWN },
};

static void emergency_decode_follows_the_table(void)
{
	ROWS_FOLLOW(SAMPLE, rows, decode);
	/* the longest of each, and one more */
	char more[4096] = "[";
	for (unsigned i = 0; i <= EMERGENCY_REVOKE_MAX; i++) {
		size_t n = strlen(more);
		snprintf(more + n, sizeof more - n, "%s\"%02x%062x\"", i == 0 ? "" : ",", i, 0);
		if (i + 2 < EMERGENCY_REVOKE_MAX)
			continue;
		n = strlen(more);
		snprintf(more + n, sizeof more - n, "]");
		const struct row full = { "[\"" K1 "\",\"" K2 "\"]", more,
					  i == EMERGENCY_REVOKE_MAX ? FAULT_TOO_LARGE : FAULT_NONE };
		rows_follow(SAMPLE, &full, 1, decode);
		more[strlen(more) - 1] = 0;
	}
	char product[] = "\"ppppppppppppppppppppppppppppppppp\"";
	const struct row longer = { "\"board\"", product, FAULT_TOO_LARGE };
	rows_follow(SAMPLE, &longer, 1, decode);
	memcpy(product + RELEASE_PRODUCT_MAX + 1, "\"", 2);
	const struct row longest = { "\"board\"", product, FAULT_NONE };
	rows_follow(SAMPLE, &longest, 1, decode);
	char why[EMERGENCY_WHY_MAX + 4];
	memset(why, 'w', sizeof why);
	why[0] = '"';
	memcpy(why + EMERGENCY_WHY_MAX + 2, "\"", 2);
	const struct row wordy = { "\"the release signer was stolen\"", why, FAULT_TOO_LARGE };
	rows_follow(SAMPLE, &wordy, 1, decode);
	memcpy(why + EMERGENCY_WHY_MAX + 1, "\"", 2);
	const struct row full = { "\"the release signer was stolen\"", why, FAULT_NONE };
	rows_follow(SAMPLE, &full, 1, decode);
}

static void emergency_encode_refuses_what_it_would_not_read(void)
{
	uint8_t text[8192];
	struct emergency s;
	CHECK_EQ(decode_to(SPAN_LIT(SAMPLE), &s), FAULT_NONE);
	struct digest first = s.revoke[0];
	s.revoke[0] = s.revoke[1];
	struct writer w = writer_over(text, sizeof text);
	emergency_encode(&w, &s);
	CHECK_EQ(w.fault, FAULT_NOT_CANONICAL);
	s.revoke[0] = first;
	s.revoke_count = 0;
	w = writer_over(text, sizeof text);
	emergency_encode(&w, &s);
	CHECK_EQ(w.fault, FAULT_RANGE);
	s.revoke_count = EMERGENCY_REVOKE_MAX + 1;
	w = writer_over(text, sizeof text);
	emergency_encode(&w, &s);
	CHECK_EQ(w.fault, FAULT_RANGE);
}

static const struct check_case cases[] = {
	CASE(emergency_has_one_spelling),
	CASE(emergency_decode_gives_the_members),
	CASE(emergency_can_do_exactly_four_things),
	CASE(emergency_decode_follows_the_table),
	CASE(emergency_encode_refuses_what_it_would_not_read),
};

CHECK_MAIN(cases)
