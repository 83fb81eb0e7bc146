#include "host.h"

#include <stdio.h>
#include <unistd.h>

#include "host_counter.h"
#include "identity_file.h"
#include "verdict.h"

static const char *const host_region_files[SLBOOT_IMAGES] = { "slot-a.img", "slot-b.img", "recovery.img" };

/* DIR/boot/name */
static int host_path(char out[FILE_PATH_MAX], const char *device_directory, const char *name, struct error *e)
{
	char boot[FILE_PATH_MAX];
	if (file_join(boot, device_directory, "boot", e) != 0)
		return -1;
	return file_join(out, boot, name, e);
}

static int host_open_regions(struct host *host, const char *device_directory, struct error *e)
{
	char path[FILE_PATH_MAX];
	if (host_path(path, device_directory, "journal.bin", e) != 0)
		return -1;
	if (host_flash_open(&host->journal, path, HOST_FLASH_JOURNAL_BYTES, HOST_FLASH_JOURNAL_ERASE, e) != 0)
		return -1;
	for (enum slboot_image i = SLBOOT_SLOT_A; i < SLBOOT_IMAGES; i++) {
		if (host_path(path, device_directory, host_region_files[i], e) != 0)
			return -1;
		if (i == SLBOOT_RECOVERY && access(path, F_OK) != 0)
			continue;
		if (host_flash_open(&host->regions[i], path, 0, 1, e) != 0)
			return -1;
	}
	return 0;
}

int host_open(struct host *host, const char *device_directory, struct error *e)
{
	char path[FILE_PATH_MAX];
	*host = (struct host){ .journal.fd = -1 };
	for (enum slboot_image i = SLBOOT_SLOT_A; i < SLBOOT_IMAGES; i++)
		host->regions[i].fd = -1;
	/* The counter is read anew in each cycle: a missing one is a case for recovery, not for an error. */
	if (host_path(host->counter, device_directory, "counter", e) != 0 ||
	    host_path(path, device_directory, "keys.json", e) != 0 ||
	    identity_file_load(path, &host->identity, e) != 0 || host_open_regions(host, device_directory, e) != 0) {
		host_close(host);
		return -1;
	}
	return 0;
}

void host_close(struct host *host)
{
	host_flash_close(&host->journal);
	for (enum slboot_image i = SLBOOT_SLOT_A; i < SLBOOT_IMAGES; i++)
		host_flash_close(&host->regions[i]);
}

/* --- the port --- */

struct host_cycle {
	struct host *host;
	const struct host_board *board;
	bool is_locked;
	bool came_up;
};

static int host_cycle_counter_get(void *self, uint32_t *epoch)
{
	struct host_cycle *cycle = self;
	return host_counter_load(cycle->host->counter, epoch, NULL);
}

static int host_cycle_counter_advance(void *self, uint32_t epoch)
{
	struct host_cycle *cycle = self;
	if (cycle->is_locked)
		return -1;
	return host_counter_advance(cycle->host->counter, epoch, NULL);
}

static void host_cycle_counter_lock(void *self)
{
	struct host_cycle *cycle = self;
	cycle->is_locked = true;
}

/* A host has no register to extend. */
static int host_cycle_measure(void *self, const struct slboot_choice *choice)
{
	return 0;
}

/* The time-out of the board's boot() is the watchdog. */
static int host_cycle_watchdog_arm(void *self)
{
	return 0;
}

static void host_cycle_log(void *self, enum slboot_event event, enum slboot_image image, uint32_t detail)
{
	struct host_cycle *cycle = self;
	if (cycle->board->log != NULL)
		cycle->board->log(cycle->board->self, event, image, detail);
}

static void host_cycle_boot(void *self, const struct slboot_choice *choice)
{
	struct host_cycle *cycle = self;
	const struct flash *region = &cycle->host->regions[choice->image].flash;
	cycle->came_up = cycle->board->boot(cycle->board->self, choice, region);
}

