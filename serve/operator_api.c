#include "operator_api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asking.h"
#include "json.h"
#include "name.h"

#define OPERATOR_API_WORKSPACE (16u << 10)
#define OPERATOR_API_HELP "see protocol/operator-api.md"

static void operator_api_send(struct http_request *request, unsigned status, int result, struct body *body,
			      const struct error *e)
{
	struct span text = body_end(body);
	if (result > 0)
		http_answer_error(request, 404, "absent", "list what there is first", "there is no %.200s",
				  http_request_path(request));
	else if (result < 0 || text.n == 0)
		http_answer_error(request, 503, NULL, "try again later", "%s",
				  result < 0 ? e->text : "the answer is too large");
	else
		http_answer(request, status, "application/json", text);
}

/* --- reading --- */

/* A decimal number without a sign; false for anything else. */
static bool operator_api_number(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;
	if (text == NULL || *text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || value > (max - (uint64_t)(*text - '0')) / 10)
			return false;
		value = value * 10 + (uint64_t)(*text - '0');
	}
	*out = value;
	return true;
}

static bool operator_api_query_number(struct http_request *request, const char *name, uint64_t max, uint64_t *value)
{
	const char *text = http_request_query(request, name);
	if (text == NULL || operator_api_number(text, max, value))
		return true;
	http_answer_error(request, 400, "query", OPERATOR_API_HELP, "the parameter %s is not a number up to %llu", name,
			  (unsigned long long)max);
	return false;
}

static void operator_api_status(struct operator_api *api, struct http_request *request, const char *rest)
{
	BODY body;
	struct error e = { 0 };
	body_init(&body);
	int result = show_status(api->show, false, &body, &e);
	operator_api_send(request, 200, result, &body, &e);
}

static bool operator_api_is_state(const char *text)
{
	for (uint32_t i = 0; i < SHOW_STATES; i++)
		if (strcmp(text, show_state_name(i)) == 0)
			return true;
	return false;
}

static void operator_api_devices(struct operator_api *api, struct http_request *request, const char *rest)
{
	BODY body;
	struct error e = { 0 };
	uint64_t limit = 1000;
	body_init(&body);
	if (!operator_api_query_number(request, "limit", 10000, &limit))
		return;
	const char *state = http_request_query(request, "state");
	if (state != NULL && !operator_api_is_state(state)) {
		http_answer_error(request, 400, "query", "states are those that GET /v1/status counts",
				  "no device can be in the state %.64s", state);
		return;
	}
	int result = show_devices(api->show, http_request_query(request, "product"), state,
				  http_request_query(request, "after"), limit == 0 ? 1 : (uint32_t)limit, &body, &e);
	operator_api_send(request, 200, result, &body, &e);
}

static void operator_api_device(struct operator_api *api, struct http_request *request, const char *id)
{
	BODY body;
	struct error e = { 0 };
	body_init(&body);
	int result = show_device(api->show, id, &body, &e);
	if (result > 0)
		http_answer_error(request, 404, "absent", "list them with: sealift device list", "no device %.64s", id);
	else
		operator_api_send(request, 200, result, &body, &e);
}

static void operator_api_rollouts(struct operator_api *api, struct http_request *request, const char *rest)
{
	BODY body;
	struct error e = { 0 };
	body_init(&body);
	int result = show_rollouts(api->show, &body, &e);
	operator_api_send(request, 200, result, &body, &e);
}

static void operator_api_send_rollout(struct operator_api *api, struct http_request *request, unsigned status,
				      uint64_t id)
{
	BODY body;
	struct error e = { 0 };
	body_init(&body);
	int result = show_rollout(api->show, id, &body, &e);
	if (result > 0)
		http_answer_error(request, 404, "absent", "list them with: sealift rollout status", "no rollout %llu",
				  (unsigned long long)id);
	else
		operator_api_send(request, status, result, &body, &e);
}

