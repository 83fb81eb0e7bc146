/* Plain HTTP on loopback, read only: the status page, its data, metrics, health. */
#ifndef OPS_H
#define OPS_H

#include "http.h"
#include "show.h"

struct ops {
	const struct show *show;
	struct tls tls;
	struct http_server *server;
};

struct http_handler ops_handler(struct ops *ops);

#endif
