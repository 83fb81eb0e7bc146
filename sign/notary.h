/*
 * The engine of an authority: a request becomes a check of who asks, an examination of the object, a record in the
 * trail, and only then a signature. The same in sealift-signd and in a ceremony. Knows no socket and no PKCS#11.
 */
#ifndef NOTARY_H
#define NOTARY_H

#include "certifier.h"
#include "clock.h"
#include "hsm.h"
#include "policy.h"

#define NOTARY_REQUESTERS_MAX 16
#define NOTARY_NAME_MAX 64

struct notary_requester {
	char name[NOTARY_NAME_MAX + 1];
	uint32_t uid;
	unsigned roles; /* enum policy_role, together */
};

struct notary_setup {
	const struct crypto *crypto;
	const struct certifier *certifier;
	struct clock clock;
	struct hsm hsm;
	const char *journal_path;
	struct policy_limits limits;
	struct span log_origin; /* empty: any */
	struct span device_ca;  /* certificates in DER; empty: issues none */
	struct span factory_ca;
	uint32_t requester_count;
	const struct notary_requester *requesters;
};

struct notary;

/*
 * Verifies and replays the journal; *torn says that an unfinished last line was removed. What setup points to
 * outlives it.
 */
int notary_open(const struct notary_setup *setup, struct notary **out, bool *torn, struct error *e) MUST_USE;
void notary_close(struct notary *notary); /* NULL is fine */

/*
 * Always fills the answer; a refusal is one. uid: of the peer, as the kernel says. What the answer points to lives in
 * the notary until the next call.
 */
void notary_answer(struct notary *notary, const struct signd_request *request, uint32_t uid, struct signd_answer *out);

#endif
