/*
 * A second opinion on the grammar of protocol/boot-manifest.md: a template, matched byte by byte. It shares no code
 * with the decoder, not even that of CBOR; a template names the only bytes that may stand there.
 *
 *   82 2f     these bytes            *32   any so many bytes
 *   {...}     a byte string, its content as inside
 *   [a|b]     the first that matches
 *   B T U     any byte string, text (UTF-8), unsigned integer
 *   P         0 to 15                E     an unsigned integer with an epoch (upper half) of at most 2^21 - 1
 *   D         the 32 bytes of the digest that the caller gives
 */
#ifndef GRAMMAR_MATCH_H
#define GRAMMAR_MATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define GRAMMAR_DIGEST(bytes) "{82 2f 5820 " bytes "}"
#define GRAMMAR_SIGNATURE "{d2 84 {a1 01 28} [a0 | a1 04 B] f6 5840 *64}"
#define GRAMMAR_COMMON                                      \
	"{a2 02 81 [81 B | 82 B B | 83 B B B | 84 B B B B]" \
	" 04 {[86 | 88 0c 00] 14 a4 01 50 *16 02 50 *16 03 " GRAMMAR_DIGEST("*32") " 0e U 01 P 02 P}}"
#define GRAMMAR_START "01 01 02 E 03 " GRAMMAR_COMMON
#define GRAMMAR_URI "04 T"
#define GRAMMAR_VALIDATE "07 {[82 | 84 0c 00] 03 P}"
#define GRAMMAR_INVOKE "09 {[82 | 84 0c 00] 17 P}"
#define GRAMMAR_INSTALL "14 {[86 | 88 0c 00] 14 a1 15 T 15 P 03 P}"
#define GRAMMAR_BODY                                                                                              \
	"{[a4 " GRAMMAR_START GRAMMAR_VALIDATE " |a5 " GRAMMAR_START "[" GRAMMAR_URI GRAMMAR_VALIDATE             \
	"|" GRAMMAR_VALIDATE GRAMMAR_INVOKE " |" GRAMMAR_VALIDATE GRAMMAR_INSTALL "]"                             \
	" |a6 " GRAMMAR_START "[" GRAMMAR_URI GRAMMAR_VALIDATE GRAMMAR_INVOKE                                     \
	" |" GRAMMAR_URI GRAMMAR_VALIDATE GRAMMAR_INSTALL "|" GRAMMAR_VALIDATE GRAMMAR_INVOKE GRAMMAR_INSTALL "]" \
	" |a7 " GRAMMAR_START GRAMMAR_URI GRAMMAR_VALIDATE GRAMMAR_INVOKE GRAMMAR_INSTALL "]}"
#define GRAMMAR_ENVELOPE                                                                     \
	"d8 6b a2 02 {[82 " GRAMMAR_DIGEST("D") GRAMMAR_SIGNATURE "|83 " GRAMMAR_DIGEST("D") \
		GRAMMAR_SIGNATURE GRAMMAR_SIGNATURE "]} 03 " GRAMMAR_BODY

enum { GRAMMAR_BYTES_MAX = 1024 };

struct grammar_view {
	const uint8_t *at, *end;
	const uint8_t *digest;
};

/* The argument of a head of this major type, in the shortest form alone. */
static inline bool grammar_head(struct grammar_view *v, unsigned major, uint64_t *argument)
{
	static const uint64_t least[] = { 24, 256, 65536, UINT64_C(1) << 32 };
	if (v->at == v->end || v->at[0] >> 5 != major)
		return false;
	unsigned info = *v->at++ & 31;
	*argument = info;
	if (info < 24)
		return true;
	if (info > 27 || v->end - v->at < 1 << (info - 24))
		return false;
	*argument = 0;
	for (int i = 0; i < 1 << (info - 24); i++)
		*argument = *argument << 8 | *v->at++;
	return *argument >= least[info - 24];
}

static inline bool grammar_string(struct grammar_view *v, unsigned major, struct grammar_view *content)
{
	uint64_t n;
	if (!grammar_head(v, major, &n) || n > (uint64_t)(v->end - v->at))
		return false;
	*content = (struct grammar_view){ v->at, v->at + n, v->digest };
	v->at += n;
	return true;
}

