#include "config.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ini_file.h"

static const struct config_option {
	const char *name;
	size_t offset;
	const char *value; /* by default; NULL: required */
	const char *help;
} config_options[] = {
	{ "listen", offsetof(struct config, listen), "127.0.0.1:8443", "address and port for devices, mutual TLS" },
	{ "ops_listen", offsetof(struct config, ops_listen), "127.0.0.1:8080",
	  "address and port of status page and metrics, plain HTTP: keep it on loopback" },
	{ "operator_socket", offsetof(struct config, operator_socket), NULL,
	  "Unix socket for operators (absolute path, made with mode 0600)" },
	{ "repo", offsetof(struct config, repo), NULL, "directory with metadata/ targets/ objects/ log/" },
	{ "database", offsetof(struct config, database), NULL, "SQLite file; the file `ports` is written beside it" },
	{ "certificate", offsetof(struct config, certificate), NULL, "TLS certificate and chain of the server, PEM" },
	{ "key", offsetof(struct config, key), NULL, "TLS key of the server, PEM" },
	{ "factory_ca", offsetof(struct config, factory_ca), NULL, "CA of factory certificates (IDevID), PEM" },
	{ "device_ca", offsetof(struct config, device_ca), NULL, "CA of operational certificates (LDevID), PEM" },
	{ "signd", offsetof(struct config, signd), NULL, "socket of the online sealift-signd" },
	{ "requester", offsetof(struct config, requester), "server", "this server's name in signd.conf" },
	{ "poll_s", offsetof(struct config, poll_s), "3600", "seconds between polls of a device, 1..86400" },
	{ "lifetime_s", offsetof(struct config, lifetime_s), "600", "seconds that a directive holds, 10..86400" },
};
#define CONFIG_OPTIONS (sizeof config_options / sizeof config_options[0])

struct config_load {
	struct config *out;
	bool seen[CONFIG_OPTIONS];
};

static char *config_value(struct config *config, const struct config_option *option)
{
	return (char *)config + option->offset;
}

static int config_take(void *self, const char *section, const char *name, const char *value, struct error *e)
{
	struct config_load *load = self;
	for (size_t i = 0; i < CONFIG_OPTIONS && strcmp(section, "server") == 0; i++) {
		if (strcmp(name, config_options[i].name) != 0)
			continue;
		if (load->seen[i] || value[0] == '\0' || strlen(value) >= CONFIG_VALUE_MAX)
			return error_set(e, "[server] %s is given twice, empty, or too long", name);
		load->seen[i] = true;
		memcpy(config_value(load->out, &config_options[i]), value, strlen(value) + 1);
		return 0;
	}
	return error_set(e, "[%.64s] %.64s: unknown option; see sealiftd --help", section, name);
}

int config_load(const char *path, struct config *out, struct error *e)
{
	struct config_load load = { .out = out };
	*out = (struct config){ 0 };
	if (ini_file_read(path, config_take, &load, e) != 0)
		return -1;
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		const struct config_option *option = &config_options[i];
		if (load.seen[i])
			continue;
		if (option->value == NULL)
			return error_set(e, "%s does not set %s: %s", path, option->name, option->help);
		memcpy(config_value(out, option), option->value, strlen(option->value) + 1);
	}
	return 0;
}

int config_number(const char *name, const char *text, unsigned min, unsigned max, unsigned *out, struct error *e)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || value < min || value > max)
		return error_set(e, "%s = %s: expected a number from %u to %u", name, text, min, max);
	*out = (unsigned)value;
	return 0;
}

void config_print_help(void)
{
	printf("Options of the configuration, in section [server]:\n\n");
	for (size_t i = 0; i < CONFIG_OPTIONS; i++)
		printf("  %-16s %s (%s%s)\n", config_options[i].name, config_options[i].help,
		       config_options[i].value == NULL ? "required" : "default: ",
		       config_options[i].value == NULL ? "" : config_options[i].value);
}
