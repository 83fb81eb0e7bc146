/*
 * What an authority remembers of what it signed, so that it never signs less: for each scope (a role, the log) the last
 * version and its digest, the counters of releases with their images, the head of the log. Rebuilt from the trail at
 * each start by the same function that takes in a new record.
 */
#ifndef STANDING_H
#define STANDING_H

#include "record.h"

#define STANDING_SCOPES_MAX 256
#define STANDING_SCOPE_TEXT 160
#define STANDING_RELEASES_MAX 65536u

struct standing_scope {
	char name[STANDING_SCOPE_TEXT];
	uint64_t role_version;
	struct digest digest;
	uint64_t counter; /* the highest */
	bool has_head;
	uint64_t size;
	struct digest root;
	uint32_t release_count, release_capacity;
	struct record_release *releases;
};

struct standing {
	uint32_t count;
	struct standing_scope scopes[STANDING_SCOPES_MAX];
};

/* NULL: nothing was signed under this scope yet. */
const struct standing_scope *standing_find(const struct standing *standing, struct span scope);
/* The highest version under a key: of the scope of its name, or of any that begins with the name and a space. */
uint64_t standing_reached(const struct standing *standing, struct span key);
/* NULL: this counter was never signed. */
const struct record_release *standing_release(const struct standing_scope *scope, uint64_t counter);
/* Is there room for one more scope and n releases? Asked before a record is written. */
bool standing_has_room(const struct standing *standing, struct span scope, uint32_t releases);
/* -1: no room, or out of memory */
int standing_apply(struct standing *standing, const struct record *record) MUST_USE;
void standing_clear(struct standing *standing); /* frees what it grew */

#endif
