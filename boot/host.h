/*
 * slboot on a host: the regions, counter and keys of a device directory, and a power cycle over them. Used by
 * slboot-host, which runs commands, and by the simulator, whose devices boot in process.
 *
 * DIR/boot/: journal.bin slot-a.img slot-b.img [recovery.img] counter keys.json
 */
#ifndef HOST_H
#define HOST_H

#include "error.h"
#include "file.h"
#include "host_flash.h"
#include "slboot.h"

struct host {
	struct boot_identity identity;
	struct host_flash journal;
	struct host_flash regions[SLBOOT_IMAGES]; /* closed where there is no recovery image */
	char counter[FILE_PATH_MAX];
};

/* What stands for the processor. */
struct host_board {
	/* Runs the image; its bytes are region, 0..choice->image_bytes. True: it came up within its watchdog time. */
	bool (*boot)(void *self, const struct slboot_choice *choice, const struct flash *region);
	void (*log)(void *self, enum slboot_event event, enum slboot_image image, uint32_t detail); /* NULL: nobody */
	void *self;
};

/* Opens the regions of a device directory. e says what is missing. Closed where it fails. Must not move while open. */
int host_open(struct host *host, const char *device_directory, struct error *e) MUST_USE;
void host_close(struct host *host);

/* One power cycle: slboot_run(), the boot, and whether the image came up (false also where nothing may boot). */
bool host_cycle(struct host *host, const struct crypto *crypto, const struct host_board *board,
		struct slboot_outcome *out);

/*
 * Provisioning: the regions of a new device, an empty journal, its keys and its counter at an epoch. DIR/boot is made.
 * Recovery is left out where recovery_bytes is 0.
 */
struct host_new {
	const struct boot_identity *identity;
	uint32_t epoch;
	uint64_t slot_bytes; /* of each slot, the manifest's room included */
	uint64_t recovery_bytes;
};
int host_create(const char *device_directory, const struct host_new *new_host, struct error *e) MUST_USE;
/* Of these only the boot stage's own files, keys.json and counter, in a DIR/boot that stands. */
int host_save_identity(const char *device_directory, const struct boot_identity *identity, uint32_t epoch,
		       struct error *e) MUST_USE;

/* One line for people about an event: "slot b: image refused (signature: ...)". Returns out. */
const char *host_event_line(enum slboot_event event, enum slboot_image image, uint32_t detail, char *out,
			    size_t capacity);

#endif
