#include "note.h"
#include "base64.h"
#include "crypto_openssl.h"
#include "log_sample.h"
#include "mangle.h"

static uint8_t bytes[PROOF_BYTES_MAX + 4096];

static void note_decode_gives_the_checkpoint(void)
{
	static struct note note;
	uint8_t key_hash[NOTE_KEY_HASH_BYTES];
	CHECK_EQ(note_decode(SPAN_LIT(LOG_SAMPLE_NOTE), &note), FAULT_NONE);
	CHECK(span_is(note.checkpoint.origin, LOG_SAMPLE_ORIGIN));
	CHECK_EQ(note.checkpoint.size, 4);
	CHECK_EQ(note.checkpoint.root.bytes[0], 0x79);
	CHECK_EQ(note.count, 1);
	CHECK(span_is(note.signatures[0].name, LOG_SAMPLE_ORIGIN));
	note_key_hash(&crypto_openssl, &log_sample_key, key_hash);
	CHECK(memcmp(note.signatures[0].key_hash, key_hash, sizeof key_hash) == 0);
	CHECK_EQ(key_hash[0], 0xfd); /* the SPKI's SHA-256, by another program */
	CHECK_EQ(note.signatures[0].der.n, 70);
	CHECK(note.text.n > 0 && note.text.at[note.text.n - 1] == '\n');
}

static void note_encoders_give_the_worked_example(void)
{
	static struct note note;
	CHECK_EQ(note_decode(SPAN_LIT(LOG_SAMPLE_NOTE), &note), FAULT_NONE);
	struct writer w = writer_over(bytes, sizeof bytes);
	checkpoint_encode(&w, &note.checkpoint);
	CHECK(span_equal(writer_span(&w), note.text));
	writer_text(&w, "\n");
	note_write_signature(&w, &crypto_openssl, note.checkpoint.origin, &log_sample_key, log_sample_raw);
	CHECK(span_is(writer_span(&w), LOG_SAMPLE_NOTE));
}

#define ROOT "eSl0gz9NaDliVSNtq0+Kl7Za8w+HB/EPZr9/VKIaNZ0="
#define MARK "\xe2\x80\x94 "

struct row {
	const char *from, *to;
	enum fault fault;
};

static const struct row rows[] = {
	{ "\n4\n", "\n0\n", FAULT_NONE },
	{ "\n4\n", "\n9223372036854775807\n", FAULT_NONE },
	{ "\n4\n", "\n9223372036854775808\n", FAULT_RANGE },
	{ "\n4\n", "\n99999999999999999999\n", FAULT_RANGE },
	{ "\n4\n", "\n04\n", FAULT_NOT_CANONICAL },
	{ "\n4\n", "\n+4\n", FAULT_SYNTAX },
	{ "\n4\n", "\n\n", FAULT_SYNTAX },
	{ "\n4\n", "\n4 \n", FAULT_SYNTAX },
	{ "\n4\n", "\r\n4\n", FAULT_UTF8 },
	{ "sealift.example/log\n4", "\n4", FAULT_SYNTAX },
	{ "sealift.example/log\n4", "sealift example\n4", FAULT_SYNTAX },
	{ "sealift.example/log\n4", "sealift+example\n4", FAULT_SYNTAX },
	{ "sealift.example/log\n4", "\xff\n4", FAULT_UTF8 },
	{ ROOT, "", FAULT_RANGE },
	{ ROOT, "eSl0gz9N", FAULT_RANGE },
	{ ROOT, ROOT "AAAA", FAULT_TRAILING },
	{ ROOT, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", FAULT_RANGE }, /* 36 bytes */
	{ "NZ0=", "NZ1=", FAULT_NOT_CANONICAL },
	{ ROOT "\n\n", ROOT "\nextension\n\n", FAULT_UNKNOWN },
	{ ROOT "\n\n", ROOT "\nx\n", FAULT_UNKNOWN },
	{ ROOT "\n\n", ROOT "\n", FAULT_UNKNOWN },
	{ ROOT "\n\n", ROOT "\n\n\n", FAULT_SYNTAX },
	{ MARK, "- ", FAULT_SYNTAX },
	{ MARK, "\xe2\x80\x94", FAULT_SYNTAX },
	{ MARK "sealift.example/log ", MARK "sealift.example/log", FAULT_SYNTAX },
	{ MARK "sealift.example/log ", MARK " ", FAULT_SYNTAX },
	{ "lEw=\n", "lEw=", FAULT_TRUNCATED },
	{ "lEw=\n", "lEw\n", FAULT_TRUNCATED },
	{ "lEw=\n", "lEw=\n\n", FAULT_SYNTAX },
	{ "lEw=\n", "lEw=\n" MARK "witness AAAAAAA=\n", FAULT_NONE },
	{ "lEw=\n", "lEw=\n" MARK "witness AAAAAA==\n", FAULT_TRUNCATED },
	{ "lEw=\n", "lEw=\n" MARK "witness ****\n", FAULT_SYNTAX },
	{ "lEw=\n", "lEw=\n" MARK "wit+ness AAAAAAA=\n", FAULT_SYNTAX },
};

static void note_decode_follows_the_table(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct note note;
		static char text[NOTE_BYTES_MAX];
		const char *at = strstr(LOG_SAMPLE_NOTE, rows[i].from);
		CHECK(at != NULL);
		snprintf(text, sizeof text, "%.*s%s%s", (int)(at - LOG_SAMPLE_NOTE), LOG_SAMPLE_NOTE, rows[i].to,
			 at + strlen(rows[i].from));
		enum fault fault = note_decode(span_of_text(text), &note);
		if (fault != rows[i].fault)
			printf("# row %zu: %s\n", i, rows[i].to);
		CHECK_EQ(fault, rows[i].fault);
	}
}

