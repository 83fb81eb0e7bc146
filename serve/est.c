#include "est.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "asking.h"
#include "base64.h"
#include "log.h"

#define EST_CSR_MAX 4096
#define EST_DER_MAX 8192
#define EST_TRIES_MAX 3 /* at once; after that one in EST_TRY_S */
#define EST_TRY_S 10
#define EST_RETRY_AFTER "10" /* EST_TRY_S */
#define EST_TRIES_PLACES 1024

struct est_job {
	struct est *est;
	struct asking *asking;
	uint8_t csr[EST_CSR_MAX];
	size_t csr_n;
	uint8_t answer[EST_DER_MAX]; /* PKCS#7 */
	size_t answer_n;
	struct est_job *next;
};

/* How often a device tried lately; two that share a place push each other out, which only forgives tries. */
struct est_tries {
	char uri[IDENTITY_URI_MAX + 1];
	uint32_t count;
	int64_t last_s;
};

struct est {
	struct est_config config;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct est_job *first, **last;
	uint32_t waiting;
	bool stopping;
	struct est_tries tries[EST_TRIES_PLACES]; /* the loop's */
};

/* --- on the thread --- */

static int est_certify(const struct est *est, struct est_job *job, struct error *e)
{
	const struct signer *signer = &est->config.signer;
	uint8_t der[EST_DER_MAX];
	size_t n = 0;
	struct span csr = { job->csr, job->csr_n };
	if (signer->certify(signer->self, "device-ca", csr, job->asking->question.uri, EST_DAYS, "sealiftd",
			    "enrolment", der, sizeof der, &n, e) != 0)
		return -1;
	return est->config.wrap((struct span){ der, n }, job->answer, sizeof job->answer, &job->answer_n, e);
}

static void est_refused(struct http_task *task)
{
	struct asking *asking = (struct asking *)((char *)task - offsetof(struct asking, task));
	asking_refuse(asking);
	asking_free(asking);
}

/* The certificate goes out when the device is in the registry. */
static void est_done(struct asking *asking)
{
	struct est_job *job = asking->self;
	uint8_t text[EST_DER_MAX * 2];
	struct writer w = writer_over(text, sizeof text);
	if (asking->question.status >= 400) {
		asking_refuse(asking);
	} else {
		base64_write(&w, (struct span){ job->answer, job->answer_n });
		http_answer_header(asking->request, "Content-Transfer-Encoding", "base64");
		http_answer(asking->request, 200, "application/pkcs7-mime; smime-type=certs-only", writer_span(&w));
	}
}

static void est_register(struct http_task *task)
{
	struct asking *asking = (struct asking *)((char *)task - offsetof(struct asking, task));
	struct est_job *job = asking->self;
	asking_send(asking, &job->est->config.rollouts);
}

static void est_work(struct est *est, struct est_job *job)
{
	struct asking *asking = job->asking;
	struct rollouts_question *q = &asking->question;
	bool ok = est_certify(est, job, &q->error) == 0;
	if (!ok) {
		q->status = 503;
		q->help = "see the server's log";
		log_event(LOG_ERROR_, "enrol", "device", q->uri, "error", q->error.text, NULL);
	}
	asking->task.run = ok ? est_register : est_refused;
	http_server_later(asking->server, &asking->task);
}

static struct est_job *est_wait(struct est *est)
{
	pthread_mutex_lock(&est->lock);
	while (est->first == NULL && !est->stopping)
		pthread_cond_wait(&est->wake, &est->lock);
	struct est_job *job = est->stopping ? NULL : est->first;
	if (job != NULL) {
		est->first = job->next;
		est->waiting--;
		if (est->first == NULL)
			est->last = &est->first;
	}
	pthread_mutex_unlock(&est->lock);
	return job;
}

static void *est_thread(void *self)
{
	struct est *est = self;
	for (struct est_job *job; (job = est_wait(est)) != NULL;)
		est_work(est, job);
	return NULL;
}

/* --- on the loop --- */

static bool est_put(struct est *est, struct est_job *job)
{
	pthread_mutex_lock(&est->lock);
	bool room = est->waiting < EST_QUEUE_MAX;
	if (room) {
		*est->last = job;
		est->last = &job->next;
		est->waiting++;
		pthread_cond_signal(&est->wake);
	}
	pthread_mutex_unlock(&est->lock);
	return room;
}

