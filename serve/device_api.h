/* What devices may ask, over mutual TLS (protocol/device-api.md). Who asks is in the certificate and nowhere else. */
#ifndef DEVICE_API_H
#define DEVICE_API_H

#include "est.h"
#include "http.h"
#include "repository.h"
#include "rollouts.h"

struct device_api {
	struct repository *repository;
	struct rollouts rollouts;
	struct est *est;
	/* Is this DER certificate a report key of the device with this URI, by the factory CA? */
	int (*check_report_key)(void *self, struct span der, const char *uri, struct public_key *out, struct error *e);
	void *check_self;
};

struct http_handler device_api_handler(struct device_api *api);

#endif
