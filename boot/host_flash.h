/*
 * A region of flash that is a file or a block device. With erase_bytes > 1 it behaves as NOR flash does: program() on
 * bytes that are not erased (0xff) fails, so that code which would wear out or spoil a real chip fails on a host first.
 */
#ifndef HOST_FLASH_H
#define HOST_FLASH_H

#include "error.h"
#include "flash.h"

#define HOST_FLASH_JOURNAL_ERASE 4096u
#define HOST_FLASH_JOURNAL_BYTES (2 * HOST_FLASH_JOURNAL_ERASE)

struct host_flash {
	struct flash flash; /* its self points to this struct, which must not move while it is open */
	int fd;             /* -1: closed */
	bool is_written;    /* since the last sync */
};

/* An existing region. bytes 0: as large as it is; else it must have exactly that size. Closed where this fails. */
int host_flash_open(struct host_flash *region, const char *path, uint64_t bytes, uint32_t erase_bytes,
		    struct error *e) MUST_USE;
/* A new file, durable: erased (0xff) where erase_bytes > 1, else without any blocks yet, reading as zero. */
int host_flash_create(const char *path, uint64_t bytes, uint32_t erase_bytes, struct error *e) MUST_USE;
void host_flash_close(struct host_flash *region); /* also of a closed one */

#endif
