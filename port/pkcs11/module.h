/*
 * A PKCS#11 module (Cryptoki 2.40), loaded by its absolute path into this process. Open it after the last fork: handles
 * must never be shared with a child. A process may close a module and open it again, for another SoftHSM directory.
 */
#ifndef MODULE_H
#define MODULE_H

#include "error.h"

#define MODULE_SOFTHSM "/usr/lib/softhsm/libsofthsm2.so"

struct module;

int module_open(const char *path, struct module **out, struct error *e) MUST_USE; /* NULL: MODULE_SOFTHSM */
void module_close(struct module *module); /* NULL is fine; its tokens must be closed */

#endif
