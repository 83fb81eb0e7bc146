/*
 * Boot manifests from the grammar, at random, with at most one thing wrong in a place that is named by its number: any
 * head may have another form, any group another member.
 */
#ifndef GRAMMAR_MAKE_H
#define GRAMMAR_MAKE_H

#include "check.h"
#include "span.h"

enum grammar_wrong {
	WRONG_WIDER,      /* a head longer than the shortest */
	WRONG_INDEFINITE, /* a string, array or map of indefinite length, ended rightly */
	WRONG_MORE,       /* argument + 1 */
	WRONG_LESS,       /* argument - 1 */
	WRONG_ARGUMENT,   /* an edge: 15, 16, 23, 24, 255 ... */
	WRONG_MAJOR,      /* another major type */
	WRONG_RESERVED,   /* additional information 28 to 31 */
	WRONG_DROPPED,    /* no head at all */
	WRONG_TWICE,      /* the head twice */
	WRONG_SHORTER,    /* a string with a byte less, counted */
	WRONG_LONGER,     /* a string with a byte more, counted */
	WRONG_SWAPPED,    /* from here of groups: two members change places */
	WRONG_REPEATED,   /* a member twice, counted */
	WRONG_MISSING,    /* a member less, counted */
	WRONG_EXTRA,      /* one more, counted */
	WRONG_KINDS,
	WRONG_OF_GROUPS = WRONG_SWAPPED
};

enum { CBOR_MAJOR_UINT, CBOR_MAJOR_NEGATIVE, CBOR_MAJOR_BYTES, CBOR_MAJOR_TEXT, CBOR_MAJOR_ARRAY, CBOR_MAJOR_MAP };

/* One envelope in the making. */
struct grammar_maker {
	uint64_t seed;
	uint8_t arena[65536];
	size_t used;
	enum grammar_wrong wrong;
	int left;         /* places until the wrong one; negative: none */
	size_t kid_bytes; /* of each key id; 0: as it comes */
};

static inline uint32_t make_below(struct grammar_maker *m, uint32_t n)
{
	m->seed = m->seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(m->seed >> 33) % n;
}

/* Whether this is the place that is to be wrong. */
static inline bool make_is_here(struct grammar_maker *m, bool is_group)
{
	if ((m->wrong >= WRONG_OF_GROUPS) != is_group || m->left < 0)
		return false;
	return m->left-- == 0;
}

static inline struct span make_join(struct grammar_maker *m, const struct span *parts, size_t count)
{
	struct span out = { m->arena + m->used, 0 };
	for (size_t i = 0; i < count; i++) {
		CHECK(m->used + parts[i].n <= sizeof m->arena);
		memcpy(m->arena + m->used, parts[i].at, parts[i].n);
		m->used += parts[i].n;
		out.n += parts[i].n;
	}
	return out;
}

#define MAKE_JOIN(m, ...)                                    \
	make_join((m), (const struct span[]){ __VA_ARGS__ }, \
		  sizeof((const struct span[]){ __VA_ARGS__ }) / sizeof(struct span))

static inline struct span make_random(struct grammar_maker *m, size_t n, bool is_text)
{
	struct span out = { m->arena + m->used, n };
	CHECK(m->used + n <= sizeof m->arena);
	for (size_t i = 0; i < n; i++)
		m->arena[m->used++] = (uint8_t)(is_text ? 'a' + make_below(m, 26) : make_below(m, 256));
	return out;
}

/* width: 0 for an argument in the head's byte, else 1, 2, 4 or 8 bytes */
static inline struct span make_head_as(struct grammar_maker *m, unsigned major, uint64_t argument, unsigned width)
{
	static const uint8_t info[] = { 0, 24, 25, 0, 26, 0, 0, 0, 27 };
	uint8_t bytes[9] = { (uint8_t)(major << 5 | (width == 0 ? argument : info[width])) };
	for (unsigned i = 0; i < width; i++)
		bytes[1 + i] = (uint8_t)(argument >> 8 * (width - 1 - i));
	return MAKE_JOIN(m, { bytes, 1 + width });
}

