#include "device_api.h"

#include <stdio.h>
#include <string.h>

#include "asking.h"
#include "json.h"

#define DEVICE_API_WORKSPACE 8192
#define DEVICE_API_POLL_MAX 1024
#define DEVICE_API_CERTIFICATE_MAX 4096

/* --- poll --- */

static bool device_api_decode_poll(struct span body, struct rollouts_question *q, enum fault *fault)
{
	uint8_t memory[DEVICE_API_WORKSPACE];
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct json_reader r = { 0 };
	struct json_node *root;
	*fault = json_parse(body, &ws, &root);
	if (*fault == FAULT_NONE && root->type != JSON_OBJECT)
		*fault = FAULT_TYPE;
	if (*fault != FAULT_NONE)
		return false;
	json_hex(&r, root, "nonce", q->nonce, sizeof q->nonce);
	q->running_counter = json_uint(&r, root, "running_counter", 0, JSON_INTEGER_MAX);
	struct span target = json_string(&r, root, "target", sizeof q->target - 1);
	struct span want = json_string(&r, root, "want", 16);
	json_close(&r, root);
	if (r.fault == FAULT_NONE && memchr(target.at, 0, target.n) != NULL)
		r.fault = FAULT_SYNTAX;
	*fault = r.fault;
	q->confirm = span_is(want, "confirm");
	if (*fault == FAULT_NONE && !q->confirm && !span_is(want, "directive"))
		*fault = FAULT_UNKNOWN;
	if (*fault == FAULT_NONE)
		memcpy(q->target, target.at, target.n);
	return *fault == FAULT_NONE;
}

static void device_api_polled(struct asking *asking)
{
	const struct rollouts_question *q = &asking->question;
	uint8_t body[ROLLOUTS_ENVELOPE_MAX + 256];
	if (q->status >= 400) {
		asking_refuse(asking);
		return;
	}
	struct writer w = writer_over(body, sizeof body);
	struct json_writer j = json_writer_over(&w);
	json_write_object(&j);
	json_write_name(&j, "directive");
	if (q->directive_n > 0)
		json_write_raw(&j, (struct span){ q->directive, q->directive_n });
	else
		json_write_null(&j);
	json_write_member_uint(&j, "poll_s", q->poll_s);
	json_write_member_uint(&j, "revocation_epoch", q->revocation_epoch);
	json_write_object_end(&j);
	http_answer_header(asking->request, "Cache-Control", "no-store");
	http_answer(asking->request, 200, "application/json", writer_span(&w));
}

static void device_api_poll(struct device_api *api, struct http_request *request, const struct tls_peer *peer)
{
	struct span body = http_request_body(request);
	enum fault fault = FAULT_TOO_LARGE;
	struct asking *asking = asking_new(request, ROLLOUTS_POLL, device_api_polled, api);
	if (asking == NULL)
		return;
	if (body.n > DEVICE_API_POLL_MAX || !device_api_decode_poll(body, &asking->question, &fault)) {
		http_answer_error(request, fault == FAULT_TOO_LARGE ? 413 : 400, "poll-malformed",
				  "see protocol/device-api.md", "the poll is malformed: %s", fault_text(fault));
		asking_free(asking);
		return;
	}
	memcpy(asking->question.uri, peer->uri, sizeof peer->uri);
	asking_send(asking, &api->rollouts);
}

/* --- report, attestation --- */

/* [DEV-5] */
static void device_api_stored(struct asking *asking)
{
	if (asking->question.status >= 400)
		asking_refuse(asking);
	else
		http_answer(asking->request, 204, NULL, SPAN_NONE);
}

static void device_api_report(struct device_api *api, struct http_request *request, const struct tls_peer *peer)
{
	struct span body = http_request_body(request);
	if (body.n > REPORT_BYTES_MAX) {
		http_answer_error(request, 413, "report-size", "at most 8192 bytes", "the report has %zu bytes",
				  body.n);
		return;
	}
	struct asking *asking = asking_new(request, ROLLOUTS_REPORT, device_api_stored, api);
	if (asking == NULL)
		return;
	asking->question.report = asking_keep(asking, body);
	memcpy(asking->question.uri, peer->uri, sizeof peer->uri);
	asking_send(asking, &api->rollouts);
}

/* [DEV-4] */
static void device_api_attest(struct device_api *api, struct http_request *request, const struct tls_peer *peer)
{
	struct span body = http_request_body(request);
	struct public_key key;
	struct error e = { 0 };
	if (body.n == 0 || body.n > DEVICE_API_CERTIFICATE_MAX) {
		http_answer_error(request, body.n == 0 ? 400 : 413, "attestation-size", "send the certificate in DER",
				  "the attestation has %zu bytes", body.n);
		return;
	}
	if (api->check_report_key(api->check_self, body, peer->uri, &key, &e) != 0) {
		http_answer_error(request, 403, "report-key",
				  "send the report certificate that the factory gave this device", "%s", e.text);
		return;
	}
	struct asking *asking = asking_new(request, ROLLOUTS_ATTEST, device_api_stored, api);
	if (asking == NULL)
		return;
	asking->question.report_key = key;
	memcpy(asking->question.uri, peer->uri, sizeof peer->uri);
	asking_send(asking, &api->rollouts);
}

/* --- routes --- */

static const struct device_api_route {
	const char *path;
	void (*run)(struct device_api *api, struct http_request *request, const struct tls_peer *peer);
} device_api_routes[] = {
	{ "/v1/device/poll", device_api_poll },
	{ "/v1/device/report", device_api_report },
	{ "/v1/device/attestation", device_api_attest },
};

static void device_api_operational(struct device_api *api, const struct device_api_route *route,
				   struct http_request *request, const struct tls_peer *peer)
{
	if (http_request_method(request) != HTTP_POST)
		http_answer_error(request, 405, "method", "use POST", "%s takes POST only", route->path);
	else if (peer->kind != TLS_PEER_OPERATIONAL)
		http_answer_error(request, 403, "device-certificate", "enrol first: /.well-known/est/simpleenroll",
				  "this needs an operational certificate (LDevID)");
	else
		route->run(api, request, peer);
}

/* [DEV-6] [OPA-4] */
static bool device_api_is_revoked(const struct device_api *api, const struct tls_peer *peer)
{
	struct identity identity;
	return identity_decode(span_of_text(peer->uri), &identity) != FAULT_NONE ||
	       api->rollouts.is_revoked(api->rollouts.self, identity.id);
}

/* [ID-4] */
static void device_api_handle(void *self, struct http_request *request)
{
	struct device_api *api = self;
	const char *path = http_request_path(request);
	const struct tls_peer *peer = http_request_peer(request);
	if (peer == NULL || device_api_is_revoked(api, peer)) {
		http_answer_error(request, 403, "device-revoked", "ask the operator of the fleet",
				  "this device is revoked");
		return;
	}
	if (repository_owns(path)) {
		repository_answer(api->repository, request);
		return;
	}
	if (strcmp(path, "/.well-known/est/simpleenroll") == 0) {
		est_enroll(api->est, request, peer);
		return;
	}
	for (size_t i = 0; i < sizeof device_api_routes / sizeof device_api_routes[0]; i++) {
		if (strcmp(path, device_api_routes[i].path) != 0)
			continue;
		device_api_operational(api, &device_api_routes[i], request, peer);
		return;
	}
	http_answer_error(request, 404, "path", "see protocol/device-api.md", "there is no %.200s", path);
}

struct http_handler device_api_handler(struct device_api *api)
{
	return (struct http_handler){ device_api_handle, api };
}
