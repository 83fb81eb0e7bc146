/* The crypto provider of hosted programs: OpenSSL 3.0's libcrypto. Safe in any thread. */
#ifndef CRYPTO_OPENSSL_H
#define CRYPTO_OPENSSL_H

#include "crypto.h"

extern const struct crypto crypto_openssl;

#endif
