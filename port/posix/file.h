/* Small files whole, and directories. Paths are the operator's own: they are not checked for "..". */
#ifndef FILE_H
#define FILE_H

#include <sys/types.h>

#include "error.h"
#include "span.h"

#define FILE_PATH_MAX 1024

/* "a/b" of a and b; fails when it does not fit. */
int file_join(char out[FILE_PATH_MAX], const char *directory, const char *name, struct error *e) MUST_USE;
/* 0 and *n; 1 where there is no such file; -1 also when it is larger than capacity. */
int file_read(const char *path, uint8_t *buffer, size_t capacity, size_t *n, struct error *e) MUST_USE;
/* The whole file in fresh memory (free() it), a NUL after it; 1 where there is none. */
int file_read_all(const char *path, size_t max_bytes, uint8_t **out, size_t *n, struct error *e) MUST_USE;
/* Atomic and durable: a new file beside it, fsync, rename, fsync of the directory. */
int file_write(const char *path, struct span bytes, mode_t mode, struct error *e) MUST_USE;
/* Makes the directory; one that stands already is fine. Parents must exist. */
int file_make_directory(const char *path, mode_t mode, struct error *e) MUST_USE;
/*
 * For private keys and PINs: -1 where others than the owner may read or change the file. 0 also where there is none,
 * which the reading after it tells better.
 */
int file_check_private(const char *path, struct error *e) MUST_USE;
/* Closes *fd if it is open; for __attribute__((cleanup(file_close))). */
void file_close(int *fd);

#endif
