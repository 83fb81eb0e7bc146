/*
 * The epoch counter as a file, for development: a decimal number and a line end. Whoever may write the file may turn
 * it back, so a device that has nothing better is reported as such.
 */
#ifndef HOST_COUNTER_H
#define HOST_COUNTER_H

#include <stdint.h>

#include "error.h"

int host_counter_load(const char *path, uint32_t *epoch, struct error *e) MUST_USE; /* -1 also where there is none */
int host_counter_save(const char *path, uint32_t epoch, struct error *e) MUST_USE;  /* provisioning; atomic, durable */
/* Never backwards. */
int host_counter_advance(const char *path, uint32_t epoch, struct error *e) MUST_USE;

#endif
