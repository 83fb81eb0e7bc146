/* Time as facts. unix_s may be wrong; boot_ms never goes back within a boot and counts sleep. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

struct clock {
	int64_t (*unix_s)(void *self);
	uint64_t (*boot_ms)(void *self);
	void *self;
};

#endif
