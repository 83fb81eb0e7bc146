/* All that a device may ask of the server, and the files below its repository (http_fake.h says how). */
#include "device_api.h"
#include "fuzz.h"
#include "http_fake.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Any request is for somebody else, so that none goes on to the thread that asks the signing authority. */
static int request_uri(struct span csr, char *uri, size_t capacity, struct error *e)
{
	if (csr.n > 0 && csr.at[0] == 'x')
		return error_set(e, "this is no request");
	snprintf(uri, capacity, "urn:sealift:board:somebody");
	return 0;
}

static int check_report_key(void *self, struct span der, const char *uri, struct public_key *out, struct error *e)
{
	*out = (struct public_key){ { 0 } };
	return der.at[0] == 'x' ? error_set(e, "another device's") : 0;
}

static char folder[] = "/tmp/fuzz-device-api.XXXXXX";
static const char *const names[] = { "metadata/timestamp.json", "metadata/1.root.json", "log/leaves" };

static void remove_folder(void)
{
	char path[128];
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	snprintf(path, sizeof path, "%s/metadata/link.json", folder);
	(void)unlink(path);
	snprintf(path, sizeof path, "%s/metadata", folder);
	(void)rmdir(path);
	snprintf(path, sizeof path, "%s/log", folder);
	(void)rmdir(path);
	(void)rmdir(folder);
}

static int make_folder(void)
{
	static const uint8_t bytes[1000];
	FUZZ_CHECK(mkdtemp(folder) != NULL);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	FUZZ_CHECK(fd >= 0 && mkdirat(fd, "metadata", 0700) == 0 && mkdirat(fd, "log", 0700) == 0);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		int file = openat(fd, names[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		FUZZ_CHECK(file >= 0 && write(file, bytes, sizeof bytes) == (ssize_t)sizeof bytes);
		close(file);
	}
	FUZZ_CHECK(symlinkat("timestamp.json", fd, "metadata/link.json") == 0);
	FUZZ_CHECK(atexit(remove_folder) == 0);
	return fd;
}

static struct device_api *api_of(void)
{
	static struct repository repository;
	static struct device_api api;
	struct est_config config = { .rollouts = http_fake_rollouts(), .request_uri = request_uri };
	struct error e = { 0 };
	if (api.repository != NULL)
		return &api;
	repository.fd = make_folder();
	api = (struct device_api){ .repository = &repository, .rollouts = http_fake_rollouts() };
	api.check_report_key = check_report_key;
	FUZZ_CHECK(est_new(&api.est, &config, &e) == 0);
	return &api;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_handler handler = device_api_handler(api_of());
	http_fake_run(data, size, &handler);
	return 0;
}
