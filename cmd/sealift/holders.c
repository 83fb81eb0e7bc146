#include "holders.h"

#include <stdio.h>
#include <string.h>

_Static_assert(HOLDERS_SIGNERS == SITE_TARGETS_THRESHOLD && HOLDERS_ALL == SITE_TARGETS_KEYS, "2 of 3 of targets");
_Static_assert(HOLDERS_ALL == SITE_EMERGENCY_KEYS, "2 of 3 of emergency");

static void holders_set(struct holders *holders, const char *role, char first, char second)
{
	const char digits[HOLDERS_SIGNERS] = { first, second };
	for (int i = 0; i < HOLDERS_SIGNERS; i++) {
		snprintf(holders->keys[i], sizeof holders->keys[i], "%s/%c", role, digits[i]);
		holders->names[i] = holders->keys[i];
	}
}

void holders_default(struct holders *holders, const char *role)
{
	holders_set(holders, role, '1', '2');
}

static bool holders_has(char digit)
{
	return digit >= '1' && digit < '1' + HOLDERS_ALL;
}

int holders_parse(const struct ui *ui, struct holders *holders, const char *role, const char *value)
{
	if (strlen(value) != 3 || value[1] != ',' || value[0] == value[2] || !holders_has(value[0]) ||
	    !holders_has(value[2]))
		return ui_usage(ui, "--holders '%.20s': give two of the three, such as 2,3", value);
	holders_set(holders, role, value[0], value[2]);
	return UI_OK;
}
