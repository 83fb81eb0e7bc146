#include "trust_bundle.h"
#include "mangle.h"
#include "note.h"
#include "rows.h"

#define K1 "1111111111111111111111111111111111111111111111111111111111111111"
#define K2 "2222222222222222222222222222222222222222222222222222222222222222"
#define LOG1 "{\"key\":\"" K1 K1 "\",\"origin\":\"sealift.example/log\"}"
#define LOG2 "{\"key\":\"" K2 K2 "\",\"origin\":\"sealift.example/log\"}"
#define W1 "{\"key\":\"" K1 "\",\"name\":\"w1.example\"}"
#define W2 "{\"key\":\"" K2 "\",\"name\":\"w2.example\"}"

/* The worked example of protocol/trust-bundle.md; what stands for certificates is not looked into. */
#define SAMPLE                                                                                                    \
	"{\"device_cas\":[\"MAA=\"],\"emergency\":[\"" K1 "\",\"" K2 "\"],\"log_policy\":\"log\",\"logs\":[" LOG1 \
	"," LOG2 "],\"sequence\":3,\"server_roots\":[\"MAEB\",\"MAEC\"],\"type\":\"trust-bundle\",\"version\":1," \
	"\"witness_quorum\":1,\"witnesses\":[" W1 "," W2 "]}"

static uint8_t memory[1 << 20];

static enum fault decode_to(struct span text, struct trust_bundle *out)
{
	struct workspace ws = workspace_over(memory, sizeof memory);
	return trust_bundle_decode(text, &ws, out);
}

static enum fault decode(struct span text)
{
	struct trust_bundle bundle;
	return decode_to(text, &bundle);
}

static bool round_trip(struct span in, struct writer *out)
{
	struct trust_bundle bundle;
	if (decode_to(in, &bundle) != FAULT_NONE)
		return false;
	trust_bundle_encode(out, &bundle);
	return true;
}

static void trust_bundle_has_one_spelling(void)
{
	mangle(SPAN_LIT(SAMPLE), round_trip);
}

static void trust_bundle_decode_gives_the_members(void)
{
	struct trust_bundle b;
	CHECK_EQ(decode_to(SPAN_LIT(SAMPLE), &b), FAULT_NONE);
	CHECK_EQ(b.sequence, 3);
	CHECK_EQ(b.device_cas.count, 1);
	CHECK_EQ(b.server_roots.count, 2);
	CHECK(span_equal(b.server_roots.der[1], (struct span){ (const uint8_t *)"\x30\x01\x02", 3 }));
	CHECK_EQ(b.log_count, 2);
	CHECK(span_is(b.logs[1].origin, "sealift.example/log") && b.logs[1].xy[63] == 0x22);
	CHECK_EQ(b.witness_count, 2);
	CHECK_EQ(b.witness_quorum, 1);
	CHECK(span_is(b.witnesses[1].name, "w2.example") && b.witnesses[1].ed25519[31] == 0x22);
	CHECK_EQ(b.emergency_count, 2);
	CHECK_EQ(b.emergency[0].bytes[0], 0x11);
}