/* By decoding each character and asking how long its shortest form is. */
static inline bool grammar_is_utf8(struct grammar_view v)
{
	while (v.at < v.end) {
		uint32_t first = *v.at++;
		int more = first < 0x80 ? 0 : first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
		uint32_t code = more == 0 ? first : first & (0x3fu >> more);
		if ((first >= 0x80 && first < 0xc0) || first >= 0xf8 || v.end - v.at < more)
			return false;
		for (int i = 0; i < more; i++, v.at++) {
			if (*v.at >> 6 != 2)
				return false;
			code = code << 6 | (*v.at & 0x3f);
		}
		int needed = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
		if (needed != more || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
			return false;
	}
	return true;
}

/* To the | or ] or } that ends the alternative that begins at t. */
static inline const char *grammar_skip(const char *t)
{
	for (int depth = 0; depth > 0 || strchr("|]}", *t) == NULL; t++)
		depth += (*t == '[' || *t == '{') - (*t == ']' || *t == '}');
	return t;
}

static bool grammar_sequence(const char **t, struct grammar_view *v);

/* *t: after the [; it ends after the ]. */
static bool grammar_choice(const char **t, struct grammar_view *v)
{
	for (;;) {
		const char *inside = *t;
		struct grammar_view tried = *v;
		bool matches = grammar_sequence(&inside, &tried);
		*t = grammar_skip(*t);
		if (matches) {
			*v = tried;
			while (**t == '|')
				*t = grammar_skip(*t + 1);
			++*t;
			return true;
		}
		if (**t != '|')
			return false;
		++*t;
	}
}

static bool grammar_wrapped(const char **t, struct grammar_view *v)
{
	struct grammar_view content;
	if (!grammar_string(v, 2, &content) || !grammar_sequence(t, &content) || content.at != content.end)
		return false;
	++*t;
	return true;
}

static bool grammar_bytes(struct grammar_view *v, size_t n, const uint8_t *want)
{
	if ((size_t)(v->end - v->at) < n || (want != NULL && memcmp(v->at, want, n) != 0))
		return false;
	v->at += n;
	return true;
}

static bool grammar_any(char kind, struct grammar_view *v)
{
	struct grammar_view content;
	uint64_t argument;
	if (kind == 'B')
		return grammar_string(v, 2, &content);
	if (kind == 'T')
		return grammar_string(v, 3, &content) && grammar_is_utf8(content);
	if (kind == 'D')
		return grammar_bytes(v, 32, v->digest);
	if (!grammar_head(v, 0, &argument))
		return false;
	return kind == 'U' || (kind == 'P' ? argument < 16 : argument >> 32 < 1 << 21);
}

static bool grammar_item(const char **t, struct grammar_view *v)
{
	char c = *(*t)++;
	if (c == '[')
		return grammar_choice(t, v);
	if (c == '{')
		return grammar_wrapped(t, v);
	if (strchr("BTUPED", c) != NULL)
		return grammar_any(c, v);
	if (c == '*') {
		char *end;
		size_t n = strtoul(*t, &end, 10);
		*t = end;
		return grammar_bytes(v, n, NULL);
	}
	const char hex[] = { c, *(*t)++, '\0' };
	uint8_t byte = (uint8_t)strtoul(hex, NULL, 16);
	return grammar_bytes(v, 1, &byte);
}

static bool grammar_sequence(const char **t, struct grammar_view *v)
{
	for (;;) {
		while (**t == ' ')
			++*t;
		if (strchr("|]}", **t) != NULL) /* the end of the string too */
			return true;
		if (!grammar_item(t, v))
			return false;
	}
}

static inline bool grammar_accepts(const uint8_t *bytes, size_t n, const uint8_t digest[32])
{
	struct grammar_view v = { bytes, bytes + n, digest };
	const char *t = GRAMMAR_ENVELOPE;
	return n <= GRAMMAR_BYTES_MAX && grammar_sequence(&t, &v) && v.at == v.end;
}

#endif
