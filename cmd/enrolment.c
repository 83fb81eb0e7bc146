#include "enrolment.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base64.h"
#include "direct.h"
#include "log.h"

#define EST_PATH ".well-known/est/simpleenroll"
#define ANSWER_MAX 16384

static void free_key(struct keyfile **key)
{
	keyfile_free(*key);
}

int enrolment_paths(struct enrolment *out, const char *device_directory, struct error *e)
{
	char fetcher[FILE_PATH_MAX];
	if (file_join(fetcher, device_directory, "fetcher", e) < 0 ||
	    file_join(out->idevid_key, fetcher, "idevid.key", e) < 0 ||
	    file_join(out->idevid_pem, fetcher, "idevid.pem", e) < 0 ||
	    file_join(out->ldevid_key, fetcher, "ldevid.key", e) < 0 ||
	    file_join(out->ldevid_pem, fetcher, "ldevid.pem", e) < 0)
		return -1;
	/* those of a trust bundle, which the installer leaves beside device.json, before those of the factory */
	if (file_join(out->roots_pem, device_directory, "server-roots.pem", e) < 0)
		return -1;
	return access(out->roots_pem, R_OK) == 0 ? 0 : file_join(out->roots_pem, fetcher, "server-roots.pem", e);
}

static int read_first(const char *path, struct x509_facts *out, struct error *e)
{
	struct certificate certificate;
	uint32_t count = 0;
	if (x509_pem_load(path, &certificate, 1, &count, e) < 0)
		return -1;
	if (count == 0)
		return error_set(e, "%s holds no certificate", path);
	return x509_read((struct span){ certificate.der, certificate.n }, out, e);
}

static bool is_pair(const char *key_path, const struct x509_facts *facts)
{
	__attribute__((cleanup(free_key))) struct keyfile *key = NULL;
	struct public_key ours;
	struct error ignored;
	return keyfile_load(key_path, &key, &ignored) == 0 && keyfile_public(key, &ours, &ignored) == 0 &&
	       memcmp(facts->key.xy, ours.xy, sizeof ours.xy) == 0;
}

enum enrolment_need enrolment_judge(const struct x509_facts *facts, int64_t now_unix)
{
	int64_t life = facts->not_after_unix - facts->not_before_unix;
	int64_t left = facts->not_after_unix - now_unix;
	if (left <= 0)
		return ENROLMENT_NONE;
	return left > life / 3 ? ENROLMENT_GOOD : ENROLMENT_RENEW;
}

static enum enrolment_need look(const struct enrolment *paths, const struct enrolment_moment *moment)
{
	struct x509_facts facts;
	struct error ignored;
	if (read_first(paths->ldevid_pem, &facts, &ignored) < 0 || !is_pair(paths->ldevid_key, &facts))
		return ENROLMENT_NONE;
	enum enrolment_need need =
		enrolment_judge(&facts, moment->now_unix != 0 ? moment->now_unix : (int64_t)time(NULL));
	return need == ENROLMENT_GOOD && moment->is_refused ? ENROLMENT_RENEW : need;
}

/* A key that cannot be read as one (spoilt storage) is of no use to anybody: a new one takes its place. */
static int get_key(const struct enrolment *paths, struct keyfile **out, struct error *e)
{
	struct error why = { 0 };
	if (access(paths->ldevid_key, F_OK) == 0) {
		if (keyfile_load(paths->ldevid_key, out, &why) == 0)
			return 0;
		if (access(paths->ldevid_key, R_OK) != 0)
			return error_set(e, "%s", why.text);
		log_event(LOG_WARNING_, "key-replaced", "why", why.text, NULL);
		if (unlink(paths->ldevid_key) != 0)
			return error_errno(e, "remove %s", paths->ldevid_key);
	}
	if (keyfile_new(out, e) < 0)
		return -1;
	return keyfile_save(*out, paths->ldevid_key, e);
}

static int post_request(struct curl_transport *transport, int64_t now_unix, struct span der, uint8_t *answer, size_t *n,
			struct error *e)
{
	uint8_t text[CERTIFICATE_BYTES_MAX * 2];
	struct writer w = writer_over(text, sizeof text);
	struct fetch_answer got = { 0 };
	struct transport port = curl_transport_transport(transport);
	struct fetch fetch = direct_fetch(&port);
	fetch.set_passed(fetch.self, now_unix);
	base64_write(&w, der);
	if (writer_end(&w) != FAULT_NONE)
		return error_set(e, "the certificate request is too large");
	if (fetch.post(fetch.self, EST_PATH, "application/pkcs10", writer_span(&w), answer, ANSWER_MAX, &got, e) < 0)
		return -1;
	if (got.status != 200 || got.too_big)
		return error_retry(e, "the server answered %u", got.status);
	*n = got.n;
	return 0;
}

