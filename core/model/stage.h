/* A stage of a rollout plan, as decoded: which devices it takes in, and not before when. Spans into the plan. */
#ifndef STAGE_H
#define STAGE_H

#include "span.h"

#define STAGE_GROUP_MAX 4
#define STAGE_RANGE_ALL 10000 /* positions are basis points, 0..9999 */

/* One attribute of a device's certificate, such as region = eu. */
struct attribute {
	struct span name, value;
};

/*
 * A stage takes in the devices that it lists by id, and those whose attributes match every attribute of its group and
 * whose position is in its range. Without a group it takes in what it lists; with neither, everyone in its range.
 */
struct stage {
	struct span name;
	const struct span *devices;
	uint32_t device_count;
	struct attribute group[STAGE_GROUP_MAX];
	uint32_t group_count;
	uint32_t range_from_bp; /* first position that is in */
	uint32_t range_to_bp;   /* first position that is out: 0..STAGE_RANGE_ALL is everyone */
	int64_t earliest_unix;  /* compared with the timestamp's x-issued, seconds */
};

/* In the order in which they open. */
struct stage_list {
	const struct stage *stages;
	uint32_t count;
};

#endif
