/* A device directory: who may read what, and that two processes never work on one. */
#include "device_dir.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "crypto_openssl.h"

#define NOBODY 65534

static char directory[] = "/tmp/sealift-device-XXXXXX";
static char device[FILE_PATH_MAX];

static struct device_config config_of_one(void)
{
	struct device_config c = device_config_default();
	snprintf(c.id, sizeof c.id, "one");
	snprintf(c.product, sizeof c.product, "edge");
	snprintf(c.log_origin, sizeof c.log_origin, "log.example");
	snprintf(c.servers[0], sizeof c.servers[0], "https://127.0.0.1:1");
	c.server_count = 1;
	c.slot_bytes = 65536;
	return c;
}

static mode_t mode_of(const char *name)
{
	char path[FILE_PATH_MAX];
	struct stat status;
	CHECK_EQ(file_join(path, device, name, NULL), 0);
	CHECK_EQ(stat(path, &status), 0);
	return status.st_mode & 0777;
}

static uid_t owner_of(const char *name)
{
	char path[FILE_PATH_MAX];
	struct stat status;
	CHECK_EQ(file_join(path, device, name, NULL), 0);
	CHECK_EQ(stat(path, &status), 0);
	return status.st_uid;
}

static void it_is_made(void)
{
	struct device_config config = config_of_one();
	struct boot_identity boot = { 0 };
	struct error e = { 0 };
	struct device_new given = {
		.config = &config,
		.root_json = SPAN_LIT("{}"),
		.idevid_key_pem = SPAN_LIT("k"),
		.idevid_pem = SPAN_LIT("c"),
		.server_roots_pem = SPAN_LIT("r"),
		.report_key_pem = SPAN_LIT("k"),
		.report_pem = SPAN_LIT("c"),
		.factory_image = SPAN_LIT("an image"),
		.factory_manifest = SPAN_LIT("a manifest"),
		.factory_version = SPAN_LIT("1.0"),
		.factory_counter = 1,
	};
	CHECK(mkdtemp(directory) != NULL);
	CHECK_EQ(file_join(device, directory, "one", NULL), 0);
	boot.keys[0].present = true;
	memcpy(boot.keys[0].key.xy, config.log_key.xy, sizeof boot.keys[0].key.xy);
	mode_t before = umask(0077);
	int made = device_dir_make(&crypto_openssl, device, &given, &boot, 0, &e);
	umask(before);
	if (made < 0)
		printf("# %s\n", e.text);
	CHECK_EQ(made, 0);
	CHECK_EQ(mode_of("device.json"), 0644);
	CHECK_EQ(mode_of("fetcher"), 0700);
	CHECK_EQ(mode_of("installer"), 0700);
	CHECK_EQ(mode_of("fetcher/idevid.key"), 0600);
	CHECK_EQ(mode_of("installer/report.key"), 0600);
}

/* The second must not sweep away what the first is about to rename. */
static void a_second_one_is_refused_and_touches_nothing(void)
{
	struct device_dir first, second;
	struct device_config config;
	struct error e = { 0 };
	char half[FILE_PATH_MAX];
	CHECK_EQ(file_join(half, device, "installer/store/.new-state", NULL), 0);
	CHECK_EQ(device_dir_open(&first, device, &config, &e), 0);
	CHECK_EQ(file_write(half, SPAN_LIT("x"), 0600, NULL), 0);
	CHECK_EQ(device_dir_open(&second, device, &config, &e), -1);
	CHECK(strstr(e.text, "another") != NULL);
	CHECK_EQ(access(half, F_OK), 0);
	device_dir_close(&second);
	device_dir_close(&first);
	CHECK_EQ(device_dir_open(&second, device, &config, &e), 0);
	CHECK(access(half, F_OK) != 0);
	device_dir_close(&second);
}

static void the_fetchers_folder_is_given_away_and_not_needed(void)
{
	struct device_dir d;
	struct device_config config;
	struct error e = { 0 };
	char path[FILE_PATH_MAX];
	uid_t user = geteuid() == 0 ? NOBODY : geteuid();
	CHECK_EQ(file_join(path, device, "device.json", NULL), 0);
	CHECK_EQ(chmod(path, 0600), 0); /* as earlier versions made it */
	CHECK_EQ(device_dir_give_fetcher(device, user, getegid(), &e), 0);
	CHECK_EQ(device_dir_give_fetcher(device, user, getegid(), &e), 0);
	CHECK_EQ(owner_of("fetcher"), user);
	CHECK_EQ(owner_of("fetcher/idevid.key"), user);
	CHECK_EQ(owner_of("installer/report.key"), geteuid());
	CHECK_EQ(mode_of("device.json"), 0644);
	CHECK_EQ(device_dir_open(&d, device, &config, &e), 0);
	CHECK_EQ(d.fetcher.fd, -1);
	device_dir_close(&d);
}

static void cleaned_up(void)
{
	char command[FILE_PATH_MAX + 16];
	snprintf(command, sizeof command, "rm -rf '%s'", directory);
	CHECK_EQ(system(command), 0);
}

static const struct check_case cases[] = {
	CASE(it_is_made),
	CASE(a_second_one_is_refused_and_touches_nothing),
	CASE(the_fetchers_folder_is_given_away_and_not_needed),
	CASE(cleaned_up),
};
CHECK_MAIN(cases)
