/*
 * One token of a module, logged in once. Keys are found by CKA_LABEL and class; more than one match is refused. Only
 * CKM_ECDSA over exactly 32 bytes is used, which every module has, and each signature is verified with our own copy of
 * the public key before it is handed out. Not thread safe. Several tokens may be open at once.
 */
#ifndef TOKEN_H
#define TOKEN_H

#include "crypto.h"
#include "error.h"
#include "key.h"
#include "module.h"

#define TOKEN_LABEL_MAX 32 /* PKCS#11 pads labels to this */
#define TOKEN_KEYS_MAX 64  /* whose public halves are remembered */

struct token;

/* crypto verifies each signature. pin NULL: the token asks for none, or has its own keypad. */
int token_open(struct module *module, const struct crypto *crypto, const char *label, const char *pin,
	       struct token **out, struct error *e) MUST_USE;
void token_close(struct token *token); /* NULL is fine */

int token_public_key(struct token *token, const char *key, struct public_key *out, struct error *e) MUST_USE;
int token_sign(struct token *token, const char *key, const struct digest *digest, uint8_t raw[64],
	       struct error *e) MUST_USE;

/* New keys: on the token, private, sensitive, not extractable. A label that is taken is refused. */
int token_generate_p256(struct token *token, const char *key, struct public_key *out, struct error *e) MUST_USE;
int token_generate_rsa2048(struct token *token, const char *key, struct error *e) MUST_USE;
int token_generate_aes256(struct token *token, const char *key, struct error *e) MUST_USE;

#endif
