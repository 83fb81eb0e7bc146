#include "check.h"
#include "crypto_openssl.h"
#include "stage.h"

/* Salt 00 01 .. 1f; the expected values are `{ salt; printf id; } | sha256sum`, first eight digits * 10000 >> 32. */
static const uint8_t salt[STAGE_SALT_BYTES] = { 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
						16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31 };
static const uint8_t zero_salt[STAGE_SALT_BYTES];

static uint32_t position(struct span with_salt, const char *id)
{
	return stage_position(&crypto_openssl, with_salt, span_of_text(id));
}

static void position_is_that_of_sha256sum(void)
{
	CHECK_EQ(position(SPAN_OF(salt), "device-000001"), 586);  /* 0f014d95 */
	CHECK_EQ(position(SPAN_OF(salt), "device-000002"), 4257); /* 6d00aa9a */
	CHECK_EQ(position(SPAN_OF(salt), "device-000003"), 6711); /* abd0b01f */
	CHECK_EQ(position(SPAN_OF(salt), ""), 3869);              /* 630dcd29 */
}

static void position_depends_on_the_salt(void)
{
	CHECK_EQ(position(SPAN_OF(zero_salt), "dev-0001"), 0xa4ae2cccULL * 10000 >> 32);
	CHECK_EQ(position(SPAN_OF(zero_salt), "dev-0002"), 0xd15a942aULL * 10000 >> 32);
	CHECK(position(SPAN_OF(salt), "dev-0001") != position(SPAN_OF(zero_salt), "dev-0001"));
}

static void position_refuses_a_salt_of_other_length(void)
{
	CHECK_EQ(position((struct span){ salt, 31 }, "device-000001"), STAGE_RANGE_ALL);
	CHECK_EQ(position(SPAN_NONE, "device-000001"), STAGE_RANGE_ALL);
}

/* 10 000 devices: each tenth of the line holds a tenth of them, within five standard deviations (5 * 30). */
static void position_is_spread_evenly(void)
{
	uint32_t tenth[10] = { 0 };
	for (int i = 0; i < 10000; i++) {
		char id[16];
		snprintf(id, sizeof(id), "unit-%d", i);
		uint32_t bp = position(SPAN_OF(salt), id);
		CHECK(bp < STAGE_RANGE_ALL);
		tenth[bp / 1000]++;
	}
	for (int i = 0; i < 10; i++)
		CHECK(tenth[i] > 850 && tenth[i] < 1150);
}

static const struct check_case cases[] = {
	CASE(position_is_that_of_sha256sum),
	CASE(position_depends_on_the_salt),
	CASE(position_refuses_a_salt_of_other_length),
	CASE(position_is_spread_evenly),
};

CHECK_MAIN(cases)