static void operator_api_rollout(struct operator_api *api, struct http_request *request, const char *number)
{
	uint64_t id = 0;
	if (!operator_api_number(number, JSON_INTEGER_MAX, &id))
		http_answer_error(request, 404, "absent", "list them: GET /v1/rollouts", "there is no rollout %.64s",
				  number);
	else
		operator_api_send_rollout(api, request, 200, id);
}

static void operator_api_events(struct operator_api *api, struct http_request *request, const char *rest)
{
	BODY body;
	struct error e = { 0 };
	uint64_t after = 0, limit = 1000;
	body_init(&body);
	if (!operator_api_query_number(request, "after", JSON_INTEGER_MAX, &after) ||
	    !operator_api_query_number(request, "limit", 1000, &limit))
		return;
	int result = show_events(api->show, after, (uint32_t)limit, &body, &e);
	operator_api_send(request, 200, result, &body, &e);
}

/* --- changing --- */

static bool operator_api_copy(struct span text, char *out, size_t capacity)
{
	if (text.n >= capacity || !name_is_printable(text, capacity - 1))
		return false;
	memcpy(out, text.at, text.n);
	out[text.n] = '\0';
	return true;
}

static void operator_api_take(struct json_reader *r, struct json_node *root, const char *name, bool required, char *out,
			      size_t capacity)
{
	struct json_node *node = json_optional(r, root, name);
	if (node == NULL) {
		if (required)
			json_fail(r, FAULT_MISSING, name);
		return;
	}
	struct span text = json_value_string(r, node, capacity - 1);
	if (r->fault == FAULT_NONE && ((required && text.n == 0) || !operator_api_copy(text, out, capacity)))
		json_fail(r, FAULT_RANGE, name);
}

/* [OPA-5] */
static enum fault operator_api_decode(struct span body, struct rollouts_question *q, const char **where)
{
	uint8_t memory[OPERATOR_API_WORKSPACE];
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct json_reader r = { 0 };
	struct json_node *root;
	bool is_start = q->kind == ROLLOUTS_START;
	*where = NULL;
	enum fault fault = json_parse(body, &ws, &root);
	if (fault == FAULT_NONE && root->type != JSON_OBJECT)
		fault = FAULT_TYPE;
	if (fault != FAULT_NONE)
		return fault;
	if (is_start)
		operator_api_take(&r, root, "plan", true, q->plan, sizeof q->plan);
	operator_api_take(&r, root, "who", !is_start, q->who, sizeof q->who);
	operator_api_take(&r, root, "why", !is_start, q->why, sizeof q->why);
	json_close(&r, root);
	*where = r.where;
	return r.fault;
}

/* [OPA-1] */
static void operator_api_changed(struct asking *asking)
{
	const struct rollouts_question *q = &asking->question;
	struct operator_api *api = asking->self;
	if (q->status >= 400)
		asking_refuse(asking);
	else if (q->kind == ROLLOUTS_REVOKE)
		operator_api_device(api, asking->request, q->device);
	else
		operator_api_send_rollout(api, asking->request, q->status, q->rollout);
}

/* The question with its body decoded, or NULL and the request is answered. */
static struct asking *operator_api_question(struct operator_api *api, struct http_request *request,
					    enum rollouts_kind kind)
{
	const char *where;
	struct asking *asking = asking_new(request, kind, operator_api_changed, api);
	if (asking == NULL)
		return NULL;
	enum fault fault = operator_api_decode(http_request_body(request), &asking->question, &where);
	if (fault == FAULT_NONE)
		return asking;
	http_answer_error(request, 400, "body", OPERATOR_API_HELP, "the body is malformed%s%s: %s",
			  where == NULL ? "" : " at ", where == NULL ? "" : where, fault_text(fault));
	asking_free(asking);
	return NULL;
}

static void operator_api_start(struct operator_api *api, struct http_request *request, const char *rest)
{
	struct asking *asking = operator_api_question(api, request, ROLLOUTS_START);
	if (asking != NULL)
		asking_send(asking, &api->show->rollouts);
}

