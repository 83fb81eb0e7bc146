#include "logged.h"
#include "crypto_openssl.h"
#include "fake_signer.h"
#include "log_sample.h"
#include "mangle.h"

static uint8_t memory[1 << 14];

static struct log_identity the_log(void)
{
	return (struct log_identity){ SPAN_LIT(LOG_SAMPLE_ORIGIN), log_sample_key };
}

static struct target the_target(const char *custom)
{
	static struct workspace ws;
	struct target target = { .path = SPAN_LIT(LOG_SAMPLE_PATH), .length = LOG_SAMPLE_LENGTH };
	memset(target.sha256.bytes, LOG_SAMPLE_IMAGE, DIGEST_BYTES);
	ws = workspace_over(memory, sizeof memory);
	CHECK_EQ(json_parse(span_of_text(custom), &ws, &target.custom), FAULT_NONE);
	return target;
}

static void logged_detail_is_the_canonical_entry(void)
{
	struct digest detail;
	struct target target = the_target("{ \"note\" : \"an example\" }");
	CHECK_EQ(logged_detail(&crypto_openssl, &target, &detail), FAULT_NONE);
	CHECK(digest_equal(&detail, &log_sample_detail));
	/* twice: the target is left as it was */
	CHECK_EQ(logged_detail(&crypto_openssl, &target, &detail), FAULT_NONE);
	CHECK(digest_equal(&detail, &log_sample_detail));
}

static void logged_detail_covers_each_member(void)
{
	struct digest detail;
	struct target target = the_target("{\"note\":\"an Example\"}");
	CHECK_EQ(logged_detail(&crypto_openssl, &target, &detail), FAULT_NONE);
	CHECK(!digest_equal(&detail, &log_sample_detail));
	target = the_target(LOG_SAMPLE_CUSTOM);
	target.length++;
	CHECK_EQ(logged_detail(&crypto_openssl, &target, &detail), FAULT_NONE);
	CHECK(!digest_equal(&detail, &log_sample_detail));
	target = the_target(LOG_SAMPLE_CUSTOM);
	target.sha256.bytes[31] ^= 1;
	CHECK_EQ(logged_detail(&crypto_openssl, &target, &detail), FAULT_NONE);
	CHECK(!digest_equal(&detail, &log_sample_detail));
	target = the_target(LOG_SAMPLE_CUSTOM);
	target.path = SPAN_LIT("p/board/2.1/image");
	CHECK_EQ(logged_detail(&crypto_openssl, &target, &detail), FAULT_NONE);
	CHECK(!digest_equal(&detail, &log_sample_detail));
	target = the_target(LOG_SAMPLE_CUSTOM);
	target.custom = NULL;
	CHECK_EQ(logged_detail(&crypto_openssl, &target, &detail), FAULT_NONE);
	CHECK(!digest_equal(&detail, &log_sample_detail));
}

static void logged_leaf_is_the_worked_example(void)
{
	uint8_t salt[32];
	for (unsigned i = 0; i < 32; i++)
		salt[i] = (uint8_t)(0xa0 + i);
	struct digest leaf = logged_leaf(&crypto_openssl, salt, &log_sample_detail);
	CHECK(digest_equal(&leaf, &log_sample_leaf));
}

static void logged_check_accepts_the_worked_example(void)
{
	struct log_identity log = the_log();
	CHECK_EQ(logged_check(&crypto_openssl, &log, SPAN_LIT(LOG_SAMPLE_PROOF), &log_sample_detail), VERDICT_OK);
}

static void logged_check_refuses_another_log_or_detail(void)
{
	struct log_identity log = the_log();
	struct digest detail = log_sample_detail;
	detail.bytes[0] ^= 1;
	CHECK_EQ(logged_check(&crypto_openssl, &log, SPAN_LIT(LOG_SAMPLE_PROOF), &detail), VERDICT_UNLOGGED);
	log.origin = SPAN_LIT("sealift.example/log2");
	CHECK_EQ(logged_check(&crypto_openssl, &log, SPAN_LIT(LOG_SAMPLE_PROOF), &log_sample_detail), VERDICT_UNLOGGED);
	log = the_log();
	memcpy(log.key.xy, log.key.xy + 32, 32);
	CHECK_EQ(logged_check(&crypto_openssl, &log, SPAN_LIT(LOG_SAMPLE_PROOF), &log_sample_detail), VERDICT_UNLOGGED);
	CHECK_EQ(logged_check(&crypto_openssl, &log, SPAN_NONE, &log_sample_detail), VERDICT_UNLOGGED);
}

