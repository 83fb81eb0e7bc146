/* signd.conf: a whole configuration, or an error that says what and where. */
#include "config.h"
#include "config_file.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config;
	char path[CONFIG_FILE_PATH_MAX];
	struct error e = { 0 };
	int fd;
	if (size > 16384)
		return 0;
	config_file_open(data, size, &fd, path);
	int result = config_load(path, &config, &e);
	close(fd);
	if (result != 0) {
		FUZZ_CHECK(e.text[0] != '\0');
		return 0;
	}
	FUZZ_CHECK(config.socket[0] != '\0' && config.journal[0] != '\0');
	FUZZ_CHECK(config.key_count >= 1 && config.key_count <= CONFIG_KEYS_MAX);
	FUZZ_CHECK(config.requester_count <= NOTARY_REQUESTERS_MAX && (config.socket_mode & 0600) == 0600);
	for (uint32_t i = 0; i < config.key_count; i++)
		FUZZ_CHECK(config.keys[i].token[0] != '\0' && config.keys[i].name[0] != '\0');
	for (uint32_t i = 0; i < config.requester_count; i++)
		FUZZ_CHECK(config.requesters[i].roles != 0 && config.requesters[i].uid != UINT32_MAX);
	return 0;
}
