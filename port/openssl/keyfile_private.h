/* What x509_request.c needs of a key file. */
#ifndef KEYFILE_PRIVATE_H
#define KEYFILE_PRIVATE_H

#include <openssl/evp.h>

#include "keyfile.h"

struct keyfile {
	EVP_PKEY *pkey;
};

#endif