/* [TB-1] to [TB-7] */
static const struct row rows[] = {
	{ "\"sequence\":3", "\"sequence\":0", FAULT_RANGE },
	{ "\"sequence\":3,", "", FAULT_MISSING },
	{ "\"type\":\"trust-bundle\"", "\"type\":\"bundle\"", FAULT_VERSION },
	{ "\"version\":1", "\"version\":2", FAULT_VERSION },
	{ "\"type\":", "\"tyqe\":1,\"type\":", FAULT_NOT_CANONICAL },
	{ "\"type\":", "\"tip\":1,\"type\":", FAULT_UNKNOWN },
	{ "\"device_cas\":[\"MAA=\"],", "", FAULT_MISSING },
	{ "[\"MAA=\"]", "[]", FAULT_MISSING },
	{ "[\"MAEB\",\"MAEC\"]", "[]", FAULT_MISSING },
	{ "[\"MAEB\",\"MAEC\"]", "[\"MAEB\",\"MAEB\"]", FAULT_DUPLICATE },
	{ "[\"MAEB\",\"MAEC\"]", "[\"AA==\",\"AQ==\",\"Ag==\",\"Aw==\",\"BA==\"]", FAULT_TOO_LARGE },
	{ "\"MAA=\"", "\"\"", FAULT_MISSING },
	{ "\"MAA=\"", "\"MAA\"", FAULT_TRUNCATED },
	{ "\"MAA=\"", "\"MAB=\"", FAULT_NOT_CANONICAL },
	{ "\"MAA=\"", "\"M A=\"", FAULT_SYNTAX },
	{ "\"log_policy\":\"log\"", "\"log_policy\":\"none\"", FAULT_NONE },
	{ "\"log_policy\":\"log\"", "\"log_policy\":\"witnesses\"", FAULT_NONE },
	{ "\"log_policy\":\"log\"", "\"log_policy\":\"maybe\"", FAULT_VERSION },
	{ "\"log_policy\":\"log\",", "", FAULT_MISSING },
	{ LOG1 "," LOG2, "", FAULT_MISSING },
	{ LOG1 "," LOG2, LOG1 "," LOG1, FAULT_DUPLICATE },
	{ LOG1, LOG1 "," LOG2, FAULT_TOO_LARGE },
	{ LOG1, "{\"key\":\"" K1 K1 "\",\"origin\":\"\"}", FAULT_RANGE },
	{ LOG1, "{\"key\":\"" K1 K1 "\",\"origin\":\"a b\"}", FAULT_RANGE },
	{ LOG1, "{\"key\":\"" K1 "\",\"origin\":\"a\"}", FAULT_TRUNCATED },
	{ LOG1, "{\"key\":\"" K1 K1 "\",\"origin\":\"a\",\"z\":1}", FAULT_UNKNOWN },
	{ W2, "{\"key\":\"" K2 "\",\"name\":\"w2.example\",\"z\":1}", FAULT_UNKNOWN },
	{ "\"sequence\":3", "\"sequence\":9007199254740992", FAULT_RANGE },
	{ "\"version\":1", "\"version\":9007199254740992", FAULT_RANGE },
	{ "[\"" K1 "\",\"" K2 "\"]", "[\"" K1 "\",\"" K2 "\",\"33" K1 "\",\"44" K1 "\"]", FAULT_TOO_LARGE },
	{ W1 "," W2, W2 "," W1, FAULT_NOT_CANONICAL },
	{ W1 "," W2, W1 "," W1, FAULT_NOT_CANONICAL },
	{ W2, "{\"key\":\"" K1 "\",\"name\":\"w2.example\"}", FAULT_DUPLICATE },
	{ W2, "{\"key\":\"" K2 "\",\"name\":\"w+2\"}", FAULT_RANGE },
	{ "\"witness_quorum\":1", "\"witness_quorum\":2", FAULT_NONE },
	{ "\"witness_quorum\":1", "\"witness_quorum\":3", FAULT_RANGE },
	{ "\"witness_quorum\":1", "\"witness_quorum\":0", FAULT_RANGE },
	{ "\"witness_quorum\":1", "\"witness_quorum\":9", FAULT_RANGE },
	{ "\"witness_quorum\":1,\"witnesses\":[" W1 "," W2 "]", "\"witness_quorum\":0,\"witnesses\":[]", FAULT_NONE },
	{ "\"witness_quorum\":1,\"witnesses\":[" W1 "," W2 "]", "\"witness_quorum\":1,\"witnesses\":[]", FAULT_RANGE },
	{ "[\"" K1 "\",\"" K2 "\"]", "[]", FAULT_NONE },
	{ "[\"" K1 "\",\"" K2 "\"]", "[\"" K2 "\",\"" K1 "\"]", FAULT_NOT_CANONICAL },
	{ "[\"" K1 "\",\"" K2 "\"]", "[\"" K1 "\",\"" K1 "\"]", FAULT_NOT_CANONICAL },
};

