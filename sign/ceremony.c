#include "ceremony.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "notary.h"
#include "trail.h"

struct ceremony {
	struct notary_requester requester;
	struct notary *notary;
};

int ceremony_begin(const char *journal_path, struct error *e)
{
	return trail_begin(journal_path, e);
}

int ceremony_open(const struct ceremony_setup *setup, struct ceremony **out, struct error *e)
{
	struct ceremony *c = calloc(1, sizeof *c);
	bool torn = false;
	if (c == NULL)
		return error_set(e, "ceremony: out of memory");
	c->requester = (struct notary_requester){ "ceremony", (uint32_t)getuid(), POLICY_CEREMONY };
	struct notary_setup notary = { .crypto = setup->crypto,
				       .certifier = setup->certifier,
				       .clock = setup->clock,
				       .hsm = setup->hsm,
				       .journal_path = setup->journal_path,
				       .limits = policy_limits_default(),
				       .factory_ca = setup->factory_ca,
				       .requester_count = 1,
				       .requesters = &c->requester };
	if (notary_open(&notary, &c->notary, &torn, e) != 0) {
		free(c);
		return -1;
	}
	if (torn)
		log_event(LOG_WARNING_, "an unfinished last line was removed", "journal", setup->journal_path, NULL);
	*out = c;
	return 0;
}

void ceremony_close(struct ceremony *c)
{
	if (c == NULL)
		return;
	notary_close(c->notary);
	free(c);
}

static int ceremony_call(struct ceremony *c, struct signd_request *request, struct signd_answer *answer,
			 struct error *e)
{
	request->requester = span_of_text(c->requester.name);
	notary_answer(c->notary, request, c->requester.uid, answer);
	if (!answer->refused)
		return 0;
	(void)error_set(e, "%.*s (%.*s): %.*s", (int)answer->error.n, (const char *)answer->error.at,
			(int)answer->rule.n, (const char *)answer->rule.at, (int)answer->help.n,
			(const char *)answer->help.at);
	if (e != NULL)
		e->retry = answer->retry;
	return -1;
}

static int ceremony_sign_batch(void *self, const struct sign_request *requests, uint32_t n, struct signature *out,
			       struct error *e)
{
	struct span objects[SIGND_OBJECTS_MAX];
	struct signd_answer answer;
	if (n == 0 || n > SIGND_OBJECTS_MAX || (n > 1 && requests[0].kind != SIGN_DIRECTIVE))
		return error_set(e, "a batch has 1 to %u requests, of directives", SIGND_OBJECTS_MAX);
	for (uint32_t i = 0; i < n; i++) {
		if (requests[i].kind != requests[0].kind || strcmp(requests[i].key, requests[0].key) != 0)
			return error_set(e, "a batch is for one key and one kind of object");
		objects[i] = requests[i].object;
	}
	struct signd_request request = { .who = span_of_text(requests[0].who),
					 .why = span_of_text(requests[0].why),
					 .key = span_of_text(requests[0].key),
					 .kind = (enum signd_kind)requests[0].kind,
					 .count = n,
					 .objects = objects };
	if (ceremony_call(self, &request, &answer, e) != 0)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		out[i].key = answer.key;
		memcpy(out[i].raw, answer.signatures[i], sizeof out[i].raw);
	}
	return 0;
}

static int ceremony_sign(void *self, const struct sign_request *request, struct signature *out, struct error *e)
{
	return ceremony_sign_batch(self, request, 1, out, e);
}

static int ceremony_certify(void *self, const char *key, struct span csr, const char *device_uri, uint32_t days,
			    const char *who, const char *why, uint8_t *der, size_t capacity, size_t *n, struct error *e)
{
	struct signd_answer answer;
	struct signd_request request = { .who = span_of_text(who),
					 .why = span_of_text(why),
					 .key = span_of_text(key),
					 .kind = SIGND_CERTIFICATE,
					 .count = 1,
					 .objects = &csr,
					 .device_uri = span_of_text(device_uri),
					 .days = days };
	if (ceremony_call(self, &request, &answer, e) != 0)
		return -1;
	if (answer.certificate.n > capacity)
		return error_set(e, "the certificate of %zu bytes does not fit", answer.certificate.n);
	memcpy(der, answer.certificate.at, answer.certificate.n);
	*n = answer.certificate.n;
	return 0;
}

static int ceremony_public_key(void *self, const char *key, struct public_key *out, struct error *e)
{
	struct signd_answer answer;
	struct signd_request request = { .who = SPAN_LIT("ceremony"),
					 .why = SPAN_LIT("public key"),
					 .key = span_of_text(key),
					 .kind = SIGND_PUBLIC_KEY };
	if (ceremony_call(self, &request, &answer, e) != 0)
		return -1;
	*out = answer.key;
	return 0;
}

struct signer ceremony_signer(struct ceremony *c)
{
	return (struct signer){ .sign = ceremony_sign,
				.sign_batch = ceremony_sign_batch,
				.certify = ceremony_certify,
				.public_key = ceremony_public_key,
				.self = c };
}
