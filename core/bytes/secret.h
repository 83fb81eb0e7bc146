/* Secrets: wiped so that the compiler cannot leave it out, compared in time that does not depend on their bytes. */
#ifndef SECRET_H
#define SECRET_H

#include "span.h"

void secret_wipe(void *at, size_t n);
bool secret_equal(struct span a, struct span b);

#endif
