#include "asking.h"

#include <stdlib.h>
#include <string.h>

struct asking *asking_new(struct http_request *request, enum rollouts_kind kind, void (*then)(struct asking *asking),
			  void *self)
{
	struct asking *asking = calloc(1, sizeof *asking);
	if (asking == NULL) {
		http_answer_error(request, 503, NULL, "try again later", "the server is out of memory");
		return NULL;
	}
	asking->question.kind = kind;
	asking->request = request;
	asking->server = http_request_server(request);
	asking->then = then;
	asking->self = self;
	return asking;
}

struct span asking_keep(struct asking *asking, struct span body)
{
	asking->body = malloc(body.n + 1);
	if (asking->body == NULL)
		return SPAN_NONE;
	if (body.n > 0)
		memcpy(asking->body, body.at, body.n);
	return (struct span){ asking->body, body.n };
}

void asking_free(struct asking *asking)
{
	free(asking->body);
	free(asking);
}

static void asking_back(struct http_task *task)
{
	struct asking *asking = (struct asking *)((char *)task - offsetof(struct asking, task));
	asking->then(asking);
	asking_free(asking);
}

static void asking_answered(struct rollouts_question *question)
{
	struct asking *asking = (struct asking *)question;
	asking->task.run = asking_back;
	http_server_later(asking->server, &asking->task);
}

void asking_send(struct asking *asking, const struct rollouts *rollouts)
{
	asking->question.answered = asking_answered;
	if (rollouts->ask(rollouts->self, &asking->question))
		return;
	http_answer_error(asking->request, 429, "busy", "try again later", "too many requests wait for the database");
	asking_free(asking);
}

void asking_refuse(struct asking *asking)
{
	const struct rollouts_question *q = &asking->question;
	http_answer_error(asking->request, q->status, q->rule, q->help, "%s", q->error.text);
}
