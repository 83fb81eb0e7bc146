/*
 * The crypto provider of boot verifiers: core/crypto's own code alone, freestanding, verification only, small before
 * fast. A board that has a hash engine or a faster verifier copies the struct and replaces a function.
 */
#ifndef CRYPTO_SMALL_H
#define CRYPTO_SMALL_H

#include "crypto.h"

extern const struct crypto crypto_small;

#endif
