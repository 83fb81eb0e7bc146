/* The bytes of an input as a file, for decoders that take a path. */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#define CONFIG_FILE_PATH_MAX 64

/* The path to a file of these bytes; closed with close(*fd). */
static inline void config_file_open(const uint8_t *data, size_t size, int *fd, char path[CONFIG_FILE_PATH_MAX])
{
	*fd = memfd_create("config", MFD_CLOEXEC);
	FUZZ_CHECK(*fd >= 0 && write(*fd, data, size) == (ssize_t)size);
	snprintf(path, CONFIG_FILE_PATH_MAX, "/proc/self/fd/%d", *fd);
}

#endif
