/* The next metadata of a product role: what it lists already, and a new release with its return release. */
#ifndef PRODUCT_H
#define PRODUCT_H

#include "packed.h"
#include "repository.h"

#define PRODUCT_ROLE_LIFETIME_S (90u * 86400)

/*
 * Adds or replaces entries (a path already listed is an error: releases never change) and encodes the canonical body.
 */
int product_role_body(struct repository *repository, const char *role, uint64_t version, int64_t expires_unix,
		      const struct release *releases, uint32_t count, struct writer *out, struct error *e) MUST_USE;
/* The same for plans/<product>: one small target. */
int plan_role_body(struct repository *repository, const char *role, uint64_t version, int64_t expires_unix,
		   const struct target *plan, struct writer *out, struct error *e) MUST_USE;

#endif
