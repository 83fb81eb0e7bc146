/* What the installer does, told to whoever listens (logs, the simulator): one event each. */
#ifndef TELL_H
#define TELL_H

#include "installer.h"
#include "setback.h"

void tell(const struct installer *installer, const char *name, const char *target, const char *text);
void tell_release(const struct installer *installer, const char *name, const struct device_release *release,
		  const char *rule, const char *text);
void tell_setback(const struct installer *installer, const char *target, const struct setback *s);

#endif