/* Ours, and for us: another answer would only lock us out. */
static int check_certificate(const struct certificate *certificate, const struct keyfile *key, const char *uri,
			     struct error *e)
{
	struct x509_facts facts;
	struct public_key ours;
	if (x509_read((struct span){ certificate->der, certificate->n }, &facts, e) < 0 ||
	    keyfile_public(key, &ours, e) < 0)
		return -1;
	if (memcmp(facts.key.xy, ours.xy, sizeof ours.xy) != 0 || strcmp(facts.uri, uri) != 0)
		return error_set(e, "the certificate that came is not for this device's key and name");
	return 0;
}

static int take_certificates(const struct enrolment *paths, struct span answer, const struct keyfile *key,
			     const char *uri, struct error *e)
{
	uint8_t der[ANSWER_MAX];
	struct certificate chain[4];
	uint32_t count = 0;
	struct writer w = writer_over(der, sizeof der);
	if (base64_decode_lines(answer, &w) != FAULT_NONE || writer_end(&w) != FAULT_NONE)
		return error_set(e, "the answer is not base64");
	if (x509_pkcs7_read(writer_span(&w), chain, 4, &count, e) < 0)
		return -1;
	if (count == 0)
		return error_set(e, "the answer holds no certificate");
	if (check_certificate(&chain[0], key, uri, e) < 0)
		return -1;
	return x509_pem_save(paths->ldevid_pem, chain, count, e);
}

static int enrol(const struct enrolment *paths, struct curl_transport *transport, int64_t now_unix, struct error *e)
{
	__attribute__((cleanup(free_key))) struct keyfile *key = NULL;
	struct x509_facts birth;
	struct certificate request;
	uint8_t answer[ANSWER_MAX];
	size_t n = 0;
	if (read_first(paths->idevid_pem, &birth, e) < 0 || get_key(paths, &key, e) < 0 ||
	    x509_request_make(key, birth.common_name, birth.uri, &request, e) < 0 ||
	    post_request(transport, now_unix, (struct span){ request.der, request.n }, answer, &n, e) < 0)
		return -1;
	return take_certificates(paths, (struct span){ answer, n }, key, birth.uri, e);
}

static int enrol_anew(const struct enrolment *paths, struct curl_transport *transport, int64_t now_unix,
		      struct error *e)
{
	if (curl_transport_identity(transport, paths->idevid_pem, paths->idevid_key, e) < 0)
		return -1;
	return enrol(paths, transport, now_unix, e) == 0 ? 0 : error_within(e, "enrol for an operational certificate");
}

/* The server is there, but issues nothing: what may be read is read, emergencies above all. [IPC-7] */
static int go_by_birth(const struct enrolment *paths, struct curl_transport *transport, const struct error *why,
		       enum enrolment_result *out, struct error *e)
{
	*e = *why;
	if (!transport->tls.is_complete || transport->is_dropped)
		return -1;
	*out = ENROLMENT_BIRTH;
	log_event(LOG_WARNING_, "not-enrolled", "why", why->text, "text",
		  "the birth certificate is used, which reads the repository alone; tried again soon", NULL);
	return curl_transport_identity(transport, paths->idevid_pem, paths->idevid_key, e);
}

int enrolment_ensure(const struct enrolment *paths, struct curl_transport *transport,
		     const struct enrolment_moment *moment, enum enrolment_result *out, struct error *e)
{
	struct error why = { 0 };
	enum enrolment_need need = look(paths, moment);
	*out = ENROLMENT_STANDS;
	if (need != ENROLMENT_GOOD) {
		*out = ENROLMENT_NEW;
		if (enrol_anew(paths, transport, moment->now_unix, &why) < 0)
			*out = ENROLMENT_LATE;
	}
	if (*out == ENROLMENT_LATE && need == ENROLMENT_NONE)
		return go_by_birth(paths, transport, &why, out, e);
	if (*out == ENROLMENT_LATE)
		log_event(LOG_WARNING_, "renewal-failed", "why", why.text, "text",
			  "the certificate that there is stays in use; tried again later", NULL);
	if (*out == ENROLMENT_NEW)
		log_event(LOG_INFO_, "enrolled", "certificate", paths->ldevid_pem, NULL);
	return curl_transport_identity(transport, paths->ldevid_pem, paths->ldevid_key, e);
}
