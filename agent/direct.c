#include "direct.h"

#include <string.h>

struct target_buffer {
	uint8_t *at;
	size_t capacity, n;
	bool too_big;
};

static int take(void *context, struct span piece)
{
	struct target_buffer *buffer = context;
	size_t room = buffer->capacity - buffer->n;
	size_t n = piece.n < room ? piece.n : room;
	memcpy(buffer->at + buffer->n, piece.at, n);
	buffer->n += n;
	buffer->too_big = n < piece.n;
	return buffer->too_big ? -1 : 0;
}

static int run(struct transport *transport, const struct transport_request *request, uint8_t *at, size_t capacity,
	       struct fetch_answer *out, struct error *e)
{
	struct target_buffer buffer = { at, capacity, 0, false };
	*out = (struct fetch_answer){ 0 };
	if (transport->exchange(transport->self, request, take, &buffer, out, e) < 0)
		return -1;
	out->n = buffer.n;
	out->too_big = buffer.too_big;
	return 0;
}

static int get(void *self, const char *path, uint64_t from, uint64_t n, uint8_t *buffer, size_t capacity,
	       struct fetch_answer *out, struct error *e)
{
	struct transport *transport = self;
	struct transport_request request = {
		.path = path, .from = from, .n = n, .passed_unix = transport->passed_unix
	};
	return run(transport, &request, buffer, capacity, out, e);
}

static int post(void *self, const char *path, const char *content_type, struct span body, uint8_t *buffer,
		size_t capacity, struct fetch_answer *out, struct error *e)
{
	struct transport *transport = self;
	struct transport_request request = { .path = path, .content_type = content_type, .body = body };
	request.passed_unix = transport->passed_unix;
	return run(transport, &request, buffer, capacity, out, e);
}

static void set_passed(void *self, int64_t passed_unix)
{
	struct transport *transport = self;
	transport->passed_unix = passed_unix;
}

struct fetch direct_fetch(struct transport *transport)
{
	return (struct fetch){ get, post, transport, set_passed };
}
