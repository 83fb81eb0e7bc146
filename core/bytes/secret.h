/* Secrets are wiped so that the compiler cannot leave it out. */
#ifndef SECRET_H
#define SECRET_H

#include <stddef.h>

void secret_wipe(void *at, size_t n);

#endif
