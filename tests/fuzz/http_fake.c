#include "http_fake.h"

#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "json.h"
#include "sections.h"

#define FIELDS_MAX 16

struct http_request {
	enum http_method method;
	char path[HTTP_PATH_MAX];
	struct http_field {
		char name[64], value[1024];
	} query[FIELDS_MAX], headers[FIELDS_MAX];
	uint32_t query_count, header_count;
	struct span body;
	struct tls_peer peer;
	bool has_peer;
	unsigned answers, fleet;
};

static struct http_request request;

/* --- the input --- */

static bool copy(struct span text, char *out, size_t capacity)
{
	if (text.n >= capacity)
		return false;
	if (text.n > 0)
		memcpy(out, text.at, text.n);
	out[text.n] = '\0';
	return true;
}

static size_t find(struct span text, char byte)
{
	size_t n = 0;
	while (n < text.n && text.at[n] != (uint8_t)byte)
		n++;
	return n;
}

static uint32_t fields(struct span text, char between, char within, struct http_field *out)
{
	uint32_t count = 0;
	while (text.n > 0 && count < FIELDS_MAX) {
		struct span field = span_sub(text, 0, find(text, between));
		size_t n = find(field, within);
		if (copy(span_sub(field, 0, n), out[count].name, sizeof out[count].name) &&
		    copy(span_sub(field, n + 1, field.n), out[count].value, sizeof out[count].value))
			count++;
		text = span_sub(text, field.n + 1, text.n);
	}
	return count;
}

/* As http_request.c has it: printable, and it begins with a slash. */
static bool is_path(const char *path)
{
	for (const char *at = path; *at != '\0'; at++)
		if (*at < 0x21 || *at > 0x7e)
			return false;
	return path[0] == '/';
}

static bool take(const uint8_t *data, size_t size)
{
	struct sections parts = sections_over(data, size);
	struct span options = sections_next(&parts), method = sections_next(&parts);
	memset(&request, 0, sizeof request);
	request.method = span_is(method, "POST") ? HTTP_POST : span_is(method, "HEAD") ? HTTP_HEAD : HTTP_GET;
	request.fleet = sections_digit(options, 1);
	request.has_peer = sections_digit(options, 0) < 2;
	request.peer.kind = sections_digit(options, 0) == 1 ? TLS_PEER_FACTORY : TLS_PEER_OPERATIONAL;
	snprintf(request.peer.uri, sizeof request.peer.uri, "urn:sealift:device:board:dev-%u?region=eu",
		 sections_digit(options, 2));
	if (!copy(sections_next(&parts), request.path, sizeof request.path) || !is_path(request.path))
		return false;
	request.query_count = fields(sections_next(&parts), '&', '=', request.query);
	request.header_count = fields(sections_next(&parts), '\n', ':', request.headers);
	request.body = span_sub(parts.rest, 0, HTTP_BODY_MAX);
	return true;
}

void http_fake_run(const uint8_t *data, size_t size, const struct http_handler *handler)
{
	if (!take(data, size))
		return;
	handler->handle(handler->self, &request);
	FUZZ_CHECK(request.answers == 1);
}

/* --- serve/http.h: the request --- */

enum http_method http_request_method(const struct http_request *r)
{
	return r->method;
}

const char *http_request_path(const struct http_request *r)
{
	return r->path;
}

static const char *field(const struct http_field *all, uint32_t count, const char *name)
{
	for (uint32_t i = 0; i < count; i++)
		if (strcasecmp(all[i].name, name) == 0)
			return all[i].value;
	return NULL;
}

const char *http_request_query(struct http_request *r, const char *name)
{
	return field(r->query, r->query_count, name);
}

const char *http_request_header(const struct http_request *r, const char *name)
{
	return field(r->headers, r->header_count, name);
}

struct span http_request_body(const struct http_request *r)
{
	return r->body;
}

const struct tls_peer *http_request_peer(const struct http_request *r)
{
	return r->has_peer ? &r->peer : NULL;
}

bool http_request_user(const struct http_request *r, uint32_t *uid)
{
	*uid = r->has_peer ? 1000 : 1001;
	return true;
}

struct http_server *http_request_server(const struct http_request *r)
{
	return NULL;
}

/* --- serve/http.h: the answer --- */

void http_answer_header(struct http_request *r, const char *name, const char *value)
{
	FUZZ_CHECK(r->answers == 0 && strpbrk(name, "\r\n:") == NULL && strpbrk(value, "\r\n") == NULL);
}

void http_answer_expected(struct http_request *r)
{
	FUZZ_CHECK(r->answers == 0);
}

static void answered(struct http_request *r, unsigned status)
{
	FUZZ_CHECK(status >= 200 && status <= 599);
	r->answers++;
}

void http_answer(struct http_request *r, unsigned status, const char *type, struct span body)
{
	static _Alignas(max_align_t) uint8_t memory[8 << 20];
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct json_node *root;
	answered(r, status);
	if (type != NULL && strcmp(type, "application/json") == 0)
		FUZZ_CHECK(json_parse(body, &ws, &root) == FAULT_NONE);
}

void http_answer_error(struct http_request *r, unsigned status, const char *rule, const char *help, const char *format,
		       ...)
{
	char text[1024];
	va_list arguments;
	va_start(arguments, format);
	int n = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	FUZZ_CHECK(n > 0 && status >= 400);
	answered(r, status);
}

void http_answer_file(struct http_request *r, unsigned status, const char *type, int fd, uint64_t from, uint64_t n)
{
	struct stat facts;
	FUZZ_CHECK(fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode));
	FUZZ_CHECK(from <= (uint64_t)facts.st_size && n <= (uint64_t)facts.st_size - from);
	FUZZ_CHECK(status == 206 || (status == 200 && from == 0 && n == (uint64_t)facts.st_size));
	close(fd);
	answered(r, status);
}

void http_server_later(struct http_server *server, struct http_task *task)
{
	task->run(task);
}

/* --- the fleet --- */

static bool ask(void *self, struct rollouts_question *q)
{
	static const char envelope[] = "{\"signatures\":[],\"signed\":{}}";
	FUZZ_CHECK(memchr(q->plan, 0, sizeof q->plan) != NULL && memchr(q->who, 0, sizeof q->who) != NULL);
	FUZZ_CHECK(memchr(q->why, 0, sizeof q->why) != NULL && memchr(q->device, 0, sizeof q->device) != NULL);
	FUZZ_CHECK(memchr(q->target, 0, sizeof q->target) != NULL && memchr(q->uri, 0, sizeof q->uri) != NULL);
	if (request.fleet == 1)
		return false;
	q->status = request.fleet == 2 ? 409 : 200;
	if (q->status >= 400)
		error_set(&q->error, "the fleet says no");
	if (request.fleet == 3) {
		memcpy(q->directive, envelope, sizeof envelope - 1);
		q->directive_n = sizeof envelope - 1;
	}
	q->answered(q);
	return true;
}

static bool is_revoked(void *self, struct span device_id)
{
	return span_is(device_id, "dev-9");
}

static bool view(void *self, uint64_t rollout, struct rollouts_view *out)
{
	return false;
}

static void counts(void *self, struct rollouts_counts *out)
{
	*out = (struct rollouts_counts){ 0 };
}

struct rollouts http_fake_rollouts(void)
{
	return (struct rollouts){ .ask = ask, .is_revoked = is_revoked, .view = view, .counts = counts };
}
