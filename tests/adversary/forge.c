/*
 * The thief: signs any JSON body with keys that he stole, past the authority that would have looked at it. One theft is
 * one token, or a key of his own making, so that a test says exactly what was stolen.
 *
 *   forge sign --tokens DIR --token NAME KEY... <body >envelope   keys of a SoftHSM token of a site
 *   forge sign --key FILE <body >envelope                         a key in a file; made if there is none
 *   forge public --key FILE                                       {"keyid":...,"pem":...} of that key
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto_openssl.h"
#include "keyfile.h"
#include "keyring.h"
#include "role.h"
#include "signed.h"
#include "softhsm.h"

#define FORGE_BODY_MAX (1u << 20)
#define FORGE_KEYS_MAX 8

struct forge {
	const char *tokens, *token, *file;
	char run[64];
	struct module *module;
	struct keyring *keyring;
	struct keyfile *key;
	uint32_t count;
	char keyids[FORGE_KEYS_MAX][ROLE_KEYID_HEX + 1];
	struct signed_by by[FORGE_KEYS_MAX];
};

static int forge_open_tokens(struct forge *f, char **keys, uint32_t count, struct error *e)
{
	char pin[SOFTHSM_PIN_TEXT];
	snprintf(f->run, sizeof f->run, "/tmp/sealift-forge.XXXXXX");
	if (mkdtemp(f->run) == NULL)
		return error_errno(e, "a place for the tokens");
	if (softhsm_work(f->tokens, f->run, e) != 0 || softhsm_pin(f->tokens, pin, e) != 0 ||
	    module_open(NULL, &f->module, e) != 0 || keyring_open(f->module, &crypto_openssl, pin, &f->keyring, e) != 0)
		return -1;
	for (uint32_t i = 0; i < count; i++)
		if (keyring_add(f->keyring, keys[i], f->token, NULL, e) != 0)
			return -1;
	return 0;
}

static int forge_open_file(struct forge *f, struct error *e)
{
	if (access(f->file, R_OK) == 0)
		return keyfile_load(f->file, &f->key, e);
	return keyfile_new(&f->key, e) != 0 ? -1 : keyfile_save(f->key, f->file, e);
}

static void forge_name(struct forge *f, const struct public_key *key)
{
	struct role_key role_key;
	role_key_init(&crypto_openssl, key, f->keyids[f->count], &role_key);
	f->by[f->count].keyid_hex = (struct span){ (const uint8_t *)f->keyids[f->count], ROLE_KEYID_HEX };
}

static int forge_sign_by_file(struct forge *f, const struct digest *digest, struct error *e)
{
	struct public_key key;
	if (forge_open_file(f, e) != 0 || keyfile_public(f->key, &key, e) != 0)
		return -1;
	forge_name(f, &key);
	return keyfile_sign(f->key, digest, f->by[f->count++].raw, e);
}

static int forge_sign_by_token(struct forge *f, const char *name, const struct digest *digest, struct error *e)
{
	struct hsm hsm = keyring_hsm(f->keyring);
	struct public_key key;
	if (hsm.public_key(hsm.self, name, &key, e) != 0)
		return -1;
	forge_name(f, &key);
	return hsm.sign(hsm.self, name, digest, f->by[f->count++].raw, e);
}

static int forge_sign_all(struct forge *f, char **keys, uint32_t count, const struct digest *digest, struct error *e)
{
	if (f->file != NULL)
		return forge_sign_by_file(f, digest, e);
	if (count == 0 || count > FORGE_KEYS_MAX || f->token == NULL || f->tokens == NULL)
		return error_set(e, "give --tokens, --token and 1 to %d keys", FORGE_KEYS_MAX);
	if (forge_open_tokens(f, keys, count, e) != 0)
		return -1;
	for (uint32_t i = 0; i < count; i++)
		if (forge_sign_by_token(f, keys[i], digest, e) != 0)
			return -1;
	return 0;
}

static int forge_sign(struct forge *f, char **keys, uint32_t count, struct error *e)
{
	static uint8_t text[FORGE_BODY_MAX], canonical[FORGE_BODY_MAX], out[2 * FORGE_BODY_MAX];
	static uint8_t nodes[8 * FORGE_BODY_MAX] __attribute__((aligned(64)));
	struct workspace ws = workspace_over(nodes, sizeof nodes);
	struct writer body = writer_over(canonical, sizeof canonical), envelope = writer_over(out, sizeof out);
	struct json_node *node;
	size_t n = fread(text, 1, sizeof text, stdin);
	if (json_parse((struct span){ text, n }, &ws, &node) != FAULT_NONE)
		return error_set(e, "standard input is not one JSON value");
	json_canonical(node, &body);
	struct digest digest = sha256_of(&crypto_openssl, writer_span(&body));
	if (forge_sign_all(f, keys, count, &digest, e) != 0)
		return -1;
	signed_encode(&envelope, writer_span(&body), f->by, f->count);
	if (writer_end(&body) != FAULT_NONE || writer_end(&envelope) != FAULT_NONE)
		return error_set(e, "the body is too large");
	return fwrite(out, 1, envelope.used, stdout) == envelope.used ? 0 : error_errno(e, "write");
}

static int forge_public(struct forge *f, struct error *e)
{
	char pem[512];
	struct public_key key;
	struct writer w = writer_over(pem, sizeof pem), out;
	static uint8_t text[2048];
	if (f->file == NULL)
		return error_set(e, "give --key FILE");
	if (forge_open_file(f, e) != 0 || keyfile_public(f->key, &key, e) != 0)
		return -1;
	forge_name(f, &key);
	key_write_pem(&w, &key);
	out = writer_over(text, sizeof text);
	struct json_writer j = json_writer_over(&out);
	json_write_object(&j);
	json_write_member_text(&j, "keyid", f->keyids[0]);
	json_write_member_string(&j, "pem", writer_span(&w));
	json_write_object_end(&j);
	return fwrite(text, 1, out.used, stdout) == out.used ? 0 : error_errno(e, "write");
}

static void forge_close(struct forge *f)
{
	struct error ignored;
	keyfile_free(f->key);
	keyring_close(f->keyring);
	if (f->module != NULL)
		module_close(f->module);
	if (f->run[0] != '\0' && softhsm_drop(f->run, &ignored) != 0)
		fprintf(stderr, "forge: %s\n", ignored.text);
}

int main(int argc, char **argv)
{
	struct forge f = { 0 };
	struct error e = { 0 };
	int i = 2, failed = 1;
	for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
		const char **option = strcmp(argv[i], "--tokens") == 0  ? &f.tokens
				      : strcmp(argv[i], "--token") == 0 ? &f.token
									: &f.file;
		*option = argv[i + 1];
	}
	if (argc > 1 && strcmp(argv[1], "sign") == 0)
		failed = forge_sign(&f, argv + i, (uint32_t)(argc - i), &e);
	else if (argc > 1 && strcmp(argv[1], "public") == 0)
		failed = forge_public(&f, &e);
	else
		error_set(&e, "usage: forge sign|public");
	forge_close(&f);
	if (failed == 0)
		return 0;
	fprintf(stderr, "forge: %s\n", e.text);
	return 1;
}
