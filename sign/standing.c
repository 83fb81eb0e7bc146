#include "standing.h"

#include <stdlib.h>
#include <string.h>

static struct standing_scope *standing_search(struct standing *s, struct span scope)
{
	for (uint32_t i = 0; i < s->count; i++)
		if (span_is(scope, s->scopes[i].name))
			return &s->scopes[i];
	return NULL;
}

const struct standing_scope *standing_find(const struct standing *s, struct span scope)
{
	for (uint32_t i = 0; i < s->count; i++)
		if (span_is(scope, s->scopes[i].name))
			return &s->scopes[i];
	return NULL;
}

uint64_t standing_reached(const struct standing *s, struct span key)
{
	uint64_t version = 0;
	for (uint32_t i = 0; i < s->count; i++) {
		struct span name = span_of_text(s->scopes[i].name);
		bool is_of_key = span_starts(name, key) && (name.n == key.n || name.at[key.n] == ' ');
		if (is_of_key && s->scopes[i].role_version > version)
			version = s->scopes[i].role_version;
	}
	return version;
}

const struct record_release *standing_release(const struct standing_scope *scope, uint64_t counter)
{
	for (uint32_t i = 0; scope != NULL && i < scope->release_count; i++)
		if (scope->releases[i].counter == counter)
			return &scope->releases[i];
	return NULL;
}

bool standing_has_room(const struct standing *s, struct span scope, uint32_t releases)
{
	const struct standing_scope *found = standing_find(s, scope);
	if (scope.n >= STANDING_SCOPE_TEXT)
		return false;
	if (found == NULL)
		return s->count < STANDING_SCOPES_MAX && releases <= STANDING_RELEASES_MAX;
	return found->release_count + releases <= STANDING_RELEASES_MAX;
}

static int standing_add_release(struct standing_scope *scope, const struct record_release *release)
{
	if (scope->release_count == scope->release_capacity) {
		uint32_t capacity = scope->release_capacity == 0 ? 16 : scope->release_capacity * 2;
		struct record_release *grown = realloc(scope->releases, capacity * sizeof *grown);
		if (grown == NULL)
			return -1;
		scope->releases = grown;
		scope->release_capacity = capacity;
	}
	scope->releases[scope->release_count++] = *release;
	if (release->counter > scope->counter)
		scope->counter = release->counter;
	return 0;
}

int standing_apply(struct standing *s, const struct record *record)
{
	if (record->scope.n == 0)
		return 0;
	if (!standing_has_room(s, record->scope, record->release_count))
		return -1;
	struct standing_scope *scope = standing_search(s, record->scope);
	if (scope == NULL) {
		scope = &s->scopes[s->count++];
		memcpy(scope->name, record->scope.at, record->scope.n);
	}
	if (record->role_version >= scope->role_version && record->digest_count > 0) {
		scope->role_version = record->role_version;
		scope->digest = record->digests[0];
	}
	if (record->has_head) {
		scope->has_head = true;
		scope->size = record->size;
		scope->root = record->root;
	}
	for (uint32_t i = 0; i < record->release_count; i++)
		if (standing_add_release(scope, &record->releases[i]) != 0)
			return -1;
	return 0;
}

void standing_clear(struct standing *s)
{
	for (uint32_t i = 0; i < s->count; i++)
		free(s->scopes[i].releases);
	memset(s, 0, sizeof *s);
}
