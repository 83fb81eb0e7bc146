/* A store whose blobs are the files of one directory (mode 0600). One process at a time may save into it. */
#ifndef STORE_DIR_H
#define STORE_DIR_H

#include "store.h"

struct store_dir {
	int fd;
	char path[512]; /* for messages */
};

/* The directory must exist. Left-over temporary files of an interrupted save are removed. */
int store_dir_open(struct store_dir *d, const char *path, struct error *e) MUST_USE;
void store_dir_close(struct store_dir *d);
/* d must outlive the store. */
struct store store_dir_store(struct store_dir *d);

#endif
