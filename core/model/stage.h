/*
 * A stage of a rollout plan, as decoded: which devices it takes in, and not before when (spans into the plan); and who
 * belongs where. Server and agent ask the same functions, so that they cannot disagree.
 */
#ifndef STAGE_H
#define STAGE_H

#include "crypto.h"

#define STAGE_GROUP_MAX 4
#define STAGE_RANGE_ALL 10000 /* positions are basis points, 0..9999 */
#define STAGE_SALT_BYTES 32
#define STAGE_NONE (-1)

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

/*
 * Where a device stands in the line for a release, fixed by a public salt, so that anyone can check who came first: the
 * first four bytes, big endian, of SHA-256(salt || device id), scaled to 0..STAGE_RANGE_ALL - 1. The salt is the plan's
 * own, so that no device is always first. STAGE_RANGE_ALL, which no range takes in, if the salt does not have
 * STAGE_SALT_BYTES: with a salt of free length, salt and id could be cut elsewhere.
 */
uint32_t stage_position(const struct crypto *crypto, struct span salt, struct span device_id);

/*
 * The index of the device's stage, or STAGE_NONE. The first stage that lists its id wins, even over an earlier stage
 * whose group and range match, so that a device can be held back by naming it; else the first stage that matches.
 * `attributes` are those of the device's verified certificate, never what the device says of itself.
 */
int stage_of(const struct stage_list *list, struct span device_id, const struct attribute *attributes, size_t n,
	     uint32_t position_bp);

#endif
