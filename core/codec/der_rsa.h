/* The SubjectPublicKeyInfo of an RSA key (RFC 3279 section 2.3.1, RFC 8017 appendix A.1.1): its one DER spelling. */
#ifndef DER_RSA_H
#define DER_RSA_H

#include "fault.h"
#include "span.h"

#define DER_RSA_SPKI_MAX 1024
#define DER_RSA_BITS_MIN 2048
#define DER_RSA_BITS_MAX 4096

/*
 * FAULT_NONE for the algorithm rsaEncryption with NULL parameters, a modulus of DER_RSA_BITS_MIN to _MAX bits and an
 * odd exponent from 3 to 2^32 - 1, all of it in shortest form: two spellings would be two keys.
 */
enum fault der_rsa_check(struct span spki) MUST_USE;

#endif
