/*
 * The static side of the server: metadata/, targets/, objects/, log/ and emergency/ below one directory. Names are
 * strict, symbolic links are not followed, and 404 means exactly that the file is not there: devices end their walks
 * for the next root (TUF 1.0.34 section 5.3.3) and for the next emergency statement on it.
 */
#ifndef REPOSITORY_H
#define REPOSITORY_H

#include "http.h"

struct repository {
	int fd; /* of the directory */
};

int repository_open(struct repository *repository, const char *directory, struct error *e) MUST_USE;
void repository_close(struct repository *repository);
bool repository_owns(const char *path); /* is this request path one of ours? */
void repository_answer(struct repository *repository, struct http_request *request);
/* A whole file in fresh memory; 1 where there is none. path as a request's, without the first slash. */
int repository_read(void *repository, const char *path, size_t max_bytes, uint8_t **out, size_t *n,
		    struct error *e) MUST_USE;

#endif
