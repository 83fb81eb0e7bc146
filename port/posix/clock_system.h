/* CLOCK_REALTIME and CLOCK_BOOTTIME. */
#ifndef CLOCK_SYSTEM_H
#define CLOCK_SYSTEM_H

#include "clock.h"

struct clock clock_system(void);

#endif
