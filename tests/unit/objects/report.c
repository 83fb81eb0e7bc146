#include "report.h"
#include "mangle.h"

/* The worked example of protocol/report.md: the body, without the line breaks that are there for the reader. */
#define SAMPLE                                                                                       \
	"{\"boot_count\":41,\"cause\":\"watchdog reset in the first boot\",\"device\":\"dev-0001\"," \
	"\"proof\":\"file\",\"refusals\":[{\"count\":2,\"rule\":\"rollback\"},"                      \
	"{\"count\":1,\"rule\":\"directive-nonce\"}],"                                               \
	"\"running\":{\"counter\":6,"                                                                \
	"\"image\":\"4444444444444444444444444444444444444444444444444444444444444444\","            \
	"\"path\":\"p/board/1.9/image\",\"version\":\"1.9\"},"                                       \
	"\"sequence\":77,\"state\":\"rolled-back\",\"target_path\":\"p/board/2.0/image\","           \
	"\"type\":\"report\",\"version\":1}"

static uint8_t memory[1 << 16];

static enum fault decode(struct span text, struct report *out)
{
	static uint8_t again[16384];
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct json_node *body;
	enum fault fault = json_parse(text, &ws, &body);
	if (fault != FAULT_NONE)
		return fault;
	struct writer w = writer_over(again, sizeof again);
	json_canonical(body, &w);
	return span_equal(writer_span(&w), text) ? report_decode(body, out) : FAULT_NOT_CANONICAL;
}

static bool round_trip(struct span in, struct writer *out)
{
	struct report report;
	if (decode(in, &report) != FAULT_NONE)
		return false;
	report_encode(out, &report);
	return true;
}

static void report_has_one_spelling(void)
{
	mangle(SPAN_LIT(SAMPLE), round_trip);
}

static void report_decode_gives_the_members(void)
{
	struct report r;
	CHECK_EQ(decode(SPAN_LIT(SAMPLE), &r), FAULT_NONE);
	CHECK(span_is(r.device, "dev-0001") && span_is(r.running_path, "p/board/1.9/image"));
	CHECK(span_is(r.running_version, "1.9") && span_is(r.target_path, "p/board/2.0/image"));
	CHECK(span_is(r.cause, "watchdog reset in the first boot") && span_is(r.proof, "file"));
	CHECK_EQ(r.sequence, 77);
	CHECK_EQ(r.boot_count, 41);
	CHECK_EQ(r.running_counter, 6);
	CHECK_EQ(r.running_image.bytes[3], 0x44);
	CHECK_EQ(r.state, REPORT_ROLLED_BACK);
	CHECK_EQ(r.refusal_count, 2);
	CHECK(span_is(r.refusals[1].rule, "directive-nonce"));
	CHECK_EQ(r.refusals[0].count, 2);
}

struct row {
	const char *from, *to;
	enum fault fault;
};

#define TARGET "\"state\":\"rolled-back\",\"target_path\":\"p/board/2.0/image\""

static const struct row rows[] = {
	{ TARGET, "\"state\":\"idle\",\"target_path\":\"\"", FAULT_NONE },
	{ TARGET, "\"state\":\"refused\",\"target_path\":\"\"", FAULT_NONE },
	{ TARGET, "\"state\":\"failed\",\"target_path\":\"p/board/2.0/image\"", FAULT_NONE },
	{ TARGET, "\"state\":\"idle\",\"target_path\":\"p/board/2.0/image\"", FAULT_RANGE },
	{ TARGET, "\"state\":\"installing\",\"target_path\":\"\"", FAULT_MISSING },
	{ TARGET, "\"state\":\"activating\",\"target_path\":\"\"", FAULT_MISSING },
	{ TARGET, "\"state\":\"confirmed\",\"target_path\":\"\"", FAULT_MISSING },
	{ TARGET, "\"state\":\"rolled-back\",\"target_path\":\"\"", FAULT_MISSING },
	{ TARGET, "\"state\":\"happy\",\"target_path\":\"\"", FAULT_VERSION },
	{ TARGET, "\"state\":\"confirmed\",\"target_path\":\"x\"", FAULT_RANGE },
	{ "\"path\":\"p/board/1.9/image\",\"version\":\"1.9\"", "\"path\":\"\",\"version\":\"\"", FAULT_NONE },
	{ "\"path\":\"p/board/1.9/image\"", "\"path\":\"/etc/passwd\"", FAULT_RANGE },
	{ "\"counter\":6", "\"counter\":-6", FAULT_RANGE },
	{ "\"counter\":6,", "\"counter\":6,\"extra\":1,", FAULT_UNKNOWN },
	{ "\"proof\":\"file\"", "\"proof\":\"tpm\"", FAULT_NONE },
	{ "\"proof\":\"file\"", "\"proof\":\"word\"", FAULT_VERSION },
	{ "\"sequence\":77", "\"sequence\":0", FAULT_RANGE },
	{ "\"device\":\"dev-0001\"", "\"device\":\"a b\"", FAULT_RANGE },
	{ "watchdog reset", "watchdog \xc3\xa9 reset", FAULT_UTF8 },
	{ "watchdog reset", "watchdog \x7f reset", FAULT_UTF8 },
	{ "\"rule\":\"rollback\"", "\"rule\":\"directive-nonce\"", FAULT_DUPLICATE },
	{ "\"rule\":\"rollback\"", "\"rule\":\"Roll Back\"", FAULT_RANGE },
	{ "{\"count\":2,", "{\"count\":0,", FAULT_RANGE },
	{ "{\"count\":2,\"rule\":\"rollback\"}", "7", FAULT_TYPE },
	{ "{\"count\":2,", "{\"a\":1,\"count\":2,", FAULT_UNKNOWN },
	{ "\"type\":\"report\"", "\"type\":\"plan\"", FAULT_VERSION },
	{ "\"version\":1}", "\"version\":3}", FAULT_VERSION },
	{ "\"version\":1}", "\"version\":1,\"x\":1}", FAULT_UNKNOWN },
	{ "\"boot_count\":41,", "", FAULT_MISSING },
};

