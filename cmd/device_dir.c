#include "device_dir.h"

#include <string.h>
#include <unistd.h>

static int make_directories(const char *path, struct error *e)
{
	static const char *const parts[] = { "fetcher", "installer", "installer/store" };
	char part[FILE_PATH_MAX];
	if (file_make_directory(path, 0755, e) < 0)
		return -1;
	for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++)
		if (file_join(part, path, parts[p], e) < 0 || file_make_directory(part, 0700, e) < 0)
			return -1;
	return 0;
}

static int refuse_existing(const char *path, struct error *e)
{
	char config[FILE_PATH_MAX];
	if (file_join(config, path, "device.json", e) < 0)
		return -1;
	if (access(config, F_OK) == 0)
		return error_set(e, "%s is a device already: choose another directory", path);
	return 0;
}

static int open_store(struct store_dir *store, const char *path, const char *part, struct error *e)
{
	char full[FILE_PATH_MAX];
	if (part[0] == 0)
		return store_dir_open(store, path, e);
	return file_join(full, path, part, e) < 0 ? -1 : store_dir_open(store, full, e);
}

static int open_stores(struct device_dir *d, struct error *e)
{
	if (open_store(&d->top, d->path, "", e) < 0 || open_store(&d->fetcher, d->path, "fetcher", e) < 0 ||
	    open_store(&d->installer, d->path, "installer", e) < 0)
		return -1;
	return open_store(&d->state, d->path, "installer/store", e);
}

static struct device_places places_of(struct device_dir *d)
{
	return (struct device_places){
		.top = store_dir_store(&d->top),
		.fetcher = store_dir_store(&d->fetcher),
		.installer = store_dir_store(&d->installer),
		.state = store_dir_store(&d->state),
		.slots = { d->host.regions[SLBOOT_SLOT_A].flash, d->host.regions[SLBOOT_SLOT_B].flash },
		.journal = d->host.journal.flash,
	};
}

static int open_parts(struct device_dir *d, const char *path, struct error *e)
{
	memset(d, 0, sizeof *d);
	d->top.fd = d->fetcher.fd = d->installer.fd = d->state.fd = -1;
	if (strlen(path) >= sizeof d->path)
		return error_set(e, "path %.40s... is too long", path);
	memcpy(d->path, path, strlen(path) + 1);
	if (host_open(&d->host, path, e) < 0)
		return -1;
	if (open_stores(d, e) < 0) {
		device_dir_close(d);
		return -1;
	}
	d->places = places_of(d);
	return 0;
}

int device_dir_make(const struct crypto *crypto, const char *path, const struct device_new *new_device,
		    const struct boot_identity *boot, uint32_t epoch, struct error *e)
{
	__attribute__((cleanup(device_dir_close))) struct device_dir d = { .host.journal.fd = -1 };
	struct host_new host = {
		.identity = boot,
		.epoch = epoch,
		.slot_bytes = new_device->config->slot_bytes,
	};
	d.top.fd = d.fetcher.fd = d.installer.fd = d.state.fd = -1;
	d.host.regions[0].fd = d.host.regions[1].fd = d.host.regions[2].fd = -1;
	if (refuse_existing(path, e) < 0 || make_directories(path, e) < 0 || host_create(path, &host, e) < 0 ||
	    open_parts(&d, path, e) < 0)
		return -1;
	return device_create(crypto, &d.places, new_device, e);
}

int device_dir_open(struct device_dir *d, const char *path, struct device_config *config, struct error *e)
{
	if (open_parts(d, path, e) < 0)
		return error_within(e, "device %s", path);
	if (device_config_load(&d->places.top, config, e) == 0)
		return 0;
	device_dir_close(d);
	return error_within(e, "device %s", path);
}

void device_dir_close(struct device_dir *d)
{
	host_close(&d->host);
	store_dir_close(&d->top);
	store_dir_close(&d->fetcher);
	store_dir_close(&d->installer);
	store_dir_close(&d->state);
}
