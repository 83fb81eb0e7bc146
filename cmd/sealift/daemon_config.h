/* The configuration files of sealiftd and of both instances of sealift-signd, for a new site. */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include "error.h"
#include "site.h"

struct daemon_config {
	const char *listen, *ops_listen; /* address:port */
	uint32_t poll_s;
};

int daemon_config_write(const struct site *site, const struct daemon_config *config, struct error *e) MUST_USE;

#endif
