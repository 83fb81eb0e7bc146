#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hex.h"

static void tree_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define TREE_FD __attribute__((cleanup(tree_close_fd))) int

/* A name is durable once its folder is. */
static int tree_sync_parent(const struct tree *tree, const char *name, struct error *e)
{
	char path[PATH_MAX];
	const char *slash = strrchr(name, '/');
	snprintf(path, sizeof path, "%.*s", slash != NULL ? (int)(slash - name) : 1, slash != NULL ? name : ".");
	TREE_FD fd = openat(tree->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		return error_errno(e, "cannot make %s durable", name);
	return 0;
}

static int tree_make_folder(const struct tree *tree, const char *name, struct error *e)
{
	if (mkdirat(tree->fd, name, 0755) == 0)
		return tree_sync_parent(tree, name, e);
	return errno == EEXIST ? 0 : error_errno(e, "cannot make the folder %s", name);
}

int tree_open(struct tree *tree, const char *path, struct error *e)
{
	static const char *const folders[] = { "tmp", "objects", "metadata", "targets", "log", "log/proof" };
	tree->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tree->fd < 0)
		return error_errno(e, "cannot open the repository %s", path);
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (tree_make_folder(tree, folders[i], e) != 0)
			return error_within(e, "the repository %s", path);
	return 0;
}

void tree_close(struct tree *tree)
{
	tree_close_fd(&tree->fd);
	tree->fd = -1;
}

int tree_sweep(const struct tree *tree, struct error *e)
{
	int fd = openat(tree->fd, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
	if (folder == NULL) {
		tree_close_fd(&fd);
		return error_errno(e, "cannot read tmp in the repository");
	}
	int failed = 0;
	for (struct dirent *entry = readdir(folder); entry != NULL && failed == 0; entry = readdir(folder))
		if (entry->d_name[0] != '.' && unlinkat(fd, entry->d_name, 0) != 0)
			failed = error_errno(e, "cannot remove tmp/%s in the repository", entry->d_name);
	closedir(folder);
	return failed;
}

static int tree_make_parents(const struct tree *tree, const char *name, struct error *e)
{
	char path[PATH_MAX];
	for (const char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		snprintf(path, sizeof path, "%.*s", (int)(slash - name), name);
		if (tree_make_folder(tree, path, e) != 0)
			return -1;
	}
	return 0;
}

/*
 * Who put it there may have been killed between a rename, or the making of a folder, and its fsync. The bytes
 * themselves were synced before they got the name.
 */
static int tree_sync_path(const struct tree *tree, const char *name, struct error *e)
{
	char path[PATH_MAX];
	for (const char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		snprintf(path, sizeof path, "%.*s", (int)(slash - name), name);
		if (tree_sync_parent(tree, path, e) != 0)
			return -1;
	}
	return tree_sync_parent(tree, name, e);
}

static int tree_write(int fd, struct span bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.at, bytes.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		bytes = span_sub(bytes, (size_t)n, bytes.n);
	}
	return 0;
}

int tree_append(const struct tree *tree, const char *name, uint64_t offset, struct span bytes, struct error *e)
{
	bool is_new = faccessat(tree->fd, name, F_OK, 0) != 0;
	TREE_FD fd = openat(tree->fd, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0 || ftruncate(fd, (off_t)offset) != 0 || lseek(fd, (off_t)offset, SEEK_SET) < 0 ||
	    tree_write(fd, bytes) != 0)
		return error_errno(e, "cannot add to %s", name);
	if (fsync(fd) != 0)
		return error_errno(e, "cannot make %s durable", name);
	return is_new ? tree_sync_parent(tree, name, e) : 0;
}

