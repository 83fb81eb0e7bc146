/* Which stage of a plan a device belongs to. Server and agent ask the same function, so that they cannot disagree. */
#ifndef STAGES_H
#define STAGES_H

#include "stage.h"

#define STAGE_NONE (-1)

/*
 * The index of the device's stage, or STAGE_NONE. The first stage that lists its id wins, even over an earlier stage
 * whose group and range match, so that a device can be held back by naming it; else the first stage that matches.
 * `attributes` are those of the device's verified certificate, never what the device says of itself.
 */
int stage_of(const struct stage_list *list, struct span device_id, const struct attribute *attributes, size_t n,
	     uint32_t position_bp);

#endif