/* The request's DER, or an answer to the client and false [DEV-3] [ID-5]. */
static bool est_read(const struct est *est, struct http_request *request, const char *uri, struct est_job *job)
{
	struct error e = { 0 };
	char wanted[IDENTITY_URI_MAX + 1];
	struct writer w = writer_over(job->csr, sizeof job->csr);
	if (base64_decode_lines(http_request_body(request), &w) != FAULT_NONE || writer_end(&w) != FAULT_NONE ||
	    w.used == 0) {
		http_answer_error(request, 400, "est-malformed",
				  "send a PKCS#10 request in base64 (RFC 7030 section 4.2.1)",
				  "the request is not base64, empty, or too large");
		return false;
	}
	job->csr_n = w.used;
	if (est->config.request_uri((struct span){ job->csr, w.used }, wanted, sizeof wanted, &e) != 0) {
		http_answer_error(request, 400, "est-request", "make a new request", "%s", e.text);
		return false;
	}
	if (strcmp(wanted, uri) != 0) {
		http_answer_error(request, 403, "est-identity", "ask for the identity of the factory certificate",
				  "the request asks for another identity than the certificate of this connection");
		return false;
	}
	return true;
}

/* Each enrolment costs a signature by the device CA's key. */
static bool est_may_try(struct est *est, const char *uri)
{
	struct timespec now;
	uint32_t place = 5381;
	for (const char *p = uri; *p != '\0'; p++)
		place = place * 33 + (uint8_t)*p;
	struct est_tries *tries = &est->tries[place % EST_TRIES_PLACES];
	clock_gettime(CLOCK_MONOTONIC, &now);
	int64_t quiet_s = (int64_t)now.tv_sec - tries->last_s;
	if (strcmp(tries->uri, uri) != 0) {
		*tries = (struct est_tries){ .count = 0 };
		snprintf(tries->uri, sizeof tries->uri, "%s", uri);
		quiet_s = 0;
	}
	uint32_t forgiven = quiet_s / EST_TRY_S < tries->count ? (uint32_t)(quiet_s / EST_TRY_S) : tries->count;
	if (tries->count - forgiven >= EST_TRIES_MAX)
		return false;
	tries->count += 1 - forgiven;
	tries->last_s = (int64_t)now.tv_sec;
	return true;
}

static void est_take(struct est *est, struct http_request *request, const struct tls_peer *peer)
{
	struct est_job *job = calloc(1, sizeof *job);
	if (job == NULL) {
		http_answer_error(request, 503, NULL, "try again later", "the server is out of memory");
		return;
	}
	if (!est_read(est, request, peer->uri, job)) {
		free(job);
		return;
	}
	if ((job->asking = asking_new(request, ROLLOUTS_REGISTER, est_done, job)) == NULL) {
		free(job);
		return;
	}
	job->est = est;
	job->asking->body = (uint8_t *)job; /* freed with it */
	memcpy(job->asking->question.uri, peer->uri, sizeof peer->uri);
	if (est_put(est, job))
		return;
	http_answer_error(request, 429, "busy", "try again later", "too many enrolments wait");
	asking_free(job->asking);
}

void est_enroll(struct est *est, struct http_request *request, const struct tls_peer *peer)
{
	if (http_request_method(request) != HTTP_POST)
		http_answer_error(request, 405, "method", "use POST", "enrolment takes POST only");
	else if (peer->kind != TLS_PEER_FACTORY)
		http_answer_error(request, 403, "est-certificate", "use the factory certificate (IDevID)",
				  "enrolment needs the factory certificate");
	else if (!est_may_try(est, peer->uri)) {
		http_answer_header(request, "Retry-After", EST_RETRY_AFTER);
		http_answer_error(request, 429, "est-rate", "wait ten seconds, then try again",
				  "this device tries to enrol too often");
	} else
		est_take(est, request, peer);
}

/* --- life --- */

int est_new(struct est **out, const struct est_config *config, struct error *e)
{
	struct est *est = calloc(1, sizeof *est);
	if (est == NULL)
		return error_set(e, "no memory for enrolment");
	est->config = *config;
	est->last = &est->first;
	pthread_mutex_init(&est->lock, NULL);
	pthread_cond_init(&est->wake, NULL);
	if (pthread_create(&est->thread, NULL, est_thread, est) != 0) {
		free(est);
		return error_set(e, "cannot start the thread of enrolment");
	}
	*out = est;
	return 0;
}

void est_free(struct est *est)
{
	if (est == NULL)
		return;
	pthread_mutex_lock(&est->lock);
	est->stopping = true;
	pthread_cond_signal(&est->wake);
	pthread_mutex_unlock(&est->lock);
	pthread_join(est->thread, NULL);
	pthread_mutex_destroy(&est->lock);
	pthread_cond_destroy(&est->wake);
	free(est);
}
