/* What init made, and where each key belongs in production. */
#ifndef INIT_REPORT_H
#define INIT_REPORT_H

#include "site.h"

void init_report(const struct site *site);

#endif
