/*
 * How libFuzzer changes the inputs of the target `client`, besides its own ways: an answer is given again at another
 * place (replay), is left out, or a number in it goes up or down by one. Linked into the fuzzer only.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MUTATOR_PARTS_MAX 64
#define MUTATOR_BYTES_MAX (1u << 20)

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

struct part {
	size_t from, n; /* with the NUL behind it */
};

static uint32_t draw(uint32_t *state, size_t below)
{
	*state = *state * 1664525u + 1013904223u;
	return (uint32_t)((*state >> 8) % below);
}

static size_t split(const uint8_t *data, size_t size, struct part parts[MUTATOR_PARTS_MAX])
{
	size_t count = 0, from = 0;
	while (from < size && count < MUTATOR_PARTS_MAX) {
		const uint8_t *end = memchr(data + from, 0, size - from);
		size_t n = end == NULL ? size - from : (size_t)(end - data) - from + 1;
		parts[count++] = (struct part){ from, n };
		from += n;
	}
	return count;
}

/* The part goes before another one, or over it. The first part, the options, stays where it is. */
static size_t replay(uint8_t *data, size_t size, size_t max_size, uint32_t *state)
{
	static uint8_t copy[MUTATOR_BYTES_MAX];
	struct part parts[MUTATOR_PARTS_MAX];
	size_t count = split(data, size, parts);
	if (count < 3)
		return size;
	struct part from = parts[1 + draw(state, count - 1)], to = parts[1 + draw(state, count - 1)];
	size_t over = draw(state, 2) == 0 ? to.n : 0;
	size_t all = size - over + from.n;
	if (all > max_size || from.n > sizeof copy || data[from.from + from.n - 1] != 0)
		return size;
	memcpy(copy, data + from.from, from.n);
	memmove(data + to.from + from.n, data + to.from + over, size - to.from - over);
	memcpy(data + to.from, copy, from.n);
	return all;
}

static size_t leave_out(uint8_t *data, size_t size, uint32_t *state)
{
	struct part parts[MUTATOR_PARTS_MAX];
	size_t count = split(data, size, parts);
	if (count < 3)
		return size;
	struct part gone = parts[1 + draw(state, count - 1)];
	memmove(data + gone.from, data + gone.from + gone.n, size - gone.from - gone.n);
	return size - gone.n;
}

/* A number after a colon: a version, a length, a threshold. */
static size_t step(uint8_t *data, size_t size, uint32_t *state)
{
	size_t start = draw(state, size);
	for (size_t i = 0; i + 1 < size; i++) {
		size_t at = (start + i) % (size - 1);
		uint8_t *digit = &data[at + 1];
		if (data[at] != ':' || *digit < '0' || *digit > '9')
			continue;
		int up = draw(state, 2) == 0 ? 1 : 9;
		*digit = (uint8_t)('0' + (*digit - '0' + up) % 10);
		return size;
	}
	return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	uint32_t state = seed;
	if (size < 2)
		return LLVMFuzzerMutate(data, size, max_size);
	switch (draw(&state, 8)) {
	case 0:
		return replay(data, size, max_size, &state);
	case 1:
		return leave_out(data, size, &state);
	case 2:
	case 3:
		return step(data, size, &state);
	default:
		return LLVMFuzzerMutate(data, size, max_size);
	}
}
