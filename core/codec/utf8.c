#include "utf8.h"

#include <string.h>

/*
 * The length of the sequence that a lead byte above ASCII begins, and the bounds of its second byte, which is where
 * overlong forms, surrogates and numbers above U+10FFFF show (table 3-7 of the Unicode Standard).
 */
static size_t utf8_lead(uint8_t lead, uint8_t *low, uint8_t *high)
{
	*low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
	*high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/* Most text is ASCII, and most time of a parse was spent in looking at it: eight bytes at once. */
static size_t utf8_ascii(struct span text, size_t from)
{
	uint64_t eight;
	size_t at = from;
	while (text.n - at >= sizeof eight) {
		memcpy(&eight, text.at + at, sizeof eight);
		if ((eight & UINT64_C(0x8080808080808080)) != 0)
			break;
		at += sizeof eight;
	}
	while (at < text.n && text.at[at] < 0x80)
		at++;
	return at;
}

bool utf8_is_valid(struct span text)
{
	size_t at = 0;
	while ((at = utf8_ascii(text, at)) < text.n) {
		uint8_t low, high;
		size_t length = utf8_lead(text.at[at], &low, &high);
		if (length == 0 || length > text.n - at)
			return false;
		for (size_t i = 1; i < length; i++) {
			uint8_t byte = text.at[at + i];
			if (byte < low || byte > high)
				return false;
			low = 0x80;
			high = 0xbf;
		}
		at += length;
	}
	return true;
}

size_t utf8_encode(uint32_t code_point, uint8_t out[4])
{
	if ((code_point >= 0xd800 && code_point <= 0xdfff) || code_point > 0x10ffff)
		return 0;
	if (code_point < 0x80) {
		out[0] = (uint8_t)code_point;
		return 1;
	}
	size_t length = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
	for (size_t i = length - 1; i > 0; i--) {
		out[i] = (uint8_t)(0x80 | (code_point & 0x3f));
		code_point >>= 6;
	}
	out[0] = (uint8_t)((0xf00u >> length) | code_point);
	return length;
}
