#include "body.h"

#include <stdlib.h>
#include <string.h>

static void body_take(void *context, struct span bytes)
{
	struct body *body = context;
	if (body->n + bytes.n > body->capacity) {
		size_t capacity = 2 * (body->n + bytes.n);
		uint8_t *grown = capacity > BODY_BYTES_MAX ? NULL : realloc(body->bytes, capacity);
		if (grown == NULL) {
			writer_fail(&body->writer, FAULT_NO_SPACE);
			return;
		}
		body->bytes = grown;
		body->capacity = capacity;
	}
	memcpy(body->bytes + body->n, bytes.at, bytes.n);
	body->n += bytes.n;
}

void body_init(struct body *body)
{
	memset(body, 0, sizeof *body);
	body->writer = writer_over(body->chunk, sizeof body->chunk);
	body->writer.drain = body_take;
	body->writer.context = body;
	body->json = json_writer_over(&body->writer);
}

struct span body_end(struct body *body)
{
	if (writer_end(&body->writer) != FAULT_NONE)
		return SPAN_NONE;
	return (struct span){ body->bytes, body->n };
}

void body_release(struct body *body)
{
	free(body->bytes);
}
