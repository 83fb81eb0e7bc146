#include "roles.h"

static enum fault again(struct json_node *body, struct workspace *ws, struct writer *w)
{
	struct snapshot snapshot;
	enum fault fault = snapshot_decode(body, ws, &snapshot);
	if (fault == FAULT_NONE)
		snapshot_encode(w, &snapshot);
	return fault;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return roles_check(data, size, again);
}
