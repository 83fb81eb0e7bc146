#include "handshake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enrolment.h"

#define OPERATIONAL_DAYS 90
#define LEAF_DAYS 730
#define HOUR 3600

static void must(int result, const struct error *e)
{
	if (result == 0)
		return;
	fprintf(stderr, "handshake: %s\n", e->text);
	abort();
}

static struct span der_of(const struct certificate *c)
{
	return (struct span){ c->der, c->n };
}

static struct certificate_signer signer_of(struct keyfile *key)
{
	struct error e = { 0 };
	struct certificate_signer signer = { .sign = keyfile_sign, .self = key };
	must(keyfile_public(key, &signer.key, &e), &e);
	return signer;
}

static void make_ca(struct handshake_ca *out, const char *name, int64_t now_unix, int64_t end_unix)
{
	struct error e = { 0 };
	must(keyfile_new(&out->key, &e), &e);
	struct certificate_signer signer = signer_of(out->key);
	struct certificate_terms terms = { .use = CERTIFICATE_CA,
					   .common_name = name,
					   .not_before_unix = now_unix - HOUR,
					   .not_after_unix = end_unix };
	must(x509_self_sign(&terms, &signer, &out->certificate, &e), &e);
}

static void issue(const struct handshake_ca *ca, const struct certificate_terms *terms, struct keyfile *subject,
		  struct certificate *out)
{
	struct error e = { 0 };
	struct public_key key;
	struct certificate_signer signer = signer_of(ca->key);
	must(keyfile_public(subject, &key, &e), &e);
	must(x509_issue(terms, &key, der_of(&ca->certificate), &signer, out, &e), &e);
}

/* --- the server --- */

void handshake_new_root(struct handshake_server *s, int64_t now_unix, int64_t end_unix)
{
	char name[32];
	snprintf(name, sizeof name, "server root %c", 'a' + (int)s->root_count);
	make_ca(&s->roots[s->root_count++], name, now_unix, end_unix);
}

void handshake_new_leaf(struct handshake_server *s, uint32_t root, int64_t now_unix, int64_t days)
{
	static const char *const hosts[] = { "updates.example" };
	struct error e = { 0 };
	struct keyfile *key;
	struct certificate_terms terms = { .use = CERTIFICATE_SERVER,
					   .common_name = "sealiftd",
					   .hosts = hosts,
					   .host_count = 1,
					   .not_before_unix = now_unix - HOUR,
					   .not_after_unix = now_unix + days * HANDSHAKE_DAY };
	must(keyfile_new(&key, &e), &e);
	issue(&s->roots[root], &terms, key, &s->leaf);
	keyfile_free(key);
}

void handshake_new_device_ca(struct handshake_server *s, int64_t now_unix, bool overlap)
{
	keyfile_free(s->device_ca.key);
	s->device_cas[1] = s->device_ca.certificate;
	s->device_ca_count = overlap ? 2 : 1;
	make_ca(&s->device_ca, "device ca", now_unix, CERTIFICATE_NO_EXPIRY);
	s->device_cas[0] = s->device_ca.certificate;
}

void handshake_server_open(struct handshake_server *s, int64_t now_unix, int64_t root_end_unix)
{
	*s = (struct handshake_server){ 0 };
	handshake_new_root(s, now_unix, root_end_unix);
	handshake_new_root(s, now_unix, CERTIFICATE_NO_EXPIRY);
	handshake_new_leaf(s, 0, now_unix, LEAF_DAYS);
	make_ca(&s->factory, "factory ca", now_unix, CERTIFICATE_NO_EXPIRY);
	handshake_new_device_ca(s, now_unix, false);
}

void handshake_server_close(struct handshake_server *s)
{
	for (uint32_t i = 0; i < s->root_count; i++)
		keyfile_free(s->roots[i].key);
	keyfile_free(s->factory.key);
	keyfile_free(s->device_ca.key);
}

/* --- the device --- */

static struct certificate_terms device_terms(int64_t now_unix, int64_t end_unix)
{
	return (struct certificate_terms){ .use = CERTIFICATE_DEVICE,
					   .common_name = "one",
					   .uri = "urn:sealift:device:board:one",
					   .not_before_unix = now_unix - HOUR,
					   .not_after_unix = end_unix };
}

void handshake_device_open(struct handshake_device *d, const struct handshake_server *s, int64_t now_unix)
{
	struct error e = { 0 };
	struct certificate_terms terms = device_terms(now_unix, CERTIFICATE_NO_EXPIRY);
	*d = (struct handshake_device){ .root_count = s->root_count };
	must(keyfile_new(&d->key, &e), &e);
	issue(&s->factory, &terms, d->key, &d->birth);
	for (uint32_t i = 0; i < s->root_count; i++)
		d->roots[i] = s->roots[i].certificate;
}

void handshake_device_close(struct handshake_device *d)
{
	keyfile_free(d->key);
}

/* --- both --- */

/* EST with the birth certificate, which never ends; the server's clock dates what it issues. */
static void enrol(struct handshake_server *s, struct handshake_device *d, int64_t true_unix)
{
	struct error e = { 0 };
	struct certificate_terms terms = device_terms(true_unix, true_unix + OPERATIONAL_DAYS * HANDSHAKE_DAY);
	must(x509_check_chain(der_of(&d->birth), NULL, 0, &s->factory.certificate, 1, X509_ANY_TIME, &e), &e);
	issue(&s->device_ca, &terms, d->key, &d->operational);
	d->has_operational = true;
	s->enrolments++;
}

static bool is_due(const struct handshake_device *d, int64_t device_unix)
{
	struct error e = { 0 };
	struct x509_facts facts;
	if (!d->has_operational)
		return true;
	must(x509_read(der_of(&d->operational), &facts, &e), &e);
	return enrolment_judge(&facts, device_unix) != ENROLMENT_GOOD;
}

static bool is_taken(const struct handshake_server *s, const struct handshake_device *d, int64_t true_unix,
		     struct error *why)
{
	return x509_check_chain(der_of(&d->operational), NULL, 0, s->device_cas, s->device_ca_count, true_unix, why) ==
	       0;
}

bool handshake_reaches(struct handshake_server *s, struct handshake_device *d, int64_t true_unix, int64_t device_unix,
		       struct error *why)
{
	if (x509_check_chain_passed(der_of(&s->leaf), NULL, 0, d->roots, d->root_count, device_unix, why) != 0)
		return false;
	if (!is_due(d, device_unix) && is_taken(s, d, true_unix, why))
		return true;
	enrol(s, d, true_unix);
	return is_taken(s, d, true_unix, why);
}
