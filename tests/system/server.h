/* A sealiftd of its own for a test: certificates, repository, configuration, process, and requests to it. */
#ifndef SERVER_H
#define SERVER_H

#include <curl/curl.h>
#include <sys/types.h>

#include "check.h"
#include "keyfile.h"
#include "span.h"
#include "x509.h"

#define SERVER_ANSWER_MAX (1u << 20)

struct server_identity {
	char certificate[600], key[600]; /* files */
	struct keyfile *keyfile;
	struct certificate der;
};

struct server {
	const char *program;
	char dir[256];
	pid_t pid;
	unsigned device_port, ops_port;
	struct keyfile *factory, *device_ca, *stranger, *root;
	struct certificate factory_der, device_ca_der, stranger_der, root_der;
};

struct server_answer {
	CURLcode result; /* of the transport */
	long status;
	char headers[8192];
	size_t headers_n;
	char body[SERVER_ANSWER_MAX + 1];
	size_t n;
};

void server_make(struct server *s, const char *program); /* directory, certificates, repository, configuration */
void server_start(struct server *s);
void server_kill(struct server *s, int signal_number); /* and waits */
void server_remove(struct server *s);
void server_file(const struct server *s, const char *name, const char *text);

enum server_issuer { SERVER_FACTORY, SERVER_DEVICE_CA, SERVER_STRANGER };
/* A certificate for a URI, in files `name`.pem and `name`.key. */
void server_identity(struct server *s, const char *name, enum server_issuer issuer, enum certificate_use use,
		     const char *uri, int64_t not_after, struct server_identity *out);

struct server_request {
	const struct server_identity *who; /* NULL: no client certificate */
	const char *method, *path;
	const char *header; /* one more, or NULL */
	const char *type;
	struct span body; /* POST */
	long tls;         /* CURL_SSLVERSION_..., 0: any */
};
/* Over mutual TLS. */
void server_ask(const struct server *s, const struct server_request *request, struct server_answer *out);
/* Over plain HTTP on loopback, or the operator's socket where socket is true. */
void server_ask_plain(const struct server *s, bool socket, const char *method, const char *path, const char *body,
		      struct server_answer *out);

#endif
