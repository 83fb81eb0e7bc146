/*
 * The server's answer to a poll, as the installer reads it before it believes anything: the decoder is a part of
 * agent/offer.c, which is therefore compiled in here.
 */
#include "offer.c"

#include "crypto_openssl.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct installer installer;
	static _Alignas(max_align_t) uint8_t memory[4 << 20];
	struct answer answer = { 0 };
	struct setback setback = { 0 };
	if (size > 65536)
		return 0;
	installer.task = workspace_over(memory, sizeof memory);
	installer.config.crypto = &crypto_openssl;
	installer.poll_s = 60;
	int result = read_answer(&installer, (struct span){ data, size }, &answer, &setback);
	FUZZ_CHECK(installer.poll_s >= 1 && installer.poll_s <= DEVICE_POLL_MAX_S);
	if (result != 0 || answer.directive.n == 0)
		return 0;
	FUZZ_CHECK(answer.directive.n <= DIRECTIVE_BYTES_MAX && answer.decoded.device.n <= DEVICE_ID_MAX);
	FUZZ_CHECK(answer.decoded.lifetime_s <= DIRECTIVE_LIFETIME_MAX_S);
	return 0;
}
