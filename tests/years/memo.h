/*
 * OpenSSL's crypto, but no signature is verified twice: the devices of a fleet see the same files for years, and
 * verification is a pure function of its arguments.
 */
#ifndef MEMO_H
#define MEMO_H

#include "crypto.h"

const struct crypto *memo_crypto(void);

#endif
