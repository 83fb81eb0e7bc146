#include "base64.h"

static const char base64_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct base64_group {
	uint32_t bits;
	unsigned digits; /* data and padding, 0 to 3 between characters */
	unsigned pads;
	bool ended; /* a padded group is the last one */
};

static int base64_value(uint8_t byte)
{
	if (byte >= 'A' && byte <= 'Z')
		return byte - 'A';
	if (byte >= 'a' && byte <= 'z')
		return byte - 'a' + 26;
	if (byte >= '0' && byte <= '9')
		return byte - '0' + 52;
	if (byte == '+')
		return 62;
	return byte == '/' ? 63 : -1;
}

static enum fault base64_group_end(struct base64_group *g, struct writer *out)
{
	uint8_t bytes[3] = { (uint8_t)(g->bits >> 16), (uint8_t)(g->bits >> 8), (uint8_t)g->bits };
	size_t n = 3 - g->pads;
	for (size_t i = n; i < 3; i++)
		if (bytes[i] != 0)
			return FAULT_NOT_CANONICAL;
	writer_bytes(out, (struct span){ bytes, n });
	*g = (struct base64_group){ .ended = g->pads > 0 };
	return out->fault;
}

static enum fault base64_character(struct base64_group *g, uint8_t byte, struct writer *out)
{
	int value = base64_value(byte);
	if (g->ended)
		return FAULT_TRAILING;
	if (byte == '=' && g->digits >= 2) {
		value = 0;
		g->pads++;
	} else if (value < 0 || g->pads > 0) {
		return FAULT_SYNTAX;
	}
	g->bits = g->bits << 6 | (uint32_t)value;
	return ++g->digits == 4 ? base64_group_end(g, out) : FAULT_NONE;
}

static enum fault base64_run(struct span text, bool lines, struct writer *out)
{
	struct base64_group g = { 0 };
	for (size_t i = 0; i < text.n; i++) {
		uint8_t byte = text.at[i];
		if (lines && (byte == '\n' || byte == '\r'))
			continue;
		enum fault fault = base64_character(&g, byte, out);
		if (fault != FAULT_NONE)
			return fault;
	}
	return g.digits != 0 ? FAULT_TRUNCATED : out->fault;
}

enum fault base64_decode(struct span text, struct writer *out)
{
	return base64_run(text, false, out);
}

enum fault base64_decode_lines(struct span text, struct writer *out)
{
	return base64_run(text, true, out);
}

void base64_write(struct writer *w, struct span bytes)
{
	for (size_t i = 0; i < bytes.n; i += 3) {
		struct span group = span_sub(bytes, i, 3);
		uint32_t bits = (uint32_t)group.at[0] << 16;
		if (group.n > 1)
			bits |= (uint32_t)group.at[1] << 8;
		if (group.n > 2)
			bits |= group.at[2];
		for (size_t digit = 0; digit < 4; digit++) {
			char c = digit > group.n ? '=' : base64_alphabet[bits >> (18 - 6 * digit) & 63];
			writer_u8(w, (uint8_t)c);
		}
	}
}