/* A cosignature of 100 bytes (another algorithm): listed without bytes, the log's own is still there. */
static void note_decode_keeps_what_it_does_not_know(void)
{
	static struct note note;
	static uint8_t long_signature[100];
	memset(long_signature, 0xff, sizeof long_signature);
	struct writer w = writer_over(bytes, sizeof bytes);
	writer_text(&w, LOG_SAMPLE_NOTE MARK "witness.example ");
	base64_write(&w, SPAN_OF(long_signature));
	writer_text(&w, "\n");
	CHECK_EQ(note_decode(writer_span(&w), &note), FAULT_NONE);
	CHECK_EQ(note.count, 2);
	CHECK_EQ(note.signatures[0].der.n, 70);
	CHECK_EQ(note.signatures[1].der.n, 0);
	CHECK(span_is(note.signatures[1].name, "witness.example"));
	CHECK_EQ(note.der_store[2][0], 0); /* it did not run into the next one's place */
	for (size_t n = NOTE_SIGNATURE_STORE - 1; n <= NOTE_SIGNATURE_STORE + 1; n++) {
		w = writer_over(bytes, sizeof bytes);
		writer_text(&w, LOG_SAMPLE_NOTE MARK "witness.example ");
		base64_write(&w, (struct span){ long_signature, n });
		writer_text(&w, "\n");
		CHECK_EQ(note_decode(writer_span(&w), &note), FAULT_NONE);
		CHECK_EQ(note.signatures[1].der.n, n <= NOTE_SIGNATURE_STORE ? n - NOTE_KEY_HASH_BYTES : 0);
	}
}

static enum fault with_signatures(uint32_t more)
{
	static struct note note;
	struct writer w = writer_over(bytes, sizeof bytes);
	writer_text(&w, LOG_SAMPLE_NOTE);
	for (uint32_t i = 0; i < more; i++)
		writer_text(&w, MARK "w AAAAAAA=\n");
	return note_decode(writer_span(&w), &note);
}

/* The sample and one more signature, so that the note has just so many bytes. */
static enum fault with_bytes(size_t total)
{
	static struct note note;
	static char name[5], base64[NOTE_BYTES_MAX];
	size_t more = total - strlen(LOG_SAMPLE_NOTE MARK " \n");
	size_t name_bytes = 1 + (more - 1) % 4;
	memset(name, 'w', name_bytes);
	name[name_bytes] = 0;
	memset(base64, 'A', sizeof base64);
	struct writer w = writer_over(bytes, sizeof bytes);
	writer_text(&w, LOG_SAMPLE_NOTE MARK);
	writer_text(&w, name);
	writer_text(&w, " ");
	writer_bytes(&w, (struct span){ (const uint8_t *)base64, more - name_bytes });
	writer_text(&w, "\n");
	CHECK_EQ(writer_span(&w).n, total);
	return note_decode(writer_span(&w), &note);
}

static void note_has_ceilings(void)
{
	CHECK_EQ(with_bytes(NOTE_BYTES_MAX), FAULT_NONE);
	CHECK_EQ(with_bytes(NOTE_BYTES_MAX + 1), FAULT_TOO_LARGE);
	CHECK_EQ(with_signatures(NOTE_SIGNATURES_MAX - 1), FAULT_NONE);
	CHECK_EQ(with_signatures(NOTE_SIGNATURES_MAX), FAULT_TOO_LARGE);
	CHECK_EQ(with_signatures(NOTE_BYTES_MAX / 14), FAULT_TOO_LARGE);
}

