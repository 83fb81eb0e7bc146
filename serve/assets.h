/* Files of the status page, inside the program. */
#ifndef ASSETS_H
#define ASSETS_H

#include "span.h"

struct span assets_css(void);
struct span assets_js(void);

#endif
