#include "operator.h"

#include <stdlib.h>
#include <string.h>

#include "local_http.h"

void operator_answer_free(struct operator_answer *answer)
{
	free(answer->text);
	free(answer->memory);
	*answer = (struct operator_answer){ 0 };
}

const struct json_node *operator_member(const struct json_node *object, const char *name)
{
	const struct json_node *node = object != NULL && object->type == JSON_OBJECT ? object->child : NULL;
	while (node != NULL && !span_is(node->name, name))
		node = node->next;
	return node;
}

struct span operator_text(const struct json_node *object, const char *name)
{
	const struct json_node *node = operator_member(object, name);
	return node != NULL && node->type == JSON_STRING ? node->text : SPAN_NONE;
}

long long operator_number(const struct json_node *object, const char *name)
{
	const struct json_node *node = operator_member(object, name);
	char digits[32] = "";
	if (node == NULL || (node->type != JSON_INTEGER && node->type != JSON_STRING) || node->text.n >= sizeof digits)
		return 0;
	memcpy(digits, node->text.at, node->text.n);
	return strtoll(digits, NULL, 10);
}

static int operator_parse(struct operator_answer *out, size_t n, struct error *e)
{
	size_t capacity = 65536 + n * 24; /* a node is larger than the shortest value that it stands for */
	out->memory = malloc(capacity);
	if (out->memory == NULL)
		return error_set(e, "out of memory");
	struct workspace ws = workspace_over(out->memory, capacity);
	enum fault fault = json_parse((struct span){ (uint8_t *)out->text, n }, &ws, &out->root);
	return fault == FAULT_NONE ? 0
				   : error_set(e, "sealiftd gave an answer that is not JSON: %s", fault_text(fault));
}

static int operator_refused(const struct operator_answer *answer, unsigned status, struct error *e)
{
	struct span text = operator_text(answer->root, "error"), help = operator_text(answer->root, "help");
	if (text.n == 0)
		return error_set(e, "sealiftd answered with HTTP status %u", status);
	error_set(e, "%.*s%s%.*s", (int)text.n, (const char *)text.at, help.n > 0 ? "; " : "", (int)help.n,
		  (const char *)help.at);
	e->retry = status == 429 || status == 503;
	return -1;
}

int operator_ask(const struct site *site, const char *method, const char *path, const char *body,
		 struct operator_answer *out, struct error *e)
{
	char socket_path[FILE_PATH_MAX];
	struct local_http_answer http;
	*out = (struct operator_answer){ 0 };
	struct error cause;
	if (site_path(site, "server/operator.sock", socket_path, e) != 0)
		return -1;
	if (local_http(socket_path, method, path, span_of_text(body), &http, &cause) != 0)
		return error_retry(e, "%s; is it running? Start it with 'sealiftd --config %s/server/sealiftd.conf'",
				   cause.text, site->path);
	out->text = http.body != NULL ? http.body : calloc(1, 1);
	if (out->text == NULL || operator_parse(out, http.n, e) != 0)
		return -1;
	return http.status < 300 ? 0 : operator_refused(out, http.status, e);
}
