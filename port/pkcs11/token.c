#include "token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module_private.h"

#define TOKEN_OUTPUT_BYTES 512 /* for a signature: never ask a module for the length, some answer wrongly */
#define TOKEN_KEY_MAX 128

struct token_key {
	char name[TOKEN_KEY_MAX + 1];
	CK_OBJECT_HANDLE private_handle;
	struct public_key public_key;
};

struct token {
	struct module *module;
	CK_FUNCTION_LIST *call;
	const struct crypto *crypto;
	CK_SESSION_HANDLE session;
	bool is_open;
	char label[TOKEN_LABEL_MAX + 1];
	uint32_t key_count;
	struct token_key keys[TOKEN_KEYS_MAX];
};

/* --- login --- */

static int token_login(struct token *t, const CK_TOKEN_INFO *info, const char *pin, struct error *e)
{
	CK_UTF8CHAR text[256];
	size_t n = pin != NULL ? strlen(pin) : 0;
	if (!(info->flags & CKF_LOGIN_REQUIRED))
		return 0;
	if (info->flags & CKF_USER_PIN_LOCKED)
		return module_error(e, CKR_PIN_LOCKED, "login");
	if (n > sizeof text)
		return error_set(e, "login: the PIN is too long");
	if (n > 0)
		memcpy(text, pin, n);
	/* Once only: a second try with a wrong PIN may lock a real token. */
	bool keypad = (info->flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0 || pin == NULL;
	CK_RV rv = t->call->C_Login(t->session, CKU_USER, keypad ? NULL : text, keypad ? 0 : n);
	explicit_bzero(text, sizeof text);
	if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN)
		return module_error(e, rv, "login");
	return 0;
}

static int token_start(struct token *t, const char *pin, struct error *e)
{
	CK_SLOT_ID slot;
	CK_TOKEN_INFO info;
	if (module_find_token(t->module, t->label, &slot, &info, e) != 0)
		return -1;
	CK_FLAGS flags = CKF_SERIAL_SESSION;
	if (!(info.flags & CKF_WRITE_PROTECTED))
		flags |= CKF_RW_SESSION;
	CK_RV rv = t->call->C_OpenSession(slot, flags, NULL, NULL, &t->session);
	if (rv != CKR_OK)
		return module_error(e, rv, "opening a session");
	t->is_open = true;
	return token_login(t, &info, pin, e);
}

int token_open(struct module *module, const struct crypto *crypto, const char *label, const char *pin,
	       struct token **out, struct error *e)
{
	if (strlen(label) > TOKEN_LABEL_MAX)
		return error_set(e, "token '%s': a label has at most %d characters", label, TOKEN_LABEL_MAX);
	struct token *t = calloc(1, sizeof *t);
	if (t == NULL)
		return error_set(e, "token '%s': out of memory", label);
	t->module = module;
	t->call = module->call;
	t->crypto = crypto;
	snprintf(t->label, sizeof t->label, "%s", label);
	if (token_start(t, pin, e) != 0) {
		token_close(t);
		return error_within(e, "token '%s'", label);
	}
	*out = t;
	return 0;
}

void token_close(struct token *t)
{
	if (t == NULL)
		return;
	/* Closing a token's last session logs out as well. */
	if (t->is_open)
		(void)t->call->C_CloseSession(t->session);
	free(t);
}

/* --- finding --- */

/* 0: one match; 1: none; -1: more than one, or the module failed */
static int token_search(struct token *t, CK_OBJECT_CLASS class, const char *key, CK_OBJECT_HANDLE *out, struct error *e)
{
	CK_UTF8CHAR label[TOKEN_KEY_MAX];
	CK_OBJECT_HANDLE found[2];
	CK_ULONG count = 0;
	size_t n = strnlen(key, sizeof label);
	memcpy(label, key, n);
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof class }, { CKA_LABEL, label, n } };
	CK_RV rv = t->call->C_FindObjectsInit(t->session, template, 2);
	if (rv != CKR_OK)
		return module_error(e, rv, "searching for the key");
	rv = t->call->C_FindObjects(t->session, found, 2, &count);
	(void)t->call->C_FindObjectsFinal(t->session);
	if (rv != CKR_OK)
		return module_error(e, rv, "searching for the key");
	if (count == 0)
		return 1;
	if (count > 1)
		return error_set(e, "more than one key has this label; remove or rename the others");
	*out = found[0];
	return 0;
}

