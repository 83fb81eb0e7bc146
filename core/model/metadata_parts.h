/* What metadata.c and targets.c share: the head that all roles have, times and hashes. Not for others. */
#ifndef METADATA_PARTS_H
#define METADATA_PARTS_H

#include "metadata.h"

#define METADATA_SPEC_VERSION "1.0.34"

void metadata_read_head(struct json_reader *r, struct json_node *body, const char *type, uint64_t *version,
			int64_t *expires_unix);
enum metadata_hashes metadata_read_hashes(struct json_reader *r, struct json_node *hashes, struct digest *sha256,
					  struct digest512 *sha512);

struct json_writer metadata_begin(struct writer *w, const char *type);
void metadata_write_time(struct json_writer *w, const char *name, int64_t unix_s);
void metadata_write_hashes(struct json_writer *w, enum metadata_hashes hashes, const struct digest *sha256,
			   const struct digest512 *sha512);

#endif
