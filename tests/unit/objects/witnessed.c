/*
 * The checks of witnesses. The cosignatures were made apart from this code, from the text of C2SP tlog-cosignature, by
 * Python's hashlib and cryptography: seeds of 32 bytes of 01 and of 02.
 */
#include "crypto_openssl.h"
#include "log_sample.h"
#include "logged.h"
#include "mangle.h"

#define MARK "\xe2\x80\x94 "
#define LINE1                                                                                                          \
	MARK "w1.example "                                                                                             \
	     "idPd5gAAAABrSdIAb84vc3HNLRkruH6XpoN83hMOQc6OQ6de4iLkqOIbXSPSNO3PXY2O6ua1hzvbYciSxC4oh2JOQOzQDuRuc2I4Cw=" \
	     "=\n"
#define LINE2                                                                                \
	MARK "w2.example "                                                                   \
	     "xWwO5QAAAABrSdIB9Rl13/YYJo+6YYPySd4ryF5bvQeJJwkcF2mbnn6HEXo20Ggv8qcpzz2hOFiz/" \
	     "F04B7JZHC4Z4JtplP9HctefAg==\n"

static const struct trust_witness witnesses[] = {
	{ SPAN_INIT("w1.example"),
	  { 0x8a, 0x88, 0xe3, 0xdd, 0x74, 0x09, 0xf1, 0x95, 0xfd, 0x52, 0xdb, 0x2d, 0x3c, 0xba, 0x5d, 0x72,
	    0xca, 0x67, 0x09, 0xbf, 0x1d, 0x94, 0x12, 0x1b, 0xf3, 0x74, 0x88, 0x01, 0xb4, 0x0f, 0x6f, 0x5c } },
	{ SPAN_INIT("w2.example"),
	  { 0x81, 0x39, 0x77, 0x0e, 0xa8, 0x7d, 0x17, 0x5f, 0x56, 0xa3, 0x54, 0x66, 0xc3, 0x4c, 0x7e, 0xcc,
	    0xcb, 0x8d, 0x8a, 0x91, 0xb4, 0xee, 0x37, 0xa2, 0x5d, 0xf6, 0x0f, 0x5b, 0x8f, 0xc9, 0xb3, 0x94 } },
};

static enum verdict check(const char *lines, const struct trust_witness *who, uint32_t count, uint32_t quorum)
{
	char text[4096];
	struct log_identity log = { SPAN_LIT(LOG_SAMPLE_ORIGIN), log_sample_key };
	struct log_witnesses policy = { count, who, quorum };
	snprintf(text, sizeof text, "%s%s", LOG_SAMPLE_PROOF, lines);
	return logged_check_witnessed(&crypto_openssl, &log, &policy, span_of_text(text), &log_sample_detail);
}

/* [LOG-14] [LOG-16] */
static void a_quorum_is_counted(void)
{
	CHECK_EQ(check(LINE1, witnesses, 2, 1), VERDICT_OK);
	CHECK_EQ(check(LINE2, witnesses, 2, 1), VERDICT_OK);
	CHECK_EQ(check(LINE1 LINE2, witnesses, 2, 2), VERDICT_OK);
	CHECK_EQ(check(LINE1, witnesses, 2, 2), VERDICT_UNWITNESSED);
	CHECK_EQ(check(LINE1 LINE1, witnesses, 2, 2), VERDICT_UNWITNESSED);
	CHECK_EQ(check("", witnesses, 2, 1), VERDICT_UNWITNESSED);
	CHECK_EQ(check(LINE1, witnesses + 1, 1, 1), VERDICT_UNWITNESSED); /* a stranger's */
}

static void nobody_is_no_quorum(void)
{
	CHECK_EQ(check(LINE1, witnesses, 2, 0), VERDICT_UNWITNESSED);
	CHECK_EQ(check(LINE1, NULL, 0, 0), VERDICT_UNWITNESSED);
	CHECK_EQ(check(LINE1, NULL, 0, 1), VERDICT_UNWITNESSED);
}

/* By the decoder none comes twice; this does not rely on that. */
static void one_key_under_two_names_is_one_witness(void)
{
	struct trust_witness twice[2] = { witnesses[0], witnesses[0] };
	CHECK_EQ(check(LINE1 LINE1, twice, 2, 2), VERDICT_UNWITNESSED);
	CHECK_EQ(check(LINE1, twice, 2, 1), VERDICT_OK);
	/* Nor with another witness between the two. */
	struct trust_witness apart[3] = { witnesses[0], witnesses[1], witnesses[0] };
	CHECK_EQ(check(LINE1, apart, 3, 2), VERDICT_UNWITNESSED);
}