static void note_writers_refuse_what_decode_would(void)
{
	struct checkpoint checkpoint = { .origin = SPAN_LIT("two words") };
	struct writer w = writer_over(bytes, sizeof bytes);
	checkpoint_encode(&w, &checkpoint);
	CHECK_EQ(w.fault, FAULT_SYNTAX);
	w = writer_over(bytes, sizeof bytes);
	note_write_signature(&w, &crypto_openssl, SPAN_LIT("a+b"), &log_sample_key, log_sample_raw);
	CHECK_EQ(w.fault, FAULT_SYNTAX);
}

static void a_cosignature_has_a_time_of_ours(void)
{
	static const uint8_t key[32] = { 7 };
	struct cosignature cosignature = { .time_unix = INT64_MAX };
	struct writer w = writer_over(bytes, sizeof bytes);
	note_write_cosignature(&w, &crypto_openssl, SPAN_LIT("witness.example"), key, &cosignature);
	CHECK_EQ(w.fault, FAULT_NONE);
	cosignature.time_unix++;
	w = writer_over(bytes, sizeof bytes);
	note_write_cosignature(&w, &crypto_openssl, SPAN_LIT("witness.example"), key, &cosignature);
	CHECK_EQ(w.fault, FAULT_RANGE);
	uint8_t hash[NOTE_KEY_HASH_BYTES + 1] = { [NOTE_KEY_HASH_BYTES] = 0xaa };
	note_witness_hash(&crypto_openssl, SPAN_LIT("witness.example"), key, hash);
	CHECK_EQ(hash[NOTE_KEY_HASH_BYTES], 0xaa); /* what follows is the caller's */
}

/* --- proof --- */

static bool round_trip(struct span in, struct writer *out)
{
	static struct proof proof;
	static struct note note;
	if (proof_decode(in, &proof) != FAULT_NONE || note_decode(proof.checkpoint, &note) != FAULT_NONE)
		return false;
	proof_encode(out, &proof);
	return true;
}

static void proof_has_one_spelling(void)
{
	mangle(SPAN_LIT(LOG_SAMPLE_PROOF), round_trip);
}

static void proof_decode_gives_the_parts(void)
{
	static struct proof proof;
	CHECK_EQ(proof_decode(SPAN_LIT(LOG_SAMPLE_PROOF), &proof), FAULT_NONE);
	CHECK_EQ(proof.salt[0], 0xa0);
	CHECK_EQ(proof.index, 2);
	CHECK_EQ(proof.path_count, 2);
	CHECK_EQ(proof.path[1].bytes[0], 0x8a);
	CHECK(span_is(proof.checkpoint, LOG_SAMPLE_NOTE));
}

static const struct row proof_rows[] = {
	{ "tlog-proof@v1", "tlog-proof@v2", FAULT_VERSION },
	{ "extra oKG", "extra  oKG", FAULT_SYNTAX },
	{ "extra oKGi", "extra ", FAULT_RANGE }, /* 29 bytes */
	{ "extra ", "Extra ", FAULT_SYNTAX },
	{ "index 2", "index 02", FAULT_NOT_CANONICAL },
	{ "index 2", "index", FAULT_SYNTAX },
	{ "index 2", "index ", FAULT_SYNTAX },
	{ "index 2", "index 1x2", FAULT_SYNTAX },
	{ "S75Q=\n", "S75Q= \n", FAULT_TRAILING },
	{ "75Q=\n", "75R=\n", FAULT_NOT_CANONICAL },
	{ "\n\nsealift", "\nsealift", FAULT_SYNTAX },
};

static void proof_decode_follows_the_table(void)
{
	for (size_t i = 0; i < sizeof(proof_rows) / sizeof(proof_rows[0]); i++) {
		static struct proof proof;
		static char text[PROOF_BYTES_MAX];
		const struct row *row = &proof_rows[i];
		const char *at = strstr(LOG_SAMPLE_PROOF, row->from);
		CHECK(at != NULL);
		snprintf(text, sizeof text, "%.*s%s%s", (int)(at - LOG_SAMPLE_PROOF), LOG_SAMPLE_PROOF, row->to,
			 at + strlen(row->from));
		enum fault fault = proof_decode(span_of_text(text), &proof);
		if (fault != row->fault)
			printf("# row %zu: %s\n", i, row->to);
		CHECK_EQ(fault, row->fault);
	}
}

