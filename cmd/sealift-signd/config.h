/* The configuration of sealift-signd, as --help and protocol/signd.md explain it. */
#ifndef CONFIG_H
#define CONFIG_H

#include "file.h"
#include "notary.h"

#define CONFIG_KEYS_MAX 64

struct config_key {
	char name[SIGNER_KEY_MAX + 1];
	char token[33];
	char label[SIGNER_KEY_MAX + 1];
};

struct config {
	char instance[32];
	char socket[FILE_PATH_MAX];
	uint32_t socket_mode;
	char journal[FILE_PATH_MAX];
	char module[FILE_PATH_MAX];
	char tokens[FILE_PATH_MAX]; /* a SoftHSM master; empty: the module keeps its tokens elsewhere */
	char run[FILE_PATH_MAX];    /* where the working copy goes */
	char pin[FILE_PATH_MAX];    /* a file; empty: that of tokens */
	char device_ca[FILE_PATH_MAX];
	char factory_ca[FILE_PATH_MAX];
	char log_origin[129];
	struct policy_limits limits;
	uint32_t key_count;
	struct config_key keys[CONFIG_KEYS_MAX];
	uint32_t requester_count;
	struct notary_requester requesters[NOTARY_REQUESTERS_MAX];
};

/* An unknown section or name, a value out of range, and a missing one are errors that name the line or the value. */
int config_load(const char *path, struct config *out, struct error *e) MUST_USE;

#endif
