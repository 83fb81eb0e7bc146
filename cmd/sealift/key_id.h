/*
 * A key by a name that people know, as what revokes it: the SHA-256 of its SPKI. Names: "p/<product>",
 * "plans/<product>" and "directive" (all keys of that delegation, as published), "log", "boot", "boot-next",
 * "emergency/1".."emergency/3"; else 64 hexadecimal digits. Digits that name no key of the site are refused unless
 * asked for, and those of a TUF key id always: devices would take them, and go on believing the key.
 */
#ifndef KEY_ID_H
#define KEY_ID_H

#include "publishing.h"
#include "site.h"
#include "ui.h"

struct key_ids {
	uint32_t count, max;
	struct digest *ids; /* ascending, without doubles */
};

/* Adds to ids. unknown: digits may name a key that the site does not have. */
int key_id_find(const struct site *site, struct publishing *publishing, const char *name, bool unknown,
		struct key_ids *ids, struct error *e) MUST_USE;
bool key_id_has(const struct digest *ids, uint32_t count, const struct digest *id);
/* What a command revoked: a line each, or with --json the array. */
void key_id_print(const struct ui *ui, const struct digest *ids, uint32_t count);

#endif
