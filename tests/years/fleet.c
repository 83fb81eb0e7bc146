#include "fleet.h"

#include <stdlib.h>

#include "check.h"
#include "memo.h"
#include "refresh.h"

#define CYCLES 4

static int64_t clock_of(const struct fleet *f, const struct fleet_device *d)
{
	return d->has_dead_clock ? 0 : f->now_unix + d->clock_ahead_s;
}

bool fleet_is_on(const struct fleet *f, const struct fleet_device *d)
{
	return f->now_unix < d->off_from || f->now_unix >= d->off_until;
}

static void fail(const struct fleet *f, const struct fleet_device *d, const char *what)
{
	fprintf(stderr, "# day %lld, device %s: %s (%s)\n", (long long)((f->now_unix - KEEPER_START) / KEEPER_DAY),
		d->name, what, d->yard->last_text);
	abort();
}

/* What must hold after every visit of every device. */
static void check(const struct fleet *f, struct fleet_device *d)
{
	const struct device_release *running = &d->yard->installer.state.running;
	for (uint32_t i = 0; i < f->forbidden_count; i++)
		if (digest_equal(&running->image, &f->forbidden[i]))
			fail(f, d, "it runs what nobody approved");
	if (running->counter < d->counter)
		fail(f, d, "it went back");
	if (d->yard->running == SLOT_NONE)
		fail(f, d, "it runs nothing");
	d->counter = running->counter;
	/* the boot stage's part: behind a confirmed image */
	if (d->yard->epoch_floor < COUNTER_EPOCH(d->counter))
		d->yard->epoch_floor = COUNTER_EPOCH(d->counter);
}

void fleet_serve(struct fleet *f, struct handshake_server *server)
{
	f->server = server;
	for (uint32_t i = 0; i < f->count; i++)
		handshake_device_open(&f->devices[i].tls, server, f->now_unix);
}

struct fleet_device *fleet_add(struct fleet *f, const char *name)
{
	if (f->count == FLEET_DEVICES_MAX)
		abort();
	struct fleet_device *d = &f->devices[f->count++];
	*d = (struct fleet_device){ .name = name };
	d->yard = f->count == 1 ? f->keeper.home : yard_beside(f->keeper.home, name);
	d->yard->crypto = memo_crypto();
	if (f->server != NULL)
		handshake_device_open(&d->tls, f->server, f->now_unix);
	return d;
}

void fleet_open(struct fleet *f)
{
	*f = (struct fleet){ .now_unix = KEEPER_START };
	keeper_open(&f->keeper, yard_new(1));
	fleet_add(f, "daily");
}

void fleet_close(struct fleet *f)
{
	while (f->count > 0) {
		yard_free(f->devices[--f->count].yard);
		if (f->server != NULL)
			handshake_device_close(&f->devices[f->count].tls);
	}
	if (f->server != NULL)
		handshake_server_close(f->server);
}

void fleet_forbid(struct fleet *f)
{
	if (f->forbidden_count == FLEET_FORBIDDEN_MAX)
		abort();
	f->forbidden[f->forbidden_count++] = f->keeper.home->next.digest;
}

bool fleet_is_newest(const struct fleet *f, const struct fleet_device *d)
{
	const struct device_release *running = &d->yard->installer.state.running;
	return running->counter == f->keeper.home->next.counter &&
	       digest_equal(&running->image, &f->keeper.home->next.digest);
}

bool fleet_is_all_newest(const struct fleet *f)
{
	bool all = true;
	for (uint32_t i = 0; i < f->count; i++) {
		const struct fleet_device *d = &f->devices[i];
		if (!fleet_is_on(f, d) || fleet_is_newest(f, d))
			continue;
		printf("# %s runs %llu, not %llu: %s\n", d->name, (unsigned long long)d->counter,
		       (unsigned long long)f->keeper.home->next.counter, d->yard->last_text);
		all = false;
	}
	return all;
}

const char *fleet_rule(const struct fleet_device *d)
{
	return d->yard->last_rule;
}

static bool restart(struct yard *y, enum installer_outcome *out)
{
	yard_power_cycle(y, true);
	return yard_start(y, out) == 0;
}

static bool reaches(struct fleet *f, struct fleet_device *d)
{
	struct error why = { 0 };
	int64_t now = refresh_now(&d->yard->installer);
	return f->server == NULL || handshake_reaches(f->server, &d->tls, f->now_unix, now, &why);
}

/* A server offers to those who do not have it. */
static enum installer_outcome cycle(struct fleet *f, struct fleet_device *d)
{
	struct yard *y = d->yard;
	y->offers = y->confirms = y->installer.state.running.counter < f->keeper.home->next.counter;
	return yard_cycle(y);
}

void fleet_visit(struct fleet *f, struct fleet_device *d)
{
	struct yard *y = d->yard;
	enum installer_outcome out;
	y->unix_s = clock_of(f, d);
	y->report_count = 0;
	y->last_rule[0] = 0;
	bool up = yard_start(y, &out) == 0;
	y->unreachable = !reaches(f, d);
	for (uint32_t i = 0; i < CYCLES && up; i++) {
		out = cycle(f, d);
		if (out == INSTALLER_REBOOT)
			up = restart(y, &out);
		else if (fleet_is_newest(f, d) || y->unreachable)
			break;
	}
	if (!up)
		fail(f, d, "the installer does not start");
	check(f, d);
}

void fleet_step(struct fleet *f, int64_t seconds)
{
	f->now_unix += seconds;
	keeper_keep(&f->keeper, f->now_unix);
	for (uint32_t i = 0; i < f->count; i++)
		if (fleet_is_on(f, &f->devices[i]))
			fleet_visit(f, &f->devices[i]);
}

void fleet_days(struct fleet *f, uint32_t days, uint32_t days_a_step)
{
	for (uint32_t day = 0; day < days; day += days_a_step)
		fleet_step(f, (int64_t)days_a_step * KEEPER_DAY);
}