/* [LOG-15]: even where the quorum is met without it. Of the key id no byte is signed: another one is a stranger's. */
static void a_false_line_of_a_known_witness_spoils_the_note(void)
{
	char lines[1024];
	size_t from = strlen(MARK "w1.example ") + 6, end = strlen(LINE1) - 1;
	for (size_t i = from; i < end; i++) {
		snprintf(lines, sizeof lines, "%s%s", LINE1, LINE2);
		lines[i] = lines[i] == 'A' ? 'B' : 'A';
		enum verdict verdict = check(lines, witnesses, 2, 1);
		if (verdict == VERDICT_OK)
			printf("# character %zu of the line changed nothing\n", i);
		CHECK(verdict == VERDICT_UNWITNESSED || verdict == VERDICT_UNLOGGED);
	}
	snprintf(lines, sizeof lines, "%s%s", LINE1, LINE2);
	lines[from - 6] = lines[from - 6] == 'A' ? 'B' : 'A';
	CHECK_EQ(check(lines, witnesses, 2, 1), VERDICT_OK);
	CHECK_EQ(check(lines, witnesses, 2, 2), VERDICT_UNWITNESSED);
}

static void what_is_not_logged_is_not_witnessed_either(void)
{
	struct log_identity log = { SPAN_LIT("sealift.example/other"), log_sample_key };
	struct log_witnesses policy = { 2, witnesses, 1 };
	CHECK_EQ(logged_check_witnessed(&crypto_openssl, &log, &policy, SPAN_LIT(LOG_SAMPLE_PROOF LINE1),
					&log_sample_detail),
		 VERDICT_UNLOGGED);
	CHECK_EQ(logged_check_witnessed(&crypto_openssl, &log, &policy, SPAN_NONE, &log_sample_detail),
		 VERDICT_UNLOGGED);
}

/* A board without Ed25519 cannot check witnesses, and so has none. */
static void without_ed25519_there_is_no_witness(void)
{
	struct crypto crypto = crypto_openssl;
	struct log_identity log = { SPAN_LIT(LOG_SAMPLE_ORIGIN), log_sample_key };
	struct log_witnesses policy = { 2, witnesses, 1 };
	crypto.ed25519_verify = NULL;
	CHECK_EQ(logged_check_witnessed(&crypto, &log, &policy, SPAN_LIT(LOG_SAMPLE_PROOF LINE1), &log_sample_detail),
		 VERDICT_UNWITNESSED);
}

static void a_cosignature_has_its_length_and_a_time(void)
{
	uint8_t bytes[NOTE_COSIGNATURE_BYTES + 1] = { 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 5 };
	struct cosignature c;
	for (size_t n = 0; n < NOTE_COSIGNATURE_BYTES; n++)
		CHECK_EQ(cosignature_decode((struct span){ bytes, n }, &c), FAULT_TRUNCATED);
	CHECK_EQ(cosignature_decode((struct span){ bytes, sizeof bytes }, &c), FAULT_TRAILING);
	CHECK_EQ(cosignature_decode((struct span){ bytes, NOTE_COSIGNATURE_BYTES }, &c), FAULT_NONE);
	CHECK_EQ(c.time_unix, INT64_MAX);
	CHECK_EQ(c.ed25519[0], 5);
	bytes[0] = 0x80;
	CHECK_EQ(cosignature_decode((struct span){ bytes, NOTE_COSIGNATURE_BYTES }, &c), FAULT_RANGE);
}

static void note_write_cosignature_writes_what_was_read(void)
{
	static struct note note;
	char out[512];
	struct cosignature c;
	struct writer w = writer_over(out, sizeof out);
	CHECK_EQ(note_decode(SPAN_LIT(LOG_SAMPLE_NOTE LINE1), &note), FAULT_NONE);
	CHECK_EQ(note.count, 2);
	CHECK_EQ(cosignature_decode(note.signatures[1].der, &c), FAULT_NONE);
	CHECK_EQ(c.time_unix, 1800000000);
	note_write_cosignature(&w, &crypto_openssl, SPAN_LIT("w1.example"), witnesses[0].ed25519, &c);
	CHECK(span_is(writer_span(&w), LINE1));
	note_write_cosignature(&w, &crypto_openssl, SPAN_LIT("w 1"), witnesses[0].ed25519, &c);
	CHECK_EQ(w.fault, FAULT_RANGE);
}

static const struct check_case cases[] = {
	CASE(a_quorum_is_counted),
	CASE(nobody_is_no_quorum),
	CASE(one_key_under_two_names_is_one_witness),
	CASE(a_false_line_of_a_known_witness_spoils_the_note),
	CASE(what_is_not_logged_is_not_witnessed_either),
	CASE(without_ed25519_there_is_no_witness),
	CASE(a_cosignature_has_its_length_and_a_time),
	CASE(note_write_cosignature_writes_what_was_read),
};

CHECK_MAIN(cases)
