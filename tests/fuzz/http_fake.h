/*
 * The HTTP of serve/http.h without a network: a request is a part of the input, its answer is checked. Parts
 * (sections.h): options | method | path | query "name=value&name=value" | headers, one a line | body, all that is left.
 * Options are digits: certificate (0 operational, 1 factory, 2 none), what the fleet answers (http_fake_rollouts), the
 * device (9 is revoked).
 */
#ifndef HTTP_FAKE_H
#define HTTP_FAKE_H

#include "http.h"
#include "rollouts.h"

/* Runs one request; it must be answered exactly once, and sanely. */
void http_fake_run(const uint8_t *data, size_t size, const struct http_handler *handler);
/* A fleet that answers at once: 1 it is busy, 2 an error, 3 with a directive, else without. */
struct rollouts http_fake_rollouts(void);

#endif
