/*
 * Where a command gets signatures: the offline tokens of people, used here as a ceremony, or one of the two signds.
 * `init` alone also opens the tokens of the signds directly, before they have ever run.
 */
#ifndef AUTHORITY_H
#define AUTHORITY_H

#include "ceremony.h"
#include "keyring.h"
#include "signd_client.h"
#include "site.h"
#include "x509.h"

/* A key, the token that holds it, and what it is for. */
struct authority_key {
	char name[SIGNER_KEY_MAX];
	const char *token;
	enum { AUTHORITY_P256, AUTHORITY_RSA2048, AUTHORITY_AES256 } kind;
};

enum authority_holder { AUTHORITY_OFFLINE, AUTHORITY_RELEASE, AUTHORITY_ONLINE, AUTHORITY_HOLDERS };
#define AUTHORITY_KEYS_MAX (32 + SITE_PRODUCTS_MAX)

const char *authority_holder_name(enum authority_holder holder); /* "offline" "release" "online": the folder in keys/ */
uint32_t authority_keys(const struct site *site, enum authority_holder holder,
			struct authority_key keys[AUTHORITY_KEYS_MAX]);

/* The tokens of a holder, opened in this process. */
struct authority {
	char run[FILE_PATH_MAX]; /* the working copy of the tokens */
	struct module *module;
	struct keyring *keyring;
	struct ceremony *ceremony;
	struct signd_client *client;
	struct hsm hsm; /* of tokens; not of a signd */
	struct signer signer;
};

int authority_open_tokens(const struct site *site, enum authority_holder holder, struct authority *out,
			  struct error *e) MUST_USE;
/* instance: "release" or "online" */
int authority_open_signd(const struct site *site, const char *instance, const char *requester, struct authority *out,
			 struct error *e) MUST_USE;
void authority_close(struct authority *authority);

/* Makes the tokens and keys of a holder; refused where they are there. */
int authority_create(const struct site *site, enum authority_holder holder, struct error *e) MUST_USE;

/* A key of the tokens as the signer of certificates. */
struct authority_certificate_key {
	struct hsm hsm;
	const char *key;
};
int authority_certificate_signer(struct authority_certificate_key *key, struct certificate_signer *out,
				 struct error *e) MUST_USE;

/* The login name of whoever runs this command, for journals. */
const char *authority_who(void);

#endif
