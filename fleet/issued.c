/* The time that devices see: the published timestamp's x-issued, not this machine's clock. */
#include <stdlib.h>

#include "metadata.h"
#include "signed.h"
#include "state.h"

static int issued_read(struct engine *engine, int64_t *out)
{
	uint8_t *text = NULL;
	size_t n = 0;
	struct error e = { 0 };
	struct workspace ws = workspace_over(engine->scratch, STATE_SCRATCH_BYTES);
	struct signed_json envelope;
	struct timestamp timestamp;
	if (engine->config.read_file(engine->config.files, "metadata/timestamp.json", TIMESTAMP_BYTES_MAX, &text, &n,
				     &e) != 0)
		return -1;
	int failed = signed_decode((struct span){ text, n }, &ws, engine->config.crypto, &envelope) != FAULT_NONE ||
		     timestamp_decode(envelope.body, &timestamp) != FAULT_NONE;
	free(text);
	if (failed != 0)
		return -1;
	*out = timestamp.issued_unix;
	return 0;
}

/* A file that cannot be read for a moment leaves the last known time: it only ever opens a stage later. */
int64_t issued_unix(struct engine *engine)
{
	int64_t now = engine_now(engine);
	if (engine->issued_read_unix == now)
		return engine->issued_unix;
	(void)!issued_read(engine, &engine->issued_unix);
	engine->issued_read_unix = now;
	return engine->issued_unix;
}
