/* A canonical body becomes a signed envelope: one signature of each named key, asked of a signer. */
#ifndef ENVELOPE_H
#define ENVELOPE_H

#include "signed.h"
#include "signer.h"

#define ENVELOPE_KEYS_MAX 8

struct envelope_keys {
	const struct signer *signer;
	const char *const *names; /* the signer's names: "timestamp"; "root/1", "root/2" */
	uint32_t count;
	enum sign_kind kind; /* SIGN_METADATA unless said */
};

struct envelope_reason {
	const char *who;
	const char *why;
};

int envelope_sign(const struct crypto *crypto, const struct envelope_keys *keys, struct envelope_reason reason,
		  struct span body, struct writer *out, struct error *e) MUST_USE;

#endif
