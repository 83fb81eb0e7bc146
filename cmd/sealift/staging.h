/* The staging folder of a release: what pack made, and what sign adds; staging/<product>/<version>/. */
#ifndef STAGING_H
#define STAGING_H

#include "packed.h"
#include "site.h"
#include "ui.h"

#define STAGING_ROLE_BYTES_MAX TARGETS_BYTES_MAX

/* "edge-gateway/1.2.0", as people name a release on the command line. */
struct staging_name {
	char product[RELEASE_PRODUCT_MAX + 1];
	char version[RELEASE_VERSION_MAX + 1];
};

struct staging {
	struct staging_name name;
	char folder[FILE_PATH_MAX];
	struct packed packed; /* spans into text */
	uint8_t text[PACKED_BYTES_MAX];
	uint8_t memory[16 * PACKED_BYTES_MAX];
};

int staging_name_parse(const char *text, struct staging_name *out, struct error *e) MUST_USE;
/* The words of a command about one release, [--why TEXT] PRODUCT/VERSION. UI_OK, or UI_USAGE after an explanation. */
int staging_words(const struct ui *ui, int argc, char **argv, const char **why, struct staging_name *out) MUST_USE;
int staging_folder(const struct site *site, const struct staging_name *name, char out[FILE_PATH_MAX],
		   struct error *e) MUST_USE;
int staging_load(const struct site *site, const struct staging_name *name, struct staging *out,
		 struct error *e) MUST_USE;
int staging_file(const struct staging *staging, const char *file, char out[FILE_PATH_MAX], struct error *e) MUST_USE;
/* "p/<product>/<version>/image" or ".../return"; METADATA_PATH_MAX */
void staging_target_path(const struct staging_name *name, bool is_return, char out[METADATA_PATH_MAX]);

#endif
