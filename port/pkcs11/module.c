#include "module_private.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	CK_RV rv;
	const char *name;
	const char *help;
} module_codes[] = {
	{ CKR_GENERAL_ERROR, "CKR_GENERAL_ERROR", "the module failed inside; see its own log" },
	{ CKR_HOST_MEMORY, "CKR_HOST_MEMORY", "the machine is out of memory" },
	{ CKR_DEVICE_ERROR, "CKR_DEVICE_ERROR", "the HSM reports a fault; check the device" },
	{ CKR_DEVICE_REMOVED, "CKR_DEVICE_REMOVED", "the token was removed; insert it and try again" },
	{ CKR_TOKEN_NOT_PRESENT, "CKR_TOKEN_NOT_PRESENT", "no token in the slot; insert it and try again" },
	{ CKR_TOKEN_NOT_RECOGNIZED, "CKR_TOKEN_NOT_RECOGNIZED", "the token is not initialised" },
	{ CKR_TOKEN_WRITE_PROTECTED, "CKR_TOKEN_WRITE_PROTECTED", "the token's files are read only" },
	{ CKR_PIN_INCORRECT, "CKR_PIN_INCORRECT", "check the PIN file; some tokens lock after a few wrong PINs" },
	{ CKR_PIN_LOCKED, "CKR_PIN_LOCKED", "too many wrong PINs; the security officer must unlock the token" },
	{ CKR_PIN_LEN_RANGE, "CKR_PIN_LEN_RANGE", "the token wants a PIN of another length" },
	{ CKR_PIN_EXPIRED, "CKR_PIN_EXPIRED", "set a new PIN with the vendor's tool" },
	{ CKR_USER_NOT_LOGGED_IN, "CKR_USER_NOT_LOGGED_IN", "the key asks for a login before each use" },
	{ CKR_USER_PIN_NOT_INITIALIZED, "CKR_USER_PIN_NOT_INITIALIZED", "set the token's user PIN first" },
	{ CKR_SESSION_COUNT, "CKR_SESSION_COUNT", "all sessions of the token are in use; close another client" },
	{ CKR_SESSION_HANDLE_INVALID, "CKR_SESSION_HANDLE_INVALID", "the token dropped the session; start again" },
	{ CKR_KEY_HANDLE_INVALID, "CKR_KEY_HANDLE_INVALID", "the key is gone from the token" },
	{ CKR_KEY_TYPE_INCONSISTENT, "CKR_KEY_TYPE_INCONSISTENT", "the key is not a P-256 key" },
	{ CKR_KEY_FUNCTION_NOT_PERMITTED, "CKR_KEY_FUNCTION_NOT_PERMITTED", "the key may not sign" },
	{ CKR_MECHANISM_INVALID, "CKR_MECHANISM_INVALID", "the token cannot do ECDSA on P-256" },
	{ CKR_ATTRIBUTE_TYPE_INVALID, "CKR_ATTRIBUTE_TYPE_INVALID", "the object lacks this attribute" },
	{ CKR_ATTRIBUTE_SENSITIVE, "CKR_ATTRIBUTE_SENSITIVE", "the token keeps this value secret" },
	{ CKR_BUFFER_TOO_SMALL, "CKR_BUFFER_TOO_SMALL", "the token answers more bytes than expected" },
	{ CKR_CRYPTOKI_NOT_INITIALIZED, "CKR_CRYPTOKI_NOT_INITIALIZED", "the module was closed, or this is a child" },
	{ CKR_FUNCTION_NOT_SUPPORTED, "CKR_FUNCTION_NOT_SUPPORTED", "the module cannot do this" },
};

const char *module_code_text(CK_RV rv)
{
	for (size_t i = 0; i < sizeof module_codes / sizeof module_codes[0]; i++)
		if (module_codes[i].rv == rv)
			return module_codes[i].name;
	return "a code that PKCS#11 2.40 does not name";
}

int module_error(struct error *e, CK_RV rv, const char *what)
{
	for (size_t i = 0; i < sizeof module_codes / sizeof module_codes[0]; i++)
		if (module_codes[i].rv == rv)
			return error_set(e, "%s: %s: %s", what, module_codes[i].name, module_codes[i].help);
	return error_set(e, "%s: %s (0x%lx)", what, module_code_text(rv), rv);
}

