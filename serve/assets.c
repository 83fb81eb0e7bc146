#include "assets.h"

/* From assets/, by its embed.sh. */
extern const uint8_t assets_page_css[], assets_page_js[];
extern const size_t assets_page_css_bytes, assets_page_js_bytes;

struct span assets_css(void)
{
	return (struct span){ assets_page_css, assets_page_css_bytes };
}

struct span assets_js(void)
{
	return (struct span){ assets_page_js, assets_page_js_bytes };
}
