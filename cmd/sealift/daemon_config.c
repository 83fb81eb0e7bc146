#include "daemon_config.h"

#include <stdio.h>
#include <unistd.h>

#include "authority.h"
#include "file.h"

static int daemon_config_signd(const struct site *site, enum authority_holder holder, const char *const *requesters,
			       uint32_t requester_count, struct error *e)
{
	struct authority_key keys[AUTHORITY_KEYS_MAX];
	char text[16384], name[64], path[FILE_PATH_MAX];
	const char *instance = authority_holder_name(holder);
	uint32_t count = authority_keys(site, holder, keys);
	size_t used = (size_t)snprintf(text, sizeof text,
				       "; sealift-signd, instance %s. 'sealift-signd --help' explains each line.\n"
				       "[signd]\ninstance = %s\nsocket = %s/signd-%s/signd.sock\n"
				       "journal = %s/signd-%s/journal\ntokens = %s/keys/%s\nrun = %s/signd-%s/run\n"
				       "device-ca = %s/pki/device-ca.pem\nlog-origin = %s\n\n",
				       instance, instance, site->path, instance, site->path, instance, site->path,
				       instance, site->path, instance, site->path, site->log_origin);
	for (uint32_t i = 0; i < count && used < sizeof text; i++)
		if (keys[i].kind == AUTHORITY_P256)
			used += (size_t)snprintf(text + used, sizeof text - used, "[key %s]\ntoken = %s\nlabel = %s\n",
						 keys[i].name, keys[i].token, keys[i].name);
	for (uint32_t i = 0; i < requester_count && used < sizeof text; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "[requester %s]\nuid = %u\nroles = %s\n",
					 requesters[i], (unsigned)getuid(), requesters[i]);
	if (used >= sizeof text)
		return error_set(e, "too many products for one signd");
	snprintf(name, sizeof name, "signd-%s/signd.conf", instance);
	return site_path(site, name, path, e) != 0 ? -1
						   : file_write(path, (struct span){ (uint8_t *)text, used }, 0600, e);
}

static int daemon_config_server(const struct site *at, const struct daemon_config *config, struct error *e)
{
	char text[8192], path[FILE_PATH_MAX];
	const char *site = at->path;
	int n = snprintf(
		text, sizeof text,
		"; sealiftd. 'sealiftd --help' explains each line.\n"
		"[server]\nlisten = %s\nops_listen = %s\noperator_socket = %s/server/operator.sock\n"
		"repo = %s/repo\ndatabase = %s/server/sealift.db\ncertificate = %s/pki/server.pem\n"
		"key = %s/pki/server.key\nfactory_ca = %s/pki/factory-ca.pem\ndevice_ca = %s/pki/device-ca.pem\n"
		"signd = %s/signd-online/signd.sock\nrequester = server\npoll_s = %u\n",
		config->listen, config->ops_listen, site, site, site, site, site, site, site, site, config->poll_s);
	if (n < 0 || (size_t)n >= sizeof text)
		return error_set(e, "the path of the site is too long");
	if (site_path(at, "server/sealiftd.conf", path, e) != 0)
		return -1;
	return file_write(path, (struct span){ (uint8_t *)text, (size_t)n }, 0600, e);
}

int daemon_config_write(const struct site *site, const struct daemon_config *config, struct error *e)
{
	/* Requesters bear the names of their roles. */
	static const char *const requesters[] = { "publisher", "server" };
	if (daemon_config_signd(site, AUTHORITY_RELEASE, requesters, 1, e) != 0 ||
	    daemon_config_signd(site, AUTHORITY_ONLINE, requesters, 2, e) != 0)
		return -1;
	return daemon_config_server(site, config, e);
}
