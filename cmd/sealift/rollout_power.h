/* What each stage of a plan can find out, for the one who is about to approve it. */
#ifndef ROLLOUT_POWER_H
#define ROLLOUT_POWER_H

#include "plan.h"
#include "site.h"
#include "ui.h"

/*
 * One line a stage: its size, and the failure rate that so many devices can see. The size of a stage by share is known
 * only where sealiftd runs and lists its devices; else the line says so. It then warns of canaries that it does not
 * know, and returns their number.
 */
uint32_t rollout_power_say(const struct ui *ui, const struct site *site, const struct plan *plan);

#endif
