/*
 * What an authority makes of an object that it is asked to sign: the name of a key (sections.h), then the object. It
 * has signed nothing before. What it agrees to sign is what the object is.
 */
#include "examine.h"
#include "crypto_openssl.h"
#include "fuzz.h"
#include "sections.h"
#include "x509.h"

#include <string.h>

static _Alignas(max_align_t) uint8_t memory[64 << 20];

static void check(const struct examined *out, const struct refusal *why, int result)
{
	const char *text = result == 0 ? out->summary : why->text;
	size_t capacity = result == 0 ? sizeof out->summary : sizeof why->text;
	const char *end = memchr(text, 0, capacity);
	FUZZ_CHECK(end != NULL && end > text && (result == 0 || why->rule != NULL));
	for (; text < end; text++)
		FUZZ_CHECK(*text >= 0x20 && *text <= 0x7e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct standing standing;
	struct sections parts = sections_over(data, size);
	struct span key = sections_next(&parts), object = parts.rest;
	struct policy_limits limits = policy_limits_default();
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct signd_request request = { .key = key, .count = 1, .objects = &object, .days = 90 };
	struct examined out;
	struct refusal why = { 0 };
	struct examine_facts facts = { .crypto = &crypto_openssl, .certifier = &x509_certifier, .limits = &limits };
	facts.policy = policy_find(key);
	facts.standing = &standing;
	facts.now_unix = 1800000000;
	facts.log_origin = SPAN_LIT("log.example/one");
	request.device_uri = SPAN_LIT("urn:sealift:device:board:dev-1");
	if (facts.policy == NULL || size > 65536)
		return 0;
	int result = examine_object(&facts, &request, object, &ws, &out, &why);
	check(&out, &why, result);
	struct digest digest = sha256_of(&crypto_openssl, object);
	if (result == 0 && facts.policy->kind != SIGND_MANIFEST)
		FUZZ_CHECK(digest_equal(&digest, &out.digest));
	return 0;
}
