#include "ipc.h"

#include <string.h>

#include "cursor.h"
#include "frame.h"
#include "writer.h"

void ipc_open(struct ipc *ipc, int fd)
{
	ipc->fd = fd;
	ipc->passed_unix = 0;
	ipc->is_broken = false;
}

static int break_off(struct ipc *ipc, struct error *e, const char *why)
{
	ipc->is_broken = true;
	return error_retry(e, "the fetcher %s", why);
}

struct question {
	uint8_t kind;
	const char *path, *type;
	uint64_t from, n;
	struct span body;
};

static int ask(struct ipc *ipc, const struct question *q, size_t capacity, struct error *e)
{
	struct writer w = writer_over(ipc->frame, sizeof ipc->frame);
	writer_u8(&w, q->kind);
	writer_u64(&w, q->from);
	writer_u64(&w, q->n);
	writer_u64(&w, capacity);
	writer_u64(&w, (uint64_t)ipc->passed_unix);
	writer_u16(&w, (uint16_t)strlen(q->path));
	writer_text(&w, q->path);
	writer_u16(&w, (uint16_t)strlen(q->type));
	writer_text(&w, q->type);
	writer_bytes(&w, q->body);
	if (strlen(q->path) > IPC_PATH_MAX || strlen(q->type) > IPC_TYPE_MAX || writer_end(&w) != FAULT_NONE)
		return error_set(e, "the request for %.80s is too large", q->path);
	if (frame_send(ipc->fd, writer_span(&w), IPC_SILENCE_MS, e) == 0)
		return 0;
	ipc->is_broken = true;
	return error_within(e, "the fetcher does not listen");
}

static int take_piece(struct ipc *ipc, struct span piece, uint8_t *buffer, size_t capacity, struct fetch_answer *out,
		      struct error *e)
{
	if (piece.n == 0) /* it would renew the wait for ever */
		return break_off(ipc, e, "sent a piece without bytes");
	if (piece.n > capacity - out->n)
		return break_off(ipc, e, "sent more than it was asked for");
	memcpy(buffer + out->n, piece.at, piece.n);
	out->n += piece.n;
	return 0;
}

static int take_end(struct ipc *ipc, struct cursor *c, struct fetch_answer *out, struct error *e)
{
	out->status = cursor_u16(c);
	out->too_big = cursor_u8(c) != 0;
	out->retry_after_s = cursor_u32(c);
	return cursor_end(c) == FAULT_NONE ? 0 : break_off(ipc, e, "ended an answer with something unknown");
}

/* [IPC-4] */
static int take_failure(struct cursor *c, struct error *e)
{
	char text[ERROR_TEXT_MAX];
	bool retry = cursor_u8(c) != 0;
	struct span bytes = cursor_bytes(c, cursor_left(c) < sizeof text - 1 ? cursor_left(c) : sizeof text - 1);
	for (size_t i = 0; i < bytes.n; i++)
		text[i] = (char)(bytes.at[i] >= 0x20 && bytes.at[i] <= 0x7e ? bytes.at[i] : '?');
	text[bytes.n] = 0;
	if (bytes.n == 0)
		return error_retry(e, "the fetcher failed and does not say why");
	return retry ? error_retry(e, "%s", text) : error_set(e, "%s", text);
}

/* [IPC-2] */
static int hear(struct ipc *ipc, uint8_t *buffer, size_t capacity, struct fetch_answer *out, struct error *e)
{
	for (;;) {
		size_t n;
		int got = frame_receive(ipc->fd, ipc->frame, sizeof ipc->frame, &n, IPC_SILENCE_MS, e);
		if (got != 0)
			return break_off(ipc, e, got > 0 ? "ended" : "did not answer as agreed");
		struct cursor c = cursor_over((struct span){ ipc->frame, n });
		uint8_t kind = cursor_u8(&c);
		if (kind == IPC_END)
			return take_end(ipc, &c, out, e);
		if (kind == IPC_FAILED)
			return take_failure(&c, e);
		if (kind != IPC_PIECE)
			return break_off(ipc, e, "sent an unknown message");
		if (take_piece(ipc, cursor_bytes(&c, cursor_left(&c)), buffer, capacity, out, e) < 0)
			return -1;
	}
}

static int run(struct ipc *ipc, const struct question *q, uint8_t *buffer, size_t capacity, struct fetch_answer *out,
	       struct error *e)
{
	*out = (struct fetch_answer){ 0 };
	if (ipc->is_broken)
		return error_retry(e, "there is no fetcher");
	if (ask(ipc, q, capacity, e) < 0)
		return -1;
	return hear(ipc, buffer, capacity, out, e);
}

static int get(void *self, const char *path, uint64_t from, uint64_t n, uint8_t *buffer, size_t capacity,
	       struct fetch_answer *out, struct error *e)
{
	struct question q = { .kind = IPC_GET, .path = path, .type = "", .from = from, .n = n };
	return run(self, &q, buffer, capacity, out, e);
}

static int post(void *self, const char *path, const char *content_type, struct span body, uint8_t *buffer,
		size_t capacity, struct fetch_answer *out, struct error *e)
{
	struct question q = { .kind = IPC_POST, .path = path, .type = content_type, .body = body };
	return run(self, &q, buffer, capacity, out, e);
}

/* [IPC-5] */
static void set_passed(void *self, int64_t passed_unix)
{
	struct ipc *ipc = self;
	ipc->passed_unix = passed_unix > 0 ? passed_unix : 0;
}

struct fetch ipc_fetch(struct ipc *ipc)
{
	return (struct fetch){ get, post, ipc, set_passed };
}
