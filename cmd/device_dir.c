#include "device_dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
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

/* Two processes over one device would undo each other's steps. Held until it is closed. */
static int take_lock(struct device_dir *d, struct error *e)
{
	char path[FILE_PATH_MAX];
	if (file_join(path, d->path, "installer/store", e) < 0)
		return -1;
	d->lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->lock < 0)
		return error_errno(e, "open %s", path);
	if (flock(d->lock, LOCK_EX | LOCK_NB) < 0)
		return error_set(e, "another sealift-agent or sealift-sim runs this device: stop that one first");
	return 0;
}

static int open_stores(struct device_dir *d, bool is_new, struct error *e)
{
	if (is_new && (open_store(&d->fetcher, d->path, "fetcher", e) < 0 ||
		       open_store(&d->installer, d->path, "installer", e) < 0))
		return -1;
	return open_store(&d->top, d->path, "", e) < 0 ? -1 : open_store(&d->state, d->path, "installer/store", e);
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

struct device_dir device_dir_closed(void)
{
	struct device_dir d = { .lock = -1 };
	d.top.fd = d.fetcher.fd = d.installer.fd = d.state.fd = -1;
	d.host.journal.fd = -1;
	for (int i = 0; i < SLBOOT_IMAGES; i++)
		d.host.regions[i].fd = -1;
	return d;
}

/* The lock first: opening a store sweeps what a cut left behind, and would sweep what another is writing. */
static int open_parts(struct device_dir *d, const char *path, bool is_new, struct error *e)
{
	*d = device_dir_closed();
	if (strlen(path) >= sizeof d->path)
		return error_set(e, "path %.40s... is too long", path);
	memcpy(d->path, path, strlen(path) + 1);
	if (take_lock(d, e) < 0 || host_open(&d->host, path, e) < 0 || open_stores(d, is_new, e) < 0) {
		device_dir_close(d);
		return -1;
	}
	d->places = places_of(d);
	return 0;
}

/* device.json is for the fetcher, too. */
static int open_config_to_all(const char *path, struct error *e)
{
	char config[FILE_PATH_MAX];
	if (file_join(config, path, "device.json", e) < 0)
		return -1;
	return chmod(config, 0644) == 0 ? 0 : error_errno(e, "make %s readable", config);
}

int device_dir_make(const struct crypto *crypto, const char *path, const struct device_new *new_device,
		    const struct boot_identity *boot, uint32_t epoch, struct error *e)
{
	__attribute__((cleanup(device_dir_close))) struct device_dir d = device_dir_closed();
	struct host_new host = {
		.identity = boot,
		.epoch = epoch,
		.slot_bytes = new_device->config->slot_bytes,
	};
	if (refuse_existing(path, e) < 0 || make_directories(path, e) < 0 || host_create(path, &host, e) < 0 ||
	    open_parts(&d, path, true, e) < 0 || device_create(crypto, &d.places, new_device, e) < 0)
		return -1;
	return open_config_to_all(path, e);
}

int device_dir_open(struct device_dir *d, const char *path, struct device_config *config, struct error *e)
{
	if (open_parts(d, path, false, e) < 0)
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
	file_close(&d->lock);
}

/* --- the fetcher's user --- */

static void close_directory(DIR **directory)
{
	if (*directory != NULL)
		closedir(*directory);
}

static int give_files(int fd, uid_t user, gid_t group)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	__attribute__((cleanup(close_directory))) DIR *directory = own < 0 ? NULL : fdopendir(own);
	struct dirent *entry;
	if (directory == NULL)
		return -1;
	while ((entry = readdir(directory)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (fchownat(fd, entry->d_name, user, group, AT_SYMLINK_NOFOLLOW) < 0)
			return -1;
	}
	return 0;
}

int device_dir_give_fetcher(const char *path, uid_t user, gid_t group, struct error *e)
{
	char fetcher[FILE_PATH_MAX];
	struct stat status;
	if (open_config_to_all(path, e) < 0 || file_join(fetcher, path, "fetcher", e) < 0)
		return -1;
	if (lstat(fetcher, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == user)
		return 0; /* and ours no longer to look into */
	__attribute__((cleanup(file_close))) int fd = open(fetcher, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_errno(e, "open %s", fetcher);
	if (give_files(fd, user, group) < 0 || fchown(fd, user, group) < 0)
		return error_errno(e, "give %s to the fetcher's user", fetcher);
	return 0;
}
