/*
 * The ini files of the daemons: [section], name = value, comments after ';'. Read by inih, of which this keeps the line
 * and the first error.
 */
#ifndef INI_FILE_H
#define INI_FILE_H

#include "error.h"

/* One line. -1 with the error set refuses it, and with it the file. */
typedef int ini_file_take(void *self, const char *section, const char *name, const char *value, struct error *e);

/* -1: the file cannot be read, is no ini file, or take refused a line; the error names file and line. */
int ini_file_read(const char *path, ini_file_take *take, void *self, struct error *e) MUST_USE;

#endif
