#include "crypto_small.h"

#include "p256.h"
#include "sha256.h"

const struct crypto crypto_small = {
	.sha256_init = sha256_init,
	.sha256_update = sha256_update,
	.sha256_final = sha256_final,
	.p256_verify = p256_verify,
};