bool host_cycle(struct host *host, const struct crypto *crypto, const struct host_board *board,
		struct slboot_outcome *out)
{
	struct host_cycle cycle = { .host = host, .board = board };
	struct slboot_port port = {
		.crypto = crypto,
		.identity = &host->identity,
		.journal = &host->journal.flash,
		.counter_get = host_cycle_counter_get,
		.counter_advance = host_cycle_counter_advance,
		.counter_lock = host_cycle_counter_lock,
		.measure = host_cycle_measure,
		.watchdog_arm = host_cycle_watchdog_arm,
		.log = host_cycle_log,
		.boot = host_cycle_boot,
		.self = &cycle,
	};
	for (enum slboot_image i = SLBOOT_SLOT_A; i < SLBOOT_IMAGES; i++)
		port.regions[i] = host->regions[i].fd >= 0 ? &host->regions[i].flash : NULL;
	slboot_run(&port, out);
	return cycle.came_up;
}

/* --- provisioning --- */

static int host_create_regions(const char *device_directory, const struct host_new *new_host, struct error *e)
{
	char path[FILE_PATH_MAX];
	for (enum slboot_image i = SLBOOT_SLOT_A; i < SLBOOT_IMAGES; i++) {
		uint64_t bytes = i == SLBOOT_RECOVERY ? new_host->recovery_bytes : new_host->slot_bytes;
		if (i == SLBOOT_RECOVERY && bytes == 0)
			continue;
		if (bytes <= SLOT_MANIFEST_ROOM)
			return error_set(e, "a slot of %llu bytes has no room for an image: it needs more than %u",
					 (unsigned long long)bytes, SLOT_MANIFEST_ROOM);
		if (host_path(path, device_directory, host_region_files[i], e) != 0 ||
		    host_flash_create(path, bytes, 1, e) != 0)
			return -1;
	}
	if (host_path(path, device_directory, "journal.bin", e) != 0)
		return -1;
	return host_flash_create(path, HOST_FLASH_JOURNAL_BYTES, HOST_FLASH_JOURNAL_ERASE, e);
}

int host_save_identity(const char *device_directory, const struct boot_identity *identity, uint32_t epoch,
		       struct error *e)
{
	char path[FILE_PATH_MAX];
	if (host_path(path, device_directory, "keys.json", e) != 0 || identity_file_save(path, identity, e) != 0)
		return -1;
	if (host_path(path, device_directory, "counter", e) != 0)
		return -1;
	return host_counter_save(path, epoch, e);
}

int host_create(const char *device_directory, const struct host_new *new_host, struct error *e)
{
	char path[FILE_PATH_MAX];
	if (file_join(path, device_directory, "boot", e) != 0 || file_make_directory(path, 0700, e) != 0)
		return -1;
	if (host_create_regions(device_directory, new_host, e) != 0)
		return -1;
	return host_save_identity(device_directory, new_host->identity, new_host->epoch, e);
}

/* --- words --- */

static void host_event_detail(enum slboot_event event, uint32_t detail, char *out, size_t capacity)
{
	out[0] = '\0';
	if (event == SLBOOT_EVENT_REFUSED)
		snprintf(out, capacity, " (%s: %s)", verdict_rule((enum verdict)detail),
			 verdict_text((enum verdict)detail));
	else if (event == SLBOOT_EVENT_MALFORMED)
		snprintf(out, capacity, " (%s)", fault_text((enum fault)detail));
	else if (event == SLBOOT_EVENT_REJECTED)
		snprintf(out, capacity, " (%s)", journal_cause_name((enum slot_cause)detail));
	else if (event == SLBOOT_EVENT_TRIAL)
		snprintf(out, capacity, " (boots left after this one: %u)", detail);
	else if (event == SLBOOT_EVENT_COUNTER_FORWARD || event == SLBOOT_EVENT_COUNTER_STUCK)
		snprintf(out, capacity, " (epoch %u)", detail);
}

const char *host_event_line(enum slboot_event event, enum slboot_image image, uint32_t detail, char *out,
			    size_t capacity)
{
	char more[256];
	const char *slot = image < SLBOOT_RECOVERY ? "slot " : "";
	host_event_detail(event, detail, more, sizeof more);
	if (image == SLBOOT_NOTHING)
		snprintf(out, capacity, "%s%s", slboot_event_text(event), more);
	else
		snprintf(out, capacity, "%s%s: %s%s", slot, slboot_image_name(image), slboot_event_text(event), more);
	return out;
}
