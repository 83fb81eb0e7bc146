/* A device directory (agent/device.h, boot/host.h) on a file system, for the programs that make one or run one. */
#ifndef DEVICE_DIR_H
#define DEVICE_DIR_H

#include "device.h"
#include "file.h"
#include "host.h"
#include "store_dir.h"

struct device_dir {
	char path[FILE_PATH_MAX];
	int lock;
	struct store_dir top, fetcher, installer, state;
	struct host host; /* regions, boot keys, counter */
	struct device_places places;
};

/*
 * Makes DIR (its parent must exist) with all parts and fills it: regions, boot keys and epoch counter by the boot
 * stage, the rest by device_create(). Fails where DIR holds a device.json already.
 */
int device_dir_make(const struct crypto *crypto, const char *path, const struct device_new *new_device,
		    const struct boot_identity *boot, uint32_t epoch, struct error *e) MUST_USE;
/*
 * Opens a made one, but for fetcher/ and installer/, whose stores stay closed: one is another user's, the other's files
 * are read by name. Fails where another process has it open, before anything in it is touched. d must not move while it
 * is open; closed where it fails.
 */
int device_dir_open(struct device_dir *d, const char *path, struct device_config *config, struct error *e) MUST_USE;
void device_dir_close(struct device_dir *d);
/* Closed, for a start: device_dir_close() of it does nothing. */
struct device_dir device_dir_closed(void);

/*
 * Gives DIR/fetcher and what is in it to the fetcher's user, once, as root: the folder last, so that after a cut it is
 * done again. device.json, which that user must read, becomes readable for all; it holds no secret.
 */
int device_dir_give_fetcher(const char *path, uid_t user, gid_t group, struct error *e) MUST_USE;

#endif
