/* The fleet as JSON: one spelling of devices, rollouts and events for operators and the status page. */
#ifndef SHOW_H
#define SHOW_H

#include "body.h"
#include "probe.h"
#include "rollouts.h"

struct show {
	struct db db;
	struct rollouts rollouts;
	int64_t started_unix;
	int64_t (*now_unix)(void *self);
	void *now_self;
	struct probe *signd;
};

const char *show_device_state(const struct db_device *device); /* "new" before the first report */
const char *show_rollout_state(enum db_rollout_state state);

void show_write_device(struct json_writer *j, const struct db_device *device);
void show_write_rollout(const struct show *show, struct json_writer *j, const struct db_rollout *rollout);

/* Each 0, 1 where there is no such thing, or -1. */
int show_status(const struct show *show, bool with_events, struct body *out, struct error *e) MUST_USE;
int show_device(const struct show *show, const char *id, struct body *out, struct error *e) MUST_USE;
int show_devices(const struct show *show, const char *product, const char *state, const char *after, uint32_t limit,
		 struct body *out, struct error *e) MUST_USE;
int show_rollout(const struct show *show, uint64_t id, struct body *out, struct error *e) MUST_USE;
int show_rollouts(const struct show *show, struct body *out, struct error *e) MUST_USE;
int show_events(const struct show *show, uint64_t after, uint32_t limit, struct body *out, struct error *e) MUST_USE;

/* Devices by state, "new" first, then as enum report_state. */
#define SHOW_STATES 8
struct show_counts {
	uint64_t devices, by_state[SHOW_STATES];
};
const char *show_state_name(uint32_t index);
int show_count(const struct show *show, struct show_counts *out, struct error *e) MUST_USE;

#endif
