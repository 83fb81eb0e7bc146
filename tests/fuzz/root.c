#include "roles.h"

static enum fault again(struct json_node *body, struct workspace *ws, struct writer *w)
{
	struct root root;
	enum fault fault = root_decode(body, ws, &crypto_openssl, &root);
	if (fault == FAULT_NONE)
		root_encode(w, &root);
	return fault;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return roles_check(data, size, again);
}
