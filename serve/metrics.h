/* Prometheus text format, version 0.0.4. Never a device id in a label. */
#ifndef METRICS_H
#define METRICS_H

#include "http.h"
#include "show.h"

struct metrics_sources {
	const struct show *show;
	struct tls_counts tls;
	struct http_counts http;
};

int metrics_write(const struct metrics_sources *sources, struct body *out, struct error *e) MUST_USE;

#endif
