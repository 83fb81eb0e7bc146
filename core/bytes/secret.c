#include "secret.h"

#include <stdint.h>

void secret_wipe(void *at, size_t n)
{
	volatile uint8_t *p = at;
	while (n > 0)
		p[--n] = 0;
}
