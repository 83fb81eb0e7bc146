#include "hex.h"

static const char hex_digits[] = "0123456789abcdef";

static enum fault hex_digit(uint8_t byte, uint8_t *value)
{
	if (byte >= '0' && byte <= '9')
		*value = (uint8_t)(byte - '0');
	else if (byte >= 'a' && byte <= 'f')
		*value = (uint8_t)(byte - 'a' + 10);
	else
		return byte >= 'A' && byte <= 'F' ? FAULT_NOT_CANONICAL : FAULT_SYNTAX;
	return FAULT_NONE;
}

enum fault hex_decode(struct span text, uint8_t *out, size_t n)
{
	if (text.n / 2 < n)
		return FAULT_TRUNCATED;
	if (text.n != 2 * n)
		return FAULT_TRAILING;
	for (size_t i = 0; i < n; i++) {
		uint8_t high, low;
		enum fault fault = hex_digit(text.at[2 * i], &high);
		if (fault == FAULT_NONE)
			fault = hex_digit(text.at[2 * i + 1], &low);
		if (fault != FAULT_NONE)
			return fault;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return FAULT_NONE;
}

void hex_write(struct writer *w, struct span bytes)
{
	for (size_t i = 0; i < bytes.n; i++) {
		writer_u8(w, (uint8_t)hex_digits[bytes.at[i] >> 4]);
		writer_u8(w, (uint8_t)hex_digits[bytes.at[i] & 15]);
	}
}

void hex_text(struct span bytes, char *out)
{
	for (size_t i = 0; i < bytes.n; i++) {
		out[2 * i] = hex_digits[bytes.at[i] >> 4];
		out[2 * i + 1] = hex_digits[bytes.at[i] & 15];
	}
	out[2 * bytes.n] = '\0';
}
