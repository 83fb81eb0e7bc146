/* The server's key: refused before anything else is looked at where others may use it (docs/attacks.md). */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "file.h"
#include "tls_server.h"

static void a_key_that_others_may_read(void)
{
	char folder[] = "/tmp/sealift-tls-XXXXXX", key[FILE_PATH_MAX], none[FILE_PATH_MAX];
	struct error e = { 0 };
	struct tls_server *server = NULL;
	CHECK(mkdtemp(folder) != NULL);
	CHECK_EQ(file_join(key, folder, "server.key", NULL), 0);
	CHECK_EQ(file_join(none, folder, "server.pem", NULL), 0);
	CHECK_EQ(file_write(key, SPAN_LIT("k"), 0600, NULL), 0);
	struct tls_server_config config = { .certificate = none, .key = key, .factory_ca = none, .device_ca = none };
	CHECK_EQ(chmod(key, 0644), 0);
	CHECK_EQ(tls_server_new(&server, &config, &e), -1);
	CHECK(strstr(e.text, "0600") != NULL && strstr(e.text, key) != NULL);
	CHECK_EQ(chmod(key, 0600), 0);
	CHECK_EQ(tls_server_new(&server, &config, &e), -1);
	CHECK(strstr(e.text, "0600") == NULL); /* its certificate is missing */
	CHECK_EQ(unlink(key), 0);
	CHECK_EQ(rmdir(folder), 0);
}

static const struct check_case cases[] = {
	CASE(a_key_that_others_may_read),
};
CHECK_MAIN(cases)
