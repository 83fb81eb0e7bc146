#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ini_file.h"
#include "module.h"

static bool config_set(char *out, size_t capacity, const char *value)
{
	int n = snprintf(out, capacity, "%s", value);
	return n > 0 && (size_t)n < capacity;
}

static bool config_number(const char *value, uint32_t min, uint32_t max, uint32_t *out)
{
	char *end;
	errno = 0;
	unsigned long number = strtoul(value, &end, 10);
	if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 || number < min || number > max)
		return false;
	*out = (uint32_t)number;
	return true;
}

static bool config_days(const char *value, int64_t *seconds)
{
	uint32_t days;
	if (!config_number(value, 1, 3660, &days))
		return false;
	*seconds = (int64_t)days * 86400;
	return true;
}

/* Octal; the owner reads and writes, and a socket is not executed. */
static bool config_mode(const char *value, uint32_t *out)
{
	char *end;
	unsigned long mode = strtoul(value, &end, 8);
	if (value[0] < '0' || value[0] > '7' || *end != '\0' || mode > 0666 || (mode & 0600) != 0600 ||
	    (mode & 0111) != 0)
		return false;
	*out = (uint32_t)mode;
	return true;
}

static bool config_daemon(struct config *c, const char *name, const char *value)
{
	const struct {
		const char *name;
		char *out;
		size_t capacity;
	} texts[] = {
		{ "instance", c->instance, sizeof c->instance },
		{ "socket", c->socket, sizeof c->socket },
		{ "journal", c->journal, sizeof c->journal },
		{ "module", c->module, sizeof c->module },
		{ "tokens", c->tokens, sizeof c->tokens },
		{ "run", c->run, sizeof c->run },
		{ "pin", c->pin, sizeof c->pin },
		{ "device-ca", c->device_ca, sizeof c->device_ca },
		{ "factory-ca", c->factory_ca, sizeof c->factory_ca },
		{ "log-origin", c->log_origin, sizeof c->log_origin },
	};
	if (strcmp(name, "socket-mode") == 0)
		return config_mode(value, &c->socket_mode);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (strcmp(name, texts[i].name) == 0)
			return config_set(texts[i].out, texts[i].capacity, value);
	return false;
}

static bool config_limit(struct config *c, const char *name, const char *value)
{
	if (strcmp(name, "timestamp-days") == 0)
		return config_days(value, &c->limits.timestamp_s);
	if (strcmp(name, "snapshot-days") == 0)
		return config_days(value, &c->limits.snapshot_s);
	if (strcmp(name, "product-days") == 0)
		return config_days(value, &c->limits.product_s);
	if (strcmp(name, "directive-s") == 0)
		return config_number(value, 1, 86400, &c->limits.directive_s);
	return strcmp(name, "device-days") == 0 && config_number(value, 1, 3660, &c->limits.device_days);
}

static bool config_key(struct config *c, const char *key, const char *name, const char *value)
{
	uint32_t i = 0;
	while (i < c->key_count && strcmp(c->keys[i].name, key) != 0)
		i++;
	if (i == CONFIG_KEYS_MAX)
		return false;
	if (i == c->key_count) {
		if (!config_set(c->keys[i].name, sizeof c->keys[i].name, key))
			return false;
		config_set(c->keys[i].label, sizeof c->keys[i].label, key);
		c->key_count++;
	}
	if (strcmp(name, "token") == 0)
		return config_set(c->keys[i].token, sizeof c->keys[i].token, value);
	return strcmp(name, "label") == 0 && config_set(c->keys[i].label, sizeof c->keys[i].label, value);
}

/* One or more of publisher, server, auditor, parted by blanks or commas. */
static bool config_roles(const char *value, unsigned *out)
{
	*out = 0;
	while (*value != '\0') {
		size_t n = strcspn(value, " ,");
		unsigned role = policy_role_parse((struct span){ (const uint8_t *)value, n });
		if (n > 0 && role == 0)
			return false;
		*out |= role;
		value += n + (value[n] != '\0');
	}
	return *out != 0;
}

static bool config_requester(struct config *c, const char *requester, const char *name, const char *value)
{
	uint32_t i = 0;
	while (i < c->requester_count && strcmp(c->requesters[i].name, requester) != 0)
		i++;
	if (i == NOTARY_REQUESTERS_MAX)
		return false;
	struct notary_requester *r = &c->requesters[i];
	if (i == c->requester_count) {
		*r = (struct notary_requester){ .uid = UINT32_MAX };
		if (!config_set(r->name, sizeof r->name, requester))
			return false;
		c->requester_count++;
	}
	if (strcmp(name, "uid") == 0)
		return config_number(value, 0, UINT32_MAX - 1, &r->uid);
	return strcmp(name, "roles") == 0 && config_roles(value, &r->roles);
}

static int config_line(void *self, const char *section, const char *name, const char *value, struct error *e)
{
	struct config *c = self;
	bool known = false;
	if (strcmp(section, "signd") == 0)
		known = config_daemon(c, name, value);
	else if (strcmp(section, "limits") == 0)
		known = config_limit(c, name, value);
	else if (strncmp(section, "key ", 4) == 0)
		known = config_key(c, section + 4, name, value);
	else if (strncmp(section, "requester ", 10) == 0)
		known = config_requester(c, section + 10, name, value);
	return known ? 0
		     : error_set(e, "[%s] %s = %s: not a known name, or not a value it can have", section, name, value);
}

static int config_check(const struct config *c, struct error *e)
{
	if (c->socket[0] == '\0' || c->journal[0] == '\0')
		return error_set(e, "[signd] socket and journal must be given");
	if (c->tokens[0] != '\0' && c->run[0] == '\0')
		return error_set(e, "[signd] tokens needs run, a folder for the working copy");
	if (c->key_count == 0)
		return error_set(e, "there is no [key NAME]");
	for (uint32_t i = 0; i < c->key_count; i++)
		if (c->keys[i].token[0] == '\0' || policy_find(span_of_text(c->keys[i].name)) == NULL)
			return error_set(e, "[key %s] has no token, or is no key of sealift", c->keys[i].name);
	for (uint32_t i = 0; i < c->requester_count; i++)
		if (c->requesters[i].uid == UINT32_MAX || c->requesters[i].roles == 0)
			return error_set(e, "[requester %s] needs uid and roles", c->requesters[i].name);
	return 0;
}

int config_load(const char *path, struct config *out, struct error *e)
{
	*out = (struct config){ .limits = policy_limits_default(), .socket_mode = 0600 };
	snprintf(out->module, sizeof out->module, "%s", MODULE_SOFTHSM);
	if (ini_file_read(path, config_line, out, e) != 0)
		return -1;
	return config_check(out, e) != 0 ? error_within(e, "%s", path) : 0;
}
