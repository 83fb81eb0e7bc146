/* The fetch port over a transport in the same process: simulated devices. */
#ifndef DIRECT_H
#define DIRECT_H

#include "transport.h"

/* transport must outlive it; its passed_unix goes with each request, and set_passed() sets it. */
struct fetch direct_fetch(struct transport *transport);

#endif
