/*
 * The operational certificate (LDevID) of a device by EST (RFC 7030 section 4.2): asked for with the birth certificate
 * (IDevID) where there is none, or where less than a third of its life is left.
 */
#ifndef ENROLMENT_H
#define ENROLMENT_H

#include "curl_transport.h"
#include "file.h"

struct enrolment {
	char idevid_key[FILE_PATH_MAX], idevid_pem[FILE_PATH_MAX];
	char ldevid_key[FILE_PATH_MAX], ldevid_pem[FILE_PATH_MAX];
	char roots_pem[FILE_PATH_MAX];
};

/* The paths below DIR/fetcher. */
int enrolment_paths(struct enrolment *out, const char *device_directory, struct error *e) MUST_USE;
/* Makes `transport` speak with a valid LDevID, enrolling first if need be. */
int enrolment_ensure(const struct enrolment *paths, struct curl_transport *transport, struct error *e) MUST_USE;

#endif
