#include "resident.h"

#include <elf.h>
#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * A segment that is not writable by its program header has never been written, and so is whole in its file. (Relocated
 * constants lie in a writable one, and are only protected afterwards.)
 */
static int release_object(struct dl_phdr_info *object, size_t size, void *context)
{
	uintptr_t page = *(const uintptr_t *)context;
	(void)size;
	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		if (part->p_type != PT_LOAD || (part->p_flags & PF_W) != 0)
			continue;
		uintptr_t from = (object->dlpi_addr + part->p_vaddr) & ~(page - 1);
		uintptr_t to = (object->dlpi_addr + part->p_vaddr + part->p_memsz + page - 1) & ~(page - 1);
		(void)madvise((void *)from, to - from, MADV_DONTNEED); /* only a favour */
	}
	return 0;
}

void resident_release(void)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	malloc_trim(0);
	dl_iterate_phdr(release_object, &page);
}
