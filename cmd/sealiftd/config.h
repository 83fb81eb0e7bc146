/* sealiftd.conf: one section, [server]. */
#ifndef CONFIG_H
#define CONFIG_H

#include "error.h"

#define CONFIG_VALUE_MAX 512

struct config {
	char listen[CONFIG_VALUE_MAX];
	char ops_listen[CONFIG_VALUE_MAX];
	char operator_socket[CONFIG_VALUE_MAX];
	char repo[CONFIG_VALUE_MAX];
	char database[CONFIG_VALUE_MAX];
	char certificate[CONFIG_VALUE_MAX];
	char key[CONFIG_VALUE_MAX];
	char factory_ca[CONFIG_VALUE_MAX];
	char device_ca[CONFIG_VALUE_MAX];
	char signd[CONFIG_VALUE_MAX];
	char requester[CONFIG_VALUE_MAX];
	char poll_s[CONFIG_VALUE_MAX];
	char lifetime_s[CONFIG_VALUE_MAX];
};

int config_load(const char *path, struct config *out, struct error *e) MUST_USE;
/* A number within bounds, or an error that names the option. */
int config_number(const char *name, const char *text, unsigned min, unsigned max, unsigned *out,
		  struct error *e) MUST_USE;
void config_print_help(void); /* every option with what it means */

#endif
