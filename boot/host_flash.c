#include "host_flash.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

static bool host_flash_is_inside(const struct flash *flash, uint64_t at, uint64_t n)
{
	return at <= flash->bytes && n <= flash->bytes - at;
}

static int host_flash_read(void *self, uint64_t at, void *buffer, size_t n)
{
	struct host_flash *region = self;
	uint8_t *to = buffer;
	if (!host_flash_is_inside(&region->flash, at, n))
		return -1;
	while (n > 0) {
		ssize_t r = pread(region->fd, to, n, (off_t)at);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return -1;
		to += r;
		at += (uint64_t)r;
		n -= (size_t)r;
	}
	return 0;
}

static int host_flash_write(struct host_flash *region, uint64_t at, const uint8_t *from, size_t n)
{
	region->is_written = true;
	while (n > 0) {
		ssize_t w = pwrite(region->fd, from, n, (off_t)at);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return -1;
		from += w;
		at += (uint64_t)w;
		n -= (size_t)w;
	}
	return 0;
}

static bool host_flash_is_erased(struct host_flash *region, uint64_t at, size_t n)
{
	uint8_t found[256];
	while (n > 0) {
		size_t part = n < sizeof found ? n : sizeof found;
		if (host_flash_read(region, at, found, part) != 0)
			return false;
		for (size_t i = 0; i < part; i++)
			if (found[i] != 0xff)
				return false;
		at += part;
		n -= part;
	}
	return true;
}

static int host_flash_program(void *self, uint64_t at, const void *bytes, size_t n)
{
	struct host_flash *region = self;
	if (!host_flash_is_inside(&region->flash, at, n))
		return -1;
	if (region->flash.erase_bytes > 1 && !host_flash_is_erased(region, at, n))
		return -1;
	return host_flash_write(region, at, bytes, n);
}

static int host_flash_erase(void *self, uint64_t at, uint64_t n)
{
	struct host_flash *region = self;
	uint8_t blank[4096];
	uint32_t unit = region->flash.erase_bytes;
	if (!host_flash_is_inside(&region->flash, at, n) || at % unit != 0 || n % unit != 0)
		return -1;
	memset(blank, 0xff, sizeof blank);
	while (n > 0) {
		size_t part = n < sizeof blank ? (size_t)n : sizeof blank;
		if (host_flash_write(region, at, blank, part) != 0)
			return -1;
		at += part;
		n -= part;
	}
	return 0;
}

/*
 * Whether it succeeds or not, what is read next is to come from the storage: after a failure the kernel's cache holds
 * bytes that are written nowhere and never will be.
 */
static int host_flash_sync(void *self)
{
	struct host_flash *region = self;
	if (!region->is_written)
		return 0;
	int result = fdatasync(region->fd);
	(void)!posix_fadvise(region->fd, 0, 0, POSIX_FADV_DONTNEED);
	if (result != 0)
		return -1;
	region->is_written = false;
	return 0;
}

/* Block devices have no st_size; the end tells. */
static int host_flash_measure(struct host_flash *region, const char *path, uint64_t bytes, struct error *e)
{
	off_t end = lseek(region->fd, 0, SEEK_END);
	if (end < 0)
		return error_errno(e, "cannot tell the size of %s", path);
	if (bytes != 0 && (uint64_t)end != bytes)
		return error_set(e, "%s has %lld bytes, not %llu: it is no region of this device", path, (long long)end,
				 (unsigned long long)bytes);
	region->flash.bytes = (uint64_t)end;
	return 0;
}

int host_flash_open(struct host_flash *region, const char *path, uint64_t bytes, uint32_t erase_bytes, struct error *e)
{
	*region = (struct host_flash){ .fd = open(path, O_RDWR | O_CLOEXEC) };
	if (region->fd < 0)
		return error_errno(e, "cannot open %s", path);
	region->flash = (struct flash){
		.read = host_flash_read,
		.program = host_flash_program,
		.erase = host_flash_erase,
		.sync = host_flash_sync,
		.erase_bytes = erase_bytes,
		.self = region,
	};
	if (host_flash_measure(region, path, bytes, e) == 0)
		return 0;
	host_flash_close(region);
	return -1;
}

int host_flash_create(const char *path, uint64_t bytes, uint32_t erase_bytes, struct error *e)
{
	__attribute__((cleanup(host_flash_close))) struct host_flash region = { .fd = -1 };
	__attribute__((cleanup(file_close))) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(e, "cannot make %s", path);
	if (ftruncate(fd, (off_t)bytes) != 0)
		return error_errno(e, "cannot make %s of %llu bytes", path, (unsigned long long)bytes);
	if (host_flash_open(&region, path, bytes, erase_bytes, e) != 0)
		return -1;
	if (erase_bytes > 1 && host_flash_erase(&region, 0, bytes) != 0)
		return error_errno(e, "cannot erase %s", path);
	return fsync(fd) == 0 ? 0 : error_errno(e, "cannot write %s", path);
}

void host_flash_close(struct host_flash *region)
{
	file_close(&region->fd);
}