/* What the encoder writes at each ceiling is read, one more is neither written nor read. */
static void trust_bundle_is_read_up_to_its_ceilings(void)
{
	static uint8_t text[8192];
	struct trust_bundle b = { .sequence = JSON_INTEGER_MAX, .log_policy = LOG_NONE, .log_count = 1 };
	char name[NOTE_ORIGIN_MAX + 2];
	memset(name, 'n', sizeof name);
	b.device_cas = (struct trust_certificates){ 4, { SPAN_LIT("1"), SPAN_LIT("2"), SPAN_LIT("3"), SPAN_LIT("4") } };
	b.server_roots = b.device_cas;
	b.logs[0].origin = (struct span){ (uint8_t *)name, NOTE_ORIGIN_MAX };
	for (uint32_t i = 0; i < TRUST_BUNDLE_WITNESSES_MAX; i++) {
		b.witnesses[i].name = (struct span){ (uint8_t *)name, NOTE_ORIGIN_MAX - 8 + i + 1 };
		b.witnesses[i].ed25519[0] = (uint8_t)i;
	}
	b.witness_count = b.witness_quorum = TRUST_BUNDLE_WITNESSES_MAX;
	b.emergency_count = TRUST_BUNDLE_EMERGENCY_MAX;
	for (uint32_t i = 0; i < TRUST_BUNDLE_EMERGENCY_MAX; i++)
		b.emergency[i].bytes[0] = (uint8_t)i;
	struct writer w = writer_over(text, sizeof text);
	trust_bundle_encode(&w, &b);
	CHECK_EQ(w.fault, FAULT_NONE);
	CHECK_EQ(decode(writer_span(&w)), FAULT_NONE);
	b.logs[0].origin.n++;
	w = writer_over(text, sizeof text);
	trust_bundle_encode(&w, &b);
	CHECK(decode(writer_span(&w)) != FAULT_NONE);
	b.logs[0].origin.n--;
	b.witness_count++;
	w = writer_over(text, sizeof text);
	trust_bundle_encode(&w, &b);
	CHECK_EQ(w.fault, FAULT_TOO_LARGE);
	b.witness_count--;
	b.emergency_count++;
	w = writer_over(text, sizeof text);
	trust_bundle_encode(&w, &b);
	CHECK_EQ(w.fault, FAULT_TOO_LARGE);
	b.emergency_count--;
	b.device_cas.count++;
	w = writer_over(text, sizeof text);
	trust_bundle_encode(&w, &b);
	CHECK_EQ(w.fault, FAULT_RANGE);
}

static void trust_bundle_decode_follows_the_table(void)
{
	ROWS_FOLLOW(SAMPLE, rows, decode);
	/* more of a certificate's text than its bytes could have, and a witness more than there is room for */
	static char base64[5464 + 4] = "\"";
	memset(base64 + 1, '*', 5464 + 1); /* not looked into */
	base64[5464 + 2] = '"';
	const struct row longer = { "\"MAA=\"", base64, FAULT_TOO_LARGE };
	rows_follow(SAMPLE, &longer, 1, decode);
	static char witnesses[2048];
	for (unsigned i = 0; i <= TRUST_BUNDLE_WITNESSES_MAX; i++) {
		size_t n = strlen(witnesses);
		snprintf(witnesses + n, sizeof witnesses - n, "%s{\"key\":\"%064u\",\"name\":\"w%u\"}",
			 i == 0 ? "" : ",", i, i);
		if (i + 1 < TRUST_BUNDLE_WITNESSES_MAX)
			continue;
		const struct row many = { W1 "," W2, witnesses,
					  i < TRUST_BUNDLE_WITNESSES_MAX ? FAULT_NONE : FAULT_TOO_LARGE };
		rows_follow(SAMPLE, &many, 1, decode);
	}
}

/* Nothing could be installed any more [TB-7]. */
static void trust_bundle_asks_for_no_witnesses_that_it_does_not_name(void)
{
	static uint8_t text[4096];
	struct trust_bundle b;
	CHECK_EQ(decode_to(SPAN_LIT(SAMPLE), &b), FAULT_NONE);
	b.log_policy = LOG_WITNESSES;
	b.witness_count = b.witness_quorum = 0;
	struct writer w = writer_over(text, sizeof text);
	trust_bundle_encode(&w, &b);
	CHECK_EQ(decode(writer_span(&w)), FAULT_RANGE);
}

static void trust_bundle_has_ceilings(void)
{
	static uint8_t text[TRUST_BUNDLE_BYTES_MAX + 1], der[TRUST_BUNDLE_CERTIFICATE_BYTES_MAX + 4];
	struct trust_bundle b, again;
	memset(text, ' ', sizeof text);
	CHECK_EQ(decode((struct span){ text, sizeof text }), FAULT_TOO_LARGE);
	CHECK(decode((struct span){ text, TRUST_BUNDLE_BYTES_MAX }) != FAULT_TOO_LARGE);
	CHECK_EQ(decode_to(SPAN_LIT(SAMPLE), &b), FAULT_NONE);
	b.device_cas.der[0] = (struct span){ der, TRUST_BUNDLE_CERTIFICATE_BYTES_MAX };
	struct writer w = writer_over(text, sizeof text);
	trust_bundle_encode(&w, &b);
	CHECK_EQ(w.fault, FAULT_NONE);
	b.device_cas.der[0].n++;
	w = writer_over(text, sizeof text);
	trust_bundle_encode(&w, &b);
	/* a byte more is still within the base64 of 4096 bytes, whose last group is not full */
	struct span written = writer_span(&w);
	CHECK_EQ(w.fault, FAULT_NONE);
	CHECK_EQ(decode_to(written, &again), FAULT_TOO_LARGE);
	b.device_cas.der[0].n = sizeof der;
	w = writer_over(text, sizeof text);
	trust_bundle_encode(&w, &b);
	CHECK_EQ(w.fault, FAULT_TOO_LARGE);
}

