/*
 * The client workflow of TUF 1.0.34 section 5 as a step machine without I/O: it says what it wants (load, fetch, save),
 * the caller does it and answers. One refresh (root walk, timestamp, snapshot, targets), then any number of target
 * look-ups (delegations in depth-first order). Verify, then persist, persist last; the clock is read once, by the
 * caller.
 *
 *   client_begin(&client, &config);
 *   for (;;) switch (client_step(&client, &request)) {
 *   case CLIENT_LOAD:  client_loaded(&client, CLIENT_GOT, n); ... or CLIENT_ABSENT, 0
 *   case CLIENT_FETCH: client_fetched(&client, CLIENT_GOT, n); ...
 *   case CLIENT_SAVE:  client_saved(&client, true); ...
 *   case CLIENT_DONE:  refreshed; or the answer to client_look_up() is in client.found
 *   case CLIENT_REFUSED: client.verdict, client.fault, client.what say why; nothing bad was saved
 *   }
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "metadata.h"
#include "threshold.h"

#define CLIENT_ROOT_STEPS_MAX 256
#define CLIENT_DELEGATIONS_MAX 32
#define CLIENT_KEPT_MAX 8
#define CLIENT_NAME_MAX (METADATA_ROLE_NAME_MAX * 3 + 32)

enum client_action {
	CLIENT_LOAD,  /* read the stored file request.name into request.buffer, then client_loaded() */
	CLIENT_FETCH, /* GET request.name below metadata/, at most request.capacity bytes, then client_fetched() */
	CLIENT_SAVE,  /* store request.bytes under request.name, durably and atomically, then client_saved() */
	CLIENT_DONE,
	CLIENT_REFUSED, /* trust says no: client.verdict */
	CLIENT_FAILED,  /* the network or the store failed: try again later; client.what names the file */
};

enum client_answer {
	CLIENT_GOT,     /* n bytes are in the buffer */
	CLIENT_ABSENT,  /* HTTP 404, or no such stored file */
	CLIENT_TOO_BIG, /* more than capacity */
	CLIENT_ERROR,   /* anything else: 403, 5xx, cut connection */
};

struct client_request {
	/*
	 * "2.root.json", "timestamp.json", "7.p%2Fboard.json"; stored: "root.json", "p%2Fboard.json", never with a dot
	 * in front. All but [A-Za-z0-9._-] in a role's name is %XX: it can stand in a URL as it is.
	 */
	char name[CLIENT_NAME_MAX];
	uint8_t *buffer; /* LOAD, FETCH */
	size_t capacity;
	struct span bytes; /* SAVE */
};

struct client_config {
	const struct crypto *crypto;
	struct workspace *ws; /* holds everything until the next client_begin(); a few times the metadata's size */
	int64_t now_unix;     /* clamped to the floor by the caller; fixed for the cycle */
	const struct revocations *revoked; /* or NULL */
	bool any_keyid; /* accept key ids that are not the hash of their key: repositories older than 1.0.17 */
};

struct client {
	/* the outcome; read only */
	enum verdict verdict;
	enum fault fault;                  /* of VERDICT_MALFORMED */
	const char *where;                 /* of VERDICT_MALFORMED: the member, or NULL: */
	size_t at;                         /* the offset in the file, where it is no JSON at all; else 0 */
	struct span fallen;                /* of VERDICT_ROLLBACK in a snapshot: what is missing or lower in it */
	char what[CLIENT_NAME_MAX];        /* the file at which it stopped */
	const struct target *found;        /* NULL: no role lists it (the action is CLIENT_DONE then) */
	const struct delegation *found_by; /* the delegation that listed it; NULL: top-level targets */
	struct root root;
	struct timestamp timestamp; /* after a refresh, issued_unix is not above the expiry of root and targets */
	struct snapshot snapshot;
	struct targets targets;
	bool refreshed;
	bool changed; /* something new was saved in this cycle */
	/* private */
	struct client_config config;
	int state;                 /* what the next answer is to */
	enum client_action action; /* the last one given out */
	struct client_request pending;
	bool answered;
	enum client_answer answer;
	size_t answer_bytes;
	size_t ceiling; /* of the file under way, whatever room the workspace has */
	size_t mark;    /* where the file under way begins in the workspace */
	size_t root_mark, snapshot_mark;
	struct span candidate; /* the bytes just loaded or fetched */
	struct span doubted;   /* the timestamp's, while the stored snapshot is asked about it */
	struct signed_json envelope;
	uint32_t root_steps;
	bool has_old_timestamp, has_old_snapshot;
	struct timestamp old_timestamp;
	struct snapshot old_snapshot;
	const struct delegation *role;      /* being loaded; NULL: top-level targets */
	const struct snapshot_entry *entry; /* what the snapshot says of it */
	struct targets loaded;
	struct span look_up;
	uint32_t stack_count, visited_count, kept_count;
	const struct delegation *stack[METADATA_DELEGATIONS_MAX];
	struct span visited[CLIENT_DELEGATIONS_MAX];
	struct client_kept { /* roles of this cycle that need not be loaded again */
		const struct delegation *role;
		struct targets targets;
	} kept[CLIENT_KEPT_MAX];
};

void client_begin(struct client *client, const struct client_config *config);
enum client_action client_step(struct client *client, struct client_request *request) MUST_USE;
void client_loaded(struct client *client, enum client_answer answer, size_t n);
void client_fetched(struct client *client, enum client_answer answer, size_t n);
void client_saved(struct client *client, bool ok);

/*
 * After a refresh that ended in CLIENT_DONE: begin the search for a target; step again until DONE. The path must
 * outlive the search. What earlier searches found stays valid until the next client_begin().
 */
void client_look_up(struct client *client, struct span path);
/* The delegation of the top-level targets with this name (its keys sign directives, say), or NULL. */
const struct delegation *client_delegation(const struct client *client, const char *name);
/*
 * After a refresh: where the target is below the repository's targets, by URL: percent-encoded, and with a hash before
 * the last component if root says that snapshots are consistent. FAULT_SYNTAX for a component "." or "..".
 */
enum fault client_target_url(const struct client *client, const struct target *target, char *out,
			     size_t capacity) MUST_USE;
/* Where a consistent snapshot keeps a small target: "plans/board/<sha256>.1.json" below targets/. */
enum fault client_target_name(const struct target *target, char *out, size_t capacity) MUST_USE;

#endif
