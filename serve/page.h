/* The status page, rendered by the server: works without scripts, and loads nothing from elsewhere. */
#ifndef PAGE_H
#define PAGE_H

#include "show.h"

int page_render(const struct show *show, struct body *out, struct error *e) MUST_USE;

#endif
