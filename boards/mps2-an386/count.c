/*
 * What the verifier's crypto costs on a Cortex-M4: instructions and stack of one ECDSA verification and of SHA-256,
 * told through semihosting. Under qemu-system-arm -M mps2-an386 -icount shift=0 an instruction takes 1 ns and a tick of
 * the 25 MHz timer is 40 of them.
 */
#include <stddef.h>
#include <stdint.h>

#include "crypto_small.h"

enum { INSTRUCTIONS_A_TICK = 40, TICKS_MAX = 0xffffff, HASHED_BYTES = 65536, CHUNK_BYTES = 4096, PAINT = 0x5a5a5a5a };

extern uint32_t stack_low[], stack_top[];

/* Test 1 of tests/vectors/wycheproof/ecdsa_secp256r1_sha256_p1363_test.json. */
static const uint8_t key[64] = { 0x29, 0x27, 0xb1, 0x05, 0x12, 0xba, 0xe3, 0xed, 0xdc, 0xfe, 0x46, 0x78, 0x28,
				 0x12, 0x8b, 0xad, 0x29, 0x03, 0x26, 0x99, 0x19, 0xf7, 0x08, 0x60, 0x69, 0xc8,
				 0xc4, 0xdf, 0x6c, 0x73, 0x28, 0x38, 0xc7, 0x78, 0x79, 0x64, 0xea, 0xac, 0x00,
				 0xe5, 0x92, 0x1f, 0xb1, 0x49, 0x8a, 0x60, 0xf4, 0x60, 0x67, 0x66, 0xb3, 0xd9,
				 0x68, 0x50, 0x01, 0x55, 0x8d, 0x1a, 0x97, 0x4e, 0x73, 0x41, 0x51, 0x3e };
static const struct digest message_digest = { { 0xbb, 0x5a, 0x52, 0xf4, 0x2f, 0x9c, 0x92, 0x61, 0xed, 0x43, 0x61,
						0xf5, 0x94, 0x22, 0xa1, 0xe3, 0x00, 0x36, 0xe7, 0xc3, 0x2b, 0x27,
						0x0c, 0x88, 0x07, 0xa4, 0x19, 0xfe, 0xca, 0x60, 0x50, 0x23 } };
static const uint8_t signature[64] = { 0x2b, 0xa3, 0xa8, 0xbe, 0x6b, 0x94, 0xd5, 0xec, 0x80, 0xa6, 0xd9, 0xd1, 0x19,
				       0x0a, 0x43, 0x6e, 0xff, 0xe5, 0x0d, 0x85, 0xa1, 0xee, 0xe8, 0x59, 0xb8, 0xcc,
				       0x6a, 0xf9, 0xbd, 0x5c, 0x2e, 0x18, 0x4c, 0xd6, 0x0b, 0x85, 0x5d, 0x44, 0x2f,
				       0x5b, 0x3c, 0x7b, 0x11, 0xeb, 0x6c, 0x4e, 0x0a, 0xe7, 0x52, 0x5f, 0xe7, 0x10,
				       0xfa, 0xb9, 0xaa, 0x7c, 0x77, 0xa6, 0x7f, 0x79, 0xe6, 0xfa, 0xdd, 0x76 };

/* --- what a compiler may call; a word at a time where it can, as a board's C library does --- */

void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);
int memcmp(const void *a, const void *b, size_t n);

void *memcpy(void *to, const void *from, size_t n)
{
	uint8_t *out = to;
	const uint8_t *in = from;
	for (; (((uintptr_t)out | (uintptr_t)in) & 3) == 0 && n >= 4; n -= 4, out += 4, in += 4)
		*(volatile uint32_t *)(void *)out = *(const uint32_t *)(const void *)in;
	while (n-- > 0)
		*(volatile uint8_t *)out++ = *in++;
	return to;
}

void *memset(void *to, int value, size_t n)
{
	uint8_t *out = to;
	for (; ((uintptr_t)out & 3) == 0 && n >= 4; n -= 4, out += 4)
		*(volatile uint32_t *)(void *)out = (uint8_t)value * 0x01010101u;
	while (n-- > 0)
		*(volatile uint8_t *)out++ = (uint8_t)value;
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *left = a, *right = b;
	for (; n > 0; n--, left++, right++)
		if (*left != *right)
			return *left - *right;
	return 0;
}

/* --- semihosting (Arm's specification, version 2.0) --- */

enum { SEMIHOSTING_WRITE0 = 0x04, SEMIHOSTING_EXIT_EXTENDED = 0x20, SEMIHOSTING_APPLICATION_EXIT = 0x20026 };

static void semihosting_call(uint32_t operation, const void *argument)
{
	register uint32_t r0 __asm("r0") = operation;
	register const void *r1 __asm("r1") = argument;
	__asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

static void semihosting_exit(uint32_t status)
{
	const uint32_t block[] = { SEMIHOSTING_APPLICATION_EXIT, status };
	semihosting_call(SEMIHOSTING_EXIT_EXTENDED, block);
}

static void print_number(const char *name, uint32_t value)
{
	char text[12];
	char *digit = text + sizeof text - 1;
	*digit = '\0';
	*--digit = '\n';
	do {
		*--digit = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	semihosting_call(SEMIHOSTING_WRITE0, name);
	semihosting_call(SEMIHOSTING_WRITE0, digit);
}

/* --- measuring --- */

static volatile uint32_t *const systick = (volatile uint32_t *)0xe000e010; /* control, reload, current */

static uint32_t ticks_now(void)
{
	return TICKS_MAX - systick[2];
}

/* Paints the stack that is free, so that what a function uses shows; returns its upper end. */
static uint32_t *stack_paint(void)
{
	uint32_t here;
	uint32_t *end = &here - 16;
	for (volatile uint32_t *word = stack_low; word < end; word++)
		*word = PAINT;
	return end;
}

static uint32_t stack_used(const uint32_t *end)
{
	const uint32_t *word = stack_low;
	while (word < end && *word == PAINT)
		word++;
	return (uint32_t)((const uint8_t *)end - (const uint8_t *)word);
}

static bool measure_verify(void)
{
	uint32_t *end = stack_paint(), from = ticks_now();
	bool is_valid = crypto_small.p256_verify(key, &message_digest, signature);
	uint32_t ticks = ticks_now() - from;
	print_number("p256_verify_instructions ", ticks * INSTRUCTIONS_A_TICK);
	print_number("p256_verify_stack ", stack_used(end));
	return is_valid;
}

static void measure_hash(void)
{
	static uint8_t chunk[CHUNK_BYTES];
	struct sha256 hash;
	struct digest digest;
	uint32_t *end = stack_paint(), from = ticks_now();
	crypto_small.sha256_init(&hash);
	for (size_t at = 0; at < HASHED_BYTES; at += sizeof chunk)
		crypto_small.sha256_update(&hash, SPAN_OF(chunk));
	crypto_small.sha256_final(&hash, &digest);
	uint32_t ticks = ticks_now() - from;
	print_number("sha256_instructions_64KiB ", ticks * INSTRUCTIONS_A_TICK);
	print_number("sha256_stack ", stack_used(end));
}

static void reset(void)
{
	systick[1] = TICKS_MAX;
	systick[2] = 0;
	systick[0] = 5; /* count the processor's clock, no interrupt */
	bool is_valid = measure_verify();
	measure_hash();
	semihosting_exit(is_valid ? 0 : 1);
}

__attribute__((section(".vectors"), used)) static const void *const vectors[] = { stack_top, (const void *)reset };