/* With every workspace that is too small it says so, and with the first that is not it is done. */
static void trust_bundle_needs_a_workspace(void)
{
	struct trust_bundle b;
	enum fault fault = FAULT_NO_SPACE;
	for (size_t n = 0; fault == FAULT_NO_SPACE && n < sizeof memory; n += 8) {
		struct workspace ws = workspace_over(memory, n);
		fault = trust_bundle_decode(SPAN_LIT(SAMPLE), &ws, &b);
	}
	CHECK_EQ(fault, FAULT_NONE);
}

static void trust_bundle_encode_refuses_what_cannot_be(void)
{
	uint8_t text[4096];
	struct trust_bundle b;
	CHECK_EQ(decode_to(SPAN_LIT(SAMPLE), &b), FAULT_NONE);
	b.log_count = TRUST_BUNDLE_LOGS_MAX + 1;
	struct writer w = writer_over(text, sizeof text);
	trust_bundle_encode(&w, &b);
	CHECK_EQ(w.fault, FAULT_TOO_LARGE);
	b.log_count = 1;
	b.log_policy = (enum log_policy)(LOG_WITNESSES + 1);
	w = writer_over(text, sizeof text);
	trust_bundle_encode(&w, &b);
	CHECK_EQ(w.fault, FAULT_TOO_LARGE);
	b.log_policy = LOG_WITNESSES;
	b.server_roots.count = 0;
	w = writer_over(text, sizeof text);
	trust_bundle_encode(&w, &b);
	CHECK_EQ(w.fault, FAULT_RANGE);
}

/* Everything as often as it may be; and each once more. */
static void trust_bundle_encode_refuses_what_decode_would(void)
{
	static uint8_t out[TRUST_BUNDLE_BYTES_MAX], origin[128];
	static const uint8_t der[] = { 0x30, 0 };
	for (int more = 0; more < 6; more++) {
		struct trust_bundle b = { .sequence = 1, .log_count = TRUST_BUNDLE_LOGS_MAX };
		memset(origin, 'o', sizeof origin);
		b.witness_count = TRUST_BUNDLE_WITNESSES_MAX;
		b.witness_quorum = TRUST_BUNDLE_WITNESSES_MAX;
		b.emergency_count = TRUST_BUNDLE_EMERGENCY_MAX;
		b.server_roots.count = b.device_cas.count = 1;
		b.server_roots.der[0] = b.device_cas.der[0] = SPAN_OF(der);
		for (uint32_t i = 0; i < TRUST_BUNDLE_LOGS_MAX; i++)
			b.logs[i] = (struct trust_log){ SPAN_OF(origin), { (uint8_t)i } };
		static const char names[] = "abcdefgh";
		for (uint32_t i = 0; i < TRUST_BUNDLE_WITNESSES_MAX; i++)
			b.witnesses[i] = (struct trust_witness){ { (const uint8_t *)names + i, 1 }, { (uint8_t)i } };
		for (uint32_t i = 0; i < TRUST_BUNDLE_EMERGENCY_MAX; i++)
			b.emergency[i].bytes[0] = (uint8_t)i;
		b.log_count += more == 1;
		b.witness_count += more == 2;
		b.emergency_count += more == 3;
		b.server_roots.count = more == 4 ? 0 : 1;
		b.device_cas.count = more == 5 ? TRUST_BUNDLE_CERTIFICATES_MAX + 1 : 1;
		struct writer w = writer_over(out, sizeof out);
		trust_bundle_encode(&w, &b);
		CHECK_EQ(w.fault != FAULT_NONE, more > 0);
		if (more > 0)
			continue;
		CHECK_EQ(decode(writer_span(&w)), FAULT_NONE);
		b.sequence = JSON_INTEGER_MAX;
		w = writer_over(out, sizeof out);
		trust_bundle_encode(&w, &b);
		CHECK_EQ(decode(writer_span(&w)), FAULT_NONE);
	}
}

static const struct check_case cases[] = {
	CASE(trust_bundle_has_one_spelling),
	CASE(trust_bundle_decode_gives_the_members),
	CASE(trust_bundle_decode_follows_the_table),
	CASE(trust_bundle_asks_for_no_witnesses_that_it_does_not_name),
	CASE(trust_bundle_has_ceilings),
	CASE(trust_bundle_needs_a_workspace),
	CASE(trust_bundle_is_read_up_to_its_ceilings),
	CASE(trust_bundle_encode_refuses_what_cannot_be),
	CASE(trust_bundle_encode_refuses_what_decode_would),
};

CHECK_MAIN(cases)
