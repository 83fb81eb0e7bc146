/* The envelope of what is signed: one spelling for our own, and signatures of which one knows nothing. */
#include "signed.h"
#include "check.h"

#include "crypto_openssl.h"

static _Alignas(max_align_t) uint8_t memory[1 << 20];
static struct workspace ws;

static void fresh(void)
{
	ws = workspace_over(memory, sizeof memory);
}

/* Our own objects have one spelling. */
static void strict_envelopes(void)
{
	static const char good[] = "{\"signatures\":[{\"keyid\":\"a\",\"sig\":\"00\"}],\"signed\":{\"a\":1,\"b\":2}}";
	static const char *const bad[] = {
		"{\"signatures\":[],\"signed\":{\"b\":2,\"a\":1}}",   "{\"signatures\":[],\"signed\":{\"a\": 1}}",
		"{\"signatures\":[],\"signed\":{\"a\":\"\\u0041\"}}", "{\"signed\":{\"a\":1},\"signatures\":[]}",
		"{\"signatures\":[],\"signed\":{\"a\":1}}\n",
	};
	struct signed_json envelope;
	fresh();
	CHECK_EQ(signed_decode_strict(SPAN_LIT(good), &ws, &crypto_openssl, &envelope), FAULT_NONE);
	CHECK(envelope.count == 1 && !envelope.signatures[0].usable);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		CHECK_EQ(signed_decode_strict(span_of_text(bad[i]), &ws, &crypto_openssl, &envelope),
			 FAULT_NOT_CANONICAL);
		CHECK_EQ(signed_decode(span_of_text(bad[i]), &ws, &crypto_openssl, &envelope), FAULT_NONE);
	}
	CHECK_EQ(signed_decode_strict(SPAN_LIT("{\"signatures\":[],\"signed\":{},\"x\":1}"), &ws, &crypto_openssl,
				      &envelope),
		 FAULT_UNKNOWN);
	CHECK_EQ(signed_decode_strict(SPAN_LIT("{\"signatures\":[],\"signed\":1}"), &ws, &crypto_openssl, &envelope),
		 FAULT_TYPE);
}

/* Of any length: carried, and not usable. */
static void signatures_that_are_none(void)
{
	static char file[2048], sig[1025];
	struct signed_json envelope;
	for (size_t n = 0; n < sizeof sig; n = n < 200 ? n + 1 : n * 2) {
		fresh();
		memset(sig, '3', sizeof sig);
		memcpy(sig, "30", 2);
		snprintf(file, sizeof file, "{\"signatures\":[{\"keyid\":\"k\",\"sig\":\"%.*s\"}],\"signed\":{}}",
			 (int)n, sig);
		CHECK_EQ(signed_decode(span_of_text(file), &ws, &crypto_openssl, &envelope), FAULT_NONE);
		CHECK(envelope.count == 1 && !envelope.signatures[0].usable);
		CHECK_EQ(envelope.signatures[0].text.n, n);
	}
	/* Members that TUF allows, and ours do not have. */
	static const char more[] = "{\"signatures\":[{\"keyid\":\"k\",\"method\":\"m\",\"sig\":\"\"}],\"signed\":{}}";
	CHECK_EQ(signed_decode(SPAN_LIT(more), &ws, &crypto_openssl, &envelope), FAULT_NONE);
	CHECK_EQ(signed_decode_strict(SPAN_LIT(more), &ws, &crypto_openssl, &envelope), FAULT_UNKNOWN);
	static const char beside[] = "{\"signatures\":[],\"signed\":{},\"x\":1}";
	CHECK_EQ(signed_decode(SPAN_LIT(beside), &ws, &crypto_openssl, &envelope), FAULT_NONE);
}

static enum fault decode_with_sig(size_t keyid_bytes, size_t sig_bytes)
{
	static char file[1 << 15];
	struct signed_json envelope;
	fresh();
	snprintf(file, sizeof file, "{\"signatures\":[{\"keyid\":\"%0*d\",\"sig\":\"%0*d\"}],\"signed\":{}}",
		 (int)keyid_bytes, 0, (int)sig_bytes, 0);
	return signed_decode(span_of_text(file), &ws, &crypto_openssl, &envelope);
}

static void signatures_have_a_ceiling(void)
{
	CHECK_EQ(decode_with_sig(256, 16384), FAULT_NONE);
	CHECK_EQ(decode_with_sig(257, 16384), FAULT_TOO_LARGE);
	CHECK_EQ(decode_with_sig(256, 16385), FAULT_TOO_LARGE);
}

/* What is taken from the workspace later does not lie over the bytes that are verified. */
static void a_laid_out_message_stays(void)
{
	struct signed_json envelope;
	fresh();
	CHECK_EQ(signed_decode(SPAN_LIT("{\"signatures\":[],\"signed\":{ }}"), &ws, &crypto_openssl, &envelope),
		 FAULT_NONE);
	CHECK_EQ(signed_lay_out(&envelope, &ws), FAULT_NONE);
	CHECK(workspace_take(&ws, 64) != NULL);
	CHECK(span_is(envelope.message, "{}"));
}

static void envelope_faults_have_a_place(void)
{
	struct signed_json envelope;
	fresh();
	memset(&envelope, 0xff, sizeof envelope);
	CHECK_EQ(signed_decode(SPAN_LIT("{\"signatures\":[],,"), &ws, &crypto_openssl, &envelope), FAULT_SYNTAX);
	CHECK(envelope.where == NULL && envelope.count == 0);
	CHECK_EQ(envelope.at, 18);
	CHECK_EQ(signed_decode(SPAN_LIT("{\"signatures\":[],\"signed\":1}"), &ws, &crypto_openssl, &envelope),
		 FAULT_TYPE);
	CHECK(envelope.where != NULL && strcmp(envelope.where, "signed") == 0);
	memset(&envelope, 0xff, sizeof envelope);
	CHECK_EQ(signed_decode_strict(SPAN_LIT("{\"signatures\":[], \"signed\":{}}"), &ws, &crypto_openssl, &envelope),
		 FAULT_NOT_CANONICAL);
	CHECK(envelope.where == NULL && envelope.at == 0);
}

static const struct check_case cases[] = {
	CASE(strict_envelopes),         CASE(signatures_that_are_none),     CASE(signatures_have_a_ceiling),
	CASE(a_laid_out_message_stays), CASE(envelope_faults_have_a_place),
};
CHECK_MAIN(cases)
