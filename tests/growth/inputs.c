#include "inputs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto_openssl.h"
#include "hex.h"
#include "json.h"

#define HEAD "\"_type\":\"%s\",\"expires\":\"2036-01-01T00:00:00Z\",\"spec_version\":\"1.0.34\",\"version\":%u,"

struct text {
	char *at;
	size_t n, capacity;
};

static void grow(struct text *t, size_t n)
{
	if (t->n + n < t->capacity)
		return;
	t->capacity = 2 * (t->n + n) + 4096;
	t->at = realloc(t->at, t->capacity);
	if (t->at == NULL)
		abort();
}

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *format, ...)
{
	va_list arguments;
	grow(t, 1024);
	va_start(arguments, format);
	t->n += (size_t)vsnprintf(t->at + t->n, 1024, format, arguments);
	va_end(arguments);
}

static struct span whole(const struct text *t)
{
	return (struct span){ (const uint8_t *)t->at, t->n };
}

/* Opens, repeats an item until there are so many bytes, closes. */
static struct span repeated(const char *open, const char *item, const char *close, size_t bytes)
{
	struct text t = { 0 };
	add(&t, "%s%s", open, item);
	while (t.n < bytes)
		add(&t, ",%s", item);
	add(&t, "%s", close);
	return whole(&t);
}

static struct span named(const char *beginning, uint32_t first, uint32_t step, size_t bytes)
{
	struct text t = { 0 };
	uint32_t number = first;
	add(&t, "{");
	while (t.n < bytes) {
		add(&t, "\"%s%010u\":0,", beginning, number);
		number += step;
	}
	t.n--;
	add(&t, "}");
	return whole(&t);
}

/* --- JSON --- */

struct span input_names_ascending(size_t bytes)
{
	return named("", 0, 1, bytes);
}

struct span input_names_descending(size_t bytes)
{
	return named("", UINT32_MAX, UINT32_MAX, bytes);
}

/* The odd step visits every number once before one comes again. */
struct span input_names_shuffled(size_t bytes)
{
	return named("", 1, 2654435769u, bytes);
}

struct span input_names_alike(size_t bytes)
{
	return named("the same beginning of a name, again and again, as long as a path of a release may be", 1,
		     2654435769u, bytes);
}

struct span input_names_equal(size_t bytes)
{
	return repeated("{", "\"name\":0", "}", bytes);
}

struct span input_elements(size_t bytes)
{
	return repeated("[", "0", "]", bytes);
}

struct span input_nested(size_t bytes)
{
	return repeated("[", "[[[[[[[[[[[[[[{\"a\":{\"a\":[]}}]]]]]]]]]]]]]]", "]", bytes);
}

struct span input_escapes(size_t bytes)
{
	return repeated("[\"", "\\u00e9\\n\\\"\\ud83d\\ude00", "\"]", bytes);
}

struct span input_digits(size_t bytes)
{
	struct text t = { 0 };
	while (t.n < bytes)
		add(&t, "1234567890");
	return whole(&t);
}

struct span input_cut_off(size_t bytes)
{
	return repeated("[", "{\"a\":[{\"b\":[]}]}", ",{", bytes);
}

/* --- metadata --- */

struct span input_snapshot(uint32_t version, size_t entries)
{
	struct text t = { 0 };
	add(&t, "{\"meta\":{");
	for (size_t i = 0; i < entries; i++)
		add(&t, "\"p/%06zu.json\":{\"version\":1},", i);
	add(&t, "\"targets.json\":{\"version\":1}}," HEAD, "snapshot", version);
	t.n--;
	add(&t, "}");
	return whole(&t);
}

struct span input_targets(size_t entries)
{
	static const char zero[] = "0000000000000000000000000000000000000000000000000000000000000000";
	struct text t = { 0 };
	add(&t, "{\"targets\":{");
	for (size_t i = 0; i < entries; i++)
		add(&t, "%s\"p/%06zu\":{\"hashes\":{\"sha256\":\"%s\"},\"length\":1}", i > 0 ? "," : "", i, zero);
	add(&t, "}," HEAD, "targets", 1u);
	t.n--;
	add(&t, "}");
	return whole(&t);
}

/* A key of an algorithm that nobody here has: its id must be right all the same. */
static void add_key(struct text *t, size_t number, char keyid[65])
{
	char key[128];
	int n = snprintf(key, sizeof key, "{\"keytype\":\"x\",\"keyval\":{\"n\":%zu},\"scheme\":\"x\"}", number);
	struct digest id = sha256_of(&crypto_openssl, (struct span){ (const uint8_t *)key, (size_t)n });
	hex_text(digest_span(&id), keyid);
	add(t, "%s\"%s\":%s", number > 0 ? "," : "", keyid, key);
}

static void add_delegation(struct text *t, size_t number, char (*keyids)[65], size_t key_count)
{
	add(t, "%s{\"keyids\":[", number > 0 ? "," : "");
	for (size_t i = 0; i < 64; i++)
		add(t, "%s\"%s\"", i > 0 ? "," : "", keyids[(number + i) % key_count]);
	add(t, "],\"name\":\"role%zu\",\"paths\":[],\"terminating\":false,\"threshold\":1}", number);
}

struct span input_delegations(size_t count)
{
	struct text t = { 0 };
	size_t key_count = 4 * count < 64 ? 64 : 4 * count;
	char(*keyids)[65] = calloc(key_count, sizeof *keyids);
	if (keyids == NULL)
		abort();
	add(&t, "{\"delegations\":{\"keys\":{");
	for (size_t i = 0; i < key_count; i++)
		add_key(&t, i, keyids[i]);
	add(&t, "},\"roles\":[");
	for (size_t i = 0; i < count; i++)
		add_delegation(&t, i, keyids, key_count);
	add(&t, "]},\"targets\":{}," HEAD, "targets", 1u);
	t.n--;
	add(&t, "}");
	free(keyids);
	return whole(&t);
}

struct span input_patterns(size_t count)
{
	struct text t = { 0 };
	char keyid[65];
	add(&t, "{\"delegations\":{\"keys\":{");
	add_key(&t, 0, keyid);
	add(&t, "},\"roles\":[");
	for (size_t i = 0; i < count; i++) {
		add(&t, "%s{\"keyids\":[\"%s\"],\"name\":\"role%zu\",\"paths\":[\"", i > 0 ? "," : "", keyid, i);
		for (int star = 0; star < 40; star++)
			add(&t, "*aaa");
		add(&t, "*aab\"],\"terminating\":false,\"threshold\":1}");
	}
	add(&t, "]},\"targets\":{}," HEAD, "targets", 1u);
	t.n--;
	add(&t, "}");
	return whole(&t);
}