/* Raw 04 || X || Y, or the same in a DER OCTET STRING: both are met. */
static int token_point(const uint8_t *point, CK_ULONG n, struct public_key *out, struct error *e)
{
	if (n == 67 && point[0] == 0x04 && point[1] == 65) {
		point += 2;
		n -= 2;
	}
	if (n != 65 || point[0] != 0x04)
		return error_set(e, "the key is not an uncompressed P-256 point");
	memcpy(out->xy, point + 1, sizeof out->xy);
	return 0;
}

/* The point stands on the public object, or on the private one alone. */
static int token_read_point(struct token *t, CK_OBJECT_HANDLE private_handle, const char *key, struct public_key *out,
			    struct error *e)
{
	uint8_t point[TOKEN_OUTPUT_BYTES];
	CK_OBJECT_HANDLE object;
	int found = token_search(t, CKO_PUBLIC_KEY, key, &object, e);
	if (found < 0)
		return -1;
	CK_ATTRIBUTE attribute = { CKA_EC_POINT, point, sizeof point };
	CK_RV rv = t->call->C_GetAttributeValue(t->session, found == 0 ? object : private_handle, &attribute, 1);
	if (rv != CKR_OK)
		return module_error(e, rv, "reading the public key");
	return token_point(point, attribute.ulValueLen, out, e);
}

static struct token_key *token_cached(struct token *t, const char *key)
{
	for (uint32_t i = 0; i < t->key_count; i++)
		if (strcmp(t->keys[i].name, key) == 0)
			return &t->keys[i];
	return NULL;
}

static int token_load(struct token *t, const char *key, struct token_key *out, struct error *e)
{
	if (strlen(key) > TOKEN_KEY_MAX || key[0] == '\0')
		return error_set(e, "a key's label has 1 to %d characters", TOKEN_KEY_MAX);
	int found = token_search(t, CKO_PRIVATE_KEY, key, &out->private_handle, e);
	if (found > 0)
		return error_set(e, "there is no such private key on the token");
	if (found < 0)
		return -1;
	snprintf(out->name, sizeof out->name, "%s", key);
	return token_read_point(t, out->private_handle, key, &out->public_key, e);
}

static int token_key(struct token *t, const char *key, struct token_key **out, struct error *e)
{
	*out = token_cached(t, key);
	if (*out != NULL)
		return 0;
	if (t->key_count == TOKEN_KEYS_MAX)
		return error_set(e, "token '%s': more than %d keys in use", t->label, TOKEN_KEYS_MAX);
	*out = &t->keys[t->key_count];
	if (token_load(t, key, *out, e) != 0)
		return error_within(e, "key '%s' on token '%s'", key, t->label);
	t->key_count++;
	return 0;
}

int token_public_key(struct token *t, const char *key, struct public_key *out, struct error *e)
{
	struct token_key *found;
	if (token_key(t, key, &found, e) != 0)
		return -1;
	*out = found->public_key;
	return 0;
}

/* --- signing --- */

static int token_sign_once(struct token *t, const struct token_key *key, const struct digest *digest, uint8_t raw[64],
			   struct error *e)
{
	uint8_t input[DIGEST_BYTES], output[TOKEN_OUTPUT_BYTES];
	CK_ULONG n = sizeof output;
	CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
	memcpy(input, digest->bytes, sizeof input);
	CK_RV rv = t->call->C_SignInit(t->session, &mechanism, key->private_handle);
	if (rv != CKR_OK)
		return module_error(e, rv, "signing");
	rv = t->call->C_Sign(t->session, input, sizeof input, output, &n);
	if (rv != CKR_OK)
		return module_error(e, rv, "signing");
	if (n != 64)
		return error_set(e, "signing: the module answered %lu bytes, not r and s of 32 bytes each", n);
	memcpy(raw, output, 64);
	return 0;
}

int token_sign(struct token *t, const char *key, const struct digest *digest, uint8_t raw[64], struct error *e)
{
	struct token_key *found;
	uint8_t made[64];
	if (token_key(t, key, &found, e) != 0)
		return -1;
	if (token_sign_once(t, found, digest, made, e) != 0)
		return error_within(e, "key '%s' on token '%s'", key, t->label);
	/* Catches a faulty HSM, another key under this label, and a signature in another form. */
	if (!t->crypto->p256_verify(found->public_key.xy, digest, made))
		return error_set(e, "key '%s' on token '%s': the signature does not verify; not released", key,
				 t->label);
	memcpy(raw, made, 64);
	return 0;
}

/* --- making keys --- */

/* Refuses a label that any object has. */
static int token_expect_free(struct token *t, const char *key, struct error *e)
{
	static const CK_OBJECT_CLASS classes[] = { CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_SECRET_KEY };
	CK_OBJECT_HANDLE object;
	if (strlen(key) > TOKEN_KEY_MAX || key[0] == '\0')
		return error_set(e, "a key's label has 1 to %d characters", TOKEN_KEY_MAX);
	for (size_t i = 0; i < 3; i++) {
		int found = token_search(t, classes[i], key, &object, e);
		if (found == 0)
			return error_set(e, "token '%s' has a key '%s' already; choose another name", t->label, key);
		if (found < 0)
			return -1;
	}
	return 0;
}

