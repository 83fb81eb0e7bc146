#include "tls_server.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "file.h"
#include "tls_identity.h"
#include "tls_verified.h"

#define TLS_SESSIONS 20000
#define TLS_SESSION_S 86400

struct tls_server {
	SSL_CTX *context;
	X509_STORE *store;
	X509 *device_ca;
	struct clock clock;
	int ex_index;
	struct tls_counts counts;
	struct tls_verified verified;
};

/* Hung on each session, so that its end is known. */
struct tls_tie {
	void (*freed)(void *context);
	void *context;
};

static int tls_fail(struct error *e, const char *what, const char *path)
{
	char why[160];
	ERR_error_string_n(ERR_get_error(), why, sizeof why);
	ERR_clear_error();
	return error_set(e, "%s %s: %s", what, path, why);
}

/* --- who may come in --- */

static bool tls_is_operational(const struct tls_server *server, X509 *leaf)
{
	return X509_NAME_cmp(X509_get_issuer_name(leaf), X509_get_subject_name(server->device_ca)) == 0;
}

static int64_t tls_unix(const ASN1_TIME *time)
{
	struct tm tm;
	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return 0;
	return timegm(&tm);
}

static bool tls_is_in_time(const struct tls_server *server, X509 *leaf)
{
	int64_t now = server->clock.unix_s(server->clock.self);
	if (!tls_is_operational(server, leaf))
		return true;
	return tls_unix(X509_get0_notBefore(leaf)) <= now + 300 && now < tls_unix(X509_get0_notAfter(leaf));
}

/* Only a certificate made for TLS: one without this usage (a report key's) must not open a door. */
static bool tls_is_client(X509 *leaf)
{
	return (X509_get_extension_flags(leaf) & EXFLAG_XKUSAGE) != 0 &&
	       (X509_get_extended_key_usage(leaf) & XKU_SSL_CLIENT) != 0;
}

static int tls_verify(X509_STORE_CTX *chain, void *self)
{
	struct tls_server *server = self;
	X509 *leaf = X509_STORE_CTX_get0_cert(chain);
	struct digest digest;
	unsigned n = sizeof digest.bytes;
	if (leaf == NULL || X509_digest(leaf, EVP_sha256(), digest.bytes, &n) != 1)
		return 0;
	if (tls_verified_has(&server->verified, &digest, server->clock.unix_s(server->clock.self)))
		return 1;
	if (!tls_is_client(leaf) || !tls_is_in_time(server, leaf)) {
		X509_STORE_CTX_set_error(chain, tls_is_client(leaf) ? X509_V_ERR_CERT_HAS_EXPIRED
								    : X509_V_ERR_INVALID_PURPOSE);
		return 0;
	}
	if (X509_verify_cert(chain) != 1)
		return 0;
	bool expires = tls_is_operational(server, leaf);
	tls_verified_put(&server->verified, &digest,
			 expires ? tls_unix(X509_get0_notAfter(leaf)) : TLS_VERIFIED_FOREVER);
	return 1;
}

static bool tls_peer(void *self, SSL *session, struct tls_peer *out)
{
	struct tls_server *server = self;
	X509 *leaf = session == NULL ? NULL : SSL_get0_peer_certificate(session);
	if (leaf == NULL || !tls_is_in_time(server, leaf) || !tls_identity_uri(leaf, out->uri))
		return false;
	out->kind = tls_is_operational(server, leaf) ? TLS_PEER_OPERATIONAL : TLS_PEER_FACTORY;
	return true;
}

/* --- sessions --- */

static void tls_ex_free(void *parent, void *pointer, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
	struct tls_tie *tie = pointer;
	if (tie == NULL)
		return;
	tie->freed(tie->context);
	free(tie);
}

static SSL *tls_session(void *self, void (*freed)(void *context), void *context)
{
	struct tls_server *server = self;
	struct tls_tie *tie = calloc(1, sizeof *tie);
	SSL *session = tie == NULL ? NULL : SSL_new(server->context);
	if (session == NULL || SSL_set_ex_data(session, server->ex_index, tie) != 1) {
		SSL_free(session);
		free(tie);
		return NULL;
	}
	*tie = (struct tls_tie){ freed, context };
	return session;
}

/* There is one server in a program, hence one index. */
static int tls_index(void)
{
	static int index = -1;
	if (index < 0)
		index = SSL_get_ex_new_index(0, NULL, NULL, NULL, tls_ex_free);
	return index;
}

