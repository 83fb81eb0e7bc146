#include "trail.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "anchor.h"
#include "log.h"

#define TRAIL_WORKSPACE_BYTES (16u << 20)
#define TRAIL_ANCHOR_EVERY 64u /* records */

struct trail {
	int fd;
	char path[PATH_MAX];
	const struct crypto *crypto;
	uint64_t count;
	struct digest last;
	off_t bytes;
	bool is_broken;
	bool is_verified; /* as a whole: what may be anchored */
	struct anchor anchor;
	uint8_t *memory; /* a line to be written, or the workspace of one that is read */
};

struct trail_replay {
	int (*replay)(void *context, const struct record *record);
	void *context;
};

static int trail_sync_folder(const struct trail *j, struct error *e)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s", j->path);
	int fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(e, "opening the folder of the journal %s", j->path);
	int failed = fsync(fd);
	close(fd);
	return failed != 0 ? error_errno(e, "syncing the folder of the journal %s", j->path) : 0;
}

int trail_begin(const char *path, struct error *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_errno(e, "beginning the journal %s", path);
	close(fd); /* trail_open() syncs the folder */
	return 0;
}

static int trail_lock(struct trail *j, struct error *e)
{
	j->fd = open(j->path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	if (j->fd < 0 && errno == ENOENT)
		return error_set(
			e,
			"the journal %s is missing: without it, what was signed could be signed again in "
			"another way; restore it, or, to begin anew on purpose, make an empty one (install -m 600 "
			"/dev/null %s) and remove %s.head",
			j->path, j->path, j->path);
	if (j->fd < 0)
		return error_errno(e, "opening the journal %s", j->path);
	if (flock(j->fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? error_retry(e, "the journal %s is in use by another authority", j->path)
					    : error_errno(e, "locking the journal %s", j->path);
	return trail_sync_folder(j, e);
}

/* --- the anchor --- */

/* An empty journal without one is new. */
static int trail_load_anchor(struct trail *j, struct error *e)
{
	struct stat st;
	int status = anchor_load(j->path, &j->anchor, e);
	if (status <= 0)
		return status;
	if (fstat(j->fd, &st) != 0)
		return error_errno(e, "reading the journal %s", j->path);
	if (st.st_size == 0)
		return 0;
	return error_set(
		e,
		"%s.head is missing: it says how long the journal is at least; restore it, or, once the journal "
		"was compared with a copy or the public log, make an empty one (install -m 600 /dev/null %s.head)",
		j->path, j->path);
}

static int trail_save_anchor(struct trail *j, struct error *e)
{
	struct anchor now = { j->count, j->last };
	if (anchor_save(j->path, &now, e) != 0)
		return -1;
	j->anchor = now;
	return 0;
}

/* [SIGND-12] */
static int trail_check_anchor(const struct trail *j, struct error *e)
{
	if (j->count == j->anchor.count && j->count > 0 && !digest_equal(&j->last, &j->anchor.last))
		return error_set(
			e,
			"journal %s: line %llu is not the one that %s.head names; find out who changed it, and "
			"restore the journal",
			j->path, (unsigned long long)j->count, j->path);
	return 0;
}

static int trail_check_length(const struct trail *j, struct error *e)
{
	if (j->count >= j->anchor.count)
		return 0;
	return error_set(
		e,
		"journal %s: %llu lines, but %s.head knows of %llu: its end was cut off, or it is an old copy; find "
		"out who did, and restore the journal",
		j->path, (unsigned long long)j->count, j->path, (unsigned long long)j->anchor.count);
}

/* --- reading --- */

/* line with its end */
static int trail_read_line(struct trail *j, struct span line, const struct trail_replay *to, struct error *e)
{
	struct workspace ws = workspace_over(j->memory, TRAIL_WORKSPACE_BYTES);
	struct record record;
	uint64_t number = j->count + 1;
	enum fault fault = record_decode(span_sub(line, 0, line.n - 1), &ws, &record);
	if (fault != FAULT_NONE)
		return error_set(e, "journal %s, line %llu: %s; restore the journal, do not edit it", j->path,
				 (unsigned long long)number, fault_text(fault));
	if (record.index != number || !digest_equal(&record.prev, &j->last))
		return error_set(e,
				 "journal %s, line %llu: the chain is broken: a line was changed, removed or inserted; "
				 "find out who did, and restore the journal",
				 j->path, (unsigned long long)number);
	if (to->replay != NULL && to->replay(to->context, &record) != 0)
		return error_set(e, "journal %s, line %llu: more state than an authority can hold", j->path,
				 (unsigned long long)number);
	j->count = number;
	j->last = sha256_of(j->crypto, line);
	j->bytes += (off_t)line.n;
	return trail_check_anchor(j, e);
}

static int trail_read_lines(struct trail *j, FILE *file, const struct trail_replay *to, bool *torn, struct error *e)
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t n;
	int failed = 0;
	*torn = false;
	while (failed == 0 && !*torn && (n = getline(&line, &capacity, file)) > 0) {
		*torn = line[n - 1] != '\n';
		if (!*torn)
			failed = trail_read_line(j, (struct span){ (const uint8_t *)line, (size_t)n }, to, e);
	}
	free(line);
	if (failed == 0 && ferror(file))
		return error_errno(e, "reading the journal %s", j->path);
	return failed;
}

static int trail_replay(struct trail *j, const struct trail_replay *to, bool *torn, struct error *e)
{
	FILE *file = fopen(j->path, "re");
	if (file == NULL)
		return error_errno(e, "reading the journal %s", j->path);
	int failed = trail_read_lines(j, file, to, torn, e);
	(void)fclose(file);
	if (failed == 0)
		failed = trail_check_length(j, e);
	if (failed != 0 || !*torn)
		return failed;
	if (ftruncate(j->fd, j->bytes) != 0 || fdatasync(j->fd) != 0)
		return error_errno(e, "removing the unfinished last line of the journal %s", j->path);
	return 0;
}

int trail_open(const char *path, const struct crypto *crypto, int (*replay)(void *context, const struct record *record),
	       void *context, struct trail **out, bool *torn, struct error *e)
{
	struct trail_replay to = { replay, context };
	struct trail *j = calloc(1, sizeof *j);
	if (j == NULL)
		return error_set(e, "journal: out of memory");
	j->fd = -1;
	j->crypto = crypto;
	j->memory = malloc(TRAIL_WORKSPACE_BYTES);
	int n = snprintf(j->path, sizeof j->path, "%s", path);
	if (j->memory == NULL || n < 0 || (size_t)n >= sizeof j->path) {
		trail_close(j);
		return error_set(e, "journal: out of memory, or its path is too long");
	}
	if (trail_lock(j, e) != 0 || trail_load_anchor(j, e) != 0 || trail_replay(j, &to, torn, e) != 0 ||
	    trail_save_anchor(j, e) != 0) {
		trail_close(j);
		return -1;
	}
	j->is_verified = true;
	*out = j;
	return 0;
}

static int trail_write(struct trail *j, struct span line, struct error *e)
{
	ssize_t written = write(j->fd, line.at, line.n);
	if (written == (ssize_t)line.n && fdatasync(j->fd) == 0)
		return 0;
	j->is_broken = true;
	if (written >= 0 && written < (ssize_t)line.n)
		errno = ENOSPC;
	(void)error_errno(e, "writing the journal %s", j->path);
	/* Best effort: whatever stays is cut off, or verified, when the journal is opened again. */
	if (ftruncate(j->fd, j->bytes) != 0)
		return error_within(e, "and its last line could not be removed");
	return -1;
}

int trail_append(struct trail *j, struct record *record, struct error *e)
{
	struct writer w = writer_over(j->memory, RECORD_BYTES_MAX);
	if (j->is_broken)
		return error_set(
			e, "the journal %s could not be written before; nothing is signed until it is opened again",
			j->path);
	record->index = j->count + 1;
	record->prev = j->last;
	record_encode(&w, record);
	writer_u8(&w, '\n');
	if (writer_end(&w) != FAULT_NONE)
		return error_set(e, "journal record: %s", fault_text(w.fault));
	struct span line = writer_span(&w);
	if (trail_write(j, line, e) != 0)
		return -1;
	j->count++;
	j->last = sha256_of(j->crypto, line);
	j->bytes += (off_t)line.n;
	if (j->count - j->anchor.count < TRAIL_ANCHOR_EVERY || trail_save_anchor(j, e) == 0)
		return 0;
	j->is_broken = true;
	return -1;
}

void trail_close(struct trail *j)
{
	struct error e = { 0 };
	if (j == NULL)
		return;
	if (j->is_verified && !j->is_broken && j->count != j->anchor.count && trail_save_anchor(j, &e) != 0)
		log_event(LOG_WARNING_, "the head of the journal is not up to date", "why", e.text, NULL);
	if (j->fd >= 0)
		close(j->fd);
	free(j->memory);
	free(j);
}