static void report_decode_follows_the_table(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[2048];
		struct report report;
		const char *at = strstr(SAMPLE, rows[i].from);
		CHECK(at != NULL);
		snprintf(text, sizeof text, "%.*s%s%s", (int)(at - SAMPLE), SAMPLE, rows[i].to,
			 at + strlen(rows[i].from));
		enum fault fault = decode(span_of_text(text), &report);
		if (fault != rows[i].fault)
			printf("# %s -> %s\n", rows[i].from, rows[i].to);
		CHECK_EQ(fault, rows[i].fault);
	}
}

static enum fault with_refusals(uint32_t n)
{
	static char list[4096], text[8192];
	struct report report;
	const char *from = strstr(SAMPLE, "[{"), *to = strstr(SAMPLE, "]") + 1;
	size_t used = 0;
	for (uint32_t i = 0; i < n; i++)
		used += (size_t)snprintf(list + used, sizeof list - used, "%s{\"count\":1,\"rule\":\"r%u\"}",
					 i == 0 ? "" : ",", i);
	snprintf(text, sizeof text, "%.*s[%s]%s", (int)(from - SAMPLE), SAMPLE, list, to);
	return decode(span_of_text(text), &report);
}

static void report_has_ceilings(void)
{
	static char text[2048], cause[REPORT_CAUSE_MAX + 2];
	struct report report;
	CHECK_EQ(with_refusals(REPORT_REFUSALS_MAX), FAULT_NONE);
	CHECK_EQ(with_refusals(REPORT_REFUSALS_MAX + 1), FAULT_TOO_LARGE);
	memset(cause, 'c', sizeof cause - 1);
	const char *at = strstr(SAMPLE, "watchdog");
	snprintf(text, sizeof text, "%.*s%s%s", (int)(at - SAMPLE), SAMPLE, cause, strchr(at, '"'));
	CHECK_EQ(decode(span_of_text(text), &report), FAULT_TOO_LARGE);
}

static void report_states_have_words(void)
{
	CHECK(strcmp(report_state_text(REPORT_IDLE), "idle") == 0);
	CHECK(strcmp(report_state_text(REPORT_FAILED), "failed") == 0);
	CHECK(strcmp(report_state_text((enum report_state)(REPORT_FAILED + 1)), "unknown") == 0);
	CHECK(strcmp(report_state_text((enum report_state)99), "unknown") == 0);
}

static void report_encode_refuses_what_decode_would(void)
{
	static char out[4096];
	struct report report;
	CHECK_EQ(decode(SPAN_LIT(SAMPLE), &report), FAULT_NONE);
	report.refusal_count = REPORT_REFUSALS_MAX;
	for (uint32_t i = 0; i < REPORT_REFUSALS_MAX; i++)
		report.refusals[i] = report.refusals[0];
	struct writer w = writer_over(out, sizeof out);
	report_encode(&w, &report);
	CHECK_EQ(w.fault, FAULT_NONE);
	report.refusal_count++;
	w = writer_over(out, sizeof out);
	report_encode(&w, &report);
	CHECK_EQ(w.fault, FAULT_RANGE);
	report.refusal_count = 0;
	report.state = REPORT_FAILED + 1;
	w = writer_over(out, sizeof out);
	report_encode(&w, &report);
	CHECK_EQ(w.fault, FAULT_RANGE);
	CHECK_EQ(w.used, 0);
}

static const struct check_case cases[] = {
	CASE(report_has_one_spelling),         CASE(report_decode_gives_the_members),
	CASE(report_decode_follows_the_table), CASE(report_has_ceilings),
	CASE(report_states_have_words),        CASE(report_encode_refuses_what_decode_would),
};

CHECK_MAIN(cases)