static void *tls_context(SSL *session)
{
	struct tls_tie *tie = SSL_get_ex_data(session, tls_index());
	return tie == NULL ? NULL : tie->context;
}

static void tls_close_notify(SSL *session)
{
	if (SSL_is_init_finished(session))
		SSL_shutdown(session);
	ERR_clear_error();
}

static void tls_count(const SSL *session, int where, int result)
{
	struct tls_server *server = SSL_CTX_get_app_data(SSL_get_SSL_CTX(session));
	if ((where & SSL_CB_HANDSHAKE_DONE) == 0)
		return;
	if (SSL_session_reused(session))
		server->counts.resumed++;
	else
		server->counts.full++;
}

static void tls_counts(void *self, struct tls_counts *out)
{
	struct tls_server *server = self;
	*out = server->counts;
	long started = SSL_CTX_sess_accept(server->context), good = SSL_CTX_sess_accept_good(server->context);
	out->failed = started > good ? (uint64_t)(started - good) : 0;
}

/* --- life --- */

static int tls_load_ca(struct tls_server *server, const char *path, X509 **first, struct error *e)
{
	BIO *file = BIO_new_file(path, "r");
	X509 *ca;
	int count = 0;
	if (file == NULL)
		return tls_fail(e, "cannot read the CA certificate", path);
	for (; (ca = PEM_read_bio_X509(file, NULL, NULL, NULL)) != NULL; count++) {
		X509_STORE_add_cert(server->store, ca);
		SSL_CTX_add_client_CA(server->context, ca);
		if (first != NULL && count == 0)
			*first = ca;
		else
			X509_free(ca);
	}
	ERR_clear_error(); /* the end of the file */
	BIO_free(file);
	return count > 0 ? 0 : error_set(e, "%s holds no certificate", path);
}

static void tls_harden(SSL_CTX *context)
{
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
					     SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
	static char groups[] = "X25519:P-256"; /* OpenSSL's macro casts a const away */
	SSL_CTX_set1_groups_list(context, groups);
	SSL_CTX_set_num_tickets(context, 1);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER);
	SSL_CTX_sess_set_cache_size(context, TLS_SESSIONS);
	SSL_CTX_set_timeout(context, TLS_SESSION_S);
	SSL_CTX_set_session_id_context(context, (const unsigned char *)"sealift", 7);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}

static int tls_open(struct tls_server *server, const struct tls_server_config *config, struct error *e)
{
	if (file_check_private(config->key, e) != 0)
		return -1;
	server->context = SSL_CTX_new(TLS_server_method());
	server->store = X509_STORE_new();
	if (server->context == NULL || server->store == NULL)
		return error_set(e, "no memory for TLS");
	tls_harden(server->context);
	SSL_CTX_set_app_data(server->context, server);
	SSL_CTX_set_info_callback(server->context, tls_count);
	if (SSL_CTX_use_certificate_chain_file(server->context, config->certificate) != 1)
		return tls_fail(e, "cannot use the server's certificate", config->certificate);
	if (SSL_CTX_use_PrivateKey_file(server->context, config->key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(server->context) != 1)
		return tls_fail(e, "cannot use the server's key", config->key);
	if (tls_load_ca(server, config->factory_ca, NULL, e) != 0 ||
	    tls_load_ca(server, config->device_ca, &server->device_ca, e) != 0)
		return -1;
	X509_STORE_set_flags(server->store, X509_V_FLAG_NO_CHECK_TIME);
	SSL_CTX_set1_verify_cert_store(server->context, server->store);
	SSL_CTX_set_verify(server->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_verify_depth(server->context, 3);
	SSL_CTX_set_cert_verify_callback(server->context, tls_verify, server);
	server->ex_index = tls_index();
	return 0;
}

int tls_server_new(struct tls_server **out, const struct tls_server_config *config, struct error *e)
{
	struct tls_server *server = calloc(1, sizeof *server);
	if (server == NULL)
		return error_set(e, "no memory for TLS");
	server->clock = config->clock;
	if (tls_open(server, config, e) != 0) {
		tls_server_free(server);
		return -1;
	}
	*out = server;
	return 0;
}

void tls_server_free(struct tls_server *server)
{
	if (server == NULL)
		return;
	SSL_CTX_free(server->context);
	X509_STORE_free(server->store);
	X509_free(server->device_ca);
	free(server);
}

struct tls tls_server_port(struct tls_server *server)
{
	return (struct tls){ .self = server,
			     .session = tls_session,
			     .context = tls_context,
			     .peer = tls_peer,
			     .close_notify = tls_close_notify,
			     .counts = tls_counts };
}
