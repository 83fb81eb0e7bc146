#include "repository.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REPOSITORY_IMMUTABLE "public, max-age=31536000, immutable"

static const char *const repository_roots[] = { "metadata/", "targets/", "objects/", "log/", "emergency/" };

/* [A-Za-z0-9._%-] components, none empty, "." or ".." [DEV-1]. */
static bool repository_is_strict(const char *path)
{
	size_t component = 0;
	for (const char *p = path;; p++) {
		if (*p == '/' || *p == '\0') {
			const char *from = p - component;
			if (component == 0 ||
			    (from[0] == '.' && (component == 1 || (component == 2 && from[1] == '.'))))
				return false;
			component = 0;
			if (*p == '\0')
				return true;
			continue;
		}
		bool alphanumeric = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9');
		if (!alphanumeric && strchr("._%-", *p) == NULL)
			return false;
		component++;
	}
}

bool repository_owns(const char *path)
{
	for (size_t i = 0; i < sizeof repository_roots / sizeof repository_roots[0]; i++)
		if (strncmp(path + 1, repository_roots[i], strlen(repository_roots[i])) == 0)
			return true;
	return false;
}

static void repository_release_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* Each component by itself, so that no link anywhere in the path is followed. -1 and errno. */
static int repository_descend(int root, const char *path)
{
	char name[HTTP_PATH_MAX];
	__attribute__((cleanup(repository_release_fd))) int at = dup(root);
	for (const char *slash; (slash = strchr(path, '/')) != NULL; path = slash + 1) {
		snprintf(name, sizeof name, "%.*s", (int)(slash - path), path);
		int next = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return -1;
		close(at);
		at = next;
	}
	return openat(at, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

/* 0 and an open regular file; else the HTTP status. */
static unsigned repository_find(const struct repository *repository, const char *path, int *fd, struct stat *facts)
{
	if (!repository_is_strict(path))
		return 400;
	if (strcmp(path, "log/leaves") == 0) /* the publisher's own, it grows */
		return 404;
	*fd = repository_descend(repository->fd, path);
	if (*fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG
			       ? 404
			       : (errno == ELOOP || errno == EACCES ? 403 : 503);
	if (fstat(*fd, facts) != 0 || !S_ISREG(facts->st_mode)) {
		close(*fd);
		*fd = -1;
		return 403;
	}
	return 0;
}

/* [DEV-2] */
static bool repository_changes(const char *path)
{
	return strcmp(path, "metadata/timestamp.json") == 0 || strcmp(path, "log/checkpoint") == 0 ||
	       strncmp(path, "log/proof/", 10) == 0 || /* made anew as the log grows */
	       strncmp(path, "emergency/", 10) == 0;   /* in a hurry, no cache must stand between */
}

static void repository_etag(const char *path, const struct stat *facts, char out[96])
{
	if (strncmp(path, "objects/", 8) == 0 && strlen(path + 8) == 64)
		snprintf(out, 96, "\"%s\"", path + 8);
	else
		snprintf(out, 96, "\"%llx-%llx-%llx\"", (unsigned long long)facts->st_ino,
			 (unsigned long long)facts->st_size,
			 (unsigned long long)facts->st_mtim.tv_sec * 1000000000 +
				 (unsigned long long)facts->st_mtim.tv_nsec);
}

/* Is this tag in the list (RFC 9110 section 13.1.2)? Our tags have no comma. */
static bool repository_matches(const char *list, const char *etag)
{
	if (list == NULL)
		return false;
	if (strcmp(list, "*") == 0)
		return true;
	const char *found = strstr(list, etag);
	return found != NULL;
}

struct repository_range {
	bool present, satisfiable;
	uint64_t from, n;
};

static bool repository_number(const char **text, uint64_t *out)
{
	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	char *end;
	*out = strtoull(*text, &end, 10);
	*text = end;
	return errno == 0;
}

/* One range of bytes (RFC 9110 section 14.1.2). What is not understood is ignored, as the RFC allows. */
static struct repository_range repository_range(const char *header, uint64_t size)
{
	struct repository_range none = { false, true, 0, size };
	uint64_t first = 0, last = size == 0 ? 0 : size - 1;
	if (header == NULL || strncmp(header, "bytes=", 6) != 0)
		return none;
	const char *at = header + 6;
	bool has_first = repository_number(&at, &first);
	if (*at++ != '-')
		return none;
	bool has_last = repository_number(&at, &last);
	if (*at != '\0' || (!has_first && !has_last) || (has_first && has_last && last < first))
		return none;
	if (!has_first) { /* the last so many bytes */
		uint64_t n = last < size ? last : size;
		return (struct repository_range){ true, n > 0, size - n, n };
	}
	if (first >= size)
		return (struct repository_range){ true, false, 0, 0 };
	if (last >= size)
		last = size - 1;
	return (struct repository_range){ true, true, first, last - first + 1 };
}

/* metadata/N.root.json: the walk for newer roots ends at the first that is absent, with every refresh of a device. */
static bool repository_is_root(const char *path)
{
	static const char folder[] = "metadata/";
	if (strncmp(path, folder, sizeof folder - 1) != 0)
		return false;
	path += sizeof folder - 1;
	size_t digits = strspn(path, "0123456789");
	return digits > 0 && strcmp(path + digits, ".root.json") == 0;
}

static void repository_refuse(struct http_request *request, unsigned status)
{
	bool walked = repository_is_root(http_request_path(request) + 1) ||
		      strncmp(http_request_path(request), "/emergency/", 11) == 0; /* [EMG-19] */
	if (status == 404 && walked)
		http_answer_expected(request);
	if (status == 404)
		http_answer_error(request, 404, "absent", "", "the repository has no %.200s",
				  http_request_path(request));
	else
		http_answer_error(request, status, "path", "names are [A-Za-z0-9._%-], links are not served",
				  "%.200s is not served", http_request_path(request));
}

static void repository_send(struct http_request *request, const char *path, int fd, const struct stat *facts)
{
	char etag[96], span[96];
	uint64_t size = (uint64_t)facts->st_size;
	const char *type = strstr(path, ".json") != NULL ? "application/json" : "application/octet-stream";
	repository_etag(path, facts, etag);
	http_answer_header(request, "ETag", etag);
	http_answer_header(request, "Accept-Ranges", "bytes");
	http_answer_header(request, "Cache-Control", repository_changes(path) ? "no-cache" : REPOSITORY_IMMUTABLE);
	if (repository_matches(http_request_header(request, "If-None-Match"), etag)) {
		close(fd);
		http_answer(request, 304, NULL, SPAN_NONE);
		return;
	}
	const char *condition = http_request_header(request, "If-Range");
	bool stale = condition != NULL && strcmp(condition, etag) != 0;
	struct repository_range range = repository_range(stale ? NULL : http_request_header(request, "Range"), size);
	if (!range.satisfiable) {
		close(fd);
		snprintf(span, sizeof span, "bytes */%llu", (unsigned long long)size);
		http_answer_header(request, "Content-Range", span);
		http_answer_error(request, 416, "range", "ask for bytes within the file",
				  "the range is outside %llu bytes", (unsigned long long)size);
		return;
	}
	if (range.present) {
		snprintf(span, sizeof span, "bytes %llu-%llu/%llu", (unsigned long long)range.from,
			 (unsigned long long)(range.from + range.n - 1), (unsigned long long)size);
		http_answer_header(request, "Content-Range", span);
	}
	http_answer_file(request, range.present ? 206 : 200, type, fd, range.from, range.n);
}

void repository_answer(struct repository *repository, struct http_request *request)
{
	const char *path = http_request_path(request) + 1;
	struct stat facts;
	int fd = -1;
	if (http_request_method(request) == HTTP_POST) {
		http_answer_error(request, 405, "method", "GET or HEAD", "files are read only");
		return;
	}
	unsigned status = repository_find(repository, path, &fd, &facts);
	if (status != 0)
		repository_refuse(request, status);
	else
		repository_send(request, path, fd, &facts);
}

static int repository_read_fd(int fd, const char *path, size_t size, uint8_t **out, struct error *e)
{
	uint8_t *bytes = malloc(size + 1);
	size_t n = 0;
	for (ssize_t got = 1; bytes != NULL && n < size && got > 0; n += got > 0 ? (size_t)got : 0)
		got = read(fd, bytes + n, size - n);
	if (bytes == NULL || n != size) {
		free(bytes);
		return error_retry(e, "cannot read %s from the repository", path);
	}
	bytes[size] = '\0';
	*out = bytes;
	return 0;
}

int repository_read(void *self, const char *path, size_t max_bytes, uint8_t **out, size_t *n, struct error *e)
{
	const struct repository *repository = self;
	struct stat facts;
	__attribute__((cleanup(repository_release_fd))) int fd = -1;
	unsigned status = repository_find(repository, path, &fd, &facts);
	if (status == 404)
		return 1;
	if (status != 0)
		return error_set(e, "%s in the repository is not a plain file", path);
	if ((uint64_t)facts.st_size > max_bytes)
		return error_set(e, "%s is larger than %zu bytes", path, max_bytes);
	*n = (size_t)facts.st_size;
	return repository_read_fd(fd, path, *n, out, e);
}

int repository_open(struct repository *repository, const char *directory, struct error *e)
{
	repository->fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return repository->fd >= 0 ? 0 : error_errno(e, "cannot open the repository %s", directory);
}

void repository_close(struct repository *repository)
{
	repository_release_fd(&repository->fd);
	repository->fd = -1;
}
