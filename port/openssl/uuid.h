/* Name-based UUIDs, version 5 (RFC 9562 section 5.5): SUIT's vendor and class identifiers. */
#ifndef UUID_H
#define UUID_H

#include "span.h"

extern const uint8_t uuid_dns[16]; /* the namespace of domain names */

void uuid_v5(const uint8_t space[16], struct span name, uint8_t out[16]);

#endif
