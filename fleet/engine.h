/*
 * The fleet: who gets a release, and when to stop. All of it runs on the database's one writer thread, inside its
 * transactions, so that a decision and what it rests on are committed together; what is kept in memory is derived from
 * the rows and forgotten when a transaction is undone.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include "clock.h"
#include "rollouts.h"
#include "signer.h"

struct engine;

struct engine_config {
	const struct crypto *crypto;
	struct clock clock;
	struct db db;
	struct signer signer;
	/* a file of the repository in fresh memory (free() it); 1 where there is none */
	int (*read_file)(void *files, const char *path, size_t max_bytes, uint8_t **out, size_t *n, struct error *e);
	void *files;
	uint32_t poll_s;     /* between two polls of a device, on average */
	uint32_t lifetime_s; /* of a directive */
};

int engine_new(struct engine **out, const struct engine_config *config, struct error *e) MUST_USE;
void engine_free(struct engine *engine);           /* after the database was closed; NULL is fine */
uint32_t engine_kept(const struct engine *engine); /* rollouts in memory; on the writer's thread */
struct db_batch engine_batch(struct engine *engine);
struct rollouts engine_rollouts(struct engine *engine);

#endif