/* Every byte of the proof is under the signature, in the path, or the salt: none may change. */
static void logged_check_refuses_each_changed_byte(void)
{
	struct log_identity log = the_log();
	static uint8_t copy[sizeof(LOG_SAMPLE_PROOF)];
	size_t n = sizeof(LOG_SAMPLE_PROOF) - 1;
	for (size_t i = 0; i < n; i++) {
		memcpy(copy, LOG_SAMPLE_PROOF, n);
		copy[i] ^= 1;
		CHECK_EQ(logged_check(&crypto_openssl, &log, (struct span){ copy, n }, &log_sample_detail),
			 VERDICT_UNLOGGED);
		CHECK_EQ(logged_check(&crypto_openssl, &log, (struct span){ copy, i }, &log_sample_detail),
			 VERDICT_UNLOGGED);
	}
}

/* --- signature lines, by the fake provider --- */

struct line {
	const char *name;
	uint8_t signer, claimed; /* key that signs, key whose hash the line gives */
};

static enum verdict with_origin(const char *origin, const struct line *lines, size_t n)
{
	struct crypto crypto = fake_crypto();
	static uint8_t text[2048], proof_text[8192];
	static struct proof proof;
	struct log_identity log = { SPAN_LIT("log"), fake_key(1) };
	struct digest detail = log_sample_detail;
	struct checkpoint checkpoint = { .origin = span_of_text(origin),
					 .size = 1,
					 .root = logged_leaf(&crypto, proof.salt, &detail) };
	struct writer w = writer_over(text, sizeof text);
	checkpoint_encode(&w, &checkpoint);
	struct digest digest = sha256_of(&crypto, writer_span(&w));
	writer_text(&w, "\n");
	for (size_t i = 0; i < n; i++) {
		uint8_t raw[64];
		struct public_key claimed = fake_key(lines[i].claimed), signer = fake_key(lines[i].signer);
		fake_sign(signer.xy, &digest, raw);
		note_write_signature(&w, &crypto, span_of_text(lines[i].name), &claimed, raw);
	}
	proof.checkpoint = writer_span(&w);
	w = writer_over(proof_text, sizeof proof_text);
	proof_encode(&w, &proof);
	CHECK_EQ(w.fault, FAULT_NONE);
	return logged_check(&crypto, &log, writer_span(&w), &detail);
}

static enum verdict with_lines(const struct line *lines, size_t n)
{
	return with_origin("log", lines, n);
}

static void logged_check_wants_the_logs_own_signature(void)
{
	static const struct line own = { "log", 1, 1 }, witness = { "witness", 2, 2 }, unknown = { "log", 2, 2 };
	static const struct line renamed = { "other", 1, 1 }, forged = { "log", 2, 1 };
	CHECK_EQ(with_lines(&own, 1), VERDICT_OK);
	CHECK_EQ(with_lines((struct line[]){ witness, own }, 2), VERDICT_OK);
	CHECK_EQ(with_lines((struct line[]){ unknown, own }, 2), VERDICT_OK); /* key rotation: another key, same name */
	CHECK_EQ(with_lines(&witness, 1), VERDICT_UNLOGGED);
	CHECK_EQ(with_lines(&unknown, 1), VERDICT_UNLOGGED);
	CHECK_EQ(with_lines(&renamed, 1), VERDICT_UNLOGGED);
	CHECK_EQ(with_lines(&forged, 1), VERDICT_UNLOGGED);
	CHECK_EQ(with_lines((struct line[]){ own, forged }, 2), VERDICT_UNLOGGED);
	CHECK_EQ(with_lines(NULL, 0), VERDICT_UNLOGGED);
	CHECK_EQ(with_origin("log2", &own, 1), VERDICT_UNLOGGED); /* a tree of another name, cosigned by the log */
}

static const struct check_case cases[] = {
	CASE(logged_detail_is_the_canonical_entry),       CASE(logged_detail_covers_each_member),
	CASE(logged_leaf_is_the_worked_example),          CASE(logged_check_accepts_the_worked_example),
	CASE(logged_check_refuses_another_log_or_detail), CASE(logged_check_refuses_each_changed_byte),
	CASE(logged_check_wants_the_logs_own_signature),
};

CHECK_MAIN(cases)