static void proof_has_ceilings(void)
{
	static struct proof proof, again;
	CHECK_EQ(proof_decode(SPAN_LIT(LOG_SAMPLE_PROOF), &proof), FAULT_NONE);
	proof.path_count = PROOF_PATH_MAX;
	struct writer w = writer_over(bytes, sizeof bytes);
	proof_encode(&w, &proof);
	CHECK_EQ(proof_decode(writer_span(&w), &again), FAULT_NONE);
	CHECK_EQ(again.path_count, PROOF_PATH_MAX);
	/* one hash more, before the empty line */
	static char text[PROOF_BYTES_MAX];
	struct span full = writer_span(&w);
	const char *index = strstr((const char *)full.at, "index 2\n") + 8;
	int head = (int)(index - (const char *)full.at);
	snprintf(text, sizeof text, "%.*s" ROOT "\n%.*s", head, (const char *)full.at, (int)full.n - head, index);
	CHECK_EQ(proof_decode(span_of_text(text), &again), FAULT_TOO_LARGE);
	memset(bytes, 'x', sizeof bytes);
	CHECK_EQ(proof_decode((struct span){ bytes, PROOF_BYTES_MAX + 1 }, &again), FAULT_TOO_LARGE);
	proof.path_count = PROOF_PATH_MAX + 1;
	w = writer_over(bytes, sizeof bytes);
	proof_encode(&w, &proof);
	CHECK_EQ(w.fault, FAULT_TOO_LARGE);
}

/* What follows the empty line is the note's decoder's to judge: anything but nothing, up to the ceiling. */
static void proof_has_something_for_a_note(void)
{
	static struct proof proof;
	static char text[PROOF_BYTES_MAX];
	memset(text, 'x', sizeof text);
	size_t head = strlen(LOG_SAMPLE_PROOF) - strlen(LOG_SAMPLE_NOTE);
	memcpy(text, LOG_SAMPLE_PROOF, head);
	CHECK_EQ(proof_decode((struct span){ (const uint8_t *)text, head }, &proof), FAULT_TRUNCATED);
	CHECK_EQ(proof_decode((struct span){ (const uint8_t *)text, head + 1 }, &proof), FAULT_NONE);
	CHECK(span_is(proof.checkpoint, "x"));
	CHECK_EQ(proof_decode((struct span){ (const uint8_t *)text, sizeof text }, &proof), FAULT_NONE);
}

static void a_checkpoint_alone_has_a_ceiling(void)
{
	static uint8_t text[NOTE_BYTES_MAX + 1];
	struct checkpoint checkpoint;
	CHECK_EQ(checkpoint_decode((struct span){ text, NOTE_BYTES_MAX + 1 }, &checkpoint), FAULT_TOO_LARGE);
	CHECK_EQ(checkpoint_decode((struct span){ text, NOTE_BYTES_MAX }, &checkpoint), FAULT_TRUNCATED);
}

/* A log's name: printable, without space and plus, of at most so many bytes. */
static void names_have_an_alphabet_and_a_length(void)
{
	static char out[NOTE_BYTES_MAX], name[NOTE_ORIGIN_MAX + 1];
	for (int byte = 0; byte < 256; byte++) {
		uint8_t origin[] = { 'a', (uint8_t)byte };
		struct checkpoint checkpoint = { .origin = SPAN_OF(origin) };
		struct writer w = writer_over(out, sizeof out);
		checkpoint_encode(&w, &checkpoint);
		CHECK_EQ(w.fault == FAULT_NONE, byte > 0x20 && byte <= 0x7e && byte != '+');
	}
	memset(name, 'n', sizeof name);
	for (size_t n = 0; n <= sizeof name; n++) {
		struct checkpoint checkpoint = { .origin = { (const uint8_t *)name, n } };
		struct writer w = writer_over(out, sizeof out);
		checkpoint_encode(&w, &checkpoint);
		CHECK_EQ(w.fault == FAULT_NONE, n >= 1 && n <= NOTE_ORIGIN_MAX);
	}
}

static const struct check_case cases[] = {
	CASE(note_decode_gives_the_checkpoint),
	CASE(note_encoders_give_the_worked_example),
	CASE(note_decode_follows_the_table),
	CASE(note_decode_keeps_what_it_does_not_know),
	CASE(note_has_ceilings),
	CASE(note_writers_refuse_what_decode_would),
	CASE(a_cosignature_has_a_time_of_ours),
	CASE(proof_has_one_spelling),
	CASE(proof_decode_gives_the_parts),
	CASE(proof_decode_follows_the_table),
	CASE(proof_has_ceilings),
	CASE(proof_has_something_for_a_note),
	CASE(a_checkpoint_alone_has_a_ceiling),
	CASE(names_have_an_alphabet_and_a_length),
};

CHECK_MAIN(cases)
