/* What operators may ask, over a Unix socket (protocol/operator-api.md). Only the server's own user and root. */
#ifndef OPERATOR_API_H
#define OPERATOR_API_H

#include "http.h"
#include "show.h"

struct operator_api {
	const struct show *show;
	uint32_t uid; /* the server's own */
};

struct http_handler operator_api_handler(struct operator_api *api);

#endif