static inline unsigned make_width(uint64_t argument)
{
	if (argument < 24)
		return 0;
	return argument < 256 ? 1 : argument < 65536 ? 2 : argument >> 32 == 0 ? 4 : 8;
}

static inline struct span make_wrong_head(struct grammar_maker *m, unsigned major, uint64_t argument)
{
	static const uint64_t edges[] = { 0,
					  1,
					  14,
					  15,
					  16,
					  23,
					  24,
					  255,
					  256,
					  65535,
					  65536,
					  0xffffffff,
					  0x100000000,
					  (UINT64_C(1) << 53) - 1,
					  UINT64_C(1) << 53,
					  UINT64_MAX };
	unsigned width = make_width(argument);
	uint8_t reserved = (uint8_t)(major << 5 | (28 + make_below(m, 4)));
	if (m->wrong == WRONG_WIDER && width < 8)
		return make_head_as(m, major, argument, width == 0 ? 1u << make_below(m, 4) : 2 * width);
	if (m->wrong == WRONG_MORE)
		argument++;
	if (m->wrong == WRONG_LESS)
		argument--;
	if (m->wrong == WRONG_ARGUMENT)
		argument = edges[make_below(m, sizeof edges / sizeof edges[0])];
	if (m->wrong == WRONG_MAJOR)
		major = (major + 1 + make_below(m, 7)) % 8;
	if (m->wrong == WRONG_RESERVED)
		return MAKE_JOIN(m, { &reserved, 1 });
	if (m->wrong == WRONG_DROPPED)
		return (struct span){ m->arena, 0 };
	struct span head = make_head_as(m, major, argument, make_width(argument));
	return m->wrong == WRONG_TWICE ? MAKE_JOIN(m, head, head) : head;
}

static inline struct span make_wrong_string(struct grammar_maker *m, unsigned major, struct span content)
{
	static const uint8_t more = 'x';
	if (m->wrong == WRONG_LONGER)
		content = MAKE_JOIN(m, content, { &more, 1 });
	else if (content.n > 0)
		content.n--;
	return MAKE_JOIN(m, make_head_as(m, major, content.n, make_width(content.n)), content);
}

/* A head and what stands after it: nothing, a string's content or a group's members. */
static inline struct span make_item(struct grammar_maker *m, unsigned major, uint64_t argument, struct span content)
{
	if (!make_is_here(m, false))
		return MAKE_JOIN(m, make_head_as(m, major, argument, make_width(argument)), content);
	bool is_string = major == CBOR_MAJOR_BYTES || major == CBOR_MAJOR_TEXT;
	if (is_string && (m->wrong == WRONG_SHORTER || m->wrong == WRONG_LONGER))
		return make_wrong_string(m, major, content);
	if (m->wrong != WRONG_INDEFINITE || major < CBOR_MAJOR_BYTES || major > CBOR_MAJOR_MAP) {
		/* What follows stays as it would have been. */
		uint64_t seed = m->seed;
		struct span head = make_wrong_head(m, major, argument);
		m->seed = seed;
		return MAKE_JOIN(m, head, content);
	}
	uint8_t begin = (uint8_t)(major << 5 | 31), end = 0xff;
	struct span chunk = major < CBOR_MAJOR_ARRAY ? make_head_as(m, major, argument, make_width(argument))
						     : (struct span){ &end, 0 };
	return MAKE_JOIN(m, { &begin, 1 }, chunk, content, { &end, 1 });
}

static inline struct span make_int(struct grammar_maker *m, int64_t value)
{
	struct span none = { m->arena, 0 };
	if (value < 0)
		return make_item(m, CBOR_MAJOR_NEGATIVE, (uint64_t)(-1 - value), none);
	return make_item(m, CBOR_MAJOR_UINT, (uint64_t)value, none);
}

static inline struct span make_wrap(struct grammar_maker *m, struct span content)
{
	return make_item(m, CBOR_MAJOR_BYTES, content.n, content);
}

