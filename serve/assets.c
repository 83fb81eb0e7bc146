#include "assets.h"

/* SERVE_ASSETS is the folder, from the build. */
#define ASSETS_FILE(symbol, name)                                                                 \
	__asm__(".section .rodata\n" #symbol ":\n.incbin \"" SERVE_ASSETS "/" name "\"\n" #symbol \
		"_end:\n.byte 0\n.previous\n");                                                   \
	extern const uint8_t symbol[], symbol##_end[]

ASSETS_FILE(assets_page_css, "page.css");
ASSETS_FILE(assets_page_js, "page.js");

struct span assets_css(void)
{
	return (struct span){ assets_page_css, (size_t)(assets_page_css_end - assets_page_css) };
}

struct span assets_js(void)
{
	return (struct span){ assets_page_js, (size_t)(assets_page_js_end - assets_page_js) };
}
