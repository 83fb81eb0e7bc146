/*
 * The operational certificate (LDevID) of a device by EST (RFC 7030 section 4.2): asked for with the birth certificate
 * (IDevID) where there is none, or where less than a third of its life is left.
 */
#ifndef ENROLMENT_H
#define ENROLMENT_H

#include "curl_transport.h"
#include "file.h"
#include "x509.h"

struct enrolment {
	char idevid_key[FILE_PATH_MAX], idevid_pem[FILE_PATH_MAX];
	char ldevid_key[FILE_PATH_MAX], ldevid_pem[FILE_PATH_MAX];
	char roots_pem[FILE_PATH_MAX];
};

/* What is to be done about an operational certificate, by its dates alone. */
enum enrolment_need {
	ENROLMENT_GOOD,
	ENROLMENT_RENEW, /* less than a third of its life is left for the server to be reached in */
	ENROLMENT_NONE,  /* there is none that could be used */
};
enum enrolment_need enrolment_judge(const struct x509_facts *facts, int64_t now_unix);

/* The paths below DIR/fetcher; the roots in DIR, where a trust bundle has brought some. */
int enrolment_paths(struct enrolment *out, const char *device_directory, struct error *e) MUST_USE;
enum enrolment_result {
	ENROLMENT_STANDS, /* nothing was to be done */
	ENROLMENT_NEW,    /* enrolled, or renewed */
	ENROLMENT_LATE,   /* renewal failed; what there is remains valid for a while: ask again soon */
	/*
	 * There is none, and the server issues none now, as when its authority was stolen and stopped: the birth
	 * certificate speaks, with which repository and emergency statements can be read. Ask again soon.
	 */
	ENROLMENT_BIRTH,
};

/*
 * Makes `transport` speak with a valid LDevID, enrolling first if need be. -1 only where there is no valid one and none
 * is to be had. A key or certificate that is spoilt counts as none. moment.now_unix is the device's time, which may be
 * behind: then an expired one looks good, until the server refuses it.
 */
struct enrolment_moment {
	int64_t now_unix; /* 0: the system's */
	bool is_refused;  /* the server has just refused the certificate in use: ask for another, whatever its dates */
};
int enrolment_ensure(const struct enrolment *paths, struct curl_transport *transport,
		     const struct enrolment_moment *moment, enum enrolment_result *out, struct error *e) MUST_USE;

#endif
