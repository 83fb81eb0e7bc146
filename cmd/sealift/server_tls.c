#include "server_tls.h"

#include <stdio.h>
#include <time.h>

#include "keyfile.h"
#include "x509.h"

#define SERVER_TLS_YEAR_S (365 * 86400)

/*
 * Pinned in devices for as long as those live: a root that ended would cut off whatever is found in a drawer after
 * that. It is replaced by the trust bundle, not by its date.
 */
static int server_tls_root(const struct site *site, char which, struct certificate *out, struct keyfile **key,
			   struct error *e)
{
	char file[64], path[FILE_PATH_MAX], name[64];
	struct certificate_signer signer = { .sign = keyfile_sign };
	struct certificate_terms terms = { .use = CERTIFICATE_CA,
					   .common_name = name,
					   .not_before_unix = time(NULL) - 3600,
					   .not_after_unix = CERTIFICATE_NO_EXPIRY };
	snprintf(name, sizeof name, "sealift server root %c", which);
	snprintf(file, sizeof file, "keys/tls/root-%c.key", which);
	if (keyfile_new(key, e) != 0 || site_path(site, file, path, e) != 0 || keyfile_save(*key, path, e) != 0)
		return -1;
	signer.self = *key;
	if (keyfile_public(*key, &signer.key, e) != 0 || x509_self_sign(&terms, &signer, out, e) != 0)
		return -1;
	snprintf(file, sizeof file, "pki/server-root-%c.pem", which);
	return site_path(site, file, path, e) != 0 ? -1 : x509_pem_save(path, out, 1, e);
}

static int server_tls_leaf(const struct site *site, const char *const *hosts, uint32_t host_count,
			   const struct certificate *root, struct keyfile *root_key, struct error *e)
{
	char path[FILE_PATH_MAX];
	struct keyfile *key = NULL;
	struct public_key public_key;
	static struct certificate chain[2];
	struct certificate_signer signer = { .sign = keyfile_sign, .self = root_key };
	struct certificate_terms terms = { .use = CERTIFICATE_SERVER,
					   .common_name = "sealiftd",
					   .hosts = hosts,
					   .host_count = host_count,
					   .not_before_unix = time(NULL) - 3600,
					   .not_after_unix = time(NULL) + 2 * (int64_t)SERVER_TLS_YEAR_S };
	int failed = keyfile_new(&key, e) != 0 || site_path(site, "pki/server.key", path, e) != 0 ||
		     keyfile_save(key, path, e) != 0 || keyfile_public(key, &public_key, e) != 0 ||
		     keyfile_public(root_key, &signer.key, e) != 0 ||
		     x509_issue(&terms, &public_key, (struct span){ root->der, root->n }, &signer, &chain[0], e) != 0 ||
		     site_path(site, "pki/server.pem", path, e) != 0 || x509_pem_save(path, chain, 1, e) != 0;
	keyfile_free(key);
	return failed ? -1 : 0;
}

int server_tls_make(const struct site *site, const char *const *names, uint32_t count, struct error *e)
{
	const char *hosts[SERVER_TLS_NAMES_MAX + 2] = { "localhost", "127.0.0.1" };
	for (uint32_t i = 0; i < count; i++)
		hosts[2 + i] = names[i];
	static struct certificate roots[2];
	struct keyfile *a = NULL, *b = NULL;
	char path[FILE_PATH_MAX];
	int failed = server_tls_root(site, 'a', &roots[0], &a, e) != 0 ||
		     server_tls_root(site, 'b', &roots[1], &b, e) != 0 ||
		     server_tls_leaf(site, hosts, count + 2, &roots[0], a, e) != 0 ||
		     site_path(site, "pki/server-roots.pem", path, e) != 0 || x509_pem_save(path, roots, 2, e) != 0;
	keyfile_free(a);
	keyfile_free(b);
	return failed ? -1 : 0;
}
