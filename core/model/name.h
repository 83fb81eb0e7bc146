/*
 * The words that name things in our objects (products, plans, stages, devices): [A-Za-z0-9][A-Za-z0-9._-]*, so that
 * none is ever ".", "..", an option of a command, or two components of a path.
 */
#ifndef NAME_H
#define NAME_H

#include "span.h"

bool name_is_word(struct span text, size_t max_bytes);
/* As above, and + and ~ after the first character: versions as people write them. */
bool name_is_version(struct span text, size_t max_bytes);
/* [a-z0-9-]+: attribute names and rules. */
bool name_is_label(struct span text, size_t max_bytes);
/* Bytes 0x20 to 0x7e; the empty text is fine. */
bool name_is_printable(struct span text, size_t max_bytes);
/* p/<product>/<version>/<leaf>, where leaf is "image" or "return". */
bool name_is_release_path(struct span path, struct span product, const char *leaf);

#endif
