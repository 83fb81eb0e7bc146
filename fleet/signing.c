/* Directives are signed once a batch: one journal record of the signing authority for all of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "role.h"
#include "signed.h"
#include "state.h"

int signing_add(struct engine *engine, struct rollouts_question *q, const struct rollout *rollout,
		const struct directive *directive, bool fresh)
{
	struct pending *pending = calloc(1, sizeof *pending);
	if (pending == NULL)
		return error_retry(&q->error, "no memory for a directive");
	struct writer w = writer_over(pending->body, sizeof pending->body);
	directive_encode(&w, directive);
	if (writer_end(&w) != FAULT_NONE) {
		free(pending);
		return error_set(&q->error, "cannot write a directive: %s", fault_text(w.fault));
	}
	pending->n = w.used;
	pending->question = q;
	pending->rollout = rollout->row.id;
	pending->fresh = fresh;
	snprintf(pending->device, sizeof pending->device, "%.*s", (int)directive->device.n,
		 (const char *)directive->device.at);
	snprintf(pending->why, sizeof pending->why, "rollout %llu", (unsigned long long)rollout->row.id);
	*engine->pending_last = pending;
	engine->pending_last = &pending->next;
	return 0;
}

void signing_drop(struct engine *engine)
{
	for (struct pending *p = engine->pending; p != NULL;) {
		struct pending *next = p->next;
		p->question->directive_n = 0;
		free(p);
		p = next;
	}
	engine->pending = NULL;
	engine->pending_last = &engine->pending;
}

static void signing_envelope(const struct engine *engine, struct pending *p, const struct signature *signature)
{
	char keyid[ROLE_KEYID_HEX + 1];
	struct role_key key;
	role_key_init(engine->config.crypto, &signature->key, keyid, &key);
	struct signed_by by = { .keyid_hex = key.keyid };
	memcpy(by.raw, signature->raw, sizeof by.raw);
	struct writer w = writer_over(p->question->directive, sizeof p->question->directive);
	signed_encode(&w, (struct span){ p->body, p->n }, &by, 1);
	p->question->directive_n = writer_end(&w) == FAULT_NONE ? w.used : 0;
}

/* Without a signature nothing was offered. The device must not take it for "no directive", which withdraws an offer. */
static void signing_withdraw(struct engine *engine, const struct db_rows *rows, struct pending *p)
{
	struct error e = { 0 };
	engine_refuse(p->question, 503, "directive-unsigned",
		      "try again later; the operator: is sealift-signd running?", "the directive cannot be signed now");
	if (p->fresh && rows->assignment_remove(rows->self, p->rollout, p->device, &e) != 0)
		log_event(LOG_ERROR_, "withdraw", "device", p->device, "error", e.text, NULL);
	for (struct rollout *r = engine->rollouts; r != NULL; r = r->next)
		r->dirty |= r->row.id == p->rollout;
}

static void signing_count(struct engine *engine, uint64_t good, uint64_t bad)
{
	pthread_mutex_lock(&engine->lock);
	engine->counts.directives += good;
	engine->counts.directive_failures += bad;
	pthread_mutex_unlock(&engine->lock);
}

static void signing_give_up(struct engine *engine, const struct db_rows *rows, struct pending **some, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		signing_withdraw(engine, rows, some[i]);
	signing_count(engine, 0, n);
}

static bool signing_some(struct engine *engine, const struct db_rows *rows, struct pending **some, uint32_t n)
{
	struct sign_request requests[STATE_SIGN_BATCH];
	struct signature signatures[STATE_SIGN_BATCH];
	struct signer *signer = &engine->config.signer;
	struct error e = { 0 };
	for (uint32_t i = 0; i < n; i++)
		requests[i] = (struct sign_request){ .kind = SIGN_DIRECTIVE,
						     .key = "director",
						     .object = { some[i]->body, some[i]->n },
						     .who = "sealiftd",
						     .why = some[i]->why };
	bool ok = signer->sign_batch(signer->self, requests, n, signatures, &e) == 0;
	if (!ok) {
		log_event(LOG_ERROR_, "sign-directives", "error", e.text, NULL);
		signing_give_up(engine, rows, some, n);
		return false;
	}
	for (uint32_t i = 0; i < n; i++)
		signing_envelope(engine, some[i], &signatures[i]);
	signing_count(engine, n, 0);
	return true;
}

/* After a failure the rest is given up: to wait for it again and again would hold up the operator's stop. */
void signing_run(struct engine *engine, const struct db_rows *rows)
{
	struct pending *some[STATE_SIGN_BATCH];
	uint32_t n = 0;
	bool ok = true;
	for (struct pending *p = engine->pending; p != NULL; p = p->next) {
		some[n++] = p;
		if (n < STATE_SIGN_BATCH && p->next != NULL)
			continue;
		if (ok)
			ok = signing_some(engine, rows, some, n);
		else
			signing_give_up(engine, rows, some, n);
		n = 0;
	}
	while (engine->pending != NULL) {
		struct pending *p = engine->pending;
		engine->pending = p->next;
		free(p);
	}
	engine->pending_last = &engine->pending;
}
