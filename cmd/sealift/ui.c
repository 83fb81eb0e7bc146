#include "ui.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

#define UI_BAR 32

/* Bytes that are not ASCII, as in the names of folders, become U+FFFD unless they are UTF-8. */
void ui_json_span(struct span text)
{
	bool utf8 = utf8_is_valid(text);
	putchar('"');
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.at[i];
		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			printf("\\u%04x", c);
		else if (c < 0x80 || utf8)
			putchar(c);
		else
			fputs("\\ufffd", stdout);
	}
	putchar('"');
}

void ui_json_text(const char *text)
{
	ui_json_span(span_of_text(text));
}

static void ui_json_error(const char *text, bool retry)
{
	fputs("{\"error\":", stdout);
	ui_json_text(text);
	printf(",\"retry\":%s}\n", retry ? "true" : "false");
}

int ui_fail(const struct ui *ui, const struct error *e)
{
	if (ui->json)
		ui_json_error(e->text, e->retry);
	else
		fprintf(stderr, "sealift %s: %s\n", ui->command, e->text);
	return e->retry ? UI_RETRY : UI_FAILED;
}

int ui_usage(const struct ui *ui, const char *format, ...)
{
	va_list arguments;
	char text[ERROR_TEXT_MAX];
	const char *space = ui->command[0] != '\0' ? " " : "";
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (ui->json)
		ui_json_error(text, false);
	else
		fprintf(stderr, "sealift%s%s: %s\nTry 'sealift help%s%s'.\n", space, ui->command, text, space,
			ui->command);
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
