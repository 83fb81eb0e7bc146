/*
 * bench-stage TABLE PAYLOAD DIRECTORY: the installer's stage that writes an image (agent/image_write.c), fed from local
 * files in place of the network: travelling digests, decompression in the sandbox, result digests, durable progress,
 * reading back. Prints seconds and bytes as JSON; the children's CPU is counted.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock_system.h"
#include "crypto_openssl.h"
#include "file.h"
#include "host_flash.h"
#include "image_write.h"
#include "meter.h"
#include "sandbox.h"
#include "store_dir.h"

static int local_get(void *self, const char *path, uint64_t from, uint64_t n, uint8_t *buffer, size_t capacity,
		     struct fetch_answer *out, struct error *e)
{
	const int *payload = self;
	if (n > capacity)
		return error_set(e, "%s: no room", path);
	ssize_t got = pread(*payload, buffer, (size_t)n, (off_t)from);
	*out = (struct fetch_answer){ .status = 206, .n = got < 0 ? 0 : (size_t)got };
	return 0;
}

static void must(int failed, const struct error *e)
{
	if (failed != 0)
		meter_die("%s", e->text);
}

static double children_cpu_s(void)
{
	struct rusage usage;
	getrusage(RUSAGE_CHILDREN, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void read_table(const char *path, uint64_t payload_bytes, struct segments *out)
{
	struct error e = { 0 };
	uint8_t *bytes;
	size_t n;
	if (file_read_all(path, SEGMENTS_BYTES_MAX, &bytes, &n, &e) != 0)
		meter_die("%s cannot be read: %s", path, e.text);
	if (segments_decode((struct span){ bytes, n }, payload_bytes, out) != FAULT_NONE)
		meter_die("%s is not a segment table", path);
}

static void run(struct installer *i, const struct prepared_install *install, struct sandbox *sandbox)
{
	struct setback s = { 0 };
	struct meter begin = meter_now();
	if (image_write(i, install, &s) < 0)
		meter_die("the install failed: %s", s.error.text);
	sandbox_close(sandbox); /* its child ends: now its time is known */
	struct meter took = meter_since(begin);
	printf("{\"wall_s\":%.4f,\"cpu_s\":%.4f,\"bytes\":%llu}\n", took.wall_s, took.cpu_s + children_cpu_s(),
	       (unsigned long long)install->table.image_bytes);
}

int main(int argc, char **argv)
{
	static struct installer installer;
	static struct authorized_install what;
	static struct sandbox sandbox;
	static struct host_flash slot;
	static struct store_dir store;
	struct prepared_install install = { .what = &what, .slot = SLOT_B, .envelope = SPAN_LIT("not a manifest") };
	char path[FILE_PATH_MAX];
	struct error e = { 0 };
	if (argc != 4)
		meter_die("usage: bench-stage TABLE PAYLOAD DIRECTORY");
	int payload = open(argv[2], O_RDONLY | O_CLOEXEC);
	off_t payload_bytes = payload < 0 ? -1 : lseek(payload, 0, SEEK_END);
	if (payload_bytes < 0)
		meter_die("%s cannot be opened", argv[2]);
	read_table(argv[1], (uint64_t)payload_bytes, &install.table);
	uint64_t slot_bytes = (install.table.image_bytes / 4096 + 2) * 4096;
	must(file_join(path, argv[3], "slot.img", &e), &e);
	must(host_flash_create(path, slot_bytes, 1, &e), &e);
	must(host_flash_open(&slot, path, slot_bytes, 1, &e), &e);
	must(store_dir_open(&store, argv[3], &e), &e);
	must(sandbox_open(&sandbox, &e), &e);
	what.release.image = install.table.image;
	install.region = &slot.flash;
	installer.config.crypto = &crypto_openssl;
	installer.ports.fetch = (struct fetch){ .get = local_get, .self = &payload };
	installer.ports.clock = clock_system();
	installer.ports.store = store_dir_store(&store);
	installer.ports.decompress = sandbox_decompress(&sandbox);
	run(&installer, &install, &sandbox);
	host_flash_close(&slot);
	store_dir_close(&store);
	return 0;
}
