#include "roles.h"

static enum fault again(struct json_node *body, struct workspace *ws, struct writer *w)
{
	struct targets targets;
	enum fault fault = targets_decode(body, ws, &crypto_openssl, &targets);
	if (fault == FAULT_NONE)
		targets_encode(w, &targets);
	return fault;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return roles_check(data, size, again);
}
