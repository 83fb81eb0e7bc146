#include "store_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

#define NAME_MAX_BYTES 255
#define TEMPORARY_PREFIX ".new-" /* no blob has a leading dot */

static int check_name(const char *name, struct error *e)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._%-";
	size_t n = strlen(name);
	if (n == 0 || n > NAME_MAX_BYTES - sizeof TEMPORARY_PREFIX || name[0] == '.' || strspn(name, allowed) != n)
		return error_set(e, "\"%.40s\" is not a name for a stored file", name);
	return 0;
}

static int read_whole(int fd, uint8_t *buffer, size_t capacity, size_t *n)
{
	for (;;) {
		uint8_t extra;
		bool full = *n == capacity;
		ssize_t r = full ? read(fd, &extra, 1) : read(fd, buffer + *n, capacity - *n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		if (r == 0)
			return 0;
		if (full)
			return 1;
		*n += (size_t)r;
	}
}

static int load(void *self, const char *name, uint8_t *buffer, size_t capacity, size_t *n, struct error *e)
{
	struct store_dir *d = self;
	*n = 0;
	if (check_name(name, e) < 0)
		return -1;
	__attribute__((cleanup(file_close))) int fd = openat(d->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0)
		return error_errno(e, "open %s/%s", d->path, name);
	int result = read_whole(fd, buffer, capacity, n);
	if (result < 0)
		return error_errno(e, "read %s/%s", d->path, name);
	if (result > 0)
		return error_set(e, "%s/%s is larger than %zu bytes", d->path, name, capacity);
	return 0;
}

static int write_whole(int fd, struct span bytes)
{
	while (bytes.n > 0) {
		ssize_t w = write(fd, bytes.at, bytes.n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -1;
		bytes = span_sub(bytes, (size_t)w, bytes.n);
	}
	return 0;
}

static int save(void *self, const char *name, struct span bytes, struct error *e)
{
	struct store_dir *d = self;
	char temporary[NAME_MAX_BYTES + 1];
	if (check_name(name, e) < 0)
		return -1;
	snprintf(temporary, sizeof temporary, TEMPORARY_PREFIX "%s", name);
	__attribute__((cleanup(file_close))) int fd =
		openat(d->fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(e, "create %s/%s", d->path, temporary);
	/* bytes, then the name, then the directory: a cut between any two leaves the old bytes, whole */
	if (write_whole(fd, bytes) < 0 || fsync(fd) < 0 || renameat(d->fd, temporary, d->fd, name) < 0) {
		error_errno(e, "write %s/%s", d->path, name);
		unlinkat(d->fd, temporary, 0);
		return -1;
	}
	if (fsync(d->fd) < 0)
		return error_errno(e, "sync %s", d->path);
	return 0;
}

static int remove_blob(void *self, const char *name, struct error *e)
{
	struct store_dir *d = self;
	if (check_name(name, e) < 0)
		return -1;
	if (unlinkat(d->fd, name, 0) < 0)
		return errno == ENOENT ? 0 : error_errno(e, "remove %s/%s", d->path, name);
	if (fsync(d->fd) < 0)
		return error_errno(e, "sync %s", d->path);
	return 0;
}

static void close_directory(DIR **directory)
{
	if (*directory != NULL)
		closedir(*directory);
}

static void remove_left_overs(int fd)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	__attribute__((cleanup(close_directory))) DIR *directory = own < 0 ? NULL : fdopendir(own);
	struct dirent *entry;
	while (directory != NULL && (entry = readdir(directory)) != NULL)
		if (strncmp(entry->d_name, TEMPORARY_PREFIX, sizeof TEMPORARY_PREFIX - 1) == 0)
			unlinkat(fd, entry->d_name, 0);
}

int store_dir_open(struct store_dir *d, const char *path, struct error *e)
{
	int n = snprintf(d->path, sizeof d->path, "%s", path);
	d->fd = -1;
	if (n < 0 || (size_t)n >= sizeof d->path)
		return error_set(e, "path %.40s... is too long", path);
	d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->fd < 0)
		return error_errno(e, "open directory %s", path);
	remove_left_overs(d->fd);
	return 0;
}

void store_dir_close(struct store_dir *d)
{
	file_close(&d->fd);
}

struct store store_dir_store(struct store_dir *d)
{
	return (struct store){ load, save, remove_blob, d };
}
