#include "ops.h"

#include <string.h>

#include "assets.h"
#include "metrics.h"
#include "page.h"

#define OPS_POLICY                                                                                       \
	"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; " \
	"form-action 'none'; frame-ancestors 'none'"

static void ops_send(struct http_request *request, int result, const char *type, struct body *body,
		     const struct error *e)
{
	struct span text = body_end(body);
	http_answer_header(request, "Cache-Control", "no-store");
	if (result == 0 && text.n > 0)
		http_answer(request, 200, type, text);
	else
		http_answer_error(request, 503, NULL, "see the server's log", "%s", e->text);
}

static void ops_page(struct ops *ops, struct http_request *request)
{
	BODY body;
	struct error e = { 0 };
	body_init(&body);
	http_answer_header(request, "Content-Security-Policy", OPS_POLICY);
	http_answer_header(request, "Referrer-Policy", "no-referrer");
	int result = page_render(ops->show, &body, &e);
	ops_send(request, result, "text/html; charset=utf-8", &body, &e);
}

static void ops_css(struct ops *ops, struct http_request *request)
{
	http_answer(request, 200, "text/css; charset=utf-8", assets_css());
}

static void ops_js(struct ops *ops, struct http_request *request)
{
	http_answer(request, 200, "text/javascript; charset=utf-8", assets_js());
}

static void ops_status(struct ops *ops, struct http_request *request)
{
	BODY body;
	struct error e = { 0 };
	body_init(&body);
	int result = show_status(ops->show, true, &body, &e);
	ops_send(request, result, "application/json", &body, &e);
}

static void ops_metrics(struct ops *ops, struct http_request *request)
{
	BODY body;
	struct error e = { 0 };
	struct metrics_sources sources = { .show = ops->show };
	body_init(&body);
	ops->tls.counts(ops->tls.self, &sources.tls);
	http_server_counts(ops->server, &sources.http);
	int result = metrics_write(&sources, &body, &e);
	ops_send(request, result, "text/plain; version=0.0.4; charset=utf-8", &body, &e);
}

static void ops_health(struct ops *ops, struct http_request *request)
{
	struct error e = { 0 };
	BODY body;
	body_init(&body);
	int result = show_rollouts(ops->show, &body, &e); /* the database answers */
	if (result == 0)
		http_answer(request, 200, "text/plain", SPAN_LIT("ok\n"));
	else
		http_answer_error(request, 503, NULL, "see the server's log", "%s", e.text);
}

static const struct {
	const char *path;
	void (*run)(struct ops *ops, struct http_request *request);
} ops_routes[] = { { "/", ops_page },           { "/page.css", ops_css },
		   { "/page.js", ops_js },      { "/status.json", ops_status },
		   { "/metrics", ops_metrics }, { "/healthz", ops_health } };

static void ops_handle(void *self, struct http_request *request)
{
	const char *path = http_request_path(request);
	if (http_request_method(request) == HTTP_POST) {
		http_answer_error(request, 405, "method", "use GET", "this side is read only");
		return;
	}
	for (size_t i = 0; i < sizeof ops_routes / sizeof ops_routes[0]; i++) {
		if (strcmp(path, ops_routes[i].path) != 0)
			continue;
		ops_routes[i].run(self, request);
		return;
	}
	http_answer_error(request, 404, "path", "see protocol/operator-api.md", "there is no %.200s", path);
}

struct http_handler ops_handler(struct ops *ops)
{
	return (struct http_handler){ ops_handle, ops };
}
