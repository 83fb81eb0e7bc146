/*
 * Certificates held against a time that has surely passed, of a device that may be behind but is never ahead: what had
 * expired by then is refused, what begins later is taken. For OpenSSL's callback of a chain's verification.
 */
#ifndef X509_LATE_H
#define X509_LATE_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

/* Sets the time of a verification to come. */
bool x509_late_set(X509_VERIFY_PARAM *param, int64_t passed_unix);
/* The callback: turns "not yet valid" into yes, and leaves all else. */
int x509_late_verify(int ok, X509_STORE_CTX *context);

#endif
