/*
 * Devices of many habits at one keeper's server, each with the real installer. After each visit of a device what must
 * always hold is checked: it never runs what is forbidden, it never goes back, and what it runs is confirmed.
 */
#ifndef FLEET_H
#define FLEET_H

#include "handshake.h"
#include "keeper.h"

#define FLEET_DEVICES_MAX 16
#define FLEET_FORBIDDEN_MAX 64

struct fleet_device {
	const char *name;
	struct yard *yard;
	struct handshake_device tls; /* where the fleet has a server with certificates */
	bool has_dead_clock;         /* it says 1970, always */
	int64_t clock_ahead_s;       /* else: the true time and this */
	int64_t off_from, off_until; /* it is off from..until */
	uint64_t counter;            /* the highest it ever ran */
};

struct fleet {
	struct keeper keeper;
	struct handshake_server *server; /* NULL: everybody reaches it */
	int64_t now_unix;                /* the true time */
	uint32_t count;
	struct fleet_device devices[FLEET_DEVICES_MAX];
	uint32_t forbidden_count;
	struct digest forbidden[FLEET_FORBIDDEN_MAX]; /* images of thieves */
};

/* One device, "daily", which is always on and right about the time. */
void fleet_open(struct fleet *f);
void fleet_close(struct fleet *f);
/* From now on requests need a handshake; devices are born with certificates of its. */
void fleet_serve(struct fleet *f, struct handshake_server *server);
struct fleet_device *fleet_add(struct fleet *f, const char *name);

/* What the image in home->next is must never run anywhere. */
void fleet_forbid(struct fleet *f);

/* The keeper keeps, then each device that is on visits. */
void fleet_step(struct fleet *f, int64_t seconds);
void fleet_days(struct fleet *f, uint32_t days, uint32_t days_a_step);
/* One visit of one device, whoever's server it meets: some cycles, with the reboots that it wants. */
void fleet_visit(struct fleet *f, struct fleet_device *d);

bool fleet_is_on(const struct fleet *f, const struct fleet_device *d);
bool fleet_is_newest(const struct fleet *f, const struct fleet_device *d);
/* All that are on now are; says who is not. */
bool fleet_is_all_newest(const struct fleet *f);
/* The rule of the last refusal that the device told of in its last visit; "" where there was none. */
const char *fleet_rule(const struct fleet_device *d);

#endif
