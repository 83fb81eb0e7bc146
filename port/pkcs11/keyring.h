/*
 * The keys of one module behind port/hsm.h: which key name is which label on which token. Tokens are opened, and
 * logged in to, at their first use. A name that was not added is refused.
 */
#ifndef KEYRING_H
#define KEYRING_H

#include "hsm.h"
#include "token.h"

struct keyring;

int keyring_open(struct module *module, const struct crypto *crypto, const char *pin, struct keyring **out,
		 struct error *e) MUST_USE;
/* label NULL: the key's name. All three texts are copied. */
int keyring_add(struct keyring *keyring, const char *key, const char *token, const char *label,
		struct error *e) MUST_USE;
struct hsm keyring_hsm(struct keyring *keyring); /* as long as the keyring stands */
void keyring_close(struct keyring *keyring);     /* closes its tokens, not the module; NULL is fine */

#endif
