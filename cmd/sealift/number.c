#include "number.h"

#include <stddef.h>

#define NUMBER_PPM_OF_PERCENT 10000u

/* Reads digits; NULL where there is none, or the value would pass max. */
static const char *number_digits(const char *text, uint64_t max, uint64_t *out)
{
	const char *p = text;
	*out = 0;
	for (; *p >= '0' && *p <= '9'; p++) {
		uint64_t digit = (uint64_t)(*p - '0');
		if (*out > (max - digit) / 10)
			return NULL;
		*out = *out * 10 + digit;
	}
	return p == text ? NULL : p;
}

int number_parse(const struct number *number, const char *text, uint64_t *out, struct error *e)
{
	const char *end = number_digits(text, number->max, out);
	if (end == NULL || *end != '\0' || *out < number->min)
		return error_set(e, "%s '%.40s': give a whole number of %s, %llu to %llu", number->option, text,
				 number->unit, (unsigned long long)number->min, (unsigned long long)number->max);
	return 0;
}

int number_parse_u32(const struct number *number, const char *text, uint32_t *out, struct error *e)
{
	uint64_t value;
	if (number_parse(number, text, &value, e) != 0)
		return -1;
	*out = (uint32_t)value;
	return 0;
}

/* The decimals after the point, in parts per million. */
static const char *number_decimals(const char *text, uint64_t *ppm)
{
	uint32_t weight = NUMBER_PPM_OF_PERCENT / 10;
	const char *p = text;
	for (; *p >= '0' && *p <= '9'; p++, weight /= 10) {
		if (weight == 0)
			return NULL;
		*ppm += (uint64_t)(*p - '0') * weight;
	}
	return p == text ? NULL : p;
}

int number_percent(const struct number *number, const char *text, uint32_t *ppm, struct error *e)
{
	uint64_t value = 0;
	const char *end = number_digits(text, 1000, &value);
	value *= NUMBER_PPM_OF_PERCENT;
	if (end != NULL && *end == '.')
		end = number_decimals(end + 1, &value);
	if (end != NULL && *end == '%')
		end++;
	if (end == NULL || *end != '\0' || value < number->min || value > number->max)
		return error_set(e, "%s '%.40s': give a percentage, %g to %g, with at most four decimals",
				 number->option, text, (double)number->min / NUMBER_PPM_OF_PERCENT,
				 (double)number->max / NUMBER_PPM_OF_PERCENT);
	*ppm = (uint32_t)value;
	return 0;
}