/* kind: the attributes of the algorithm, on the public half */
static int token_generate_pair(struct token *t, const char *key, CK_MECHANISM_TYPE type, const CK_ATTRIBUTE *kind,
			       CK_ULONG kind_count, struct error *e)
{
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_UTF8CHAR label[TOKEN_KEY_MAX];
	CK_OBJECT_HANDLE public_handle, private_handle;
	CK_MECHANISM mechanism = { type, NULL, 0 };
	if (token_expect_free(t, key, e) != 0)
		return -1;
	size_t n = strlen(key);
	memcpy(label, key, n);
	CK_ATTRIBUTE public_template[8] = {
		{ CKA_TOKEN, &yes, sizeof yes },
		{ CKA_PRIVATE, &no, sizeof no },
		{ CKA_VERIFY, &yes, sizeof yes },
		{ CKA_LABEL, label, n },
		{ CKA_ID, label, n },
	};
	CK_ATTRIBUTE private_template[] = {
		{ CKA_TOKEN, &yes, sizeof yes },
		{ CKA_PRIVATE, &yes, sizeof yes },
		{ CKA_SIGN, &yes, sizeof yes },
		{ CKA_SENSITIVE, &yes, sizeof yes },
		{ CKA_EXTRACTABLE, &no, sizeof no },
		{ CKA_LABEL, label, n },
		{ CKA_ID, label, n },
	};
	memcpy(public_template + 5, kind, kind_count * sizeof *kind);
	CK_RV rv = t->call->C_GenerateKeyPair(t->session, &mechanism, public_template, 5 + kind_count, private_template,
					      sizeof private_template / sizeof private_template[0], &public_handle,
					      &private_handle);
	if (rv != CKR_OK)
		return module_error(e, rv, "making a key");
	return 0;
}

int token_generate_p256(struct token *t, const char *key, struct public_key *out, struct error *e)
{
	/* OBJECT IDENTIFIER 1.2.840.10045.3.1.7, prime256v1 */
	uint8_t curve[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
	CK_ATTRIBUTE kind = { CKA_EC_PARAMS, curve, sizeof curve };
	if (token_generate_pair(t, key, CKM_EC_KEY_PAIR_GEN, &kind, 1, e) != 0)
		return error_within(e, "key '%s' on token '%s'", key, t->label);
	return token_public_key(t, key, out, e);
}

int token_generate_rsa2048(struct token *t, const char *key, struct error *e)
{
	CK_ULONG bits = 2048;
	uint8_t exponent[] = { 0x01, 0x00, 0x01 };
	CK_ATTRIBUTE kind[] = { { CKA_MODULUS_BITS, &bits, sizeof bits },
				{ CKA_PUBLIC_EXPONENT, exponent, sizeof exponent } };
	if (token_generate_pair(t, key, CKM_RSA_PKCS_KEY_PAIR_GEN, kind, 2, e) != 0)
		return error_within(e, "key '%s' on token '%s'", key, t->label);
	return 0;
}

int token_generate_aes256(struct token *t, const char *key, struct error *e)
{
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ULONG bytes = 32;
	CK_UTF8CHAR label[TOKEN_KEY_MAX];
	CK_OBJECT_HANDLE handle;
	CK_MECHANISM mechanism = { CKM_AES_KEY_GEN, NULL, 0 };
	if (token_expect_free(t, key, e) != 0)
		return error_within(e, "key '%s' on token '%s'", key, t->label);
	size_t n = strlen(key);
	memcpy(label, key, n);
	CK_ATTRIBUTE template[] = {
		{ CKA_TOKEN, &yes, sizeof yes },
		{ CKA_PRIVATE, &yes, sizeof yes },
		{ CKA_SENSITIVE, &yes, sizeof yes },
		{ CKA_EXTRACTABLE, &no, sizeof no },
		{ CKA_WRAP, &yes, sizeof yes },
		{ CKA_UNWRAP, &yes, sizeof yes },
		{ CKA_VALUE_LEN, &bytes, sizeof bytes },
		{ CKA_LABEL, label, n },
		{ CKA_ID, label, n },
	};
	CK_RV rv =
		t->call->C_GenerateKey(t->session, &mechanism, template, sizeof template / sizeof template[0], &handle);
	if (rv != CKR_OK)
		return module_error(e, rv, "making a key");
	return 0;
}