static inline struct span make_text(struct grammar_maker *m)
{
	struct span text = make_random(m, make_below(m, make_below(m, 16) == 0 ? 400 : 40), true);
	return make_item(m, CBOR_MAJOR_TEXT, text.n, text);
}

static inline struct span make_pair(struct grammar_maker *m, int64_t key, struct span value)
{
	return MAKE_JOIN(m, make_int(m, key), value);
}

enum { MAKE_MEMBERS_MAX = 8 };

/* Changes the members of a group; returns how many there are. */
static inline size_t make_wrong_members(struct grammar_maker *m, struct span *members, size_t count, unsigned each)
{
	size_t at = count > 0 ? make_below(m, (uint32_t)count) : 0,
	       other = count > 0 ? make_below(m, (uint32_t)count) : 0;
	if (m->wrong == WRONG_SWAPPED && count > 1) {
		struct span swap = members[at];
		members[at] = members[other];
		members[other] = swap;
	}
	if (m->wrong == WRONG_REPEATED && count > 0)
		members[count++] = members[at];
	if (m->wrong == WRONG_MISSING && count > 0)
		members[at] = members[--count];
	if (m->wrong == WRONG_EXTRA) {
		struct span extra = make_head_as(m, CBOR_MAJOR_UINT, make_below(m, 24), 0);
		members[count++] = each == 1 ? extra : MAKE_JOIN(m, extra, extra);
	}
	return count;
}

/* A map, or an array whose members are `each` items. */
static inline struct span make_group(struct grammar_maker *m, unsigned major, unsigned each, const struct span *parts,
				     size_t count)
{
	struct span members[MAKE_MEMBERS_MAX + 1];
	CHECK(count <= MAKE_MEMBERS_MAX);
	for (size_t i = 0; i < count; i++)
		members[i] = parts[i];
	uint64_t seed = m->seed;
	if (make_is_here(m, true))
		count = make_wrong_members(m, members, count, major == CBOR_MAJOR_MAP ? 2 : each);
	m->seed = seed;
	uint64_t argument = major == CBOR_MAJOR_MAP ? count : (uint64_t)count * each;
	return make_item(m, major, argument, make_join(m, members, count));
}

#define MAKE_GROUP(m, major, each, ...)                                        \
	make_group((m), (major), (each), (const struct span[]){ __VA_ARGS__ }, \
		   sizeof((const struct span[]){ __VA_ARGS__ }) / sizeof(struct span))

/* --- the grammar --- */

static inline struct span make_digest(struct grammar_maker *m, struct span digest)
{
	return make_wrap(m, MAKE_GROUP(m, CBOR_MAJOR_ARRAY, 1, make_int(m, -16), make_wrap(m, digest)));
}

static inline struct span make_signature(struct grammar_maker *m)
{
	static const uint8_t tag = 0xd2, null = 0xf6;
	struct span kid = make_random(m, m->kid_bytes > 0 ? m->kid_bytes : make_below(m, 20), false), unprotected;
	struct span protected = make_wrap(m, MAKE_GROUP(m, CBOR_MAJOR_MAP, 2, make_pair(m, 1, make_int(m, -9))));
	if (m->kid_bytes > 0 || make_below(m, 2) != 0)
		unprotected = MAKE_GROUP(m, CBOR_MAJOR_MAP, 2, make_pair(m, 4, make_wrap(m, kid)));
	else
		unprotected = make_group(m, CBOR_MAJOR_MAP, 2, NULL, 0);
	struct span raw = make_wrap(m, make_random(m, 64, false));
	struct span sign1 = MAKE_GROUP(m, CBOR_MAJOR_ARRAY, 1, protected, unprotected, { &null, 1 }, raw);
	return make_wrap(m, MAKE_JOIN(m, { &tag, 1 }, sign1));
}

static inline struct span make_policy(struct grammar_maker *m, int64_t command)
{
	return make_pair(m, command, make_int(m, make_below(m, 16)));
}

