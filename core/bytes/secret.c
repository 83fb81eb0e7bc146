#include "secret.h"

void secret_wipe(void *at, size_t n)
{
	volatile uint8_t *p = at;
	while (n > 0)
		p[--n] = 0;
}

bool secret_equal(struct span a, struct span b)
{
	uint8_t differ = 0;
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		differ |= a.at[i] ^ b.at[i];
	return differ == 0;
}
