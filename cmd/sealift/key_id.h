/*
 * A key by a name that people know, as what revokes it: the SHA-256 of its SPKI. Names: "p/<product>",
 * "plans/<product>" and "directive" (all keys of that delegation, as published), "log", "boot", "boot-next",
 * "emergency/1".."emergency/3"; else 64 hexadecimal digits.
 */
#ifndef KEY_ID_H
#define KEY_ID_H

#include "publishing.h"
#include "site.h"

/* Adds to ids, which stay ascending and without doubles; *count at most max. */
int key_id_find(const struct site *site, struct publishing *publishing, const char *name, struct digest *ids,
		uint32_t *count, uint32_t max, struct error *e) MUST_USE;

#endif
