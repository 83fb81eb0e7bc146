/*
 * A request's path as the server decodes it, before anything else looks at it; the decoder is a part of
 * serve/http_request.c, which is therefore compiled in here.
 */
#include "http_request.c"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char raw[4096], path[HTTP_PATH_MAX];
	if (size >= sizeof raw)
		return 0;
	if (size > 0)
		memcpy(raw, data, size);
	raw[size] = '\0';
	if (!http_decode_path(raw, path))
		return 0;
	FUZZ_CHECK(memchr(path, 0, sizeof path) != NULL && path[0] == '/');
	for (const char *at = path; *at != '\0'; at++)
		FUZZ_CHECK(*at > 0x20 && *at < 0x7f);
	return 0;
}
