/* Which two of three holders of a role sign: --holders 2,3, since a token may be lost or revoked. */
#ifndef HOLDERS_H
#define HOLDERS_H

#include "authority.h"
#include "ui.h"

#define HOLDERS_SIGNERS 2
#define HOLDERS_ALL 3

struct holders {
	char keys[HOLDERS_SIGNERS][SIGNER_KEY_MAX]; /* "targets/1" */
	const char *names[HOLDERS_SIGNERS];         /* these keys: a holders must not move */
};

/* The first two of the role. */
void holders_default(struct holders *holders, const char *role);
/* UI_OK, or UI_USAGE after an explanation. */
int holders_parse(const struct ui *ui, struct holders *holders, const char *role, const char *value) MUST_USE;

#endif
