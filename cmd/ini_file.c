#include "ini_file.h"

#include <ini.h>
#include <stdio.h>

struct ini_file {
	ini_file_take *take;
	void *self;
	struct error *e;
	FILE *file;
	int line;         /* as inih counts them */
	int refused_line; /* 0: none */
};

static void ini_file_close(FILE **file)
{
	if (*file != NULL)
		fclose(*file);
}

static char *ini_file_next(char *line, int capacity, void *context)
{
	struct ini_file *f = context;
	f->line++;
	return fgets(line, capacity, f->file);
}

/* inih reads on after an error; only the first is told. For inih 0 is an error. */
static int ini_file_line(void *context, const char *section, const char *name, const char *value)
{
	struct ini_file *f = context;
	if (f->refused_line != 0)
		return 0;
	if (f->take(f->self, section, name, value, f->e) == 0)
		return 1;
	f->refused_line = f->line;
	return 0;
}

int ini_file_read(const char *path, ini_file_take *take, void *self, struct error *e)
{
	__attribute__((cleanup(ini_file_close))) FILE *file = fopen(path, "re");
	struct ini_file f = { .take = take, .self = self, .e = e, .file = file };
	if (file == NULL)
		return error_errno(e, "reading the configuration %s", path);
	int line = ini_parse_stream(ini_file_next, &f, ini_file_line, &f);
	if (line != 0 && line == f.refused_line)
		return error_within(e, "%s, line %d", path, line);
	return line == 0 ? 0 : error_set(e, "%s, line %d: neither [section] nor name = value", path, line);
}
