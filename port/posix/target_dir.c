#include "target_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

#define TEMPORARY_PREFIX ".new-" /* no target's name has a leading dot */
#define READ_BYTES 65536

static bool is_plain(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
	       byte == '_' || byte == '-';
}

static int make_name(char out[NAME_MAX + 1], struct span path, struct error *e)
{
	size_t n = 0;
	for (size_t i = 0; i < path.n; i++) {
		bool plain = is_plain(path.at[i]) || (path.at[i] == '.' && i > 0);
		if (n + 3 + sizeof TEMPORARY_PREFIX > NAME_MAX)
			return error_set(e, "the target path %.40s... is too long for a file name", out);
		n += (size_t)snprintf(out + n, 4, plain ? "%c" : "%%%02X", path.at[i]);
	}
	return n > 0 ? 0 : error_set(e, "a target needs a path");
}

int target_dir_open(struct target_dir *d, const char *path, struct error *e)
{
	int n = snprintf(d->path, sizeof d->path, "%s", path);
	d->fd = -1;
	if (n < 0 || (size_t)n >= sizeof d->path)
		return error_set(e, "path %.40s... is too long", path);
	d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return d->fd < 0 ? error_errno(e, "open directory %s", path) : 0;
}

void target_dir_close(struct target_dir *d)
{
	file_close(&d->fd);
}

/* 1: the open file is this target. */
static int is_this(int fd, const struct crypto *crypto, const struct target *target)
{
	struct download download;
	uint8_t bytes[READ_BYTES];
	if (download_begin(&download, crypto, target) != VERDICT_OK)
		return 0;
	for (;;) {
		ssize_t n = read(fd, bytes, sizeof bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			return download_end(&download) == VERDICT_OK;
		if (download_take(&download, (struct span){ bytes, (size_t)n }) != VERDICT_OK)
			return 0;
	}
}

int target_dir_has(struct target_dir *d, const struct crypto *crypto, const struct target *target, struct error *e)
{
	char name[NAME_MAX + 1];
	struct stat status;
	if (make_name(name, target->path, e) < 0)
		return -1;
	/* Not blocking, so that a pipe of that name cannot hold us up; a link is replaced, never followed. */
	__attribute__((cleanup(file_close))) int fd =
		openat(d->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ELOOP ? 0 : error_errno(e, "open %s/%s", d->path, name);
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return 0;
	int result = is_this(fd, crypto, target);
	return result < 0 ? error_errno(e, "read %s/%s", d->path, name) : result;
}

static int refuse(struct target_file *f, enum verdict verdict, struct error *e)
{
	f->verdict = verdict;
	return error_set(e, "refused %s: %s. %s", f->name, verdict_text(verdict), verdict_help(verdict));
}

int target_file_create(struct target_file *f, struct target_dir *d, const struct crypto *crypto,
		       const struct target *target, struct error *e)
{
	*f = (struct target_file){ .dir = d, .fd = -1 };
	if (make_name(f->name, target->path, e) < 0)
		return -1;
	enum verdict verdict = download_begin(&f->download, crypto, target);
	if (verdict != VERDICT_OK)
		return refuse(f, verdict, e);
	snprintf(f->temporary, sizeof f->temporary, TEMPORARY_PREFIX "%s", f->name);
	/* What a cut run left, or somebody's link, is out of the way before O_EXCL makes a file of our own. */
	if (unlinkat(d->fd, f->temporary, 0) < 0 && errno != ENOENT)
		return error_errno(e, "remove %s/%s", d->path, f->temporary);
	f->fd = openat(d->fd, f->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return f->fd < 0 ? error_errno(e, "create %s/%s", d->path, f->temporary) : 0;
}

int target_file_write(struct target_file *f, struct span piece, struct error *e)
{
	enum verdict verdict = download_take(&f->download, piece);
	if (verdict != VERDICT_OK)
		return refuse(f, verdict, e);
	while (piece.n > 0) {
		ssize_t n = write(f->fd, piece.at, piece.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(e, "write %s/%s", f->dir->path, f->temporary);
		piece = span_sub(piece, (size_t)n, piece.n);
	}
	return 0;
}

int target_file_keep(struct target_file *f, struct error *e)
{
	const char *folder = f->dir->path;
	enum verdict verdict = download_end(&f->download);
	if (verdict != VERDICT_OK)
		return refuse(f, verdict, e);
	/* Bytes, then the name, then the folder: a cut between any two leaves the old file, whole. */
	if (fsync(f->fd) < 0 || renameat(f->dir->fd, f->temporary, f->dir->fd, f->name) < 0)
		return error_errno(e, "write %s/%s", folder, f->name);
	file_close(&f->fd);
	return fsync(f->dir->fd) < 0 ? error_errno(e, "sync %s", folder) : 0;
}

void target_file_drop(struct target_file *f)
{
	if (f->fd < 0)
		return;
	file_close(&f->fd);
	unlinkat(f->dir->fd, f->temporary, 0);
}
