/* Enrolment against a server that is not there: what a device still has must carry it, and spoilt files must not. */
#include "enrolment.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "x509.h"

#define URI "urn:sealift:device:edge:one?region=eu"
#define DAY 86400

static char directory[] = "/tmp/sealift-enrolment-XXXXXX";
static struct enrolment paths;
static struct curl_transport curl;
static struct enrolment_moment moment; /* the system's time, unless a case says another */

static void make(const char *key_path, const char *pem_path, int64_t from_s, int64_t to_s)
{
	struct keyfile *key = NULL;
	struct certificate certificate;
	struct certificate_signer signer = { .sign = keyfile_sign };
	struct certificate_terms terms = {
		.use = CERTIFICATE_CA,
		.common_name = "one",
		.uri = URI,
		.not_before_unix = time(NULL) + from_s,
		.not_after_unix = time(NULL) + to_s,
	};
	unlink(key_path);
	CHECK_EQ(keyfile_new(&key, NULL), 0);
	CHECK_EQ(keyfile_save(key, key_path, NULL), 0);
	CHECK_EQ(keyfile_public(key, &signer.key, NULL), 0);
	signer.self = key;
	CHECK_EQ(x509_self_sign(&terms, &signer, &certificate, NULL), 0);
	CHECK_EQ(x509_pem_save(pem_path, &certificate, 1, NULL), 0);
	keyfile_free(key);
}

static void empty(const char *path)
{
	CHECK_EQ(file_write(path, (struct span){ 0 }, 0600, NULL), 0);
}

/* Nobody listens on port 1. */
static void device_made(void)
{
	static bool once;
	struct error e = { 0 };
	if (!once)
		CHECK_EQ(curl_transport_global(&e), 0);
	once = true;
	CHECK_EQ(enrolment_paths(&paths, directory, &e), 0);
	make(paths.idevid_key, paths.idevid_pem, -DAY, 9000 * (int64_t)DAY);
	CHECK_EQ(x509_pem_save(paths.roots_pem, NULL, 0, &e), 0);
	unlink(paths.ldevid_key);
	unlink(paths.ldevid_pem);
	struct curl_transport_config config = {
		.servers = { "https://127.0.0.1:1" },
		.server_count = 1,
		.roots_path = paths.roots_pem,
		.certificate_path = paths.idevid_pem,
		.key_path = paths.idevid_key,
		.connect_timeout_s = 2,
	};
	CHECK_EQ(curl_transport_open(&curl, &config, &e), 0);
}

static int ensured(enum enrolment_result *out)
{
	struct error e = { 0 };
	int result = enrolment_ensure(&paths, &curl, &moment, out, &e);
	return result;
}

static void a_good_certificate_stands(void)
{
	enum enrolment_result out;
	device_made();
	make(paths.ldevid_key, paths.ldevid_pem, -DAY, 89 * DAY);
	CHECK_EQ(ensured(&out), 0);
	CHECK_EQ(out, ENROLMENT_STANDS);
	curl_transport_close(&curl);
}

static void a_late_renewal_leaves_the_valid_one_in_use(void)
{
	enum enrolment_result out;
	device_made();
	make(paths.ldevid_key, paths.ldevid_pem, -80 * DAY, 10 * DAY);
	CHECK_EQ(ensured(&out), 0);
	CHECK_EQ(out, ENROLMENT_LATE);
	CHECK(strcmp(curl.config.certificate_path, paths.ldevid_pem) == 0);
	curl_transport_close(&curl);
}

static void without_a_valid_one_it_fails(void)
{
	enum enrolment_result out;
	device_made();
	CHECK_EQ(ensured(&out), -1);
	make(paths.ldevid_key, paths.ldevid_pem, -91 * DAY, -DAY);
	CHECK_EQ(ensured(&out), -1);
	curl_transport_close(&curl);
}

/* A device without a clock believes in a certificate for longer than the server does. */
static void a_refused_one_is_replaced_whatever_its_dates(void)
{
	enum enrolment_result out;
	device_made();
	make(paths.ldevid_key, paths.ldevid_pem, -91 * DAY, -DAY);
	moment.now_unix = time(NULL) - 60 * DAY;
	CHECK_EQ(ensured(&out), 0);
	CHECK_EQ(out, ENROLMENT_STANDS);
	moment.is_refused = true;
	CHECK_EQ(ensured(&out), 0);
	CHECK_EQ(out, ENROLMENT_LATE); /* it asked: nobody listens on port 1 */
	moment = (struct enrolment_moment){ 0 };
	CHECK_EQ(ensured(&out), -1);
	curl_transport_close(&curl);
}

/* As a cut left it: the server is still away, but the key is a new one, with which enrolling can succeed later. */
static void a_spoilt_key_is_replaced(void)
{
	enum enrolment_result out;
	struct keyfile *key = NULL;
	struct stat status;
	device_made();
	make(paths.ldevid_key, paths.ldevid_pem, -DAY, 89 * DAY);
	empty(paths.ldevid_key);
	CHECK_EQ(ensured(&out), -1);
	CHECK_EQ(keyfile_load(paths.ldevid_key, &key, NULL), 0);
	CHECK_EQ(stat(paths.ldevid_key, &status), 0);
	CHECK_EQ(status.st_mode & 0777, 0600);
	keyfile_free(key);
	curl_transport_close(&curl);
}

/* The name appears with the whole key: where the name cannot be made, nothing is left in its place. */
static void a_key_is_saved_whole_and_replaces_nothing(void)
{
	struct keyfile *key = NULL;
	char path[FILE_PATH_MAX];
	device_made();
	CHECK_EQ(keyfile_new(&key, NULL), 0);
	CHECK_EQ(keyfile_save(key, paths.idevid_key, NULL), -1);
	CHECK_EQ(file_join(path, directory, "absent/key", NULL), 0);
	CHECK_EQ(keyfile_save(key, path, NULL), -1);
	keyfile_free(key);
	curl_transport_close(&curl);
}

static void a_directory(void)
{
	char path[FILE_PATH_MAX];
	CHECK(mkdtemp(directory) != NULL);
	CHECK_EQ(file_join(path, directory, "fetcher", NULL), 0);
	CHECK_EQ(file_make_directory(path, 0700, NULL), 0);
}

static void cleaned_up(void)
{
	char command[FILE_PATH_MAX + 16];
	snprintf(command, sizeof command, "rm -rf '%s'", directory);
	CHECK_EQ(system(command), 0);
}

static const struct check_case cases[] = {
	CASE(a_directory),
	CASE(a_good_certificate_stands),
	CASE(a_late_renewal_leaves_the_valid_one_in_use),
	CASE(without_a_valid_one_it_fails),
	CASE(a_refused_one_is_replaced_whatever_its_dates),
	CASE(a_spoilt_key_is_replaced),
	CASE(a_key_is_saved_whole_and_replaces_nothing),
	CASE(cleaned_up),
};
CHECK_MAIN(cases)
