#include "ui.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define UI_BAR 32

static void ui_json_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			fprintf(out, "\\%c", *p);
		else if (*p < 0x20 || *p > 0x7e)
			fprintf(out, "\\u%04x", *p);
		else
			fputc(*p, out);
	}
	fputc('"', out);
}

int ui_fail(const struct ui *ui, const struct error *e)
{
	if (ui->json) {
		fputs("{\"error\":", stdout);
		ui_json_string(stdout, e->text);
		printf(",\"retry\":%s}\n", e->retry ? "true" : "false");
	} else {
		fprintf(stderr, "sealift %s: %s\n", ui->command, e->text);
	}
	return e->retry ? UI_RETRY : UI_FAILED;
}

int ui_usage(const struct ui *ui, const char *format, ...)
{
	va_list arguments;
	fprintf(stderr, "sealift %s: ", ui->command);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\nTry 'sealift help %s'.\n", ui->command);
	return UI_USAGE;
}

void ui_say(const struct ui *ui, const char *format, ...)
{
	va_list arguments;
	if (ui->json)
		return;
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

void ui_progress(const struct ui *ui, const char *what, uint64_t done, uint64_t total)
{
	static int shown = -1;
	if (!ui->terminal || ui->json || total == 0)
		return;
	int percent = (int)(done * 100 / total);
	if (percent == shown && done != total)
		return;
	shown = done == total ? -1 : percent;
	char bar[UI_BAR + 1];
	memset(bar, '.', UI_BAR);
	memset(bar, '#', (size_t)(percent * UI_BAR / 100));
	bar[UI_BAR] = '\0';
	fprintf(stderr, "\r%s [%s] %3d%%%s", what, bar, percent, done == total ? "\n" : "");
}