int tree_size(const struct tree *tree, const char *name, uint64_t *bytes, struct error *e)
{
	struct stat stat;
	*bytes = 0;
	if (fstatat(tree->fd, name, &stat, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 1 : error_errno(e, "cannot read %s", name);
	*bytes = (uint64_t)stat.st_size;
	return 0;
}

static int tree_create(const struct tree *tree, char temporary[64], struct error *e)
{
	static unsigned serial;
	snprintf(temporary, 64, "tmp/%ld.%u", (long)getpid(), serial++);
	int fd = openat(tree->fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return error_errno(e, "cannot write into the repository");
	return fd;
}

static int tree_publish(const struct tree *tree, int fd, const char *temporary, const char *name, struct error *e)
{
	if (fsync(fd) != 0)
		return error_errno(e, "cannot make %s durable", name);
	if (tree_make_parents(tree, name, e) != 0)
		return -1;
	if (renameat(tree->fd, temporary, tree->fd, name) != 0)
		return error_errno(e, "cannot publish %s", name);
	return tree_sync_parent(tree, name, e);
}

int tree_put(const struct tree *tree, const char *name, struct span bytes, struct error *e)
{
	char temporary[64];
	TREE_FD fd = tree_create(tree, temporary, e);
	if (fd < 0)
		return -1;
	if (tree_write(fd, bytes) != 0) {
		error_errno(e, "cannot write %s", name);
		unlinkat(tree->fd, temporary, 0);
		return -1;
	}
	return tree_publish(tree, fd, temporary, name, e);
}

static int tree_same(int fd, struct span bytes)
{
	uint8_t block[4096];
	size_t at = 0;
	for (;;) {
		ssize_t n = read(fd, block, sizeof block);
		if (n < 0)
			return 0;
		if (n == 0)
			return at == bytes.n;
		if (!span_equal((struct span){ block, (size_t)n }, span_sub(bytes, at, (size_t)n)))
			return 0;
		at += (size_t)n;
	}
}

int tree_put_new(const struct tree *tree, const char *name, struct span bytes, struct error *e)
{
	TREE_FD fd = openat(tree->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return tree_put(tree, name, bytes, e);
	if (fd < 0)
		return error_errno(e, "cannot read %s", name);
	if (!tree_same(fd, bytes))
		return error_set(e, "%s is published already, with other bytes; published files never change", name);
	return tree_sync_path(tree, name, e);
}

static int tree_copy(const struct crypto *crypto, int from, int to, struct digest *out)
{
	uint8_t block[65536];
	struct sha256 hash;
	crypto->sha256_init(&hash);
	for (;;) {
		ssize_t n = read(from, block, sizeof block);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		struct span bytes = { block, (size_t)n };
		crypto->sha256_update(&hash, bytes);
		if (tree_write(to, bytes) != 0)
			return -1;
	}
	crypto->sha256_final(&hash, out);
	return 0;
}

int tree_put_object(const struct tree *tree, const struct crypto *crypto, const char *source,
		    const struct digest *sha256, struct error *e)
{
	char name[80] = "objects/", temporary[64];
	struct digest found;
	hex_text(digest_span(sha256), name + strlen(name));
	/* Content-addressed: what stands there was checked when it was put. */
	if (faccessat(tree->fd, name, R_OK, 0) == 0)
		return tree_sync_path(tree, name, e);
	TREE_FD from = open(source, O_RDONLY | O_CLOEXEC);
	if (from < 0)
		return error_errno(e, "cannot read %s", source);
	TREE_FD to = tree_create(tree, temporary, e);
	if (to < 0)
		return -1;
	if (tree_copy(crypto, from, to, &found) != 0) {
		error_errno(e, "cannot copy %s", source);
		unlinkat(tree->fd, temporary, 0);
		return -1;
	}
	if (!digest_equal(&found, sha256)) {
		unlinkat(tree->fd, temporary, 0);
		return error_set(e, "%s is not what was packed and signed (its SHA-256 differs); pack it again",
				 source);
	}
	return tree_publish(tree, to, temporary, name, e);
}

int tree_get(const struct tree *tree, const char *name, uint8_t *buffer, size_t capacity, size_t *n, struct error *e)
{
	*n = 0;
	TREE_FD fd = openat(tree->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0)
		return error_errno(e, "cannot read %s", name);
	while (*n < capacity) {
		ssize_t got = read(fd, buffer + *n, capacity - *n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(e, "cannot read %s", name);
		if (got == 0)
			return 0;
		*n += (size_t)got;
	}
	return error_set(e, "%s is larger than %zu bytes", name, capacity - 1);
}
