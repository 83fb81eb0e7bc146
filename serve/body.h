/* An answer's body that grows up to a ceiling: a writer whose drain keeps what it is given. */
#ifndef BODY_H
#define BODY_H

#include "json.h"

#define BODY_BYTES_MAX (32u << 20)

struct body {
	struct writer writer;
	struct json_writer json;
	uint8_t *bytes;
	size_t n, capacity;
	uint8_t chunk[4096];
};

void body_init(struct body *body); /* must not move afterwards */
/* What was written; empty where it did not fit or was not canonical. */
struct span body_end(struct body *body);
void body_release(struct body *body);
#define BODY __attribute__((cleanup(body_release))) struct body

#endif
