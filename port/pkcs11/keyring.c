#include "keyring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secret.h"

#define KEYRING_MAX 64
#define KEYRING_NAME_MAX 128
#define KEYRING_PIN_MAX 255

struct keyring_entry {
	char key[KEYRING_NAME_MAX + 1];
	char label[KEYRING_NAME_MAX + 1];
	uint32_t token; /* index in names and tokens */
};

struct keyring {
	struct module *module;
	const struct crypto *crypto;
	char pin[KEYRING_PIN_MAX + 1];
	bool has_pin;
	uint32_t count;
	struct keyring_entry entries[KEYRING_MAX];
	uint32_t token_count;
	char names[KEYRING_MAX][TOKEN_LABEL_MAX + 1];
	struct token *tokens[KEYRING_MAX]; /* NULL: not opened yet */
};

int keyring_open(struct module *module, const struct crypto *crypto, const char *pin, struct keyring **out,
		 struct error *e)
{
	if (pin != NULL && strlen(pin) > KEYRING_PIN_MAX)
		return error_set(e, "keyring: the PIN is longer than %d characters", KEYRING_PIN_MAX);
	struct keyring *k = calloc(1, sizeof *k);
	if (k == NULL)
		return error_set(e, "keyring: out of memory");
	k->module = module;
	k->crypto = crypto;
	k->has_pin = pin != NULL;
	snprintf(k->pin, sizeof k->pin, "%s", pin != NULL ? pin : "");
	*out = k;
	return 0;
}

static struct keyring_entry *keyring_find(struct keyring *k, const char *key)
{
	for (uint32_t i = 0; i < k->count; i++)
		if (strcmp(k->entries[i].key, key) == 0)
			return &k->entries[i];
	return NULL;
}

static uint32_t keyring_token_index(struct keyring *k, const char *token)
{
	uint32_t i = 0;
	while (i < k->token_count && strcmp(k->names[i], token) != 0)
		i++;
	if (i == k->token_count)
		snprintf(k->names[k->token_count++], sizeof k->names[0], "%s", token);
	return i;
}

int keyring_add(struct keyring *k, const char *key, const char *token, const char *label, struct error *e)
{
	const char *name = label != NULL ? label : key;
	if (strlen(key) > KEYRING_NAME_MAX || strlen(name) > KEYRING_NAME_MAX || strlen(token) > TOKEN_LABEL_MAX)
		return error_set(e, "key '%s': its name, label or token name is too long", key);
	if (keyring_find(k, key) != NULL)
		return error_set(e, "key '%s' is there twice", key);
	if (k->count == KEYRING_MAX)
		return error_set(e, "key '%s': a keyring holds at most %d keys", key, KEYRING_MAX);
	struct keyring_entry *entry = &k->entries[k->count++];
	snprintf(entry->key, sizeof entry->key, "%s", key);
	snprintf(entry->label, sizeof entry->label, "%s", name);
	entry->token = keyring_token_index(k, token);
	return 0;
}

static int keyring_use(struct keyring *k, const char *key, struct token **token, const char **label, struct error *e)
{
	const struct keyring_entry *entry = keyring_find(k, key);
	if (entry == NULL)
		return error_set(e, "key '%s' is not one that this holder has", key);
	struct token **slot = &k->tokens[entry->token];
	if (*slot == NULL &&
	    token_open(k->module, k->crypto, k->names[entry->token], k->has_pin ? k->pin : NULL, slot, e) != 0)
		return -1;
	*token = *slot;
	*label = entry->label;
	return 0;
}

static int keyring_public_key(void *self, const char *key, struct public_key *out, struct error *e)
{
	struct token *token;
	const char *label;
	if (keyring_use(self, key, &token, &label, e) != 0)
		return -1;
	return token_public_key(token, label, out, e);
}

static int keyring_sign(void *self, const char *key, const struct digest *digest, uint8_t raw[64], struct error *e)
{
	struct token *token;
	const char *label;
	if (keyring_use(self, key, &token, &label, e) != 0)
		return -1;
	return token_sign(token, label, digest, raw, e);
}

struct hsm keyring_hsm(struct keyring *k)
{
	return (struct hsm){ .public_key = keyring_public_key, .sign = keyring_sign, .self = k };
}

void keyring_close(struct keyring *k)
{
	if (k == NULL)
		return;
	for (uint32_t i = 0; i < k->token_count; i++)
		token_close(k->tokens[i]);
	secret_wipe(k->pin, sizeof k->pin);
	free(k);
}
