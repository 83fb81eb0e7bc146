/* sealiftd.conf: a whole configuration, or an error that says what and where. */
#include "config.h"
#include "config_file.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config;
	char path[CONFIG_FILE_PATH_MAX];
	struct error e = { 0 };
	unsigned number = 0;
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
	FUZZ_CHECK(config.repo[0] != '\0' && memchr(config.repo, 0, sizeof config.repo) != NULL);
	FUZZ_CHECK(config.database[0] != '\0' && memchr(config.database, 0, sizeof config.database) != NULL);
	if (config_number("poll_s", config.poll_s, 1, 86400, &number, &e) == 0)
		FUZZ_CHECK(number >= 1 && number <= 86400);
	return 0;
}
