/*
 * The client's inside: what client.c, client_file.c, client_refresh.c and client_search.c share. Not for others.
 *
 *   client_file.c     one file: its name, its request, the one way in which it is verified
 *   client_refresh.c  root walk, timestamp, snapshot
 *   client_search.c   targets, delegated roles, the search for a target
 *   client.c          the machine, and what the caller sees
 */
#ifndef CLIENT_PARTS_H
#define CLIENT_PARTS_H

#include "client.h"

/* What the next answer is to: each has one function below. */
enum client_state {
	CLIENT_BEGUN,
	CLIENT_ROOT_LOADED,
	CLIENT_ROOT_FETCHED,
	CLIENT_ROOT_SAVED,
	CLIENT_TIMESTAMP_LOADED,
	CLIENT_TIMESTAMP_FETCHED,
	CLIENT_TIMESTAMP_DOUBTED,
	CLIENT_TIMESTAMP_SAVED,
	CLIENT_SNAPSHOT_LOADED,
	CLIENT_SNAPSHOT_FETCHED,
	CLIENT_SNAPSHOT_SAVED,
	CLIENT_ROLE_LOADED,
	CLIENT_ROLE_FETCHED,
	CLIENT_ROLE_SAVED,
	CLIENT_LOOKING_UP,
};

bool client_is_plain(uint8_t byte); /* [A-Za-z0-9._-] */
/* Bytes that are not plain, nor `also`, as %XX. */
void client_write_escaped(struct writer *w, struct span text, uint8_t also);
/* Sets the name of the next request: "7.role.json", or "role.json" for version 0. */
void client_name(struct client *c, uint64_t version, struct span role);
/* As above, for a fetch: the version stands in the name only where root says so. */
void client_fetch_name(struct client *c, uint64_t version, struct span role);
/* LOAD or FETCH the named file, of at most ceiling bytes; the answer goes to the function of state next. */
enum client_action client_ask(struct client *c, enum client_action action, enum client_state next, size_t ceiling);
/* SAVE the candidate, which is verified, as a role's file. */
enum client_action client_save(struct client *c, struct span role, enum client_state next);
void client_take(struct client *c);    /* what came is the candidate now */
void client_discard(struct client *c); /* forgets the candidate and all that was decoded from it */
enum client_action client_refuse(struct client *c, enum verdict verdict);
enum client_action client_fail(struct client *c);
enum client_action client_missed(struct client *c); /* a fetch did not bring the file */
/* VERDICT_OK for FAULT_NONE; where: the member, or NULL */
enum verdict client_malformed(struct client *c, enum fault fault, const char *where);
bool client_is_expired(const struct client *c, int64_t expires_unix);

/* The candidate is well formed and says that it is of this type; client_verify: and this role's threshold signed it. */
enum verdict client_parse(struct client *c, const char *type) MUST_USE;
enum verdict client_verify(struct client *c, const char *type, const struct role *role) MUST_USE;
/* The candidate, which is parsed, is signed by the role's threshold. */
enum verdict client_check_threshold(struct client *c, const struct role *role,
				    const struct revocations *revoked) MUST_USE;
/* The candidate's bytes are those that a signed parent names. */
enum verdict client_match(const struct client *c, const struct snapshot_entry *entry) MUST_USE;
size_t client_ceiling(const struct snapshot_entry *entry, size_t most);
/* Moves the candidate down to mark, over what it replaces, and parses it again there. */
enum verdict client_settle(struct client *c, size_t mark) MUST_USE;

enum client_action client_begun(struct client *c);
enum client_action client_root_loaded(struct client *c);
enum client_action client_root_fetched(struct client *c);
enum client_action client_root_saved(struct client *c);
enum client_action client_timestamp_loaded(struct client *c);
enum client_action client_timestamp_fetched(struct client *c);
enum client_action client_timestamp_doubted(struct client *c);
enum client_action client_timestamp_ready(struct client *c);
enum client_action client_snapshot_loaded(struct client *c);
enum client_action client_snapshot_fetched(struct client *c);
enum client_action client_snapshot_saved(struct client *c);
enum client_action client_load_role(struct client *c, const struct delegation *role); /* NULL: top-level targets */
enum client_action client_role_loaded(struct client *c);
enum client_action client_role_fetched(struct client *c);
enum client_action client_role_ready(struct client *c);
enum client_action client_looking_up(struct client *c);

#endif
