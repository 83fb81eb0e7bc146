/* What token.c and softhsm.c share of a loaded module. */
#ifndef MODULE_PRIVATE_H
#define MODULE_PRIVATE_H

#include <p11-kit/pkcs11.h>

#include "module.h"

#define MODULE_SLOTS_MAX 256

struct module {
	void *handle;
	CK_FUNCTION_LIST *call;
	char path[256];
};

/* The name of a CKR code, or its number in buffer. */
const char *module_code_text(CK_RV rv);
/* -1: "what: CKR_...: what to do" */
int module_error(struct error *e, CK_RV rv, const char *what);
/* The slot of the one token with this label. */
int module_find_token(const struct module *module, const char *label, CK_SLOT_ID *out, CK_TOKEN_INFO *info,
		      struct error *e) MUST_USE;
/* The first slot whose token is not initialised. */
int module_find_free(const struct module *module, CK_SLOT_ID *out, struct error *e) MUST_USE;
/* Pads text with blanks to n bytes, as PKCS#11 wants labels. */
void module_pad(CK_UTF8CHAR *out, size_t n, const char *text);

#endif