/* Of up to three commands; now and then of the first component in so many words. */
static inline struct span make_commands(struct grammar_maker *m, const struct span *commands, size_t count)
{
	struct span all[4];
	size_t n = 0;
	if (make_below(m, 4) == 0)
		all[n++] = make_pair(m, 12, make_int(m, 0));
	for (size_t i = 0; i < count; i++)
		all[n++] = commands[i];
	return make_wrap(m, make_group(m, CBOR_MAJOR_ARRAY, 2, all, n));
}

static inline struct span make_shared(struct grammar_maker *m)
{
	struct span vendor = make_wrap(m, make_random(m, 16, false)), class = make_wrap(m, make_random(m, 16, false));
	struct span image = make_digest(m, make_random(m, 32, false));
	struct span parameters =
		MAKE_GROUP(m, CBOR_MAJOR_MAP, 2, make_pair(m, 1, vendor), make_pair(m, 2, class),
			   make_pair(m, 3, image), make_pair(m, 14, make_int(m, make_below(m, 1u << 31))));
	const struct span commands[] = { make_pair(m, 20, parameters), make_policy(m, 1), make_policy(m, 2) };
	return make_commands(m, commands, 3);
}

static inline struct span make_common(struct grammar_maker *m)
{
	struct span strings[4];
	size_t count = 1 + make_below(m, 4);
	for (size_t i = 0; i < count; i++)
		strings[i] = make_wrap(m, make_random(m, make_below(m, make_below(m, 32) == 0 ? 500 : 12), false));
	struct span component = make_group(m, CBOR_MAJOR_ARRAY, 1, strings, count);
	struct span components = MAKE_GROUP(m, CBOR_MAJOR_ARRAY, 1, component);
	return make_wrap(
		m, MAKE_GROUP(m, CBOR_MAJOR_MAP, 2, make_pair(m, 2, components), make_pair(m, 4, make_shared(m))));
}

static inline struct span make_install(struct grammar_maker *m)
{
	struct span uri = MAKE_GROUP(m, CBOR_MAJOR_MAP, 2, make_pair(m, 21, make_text(m)));
	const struct span commands[] = { make_pair(m, 20, uri), make_policy(m, 21), make_policy(m, 3) };
	return make_commands(m, commands, 3);
}

static inline struct span make_single(struct grammar_maker *m, int64_t command)
{
	struct span single = make_policy(m, command);
	return make_commands(m, &single, 1);
}

/* with: bits 0, 1 and 2 for the optional members 4, 9 and 20 */
static inline struct span make_body(struct grammar_maker *m, unsigned with)
{
	struct span members[7];
	size_t n = 0;
	int64_t sequence =
		(int64_t)(((uint64_t)make_below(m, 1u << 21) << 32 | make_below(m, 1u << 31)) >> make_below(m, 53));
	members[n++] = make_pair(m, 1, make_int(m, 1));
	members[n++] = make_pair(m, 2, make_int(m, sequence));
	members[n++] = make_pair(m, 3, make_common(m));
	if (with & 1)
		members[n++] = make_pair(m, 4, make_text(m));
	members[n++] = make_pair(m, 7, make_single(m, 3));
	if (with & 2)
		members[n++] = make_pair(m, 9, make_single(m, 23));
	if (with & 4)
		members[n++] = make_pair(m, 20, make_install(m));
	return make_group(m, CBOR_MAJOR_MAP, 2, members, n);
}

static inline struct span make_envelope(struct grammar_maker *m, struct span digest)
{
	static const uint8_t tag[] = { 0xd8, 0x6b };
	struct span parts[3];
	size_t n = 0;
	parts[n++] = make_digest(m, digest);
	parts[n++] = make_signature(m);
	if (make_below(m, 2) != 0)
		parts[n++] = make_signature(m);
	struct span auth = make_wrap(m, make_group(m, CBOR_MAJOR_ARRAY, 1, parts, n));
	struct span body = make_wrap(m, make_body(m, make_below(m, 8)));
	struct span members = MAKE_GROUP(m, CBOR_MAJOR_MAP, 2, make_pair(m, 2, auth), make_pair(m, 3, body));
	return MAKE_JOIN(m, { tag, sizeof tag }, members);
}

#endif
