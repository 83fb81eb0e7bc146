#include "tls_client.h"

#include <openssl/ssl.h>

#include "x509_late.h"

static bool tls_client_is_about_us(int alert)
{
	return alert == SSL_AD_BAD_CERTIFICATE || alert == SSL_AD_UNSUPPORTED_CERTIFICATE ||
	       alert == SSL_AD_CERTIFICATE_REVOKED || alert == SSL_AD_CERTIFICATE_EXPIRED ||
	       alert == SSL_AD_CERTIFICATE_UNKNOWN || alert == SSL_AD_UNKNOWN_CA;
}

static void tls_client_heard(const SSL *session, int where, int value)
{
	struct tls_client *client = SSL_CTX_get_app_data(SSL_get_SSL_CTX(session));
	if (client == NULL)
		return;
	if ((where & SSL_CB_HANDSHAKE_DONE) != 0)
		client->is_complete = true;
	if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && tls_client_is_about_us(value & 0xff))
		client->is_refused = true;
}

bool tls_client_attach(struct tls_client *client, void *context)
{
	SSL_CTX *ctx = context;
	if (SSL_CTX_set_app_data(ctx, client) != 1)
		return false;
	SSL_CTX_set_info_callback(ctx, tls_client_heard);
	if (client->passed_unix == 0)
		return true;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, x509_late_verify);
	return x509_late_set(SSL_CTX_get0_param(ctx), client->passed_unix);
}