static int module_load(struct module *m, struct error *e)
{
	CK_C_GetFunctionList list;
	if (m->path[0] != '/')
		return error_set(e, "PKCS#11 module '%s': give its absolute path", m->path);
	m->handle = dlopen(m->path, RTLD_NOW | RTLD_LOCAL);
	if (m->handle == NULL)
		return error_set(e, "PKCS#11 module: %s; install it (softhsm2) or name another", dlerror());
	/* POSIX lets dlsym give a function; C wants the bytes copied. */
	void *symbol = dlsym(m->handle, "C_GetFunctionList");
	memcpy(&list, &symbol, sizeof list);
	if (symbol == NULL)
		return error_set(e, "%s is no PKCS#11 module: it has no C_GetFunctionList", m->path);
	CK_RV rv = list(&m->call);
	if (rv != CKR_OK)
		return module_error(e, rv, "C_GetFunctionList");
	CK_C_INITIALIZE_ARGS arguments = { .flags = CKF_OS_LOCKING_OK };
	rv = m->call->C_Initialize(&arguments);
	if (rv == CKR_OK)
		return 0;
	m->call = NULL;
	if (rv == CKR_CRYPTOKI_ALREADY_INITIALIZED)
		return error_set(e, "%s is open in this process already; close it first", m->path);
	return module_error(e, rv, "C_Initialize");
}

int module_open(const char *path, struct module **out, struct error *e)
{
	struct module *m = calloc(1, sizeof *m);
	if (m == NULL)
		return error_set(e, "PKCS#11 module: out of memory");
	int n = snprintf(m->path, sizeof m->path, "%s", path != NULL ? path : MODULE_SOFTHSM);
	if (n < 0 || (size_t)n >= sizeof m->path || module_load(m, e) != 0) {
		module_close(m);
		return n >= (int)sizeof m->path ? error_set(e, "PKCS#11 module: the path is too long") : -1;
	}
	*out = m;
	return 0;
}

void module_close(struct module *m)
{
	if (m == NULL)
		return;
	if (m->call != NULL)
		(void)m->call->C_Finalize(NULL);
	/* The library stays mapped: some modules leave threads and exit handlers behind. */
	free(m);
}

void module_pad(CK_UTF8CHAR *out, size_t n, const char *text)
{
	size_t length = strnlen(text, n);
	memset(out, ' ', n);
	memcpy(out, text, length);
}

static int module_slots(const struct module *m, CK_SLOT_ID *slots, CK_ULONG *count, struct error *e)
{
	/* Asking for the number first makes SoftHSM look again, and offer a fresh slot after each C_InitToken. */
	CK_RV rv = m->call->C_GetSlotList(CK_TRUE, NULL, count);
	*count = MODULE_SLOTS_MAX;
	if (rv == CKR_OK)
		rv = m->call->C_GetSlotList(CK_TRUE, slots, count);
	if (rv != CKR_OK)
		return module_error(e, rv, "listing the tokens");
	return 0;
}

int module_find_token(const struct module *m, const char *label, CK_SLOT_ID *out, CK_TOKEN_INFO *info, struct error *e)
{
	CK_SLOT_ID slots[MODULE_SLOTS_MAX];
	CK_ULONG count;
	CK_UTF8CHAR padded[sizeof info->label];
	unsigned matches = 0;
	if (strlen(label) > sizeof padded)
		return error_set(e, "token '%s': a label has at most %zu characters", label, sizeof padded);
	if (module_slots(m, slots, &count, e) != 0)
		return -1;
	module_pad(padded, sizeof padded, label);
	for (CK_ULONG i = 0; i < count; i++) {
		CK_TOKEN_INFO each;
		if (m->call->C_GetTokenInfo(slots[i], &each) != CKR_OK || !(each.flags & CKF_TOKEN_INITIALIZED))
			continue;
		if (memcmp(each.label, padded, sizeof padded) != 0)
			continue;
		*info = each;
		*out = slots[i];
		matches++;
	}
	if (matches == 0)
		return error_set(e, "token '%s' is not there; check the token directory and the label", label);
	if (matches > 1)
		return error_set(e, "token '%s' is there %u times; remove or rename the others", label, matches);
	return 0;
}

int module_find_free(const struct module *m, CK_SLOT_ID *out, struct error *e)
{
	CK_SLOT_ID slots[MODULE_SLOTS_MAX];
	CK_ULONG count;
	if (module_slots(m, slots, &count, e) != 0)
		return -1;
	for (CK_ULONG i = 0; i < count; i++) {
		CK_TOKEN_INFO info;
		if (m->call->C_GetTokenInfo(slots[i], &info) != CKR_OK || (info.flags & CKF_TOKEN_INITIALIZED))
			continue;
		*out = slots[i];
		return 0;
	}
	return error_set(e, "no free slot for a new token");
}
