#include "number.h"

#include "check.h"

static const struct number seconds = { "--soak", "seconds", 1, 86400 };
static const struct number rate = { "--p0", "percent", 1, 250000 };
static const struct number all = { "--any", "things", 0, UINT64_MAX };

static void number_takes_digits_within_bounds(void)
{
	static const struct {
		const char *text;
		uint64_t want;
	} good[] = { { "1", 1 }, { "86400", 86400 }, { "007", 7 } };
	static const char *const bad[] = { "",   "0",  "86401", "-1",  "+1",  " 1",
					   "1 ", "1x", "0x10",  "1e3", "1.0", "99999999999999999999" };
	struct error e;
	uint64_t value;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		CHECK_EQ(number_parse(&seconds, good[i].text, &value, &e), 0);
		CHECK_EQ(value, good[i].want);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		CHECK_EQ(number_parse(&seconds, bad[i], &value, &e), -1);
		CHECK(strstr(e.text, "--soak") != NULL && strstr(e.text, "1 to 86400") != NULL);
	}
}

static void number_reaches_the_largest(void)
{
	struct error e;
	uint64_t value;
	CHECK_EQ(number_parse(&all, "18446744073709551615", &value, &e), 0);
	CHECK(value == UINT64_MAX);
	CHECK_EQ(number_parse(&all, "18446744073709551616", &value, &e), -1);
}

static void number_percent_is_exact(void)
{
	static const struct {
		const char *text;
		uint32_t want;
	} good[] = { { "1", 10000 },  { "1%", 10000 },       { "0.5", 5000 },
		     { "0.0001", 1 }, { "12.3456", 123456 }, { "25.0%", 250000 } };
	static const char *const bad[] = { "",   "%",   "0",   "0.00001", "25.0001", "-1", "1.",
					   ".5", "1%%", "1 %", "1,5",     "nan",     "1e1" };
	struct error e;
	uint32_t ppm;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		CHECK_EQ(number_percent(&rate, good[i].text, &ppm, &e), 0);
		CHECK_EQ(ppm, good[i].want);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK_EQ(number_percent(&rate, bad[i], &ppm, &e), -1);
}

static const struct check_case cases[] = {
	CASE(number_takes_digits_within_bounds),
	CASE(number_reaches_the_largest),
	CASE(number_percent_is_exact),
};
CHECK_MAIN(cases)
