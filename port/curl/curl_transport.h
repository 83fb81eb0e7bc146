/*
 * HTTPS by libcurl: TLS 1.2 or later, client certificate, the server held to the roots of one file and to no system
 * store, at the time that the request names, HTTP/1.1, no redirects, no proxies, several servers tried in order. One
 * request at a time.
 */
#ifndef CURL_TRANSPORT_H
#define CURL_TRANSPORT_H

#include "tls_client.h"
#include "transport.h"

#define CURL_TRANSPORT_SERVERS_MAX 4
#define CURL_TRANSPORT_PATH_MAX 512

struct curl_transport_config {
	const char *servers[CURL_TRANSPORT_SERVERS_MAX]; /* "https://host:port", without a slash at the end */
	uint32_t server_count;
	const char *roots_path;       /* PEM: the only roots */
	const char *certificate_path; /* PEM: ours */
	const char *key_path;
	uint32_t connect_timeout_s; /* 0: 10 */
	uint32_t stall_timeout_s;   /* under 100 bytes a second for so long: 0: 30 */
	bool plain_http;    /* "http://host:port" and no TLS, for public metadata: what comes is verified anyway */
	bool escaped_paths; /* paths are percent-encoded already and sent as they are */
};

struct curl_transport {
	void *handle;
	struct tls_client tls; /* of the last exchange */
	/*
	 * Of the last exchange: a fresh connection ended without an answer. So looks a server that does not take our
	 * certificate, where its alert is lost: in TLS 1.3 it comes after our first request.
	 */
	bool is_dropped;
	struct curl_transport_config config;
};

/* Once a program, before threads are made. */
int curl_transport_global(struct error *e) MUST_USE;
/* The config's texts must outlive it. The files are read with each new connection. */
int curl_transport_open(struct curl_transport *t, const struct curl_transport_config *config, struct error *e) MUST_USE;
void curl_transport_close(struct curl_transport *t);
/* Other files from the next request on (a new certificate); open connections are closed. */
int curl_transport_identity(struct curl_transport *t, const char *certificate_path, const char *key_path,
			    struct error *e) MUST_USE;
struct transport curl_transport_transport(struct curl_transport *t);

#endif