/* "<number>/pause" */
static void operator_api_change(struct operator_api *api, struct http_request *request, const char *rest)
{
	static const struct {
		const char *name;
		enum rollouts_kind kind;
	} verbs[] = { { "/pause", ROLLOUTS_PAUSE }, { "/resume", ROLLOUTS_RESUME }, { "/abort", ROLLOUTS_ABORT } };
	char number[24] = "";
	uint64_t id = 0;
	const char *slash = strchr(rest, '/');
	size_t n = slash == NULL ? sizeof number : (size_t)(slash - rest);
	if (n < sizeof number)
		memcpy(number, rest, n);
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0] && operator_api_number(number, JSON_INTEGER_MAX, &id);
	     i++) {
		if (strcmp(slash, verbs[i].name) != 0)
			continue;
		struct asking *asking = operator_api_question(api, request, verbs[i].kind);
		if (asking == NULL)
			return;
		asking->question.rollout = id;
		asking_send(asking, &api->show->rollouts);
		return;
	}
	http_answer_error(request, 404, "path", OPERATOR_API_HELP, "there is no /v1/rollouts/%.64s", rest);
}

/* "<id>/revoke" */
static void operator_api_revoke(struct operator_api *api, struct http_request *request, const char *rest)
{
	const char *slash = strchr(rest, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - rest);
	if (n == 0 || n > IDENTITY_ID_MAX || strcmp(slash, "/revoke") != 0) {
		http_answer_error(request, 404, "path", OPERATOR_API_HELP, "there is no /v1/devices/%.64s", rest);
		return;
	}
	struct asking *asking = operator_api_question(api, request, ROLLOUTS_REVOKE);
	if (asking == NULL)
		return;
	memcpy(asking->question.device, rest, n);
	asking_send(asking, &api->show->rollouts);
}

/* --- routes --- */

/* A path that ends in a slash takes what follows. */
static const struct operator_api_route {
	enum http_method method;
	const char *path;
	void (*run)(struct operator_api *api, struct http_request *request, const char *rest);
} operator_api_routes[] = {
	{ HTTP_GET, "/v1/status", operator_api_status },     { HTTP_GET, "/v1/devices", operator_api_devices },
	{ HTTP_GET, "/v1/devices/", operator_api_device },   { HTTP_GET, "/v1/rollouts", operator_api_rollouts },
	{ HTTP_GET, "/v1/rollouts/", operator_api_rollout }, { HTTP_GET, "/v1/events", operator_api_events },
	{ HTTP_POST, "/v1/rollouts", operator_api_start },   { HTTP_POST, "/v1/rollouts/", operator_api_change },
	{ HTTP_POST, "/v1/devices/", operator_api_revoke },
};

static bool operator_api_fits(const struct operator_api_route *route, const char *path)
{
	size_t n = strlen(route->path);
	bool takes_rest = route->path[n - 1] == '/';
	return strncmp(path, route->path, n) == 0 && (takes_rest ? path[n] != '\0' : path[n] == '\0');
}

static void operator_api_handle(void *self, struct http_request *request)
{
	struct operator_api *api = self;
	const char *path = http_request_path(request);
	uint32_t uid;
	if (!http_request_user(request, &uid) || (uid != api->uid && uid != 0)) {
		http_answer_error(request, 403, "operator", "run this as the server's user or root",
				  "you may not use this socket");
		return;
	}
	bool known = false;
	for (size_t i = 0; i < sizeof operator_api_routes / sizeof operator_api_routes[0]; i++) {
		const struct operator_api_route *route = &operator_api_routes[i];
		if (!operator_api_fits(route, path))
			continue;
		known = true;
		if (route->method != http_request_method(request))
			continue;
		route->run(api, request, path + strlen(route->path));
		return;
	}
	http_answer_error(request, known ? 405 : 404, known ? "method" : "path", OPERATOR_API_HELP, "%s: %.200s",
			  known ? "another method is needed" : "no such path", path);
}

struct http_handler operator_api_handler(struct operator_api *api)
{
	return (struct http_handler){ operator_api_handle, api };
}
