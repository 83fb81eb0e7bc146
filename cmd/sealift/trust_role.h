/* The files that the top-level targets list themselves, trust/..., read and replaced by the holders of that role. */
#ifndef TRUST_ROLE_H
#define TRUST_ROLE_H

#include "holders.h"
#include "publishing.h"

/* The published file in the workspace; 1: there is none. */
int trust_role_read(struct publishing *publishing, const char *path, size_t max_bytes, struct span *out,
		    struct error *e) MUST_USE;
/* Lists text as `path` in place of what was there, signs, logs and publishes, timestamp last. */
int trust_role_publish(const struct site *site, struct publishing *publishing, const char *path, struct span text,
		       const struct holders *holders, const char *why, struct error *e) MUST_USE;

#endif
