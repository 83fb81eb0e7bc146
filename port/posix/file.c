#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void file_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int file_join(char out[FILE_PATH_MAX], const char *directory, const char *name, struct error *e)
{
	int n = snprintf(out, FILE_PATH_MAX, "%s/%s", directory, name);
	if (n < 0 || n >= FILE_PATH_MAX)
		return error_set(e, "path %.40s.../%s is too long", directory, name);
	return 0;
}

/* 0: all of n read, or the end came; *got says how much. */
static int read_full(int fd, uint8_t *buffer, size_t n, size_t *got)
{
	*got = 0;
	while (*got < n) {
		ssize_t r = read(fd, buffer + *got, n - *got);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		if (r == 0)
			return 0;
		*got += (size_t)r;
	}
	return 0;
}

static int write_full(int fd, struct span bytes)
{
	size_t done = 0;
	while (done < bytes.n) {
		ssize_t w = write(fd, bytes.at + done, bytes.n - done);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -1;
		done += (size_t)w;
	}
	return 0;
}

int file_read(const char *path, uint8_t *buffer, size_t capacity, size_t *n, struct error *e)
{
	*n = 0;
	__attribute__((cleanup(file_close))) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0)
		return error_errno(e, "open %s", path);
	if (read_full(fd, buffer, capacity, n) < 0)
		return error_errno(e, "read %s", path);
	uint8_t more;
	size_t extra = 0;
	if (*n == capacity && read_full(fd, &more, 1, &extra) < 0)
		return error_errno(e, "read %s", path);
	if (extra != 0)
		return error_set(e, "%s is larger than %zu bytes", path, capacity);
	return 0;
}

int file_read_all(const char *path, size_t max_bytes, uint8_t **out, size_t *n, struct error *e)
{
	struct stat status;
	*out = NULL;
	*n = 0;
	if (stat(path, &status) < 0)
		return errno == ENOENT ? 1 : error_errno(e, "open %s", path);
	if (!S_ISREG(status.st_mode))
		return error_set(e, "%s is not a regular file", path);
	if ((uint64_t)status.st_size > max_bytes)
		return error_set(e, "%s is larger than %zu bytes", path, max_bytes);
	uint8_t *buffer = malloc((size_t)status.st_size + 1);
	if (buffer == NULL)
		return error_retry(e, "read %s: out of memory", path);
	int result = file_read(path, buffer, (size_t)status.st_size, n, e);
	if (result != 0) {
		free(buffer);
		return result;
	}
	buffer[*n] = 0;
	*out = buffer;
	return 0;
}

static int sync_directory_of(const char *path)
{
	char directory[FILE_PATH_MAX];
	snprintf(directory, sizeof directory, "%s", path);
	char *slash = strrchr(directory, '/');
	if (slash == NULL)
		snprintf(directory, sizeof directory, ".");
	else
		slash[slash == directory] = 0;
	__attribute__((cleanup(file_close))) int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -1 : fsync(fd);
}

int file_write(const char *path, struct span bytes, mode_t mode, struct error *e)
{
	char temporary[FILE_PATH_MAX + 8];
	snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
	__attribute__((cleanup(file_close))) int fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return error_errno(e, "create a file beside %s", path);
	/* the order makes it atomic and durable: bytes, then the name, then the directory that holds the name */
	if (fchmod(fd, mode) < 0 || write_full(fd, bytes) < 0 || fsync(fd) < 0 || rename(temporary, path) < 0) {
		error_errno(e, "write %s", path);
		unlink(temporary);
		return -1;
	}
	if (sync_directory_of(path) < 0)
		return error_errno(e, "sync the directory of %s", path);
	return 0;
}

int file_make_directory(const char *path, mode_t mode, struct error *e)
{
	struct stat status;
	if (mkdir(path, mode) == 0)
		return 0;
	if (errno == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return 0;
	return error_errno(e, "make directory %s", path);
}

int file_check_private(const char *path, struct error *e)
{
	struct stat status;
	if (stat(path, &status) < 0)
		return errno == ENOENT ? 0 : error_errno(e, "look at %s", path);
	if ((status.st_mode & (S_IRWXG | S_IRWXO)) == 0)
		return 0;
	return error_set(
		e,
		"%s is secret, but others than its owner may use it (mode %04o). Make it 0600; if they could for "
		"long, replace what is in it",
		path, (unsigned)(status.st_mode & 07777));
}
