#include "boots.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "file.h"
#include "host_command.h"

#define CHUNK_BYTES 65536u

void boots_init(struct boots *boots, const char *command, uint32_t watchdog_s)
{
	*boots = (struct boots){ .command = command, .watchdog_s = watchdog_s };
	pthread_mutex_init(&boots->lock, NULL);
}

static bool find(const struct boots *boots, const struct digest *image, bool *came_up)
{
	for (uint32_t i = 0; i < boots->count; i++)
		if (digest_equal(&boots->known[i].image, image))
			return *came_up = boots->known[i].came_up, true;
	return false;
}

/* A full table only costs a boot more. */
static void remember(struct boots *boots, const struct digest *image, bool came_up)
{
	if (boots->count == BOOTS_IMAGES_MAX)
		return;
	boots->known[boots->count].image = *image;
	boots->known[boots->count++].came_up = came_up;
}

static int copy_image(const struct flash *region, uint64_t n, int fd, struct error *e)
{
	static uint8_t chunk[CHUNK_BYTES]; /* under the lock */
	for (uint64_t at = 0; at < n; at += CHUNK_BYTES) {
		size_t step = n - at < CHUNK_BYTES ? (size_t)(n - at) : CHUNK_BYTES;
		if (region->read(region->self, at, chunk, step) != 0)
			return error_set(e, "boot: the slot cannot be read");
		if (write(fd, chunk, step) != (ssize_t)step)
			return error_errno(e, "boot: copy the image");
	}
	return 0;
}

static int run_file(struct boots *boots, const char *path, const char *slot, bool trial, bool *came_up, struct error *e)
{
	const char *const environment[] = { "SLBOOT_IMAGE",    path, "SLBOOT_SLOT", slot, "SLBOOT_TRIAL",
					    trial ? "1" : "0", NULL };
	struct host_command_result result = host_command_run(boots->command, environment, boots->watchdog_s, e);
	boots->is_stopped = result.end == HOST_COMMAND_STOPPED;
	if (boots->is_stopped)
		return error_set(e, "boot: told to stop");
	*came_up = result.end == HOST_COMMAND_EXITED && result.status == 0;
	return result.end == HOST_COMMAND_FAILED ? -1 : 0;
}

static int really_boot(struct boots *boots, const struct flash *region, uint64_t n, const char *slot, bool trial,
		       bool *came_up, struct error *e)
{
	char path[] = "/tmp/sealift-sim.XXXXXX";
	__attribute__((cleanup(file_close))) int fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return error_errno(e, "boot: make a file for the image");
	int result = copy_image(region, n, fd, e);
	if (result == 0)
		result = run_file(boots, path, slot, trial, came_up, e);
	unlink(path);
	return result;
}

int boots_image(struct boots *boots, const struct digest *image, const struct flash *region, uint64_t image_bytes,
		const char *slot, bool trial, bool *came_up, struct error *e)
{
	int result = 0;
	*came_up = true;
	if (boots->command == NULL)
		return 0;
	pthread_mutex_lock(&boots->lock);
	if (boots->is_stopped) {
		result = error_set(e, "boot: told to stop");
	} else if (!find(boots, image, came_up)) {
		result = really_boot(boots, region, image_bytes, slot, trial, came_up, e);
		if (result == 0)
			remember(boots, image, *came_up);
	}
	pthread_mutex_unlock(&boots->lock);
	return result;
}
