/*
 * A folder of target files. Target paths come from signed metadata and may still be anything, so each becomes one flat
 * name: all but [A-Za-z0-9._-] as %XX, a leading dot too. What stands under a name was verified: a file is written
 * beside it, and takes the name when it is whole. No symbolic link is followed below the folder.
 */
#ifndef TARGET_DIR_H
#define TARGET_DIR_H

#include <limits.h>

#include "download.h"
#include "error.h"

struct target_dir {
	int fd;
	char path[PATH_MAX];
};

struct target_file {
	struct target_dir *dir;
	int fd;
	struct download download;
	enum verdict verdict; /* why it was refused, if it was */
	char name[NAME_MAX + 1], temporary[NAME_MAX + 8];
};

int target_dir_open(struct target_dir *d, const char *path, struct error *e) MUST_USE; /* the folder must exist */
void target_dir_close(struct target_dir *d);
/* 1: the file stands already, whole, and is this target; 0: it must be fetched. */
int target_dir_has(struct target_dir *d, const struct crypto *crypto, const struct target *target,
		   struct error *e) MUST_USE;

/* Then any number of writes, then keep or drop. */
int target_file_create(struct target_file *f, struct target_dir *d, const struct crypto *crypto,
		       const struct target *target, struct error *e) MUST_USE;
int target_file_write(struct target_file *f, struct span piece, struct error *e) MUST_USE;
/* Verified whole, durable, and under its name. After a failure the file that stood there before still does. */
int target_file_keep(struct target_file *f, struct error *e) MUST_USE;
void target_file_drop(struct target_file *f); /* after keep: does nothing */

#endif
