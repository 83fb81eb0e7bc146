/*
 * A small TUF repository in memory for tests, with keys of its own, and a device's store beside it. A test changes what
 * it likes, publishes, and runs the client; every request is written down. Any failure of the world itself aborts.
 */
#ifndef WORLD_H
#define WORLD_H

#include "client.h"

#define WORLD_NOW 1800000000 /* 2027-01-15 */
#define WORLD_DAY 86400
#define WORLD_FILES_MAX 400
#define WORLD_KEYS_MAX 512  /* a simulation of years makes many */
#define WORLD_HOLDER_MAX 16 /* keys of a role, the old and the new ones of a change included */
#define WORLD_ROLES_MAX 40
#define WORLD_MEMORY (24u << 20)

struct world_key {
	void *private; /* EVP_PKEY */
	struct public_key key;
	char keyid[ROLE_KEYID_HEX + 1];
	struct role_key role;
};

struct world_file {
	char name[CLIENT_NAME_MAX];
	uint8_t *bytes;
	size_t n;
};

struct world_shelf {
	uint32_t count;
	struct world_file files[WORLD_FILES_MAX];
};

/* The keys of a role as the world signs with them: indexes into world.keys. */
struct world_holder {
	uint32_t count;
	uint32_t threshold;
	uint32_t keys[WORLD_HOLDER_MAX];
	struct role_key store[WORLD_HOLDER_MAX];
};

struct world {
	uint32_t key_count;
	struct world_key keys[WORLD_KEYS_MAX];
	struct world_holder root, timestamp, snapshot, targets, product;
	/* versions and times, changed freely before publishing */
	uint64_t root_version, timestamp_version, snapshot_version, targets_version, product_version;
	int64_t expires_unix, root_expires_unix, issued_unix;
	int64_t targets_expires_unix, product_expires_unix, snapshot_expires_unix; /* 0: expires_unix */
	uint32_t entry_count;                                                      /* of the snapshot, ascending */
	struct snapshot_entry entries[WORLD_ROLES_MAX];
	char entry_names[WORLD_ROLES_MAX][METADATA_ROLE_NAME_MAX + 8];
	uint64_t timestamp_snapshot_version; /* 0: the snapshot's own */
	struct world_shelf remote, store;
	/* what the transport does to one file; empty name: nothing */
	const char *broken;
	enum client_answer broken_answer;
	const char *unsaved; /* the store fails to save this file */
	char log[16384];     /* "FETCH 2.root.json\n..." and "SAVE ..." of the last run */
	int64_t now_unix;
	const struct revocations *revoked;
	uint8_t *memory;
	size_t memory_bytes; /* that the client gets of it; WORLD_MEMORY unless a test takes less */
	size_t asked_most;   /* the largest room that any FETCH of the last run offered */
	struct workspace ws;
	struct client client;
};

/* What the client's crypto, which counts, has done since a test set it to zero. */
struct world_work {
	uint64_t verified; /* signatures tried */
	uint64_t hashed;   /* bytes */
};
extern struct world_work world_work;
const struct crypto *world_crypto(void);

/* Root 1 of 1 with one key a role, an empty targets with the delegation p/board, and p/board with one target, published
 * and put into the device's store as root.json. */
struct world *world_new(void);
void world_free(struct world *w);

uint32_t world_key_new(struct world *w); /* its index */
/* The same key in another key object (as it is written, line ends raw), so under another id, which is this object's. */
uint32_t world_key_alias(struct world *w, uint32_t key, const char *object);
struct world_holder world_holder_of(struct world *w, uint32_t threshold, uint32_t count, const uint32_t *keys);
struct role world_role(struct world *w, struct world_holder *holder);

void world_sign_raw(const struct world_key *key, struct span message, uint8_t raw[64]);
/* The envelope over a body; the result lives until world_free(). */
struct span world_sign(struct world *w, struct span body, const struct world_holder *holder);

void world_put(struct world_shelf *shelf, const char *name, struct span bytes); /* a copy; replaces */
struct span world_get(const struct world_shelf *shelf, const char *name);       /* SPAN_NONE where absent */
void world_drop(struct world_shelf *shelf, const char *name);

/* Each writes the file to the remote shelf under the version that the world states. */
void world_publish_root(struct world *w, const struct world_holder *also); /* also: signers besides its own, or NULL */
/* A targets role, top-level ("targets") or delegated, and its entry of the snapshot. */
void world_publish_targets(struct world *w, const char *role, const struct targets *targets,
			   const struct world_holder *holder);
void world_publish_snapshot(struct world *w);
void world_publish_timestamp(struct world *w);
/* The two roles that world_new() made, snapshot and timestamp, all at their present versions. */
void world_publish(struct world *w);
/* The targets of world_publish(), to be changed and published one by one. */
struct targets world_targets(struct world *w);
struct targets world_product(struct world *w);

/*
 * The strongest attacker: one who holds the role's keys. Takes the body of a file on the remote shelf in canonical form
 * (line ends raw), puts `with` in the place of the first `find` (which must stand there; both may hold any bytes), and
 * signs what comes out. world_relist() then lets the snapshot name a targets role's file as it is now, and
 * world_republish() a new timestamp that snapshot.
 */
void world_edit(struct world *w, const char *name, const char *find, const char *with,
		const struct world_holder *holder);
/* The same with a body given whole; it need not be JSON. */
void world_put_body(struct world *w, const char *name, struct span body, const struct world_holder *holder);
/* The attacker who holds no key: changes the file as it stands. */
void world_patch(struct world_shelf *shelf, const char *name, const char *find, const char *with);
void world_relist(struct world *w, const char *role, uint64_t version);
void world_republish(struct world *w); /* snapshot and timestamp under their next versions */

/* A time of the world's, or expires_unix where it is 0. */
int64_t world_expiry(const struct world *w, int64_t own_unix);

/* One cycle, and one look-up after it, to its end. */
enum client_action world_refresh(struct world *w);
enum client_action world_look_up(struct world *w, const char *path);
bool world_asked(const struct world *w, const char *line); /* is "FETCH 2.root.json" in the log? */

#endif
