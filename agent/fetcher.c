#include "fetcher.h"

#include <string.h>

#include "cursor.h"
#include "frame.h"
#include "ipc.h"
#include "writer.h"

#define FOREVER_MS 2147483647

struct work {
	int fd;
	uint8_t kind;
	uint64_t capacity;
	char path[IPC_PATH_MAX + 1], type[IPC_TYPE_MAX + 1];
	struct transport_request request;
	/* the answer as far as it went out */
	uint64_t sent;
	bool too_big, socket_failed;
	struct error error;
	uint8_t in[IPC_FRAME_MAX], out[IPC_FRAME_MAX];
};

static void take_text(struct cursor *c, char *out, size_t max)
{
	uint16_t n = cursor_u16(c);
	if (n > max)
		cursor_fail(c, FAULT_TOO_LARGE);
	struct span text = cursor_bytes(c, n);
	memcpy(out, text.n > 0 ? text.at : (const uint8_t *)"", text.n);
	out[text.n] = 0;
}

static enum fault decode(struct work *w, size_t n)
{
	struct cursor c = cursor_over((struct span){ w->in, n });
	w->request = (struct transport_request){ 0 };
	w->kind = cursor_u8(&c);
	w->request.from = cursor_u64(&c);
	w->request.n = cursor_u64(&c);
	w->capacity = cursor_u64(&c);
	uint64_t passed = cursor_u64(&c);
	if (passed > IPC_PASSED_MAX)
		cursor_fail(&c, FAULT_RANGE);
	w->request.passed_unix = (int64_t)passed;
	take_text(&c, w->path, IPC_PATH_MAX);
	take_text(&c, w->type, IPC_TYPE_MAX);
	w->request.body = cursor_bytes(&c, cursor_left(&c));
	w->request.path = w->path;
	w->request.content_type = w->kind == IPC_POST ? w->type : NULL;
	if (w->kind != IPC_GET && w->kind != IPC_POST)
		cursor_fail(&c, FAULT_UNKNOWN);
	return cursor_end(&c);
}

static int send_frame(struct work *w, struct writer *out)
{
	if (writer_end(out) == FAULT_NONE && frame_send(w->fd, writer_span(out), IPC_SILENCE_MS, &w->error) == 0)
		return 0;
	w->socket_failed = true;
	return -1;
}

static int send_piece(struct work *w, struct span piece)
{
	struct writer out = writer_over(w->out, sizeof w->out);
	writer_u8(&out, IPC_PIECE);
	writer_bytes(&out, piece);
	return send_frame(w, &out);
}

/* [IPC-1] */
static int pass_on(void *context, struct span piece)
{
	struct work *w = context;
	uint64_t room = w->capacity - w->sent;
	w->too_big = piece.n > room;
	struct span fits = span_sub(piece, 0, w->too_big ? (size_t)room : piece.n);
	w->sent += fits.n;
	while (fits.n > 0) {
		if (send_piece(w, span_sub(fits, 0, IPC_PIECE_MAX)) < 0)
			return -1;
		fits = span_sub(fits, IPC_PIECE_MAX, fits.n);
	}
	return w->too_big ? -1 : 0;
}

static int send_end(struct work *w, const struct fetch_answer *answer)
{
	struct writer out = writer_over(w->out, sizeof w->out);
	writer_u8(&out, IPC_END);
	writer_u16(&out, (uint16_t)answer->status);
	writer_u8(&out, w->too_big);
	writer_u32(&out, answer->retry_after_s);
	return send_frame(w, &out);
}

static int send_failure(struct work *w, const struct error *e)
{
	struct writer out = writer_over(w->out, sizeof w->out);
	writer_u8(&out, IPC_FAILED);
	writer_u8(&out, e->retry);
	writer_text(&out, e->text);
	return send_frame(w, &out);
}

static int serve(struct work *w, const struct transport *transport)
{
	struct fetch_answer answer = { 0 };
	struct error e = { 0 };
	w->sent = 0;
	w->too_big = false;
	int result = transport->exchange(transport->self, &w->request, pass_on, w, &answer, &e);
	if (w->socket_failed)
		return -1;
	return result < 0 ? send_failure(w, &e) : send_end(w, &answer);
}

/* [IPC-3] */
int fetcher_run(int fd, const struct transport *transport, struct error *e)
{
	static struct work w; /* 64 KiB of buffers; a process is one fetcher */
	w.fd = fd;
	for (;;) {
		size_t n;
		int got = frame_receive(fd, w.in, sizeof w.in, &n, FOREVER_MS, e);
		if (got > 0)
			return 0;
		if (got < 0)
			return error_within(e, "from the installer");
		if (decode(&w, n) != FAULT_NONE)
			return error_set(e, "the installer sent something that is not a request");
		if (serve(&w, transport) < 0)
			return error_set(e, "to the installer: %s", w.error.text);
	}
}
