#include "clock_system.h"

#include <time.h>

static int64_t unix_s(void *self)
{
	struct timespec now;
	(void)self;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

static uint64_t boot_ms(void *self)
{
	struct timespec now;
	(void)self;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct clock clock_system(void)
{
	return (struct clock){ unix_s, boot_ms, NULL };
}
