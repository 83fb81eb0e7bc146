#include "roles.h"

static enum fault again(struct json_node *body, struct workspace *ws, struct writer *w)
{
	struct timestamp timestamp;
	enum fault fault = timestamp_decode(body, &timestamp);
	if (fault == FAULT_NONE)
		timestamp_encode(w, &timestamp);
	return fault;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return roles_check(data, size, again);
}
