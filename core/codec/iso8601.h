/* The one spelling of time in our JSON and in TUF: YYYY-MM-DDTHH:MM:SSZ, years 1970 to 9999, no leap second. */
#ifndef ISO8601_H
#define ISO8601_H

#include "fault.h"
#include "span.h"

#define ISO8601_BYTES 20

enum fault iso8601_decode(struct span text, int64_t *unix_s) MUST_USE;
enum fault iso8601_encode(int64_t unix_s, char out[ISO8601_BYTES + 1]) MUST_USE; /* FAULT_RANGE outside those years */

#endif
